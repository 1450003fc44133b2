"""What a lock says besides its packages.

That is what was waived, stood in for, built, not final, or taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..matrix.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..matrix.verdict import Pair
    from ..matrix.waivers import Waiver
    from ..resolve.solve import Solution
    from ..resolve.source import Source
    from .model import LockedPackage


def notes_of(
    pair: Pair,
    solution: Solution,
    packages: Sequence[LockedPackage],
    waivers: Iterable[tuple[LockedPackage, Waiver]],
    source: Source,
) -> Iterator[Reason]:
    """The notes on a solution, in the order in which a lock states them."""
    yield from (_waived(package, waiver) for package, waiver in waivers)
    yield from _stand_ins(pair, solution)
    yield from _built(packages)
    yield from _prereleases(solution)
    yield from _taken_back(solution)
    yield from _given_up(solution, source)


SAID = frozenset({"archived", "deprecated", "yanked"})
"""The kinds of note that are said aloud as well."""


def _waived(package: LockedPackage, waiver: Waiver) -> Reason:
    text = (
        f"{package.name} {package.version} asks for {waiver.package}{waiver.stated}; "
        f"{waiver.specifier} is taken to be enough: {waiver.reason}. `pip check` will name it"
    )
    return Reason(kind="waiver", text=text, source=waiver.source)


def _stand_ins(pair: Pair, solution: Solution) -> list[Reason]:
    """What `pip check` will miss: requirements of TensorFlow by its other name."""
    there = f"{pair.package} {pair.tensorflow}"
    texts = [
        f"{item.origin} requires {item.text}, and {there} is the same TensorFlow by its other "
        "name. `pip check` will name it"
        for item in dict.fromkeys(solution.stand_ins)
    ]
    return [Reason(kind="stand-in", text=text, source="index metadata") for text in texts]


def _prereleases(solution: Solution) -> list[Reason]:
    """The pre-releases that came in though nobody asked for any."""
    return [
        Reason(
            kind="pre-release",
            text=f"{name} {solution.packages[name].version} is a pre-release; final releases "
            "alone do not fit together",
            source="index metadata",
        )
        for name in solution.unasked_pre
    ]


def _taken_back(solution: Solution) -> Iterator[Reason]:
    """The files that their makers have withdrawn (PEP 592)."""
    for name, solved in sorted(solution.packages.items()):
        if solved.file.yanked is not None:
            why = f": {solved.file.yanked}" if solved.file.yanked else ""
            text = (
                f"{name} {solved.version} is yanked, withdrawn by its makers{why}. It is taken "
                "since something pins that very version"
            )
            yield Reason(kind="yanked", text=text, source="index metadata", against=True)


def _given_up(solution: Solution, source: Source) -> Iterator[Reason]:
    """The projects that their makers no longer maintain (PEP 792)."""
    meanings = {"archived": "no further release is expected", "deprecated": "another one is better"}
    for name in sorted(solution.packages):
        standing = source.project(name).standing
        if standing.status in meanings:
            why = standing.reason or meanings[standing.status]
            text = f"the project {name} is {standing.status}: {why}"
            yield Reason(kind=standing.status, text=text, source="index metadata")


def _built(packages: Iterable[LockedPackage]) -> list[Reason]:
    """What pip builds on the Mac."""
    return [
        Reason(
            kind="source",
            text=f"{one.name} {one.version} is a source archive, which pip builds",
            source=one.url,
        )
        for one in packages
        if one.is_source
    ]
