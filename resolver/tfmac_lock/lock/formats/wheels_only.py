"""What the exports refuse: locks with parts that the other tool has no place for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..limits import Limits


@dataclass(eq=False)
class HoldsConda(UsageError):
    """The lock needs conda packages, which this format has no place for."""

    combo: str
    format_name: str
    instead: str = "conda-lock or pixi"
    template = (
        "{combo} has packages from conda, and {format_name} has no place for them; "
        "take --format {instead}"
    )


@dataclass(eq=False)
class SameMarkers(UsageError):
    """Two of the locks are for machines that no environment marker tells apart."""

    combos: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{' and '.join(self.combos)} are for machines that markers cannot tell apart, so no "
            "file of a project can hold both: name one of them with --also"
        )


def of_wheels(limits: Sequence[Limits], format_name: str) -> Sequence[Limits]:
    """The same; raises HoldsConda where one has packages from conda, or SameMarkers."""
    for one in limits:
        if one.lock.conda_packages:
            raise HoldsConda(one.lock.combo.id, format_name)
    return distinct(limits)


def distinct(limits: Sequence[Limits]) -> Sequence[Limits]:
    """The same; raises SameMarkers."""
    by_marker: dict[str, Limits] = {}
    for one in limits:
        other = by_marker.setdefault(one.marker, one)
        if other is not one:
            raise SameMarkers((other.lock.combo.id, one.lock.combo.id))
    return limits


def one_of_wheels(limits: Sequence[Limits], format_name: str) -> Limits:
    """The first, which is the Mac's; raises HoldsConda."""
    return of_wheels(limits[:1], format_name)[0]
