"""What is due in the matrix: releases that nobody read, companions that nobody tried, old proofs.

Each subject is one small change, with the commands that make it. Nothing that is proved and still
fits becomes due by its age alone, but for runs on Macs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from ..lock.coverage import OLD, coverage
from ..matrix.base import METAL, version
from .releases import FIRST_VERSION, PACKAGES, PLATFORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from ..lock.model import Lock
    from ..matrix.facts import Matrix
    from ..pypi.model import IndexFile

Files = Callable[[str], Sequence["IndexFile"]]
"""The files of a project on the index; none where it has no such project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One subject: its name, which a branch can have, what is due in words, and what to type."""

    subject: str
    text: str
    commands: tuple[str, ...]


FACTS = ("tfmac-lock matrix compile", "tfmac-lock publish render")
"""What brings everything generated up to date, without a network."""


def outdated(
    matrix: Matrix, slots: Iterable[Sequence[Lock]], today: date, files: Files | None
) -> Iterator[Due]:
    """All that is due; without ``files``, what can be known without an index."""
    locks = list(slots)
    if files is not None:
        yield from _releases(matrix, files)
        yield from _companions(matrix, files)
    yield from _twins(matrix, locks, today)
    yield from _macs(matrix, locks, today)


def _releases(matrix: Matrix, files: Files) -> Iterator[Due]:
    """Releases and wheels for the Mac that the matrix does not have."""
    for package in PACKAGES:
        known = {
            wheel.filename for release in matrix.releases_of(package) for wheel in release.wheels
        }
        new: dict[Version, int] = {}
        for file in files(package):
            found = _version(file)
            if found is None or file.filename in known or not PLATFORM.search(file.filename):
                continue
            if file.yanked is None and found >= FIRST_VERSION.get(package, Version("0")):
                new[found] = new.get(found, 0) + 1
        if new:
            named = ", ".join(f"{one} ({count} wheels)" for one, count in sorted(new.items()))
            made = ("tfmac-lock matrix refresh", FACTS[0], "tfmac-lock publish locks --new")
            yield Due(
                subject=package,
                text=f"{package} has wheels for the Mac that were not read: {named}",
                commands=(*made, "tfmac-lock prove twin --all", *FACTS),
            )


def _version(file: IndexFile) -> Version | None:
    try:
        return parse_wheel_filename(file.filename)[1]
    except ValueError:
        return None


def _companions(matrix: Matrix, files: Files) -> Iterator[Due]:
    """Companions of which the newest release was not tried."""
    beside = " ".join(f"--tensorflow {minor}" for minor in _minors(matrix))
    for fact in matrix.companions.facts:
        tried = [
            Version(row.version) for row in matrix.companions.trials if row.companion == fact.name
        ]
        there = [
            found
            for file in files(fact.name)
            if (found := _version(file)) and not found.is_prerelease and file.yanked is None
        ]
        if not tried or not there or max(there) <= max(tried):
            continue
        yield Due(
            subject=f"companion-{fact.name}",
            text=f"{fact.name} {max(there)} is on the index; the newest one tried is {max(tried)}",
            commands=(
                f"tfmac-lock prove companions {fact.name} {beside}",
                *FACTS,
            ),
        )


def _minors(matrix: Matrix) -> list[str]:
    """The minors of the newest TensorFlow that somebody ran with a plugin, and of the newest."""
    with_plugin = [
        item.tensorflow.removeprefix("==")
        for item in matrix.evidence
        if item.metal and item.tensorflow.startswith("==") and "*" not in item.tensorflow
    ]
    finals = [one.version for one in matrix.releases_of("tensorflow") if one.final]
    newest = [max(versions, key=version) for versions in (with_plugin, finals) if versions]
    return sorted({".".join(one.split(".")[:2]) for one in newest}, key=version)


def _twins(matrix: Matrix, slots: Sequence[Sequence[Lock]], today: date) -> Iterator[Due]:
    """Published locks without a twin."""
    bare = [row.lock for row in coverage(matrix, slots, today).locks if not row.twin]
    if bare:
        more = f" and {len(bare) - 3} more" if len(bare) > 3 else ""
        yield Due(
            subject="twins",
            text=f"{len(bare)} locks were not trained in a twin: {', '.join(bare[:3])}{more}",
            commands=("tfmac-lock prove twin --all", *FACTS),
        )


def _macs(matrix: Matrix, slots: Sequence[Sequence[Lock]], today: date) -> Iterator[Due]:
    """Locks whose newest run on a Mac is older than a year."""
    old = [
        row.lock
        for row in coverage(matrix, slots, today).locks
        if row.newest_run and row.days is not None and row.days > OLD
    ]
    if old:
        yield Due(
            subject="macs",
            text=f"{len(old)} locks were last run on a Mac over a year ago, {old[0]} among them",
            commands=("tfmac-lock matrix coverage",),
        )


assert METAL in PACKAGES, "the plugin is read like TensorFlow"
