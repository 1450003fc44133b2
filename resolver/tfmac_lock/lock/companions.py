"""What the packages beside the pair make of a lock: the verdict of the whole, and settings."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ..matrix.reasons import Reason, Status
from ..target import Os

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..matrix.companions import CompanionVerdict
    from ..matrix.facts import Matrix
    from ..matrix.natives import NativeLoad
    from .model import Combo, Lock


def with_companions(matrix: Matrix, lock: Lock, naming: Collection[str] = ()) -> Lock:
    """The lock with a verdict on each companion, and with the weakest of all as its own.

    Its settings are those that the companions need to run. ``naming`` are packages whose
    metadata name TensorFlow or Keras.
    """
    combo = lock.combo
    load = partial(_load, matrix, combo) if combo.os is Os.MACOS else _not_read
    found = matrix.companions.judge(lock.packages, naming, load)
    status = max([lock.verdict.status, *(one.status for one in found)], key=lambda one: one.rank)
    verdict = replace(
        lock.verdict,
        status=status,
        reasons=(*lock.verdict.reasons, *(_reason(one) for one in found)),
    )
    environment = matrix.companions.environment(lock.packages)
    return replace(lock, verdict=verdict, companions=found, environment=environment)


def _load(matrix: Matrix, combo: Combo, name: str, version: str) -> NativeLoad | None:
    return matrix.native_load(name, version, combo)


def _not_read(_name: str, _version: str) -> None:
    """The rows are of wheels for the Mac."""


def _reason(one: CompanionVerdict) -> Reason:
    texts = "; ".join(reason.text for reason in one.reasons)
    return Reason(
        kind="companion",
        text=f"{one.name} {one.version} ({one.status.value}): {texts}",
        source=one.reasons[0].source,
        grade=one.grade,
        against=one.status is Status.BROKEN,
        fatal=one.status is Status.BROKEN,
    )
