"""Judging a file of pins for a Mac: a pure function of the pins, the target and the matrix.

Every check is one generator that yields findings; :func:`check` runs them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..matrix.reasons import Status
from . import companion_checks, native_checks, package_checks, pair_checks
from .findings import Checked, Level, case_of, verdict_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..matrix.facts import Matrix
    from ..target import MacOSVersion, Target
    from .findings import Case, Finding
    from .pins import PinFile

SCHEMA_VERSION = 1


def check(
    file: PinFile, target: Target, matrix: Matrix, *, macos: MacOSVersion | None = None
) -> Checked:
    """The findings on a file, the worst first; ``macos`` is the one that must run it, if known."""
    case = case_of(file, target, macos, matrix)
    findings = [finding for look in _CHECKS for finding in look(case)]
    findings.sort(key=lambda found: (list(Level).index(found.level), found.line, found.code))
    verdict = verdict_of(case)
    if any(found.level is Level.ERROR for found in findings):
        status = Status.BROKEN.value
    elif verdict is not None:
        limited = any(found.code == "bound" for found in findings)
        least = Status.CAUTION if limited else Status.WORKS
        parts = [one.status for one in companion_checks.verdicts(case)]
        status = max(verdict.status, least, *parts, key=lambda status: status.rank).value
    else:
        status = "nothing-found" if not findings else Status.CAUTION.value
    return Checked(
        path=file.path,
        format=file.format,
        status=status,
        target=str(target).partition(", macOS")[0] + (f", macOS {macos}" if macos else ""),
        findings=tuple(dict.fromkeys(findings)),
    )


_CHECKS: Sequence[Callable[[Case], Iterator[Finding]]] = (
    pair_checks.for_this_target,
    pair_checks.releases_exist,
    pair_checks.payload,
    pair_checks.pair_works,
    pair_checks.defects,
    package_checks.known_packages,
    package_checks.bounds,
    package_checks.conflicts,
    pair_checks.unpinned,
    package_checks.files_fit,
    package_checks.pinned_once,
    package_checks.hashes,
    companion_checks.needs,
    native_checks.loads,
    companion_checks.settings,
    companion_checks.tried,
    companion_checks.not_for_macs,
    companion_checks.other_hashes,
    package_checks.not_read,
)


def document(results: Sequence[Checked]) -> dict[str, Any]:
    """The findings as they are printed with ``--json``."""
    ranks = ["nothing-found", *(status.value for status in Status)]
    worst = max((checked.status for checked in results), key=ranks.index, default="nothing-found")
    return {
        "schema_version": SCHEMA_VERSION,
        "status": worst,
        "files": [
            {
                "path": checked.path,
                "format": checked.format,
                "status": checked.status,
                "target": checked.target,
            }
            for checked in results
        ],
        "findings": [
            {
                "code": found.code,
                "level": found.level.value,
                "package": found.package,
                "text": found.text,
                "cure": found.cure,
                "source": found.source,
                "path": found.path,
                "line": found.line,
            }
            for checked in results
            for found in checked.findings
        ],
    }
