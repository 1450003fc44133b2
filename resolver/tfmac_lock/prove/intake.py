"""Taking a report from somebody's Mac as evidence, before a person looks at it.

Nobody can distinguish a careful forgery from a report: there is no key on a Mac that vouches for a
program. What can be checked is that a report is of this program, of a lock and its very files, of a
Mac that exists, and that its figures and clocks agree with each other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ..errors import Objected
from ..matrix.proofs import HandedIn
from . import train_mnist
from .errors import BadReport
from .evidence import evidence_of_mac
from .handing import lock_of
from .plausible import CHECKS, Doubt, Objection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from ..matrix.proofs import Proof
    from .known import Known
    from .locked import LockedSet
    from .report import Report
    from .submission import Submission


class NotBelieved(Objected):
    """A report cannot be taken as evidence."""

    template = "{subject}: this report is not taken:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A submission without objections: the lock that it is of, and its runs as evidence."""

    submission: Submission
    lock: LockedSet
    runs: tuple[Proof, ...]
    reports: tuple[HandedIn, ...]


def judge(submission: Submission, known: Known, source: str, where: str) -> Believed:
    """The submission as evidence; raises NotBelieved with everything that stands against it.

    ``source`` is where it was handed in, ``where`` names it in messages.
    """
    reports = submission.parsed
    found = list(_objections(submission, reports, known))
    first = reports[0]
    lock, problem = lock_of(first.packages, first.python, first.host.machine, known.locks)
    if lock is None:
        found.append(Objection(doubt=Doubt.R11, text=problem))
        raise NotBelieved(where, found)
    found += _contents(first, lock, known)
    runs = []
    for report in reports:
        try:
            run = evidence_of_mac(lock, report, source, where)
            # What a paravirtual GPU does says nothing of a real one (see ``evidence_file``).
            if run.grade != "trained-gpu" or "virtual" not in run.chip.lower():
                runs.append(run)
        except BadReport as error:
            found.append(Objection(doubt=Doubt.R03, text=error.reason))
    if not runs and not found:
        text = "it is of the GPU of a virtual Mac alone, which says nothing of a real one"
        found.append(Objection(doubt=Doubt.R05, text=text))
    if found:
        raise NotBelieved(where, found)
    return Believed(
        submission=submission,
        lock=lock,
        runs=tuple(runs),
        reports=tuple(handed_in(report) for report in reports),
    )


def handed_in(report: Report) -> HandedIn:
    """What tells this run from every other."""
    figures = [(stage.name, stage.seconds, stage.figures) for stage in report.stages]
    text = json.dumps(figures, sort_keys=True)
    return HandedIn(
        run=report.run or "0" * 32,
        digest=report.digest or "0" * 64,
        figures=hashlib.sha256(text.encode()).hexdigest(),
    )


def _objections(
    submission: Submission, reports: Sequence[Report], known: Known
) -> Iterator[Objection]:
    for content, report in zip(submission.reports, reports, strict=True):
        if report.digest != train_mnist.digest_of(content):
            yield Objection(doubt=Doubt.R01, text="its digest is not that of its content")
        for check in CHECKS:
            yield from check(report, known)
    yield from _together(reports)
    yield from _new(reports, known)


def _together(reports: Sequence[Report]) -> Iterator[Objection]:
    """Two reports are of one Mac and environment, one on each device, one after the other."""
    if len(reports) < 2:
        return

    def no(text: str) -> Objection:
        return Objection(doubt=Doubt.R10, text=text)

    first, second = sorted(reports, key=lambda report: report.started)
    for what in ("host", "packages", "contents", "python", "trainer"):
        if getattr(first, what) != getattr(second, what):
            yield no(f"they differ in {what}")
    if {first.device, second.device} != {"cpu", "gpu"}:
        yield no(f"they are of {first.device} and {second.device}")
    if first.finished is not None and second.started < first.finished - timedelta(seconds=5):
        yield no("they were made at the same time")
    if second.started - first.started > timedelta(days=1):
        yield no("more than a day lies between them")
    if first.run == second.run or handed_in(first).figures == handed_in(second).figures:
        yield no("they are one run")


def _new(reports: Sequence[Report], known: Known) -> Iterator[Objection]:
    for report in reports:
        mine = handed_in(report)
        for filed, name in known.filed.items():
            if filed.digest == mine.digest:
                yield Objection(doubt=Doubt.R13, text=name)
            elif filed.run == mine.run or filed.figures == mine.figures:
                yield Objection(doubt=Doubt.R14, text=f"the other is {name}")


def _contents(report: Report, lock: LockedSet, known: Known) -> Iterable[Objection]:
    """TensorFlow and its plugin are the release's own files, as far as they are known."""
    for package in ("tensorflow", "tensorflow-macos", "tensorflow-metal"):
        version = lock.pins.get(package)
        if version is None:
            continue
        expected = known.contents.get((package, version, lock.series, lock.arch))
        found = report.contents.get(package)
        if expected is None:
            yield Objection(doubt=Doubt.R12, text=f"{package} {version} has no digest in contents/")
        elif found not in expected:
            yield Objection(
                doubt=Doubt.R12,
                text=f"{package} {version} was installed from other files: {found or 'unknown'}",
            )


def started(believed: Believed) -> datetime:
    """When the first of its runs began."""
    return min(report.started for report in believed.submission.parsed)
