"""A lock that is there already, with the verdict that the facts give it now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..matrix.companions import own_names
from ..matrix.verdict import Pair, judge
from .companions import OLDER, with_companions
from .known_files import of_unknown_files, unknown_files
from .notes import SAID
from .verify import pins_of

if TYPE_CHECKING:
    from ..matrix.facts import Matrix
    from .model import Lock

NOTES = frozenset({"asked", "conda", OLDER, "source", "stand-in", "waiver"}) | SAID
"""The kinds of reason that say how the lock was made; they stay as they are."""


def judged(matrix: Matrix, lock: Lock) -> Lock:
    """The lock with its verdict of now; its files, and how it was made, stay."""
    combo = lock.combo
    verdict = judge(
        matrix,
        pair_of(lock),
        macos=combo.macos_min,
        pins=pins_of(lock.packages),
        own=own_names(lock.packages),
        resolved=True,
        os=combo.os,
    )
    unknown = unknown_files(matrix, lock.packages)
    verdict = of_unknown_files(verdict, unknown, plugin=combo.metal is not None)
    notes = [reason for reason in lock.verdict.reasons if reason.kind in NOTES]
    lock = replace(lock, verdict=replace(verdict, reasons=(*verdict.reasons, *notes)))
    naming = {one.name for one in lock.companions}
    return with_companions(matrix, lock, naming, lock.recipe.name if lock.recipe else "")


def pair_of(lock: Lock) -> Pair:
    """The pair that the lock is of."""
    combo = lock.combo
    return Pair(
        package=combo.package,
        tensorflow=combo.tensorflow,
        metal=combo.metal,
        arch=combo.arch,
        python=combo.python,
    )
