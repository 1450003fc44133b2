"""Faults that show in no error, and pairs between two that have them.

A plugin's release is seldom the one where such a fault went away and came back. A pair between an
older and a newer one on which the same silent fault is on record is taken to have it as well,
until a Mac has looked for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import specifier, version
from .reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.version import Version

    from ..target import Arch
    from .facts import Evidence, Matrix

KIND = "neighbours"
"""The kind of the reason that a pair stands between two with the same silent fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A silent fault on one pair: the defect that it is counted to, and the report."""

    defect: str
    tensorflow: Version
    metal: Version
    arch: Arch | None
    report: str
    source: str

    @property
    def name(self) -> str:
        """The pair in short."""
        return f"{self.tensorflow} with {self.metal}"


def on_record(matrix: Matrix) -> tuple[Seen, ...]:
    """Every report of wrong results that a defect rests on and that names the pair."""
    return matrix.once("silent faults on record", lambda: tuple(_on_record(matrix)))


def _on_record(matrix: Matrix) -> Iterator[Seen]:
    names = {
        release.version for release in matrix.releases if release.package != "tensorflow-metal"
    }
    releases = sorted(names, key=version)
    by_id = {report.id: report for report in matrix.reports}
    for defect in matrix.defects:
        for report in (by_id[name] for name in defect.reports if name in by_id):
            if report.stage != "result" or not (report.metal and report.tensorflow):
                continue
            for release in releases:
                if specifier(report.tensorflow).contains(release):
                    yield Seen(
                        defect=defect.id,
                        tensorflow=version(release),
                        metal=version(report.metal),
                        arch=report.arch,
                        report=report.id,
                        source=report.source,
                    )


def between(
    matrix: Matrix,
    tensorflow: str,
    metal: str,
    arch: Arch,
    *,
    runs: Iterable[Evidence] = (),
    known: Iterable[str] = (),
) -> Iterator[Reason]:
    """The silent faults that the pair has a neighbour with on both sides, and no run for.

    ``runs`` are those on Macs about the pair: one that looked for the fault is enough. ``known``
    are the ids of defects that are listed for the pair anyhow.
    """
    looked = {*known, *(name for item in runs for name in (*item.checked, *item.faults))}
    here = (version(metal), version(tensorflow))
    sides: dict[str, tuple[list[Seen], list[Seen]]] = {}
    for seen in on_record(matrix):
        if seen.arch not in (None, arch) or seen.defect in looked:
            continue
        older, newer = sides.setdefault(seen.defect, ([], []))
        there = (seen.metal, seen.tensorflow)
        if there < here:
            older.append(seen)
        elif there > here:
            newer.append(seen)
    for defect, (older, newer) in sorted(sides.items()):
        if older and newer:
            below = max(older, key=lambda seen: (seen.metal, seen.tensorflow))
            above = min(newer, key=lambda seen: (seen.metal, seen.tensorflow))
            yield Reason(
                kind=KIND,
                text=f"{defect} is on record for {below.name} and for {above.name}, and no Mac "
                "has looked for it with this pair between them",
                source=above.source,
                against=True,
            )
