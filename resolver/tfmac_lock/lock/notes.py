"""What a lock says besides its packages: what was waived, stood in for, built, or not final."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..matrix.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..matrix.verdict import Pair
    from ..matrix.waivers import Waiver
    from ..resolve.solve import Solution
    from .model import LockedPackage


def notes_of(
    pair: Pair,
    solution: Solution,
    packages: Sequence[LockedPackage],
    waivers: Iterable[tuple[LockedPackage, Waiver]],
) -> Iterator[Reason]:
    """The notes on a solution, in the order in which a lock states them."""
    yield from (_waived(package, waiver) for package, waiver in waivers)
    yield from _stand_ins(pair, solution)
    yield from _built(packages)
    yield from _prereleases(solution)


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
