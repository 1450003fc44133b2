"""What the packages beside the pair make of a lock: the verdict of the whole, and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..matrix.reasons import Reason, Status

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..matrix.companions import CompanionVerdict
    from ..matrix.facts import Matrix
    from .model import Lock


def with_companions(matrix: Matrix, lock: Lock, naming: Collection[str] = ()) -> Lock:
    """The lock with a verdict on each companion, and with the weakest of all as its own.

    Its settings are those that the companions need to run. ``naming`` are packages whose
    metadata name TensorFlow or Keras.
    """
    found = matrix.companions.judge(lock.packages, naming)
    status = max([lock.verdict.status, *(one.status for one in found)], key=lambda one: one.rank)
    verdict = replace(
        lock.verdict,
        status=status,
        reasons=(*lock.verdict.reasons, *(_reason(one) for one in found)),
    )
    environment = matrix.companions.environment(lock.packages)
    return replace(lock, verdict=verdict, companions=found, environment=environment)


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
