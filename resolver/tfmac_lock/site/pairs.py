"""What pages say of facts and of pairs: both sides apart, and what to take instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..matrix.facts import version
from ..matrix.reasons import Status
from .words import spans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..matrix.grid import Cell, Grid
    from ..matrix.reasons import Reason

MOST = 3
"""How many other pairs a page offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReason:
    """One fact as a page shows it.

    ``pythons`` is empty where it holds for all of the pair's, ``more`` are the sources of equal
    facts for other Pythons.
    """

    kind: str
    text: str
    source: str
    pythons: str = ""
    against: bool = False
    more: tuple[str, ...] = ()


def instead(grid: Grid, cell: Cell) -> list[Cell]:
    """The pairs nearest to a broken one that have a lock and are not broken.

    The same TensorFlow comes first, then those near it, and pairs with a plugin before others.
    """
    here = version(cell.tensorflow)
    return sorted(
        (
            other
            for other in grid.cells
            if other.status in (Status.WORKS, Status.CAUTION) and other.best and other.best.lock
        ),
        key=lambda other: (
            (other.metal is None) != (cell.metal is None) and other.tensorflow != cell.tensorflow,
            abs(version(other.tensorflow).minor - here.minor),
            abs(version(other.tensorflow).micro - here.micro),
            other.status.rank if other.status else 0,
            other.metal is None,
        ),
    )[:MOST]


def sorted_reasons(
    reasons: Iterable[tuple[Reason, tuple[str, ...]]], every: int
) -> tuple[list[ShownReason], list[ShownReason]]:
    """What is against it and what speaks for it, the twins of all Pythons as one fact.

    Each reason comes with the Pythons that it is stated for, of ``every`` so many.
    """
    against: list[ShownReason] = []
    others: list[ShownReason] = []
    twins: list[tuple[ShownReason, tuple[str, ...]]] = []
    for reason, pythons in reasons:
        one = ShownReason(
            kind=reason.kind,
            text=reason.text,
            source=reason.source,
            pythons=spans(pythons) if len(pythons) < every else "",
            against=reason.against,
        )
        if reason.against:
            # What breaks it stands before what merely speaks against it.
            against.insert(0 if reason.fatal and reason.kind != "reported" else len(against), one)
        elif reason.kind == "twin":
            twins.append((one, pythons))
        else:
            others.append(one)
    if twins:
        series = sorted({python for _, pythons in twins for python in pythons})
        first = twins[0][0]
        others.append(
            ShownReason(
                kind="twin",
                text=first.text,
                source=first.source,
                pythons=spans(series) if len(series) < every else "",
                more=tuple(one.source for one, _ in twins[1:]),
            )
        )
    return against, others
