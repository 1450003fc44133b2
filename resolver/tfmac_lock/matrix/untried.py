"""What of a lock was not trained with: the versions in which it differs from what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import admits, version
from .companions import TENSORFLOW
from .reasons import Grade, Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .facts import Evidence, Matrix

KIND = "untried"
"""The kind of reason that says what was not run."""

MOST = 4
"""So many packages are named."""


def untrained(
    matrix: Matrix, tensorflow: str, python: str, pins: Mapping[str, str], own: Collection[str]
) -> Reason:
    """Why no twin speaks for a lock: how the nearest one differs from it.

    ``own`` are the packages of the lock that the pair brings itself; only they count.
    """
    ran = {
        item
        for item in matrix.evidence
        if item.grade is Grade.TWIN and admits(item.tensorflow, tensorflow)
    }
    here = [_differing(item, pins, own) for item in ran if item.python == python]
    if here:
        text = f"it was not trained beside {_told(min(here, key=lambda one: (len(one), one)))}"
    elif ran:
        series = sorted({item.python for item in ran if item.python}, key=version)
        text = f"it was not trained on Python {python}, only on {', '.join(series)}"
    else:
        text = f"TensorFlow {tensorflow} was not trained on Linux"
    return Reason(kind=KIND, text=text, source="matrix/proofs/twin")


def _differing(
    item: Evidence, pins: Mapping[str, str], own: Collection[str]
) -> list[tuple[str, str, str]]:
    """The packages with the version here and there, where these differ."""
    seen = dict(item.pins)
    names = ({*own, "tf-keras"} - TENSORFLOW) & seen.keys()
    here = {one: pins.get(one, "none") for one in sorted(names)}
    return [(one, at, seen[one]) for one, at in here.items() if at != seen[one]]


def _told(rows: list[tuple[str, str, str]]) -> str:
    shown = ", ".join(f"{name} {here} (but {there})" for name, here, there in rows[:MOST])
    more = f" and {len(rows) - MOST} more" if rows[MOST:] else ""
    return f"{shown}{more}"
