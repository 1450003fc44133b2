"""What the packages beside the pair make of a lock: the verdict of the whole, and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..matrix.reasons import Reason, Status

if TYPE_CHECKING:
    from ..matrix.companions import CompanionVerdict
    from ..matrix.facts import Matrix
    from ..matrix.recipes import RecipeVerdict
    from .model import Lock


def with_companions(matrix: Matrix, lock: Lock, recipe: str = "") -> Lock:
    """The lock with a verdict on each companion, and with the weakest of all as its own.

    Its settings are those that the companions need to run. The ``recipe`` that it was made for
    is a part of it as well.
    """
    found = matrix.companions.judge(lock.packages)
    environment = matrix.companions.environment(lock.packages)
    reasons = [_reason("companion", f"{one.name} {one.version}", one) for one in found]
    statuses = [lock.verdict.status, *(one.status for one in found)]
    asked, judged = matrix.recipes.named(recipe), None
    if asked is not None:
        judged = matrix.recipes.judge(asked, lock.packages)
        statuses.append(judged.status)
        reasons.append(_reason("recipe", f"recipe {asked.name}", judged))
        environment |= {setting.name: setting.value for setting in asked.settings}
    status = max(statuses, key=lambda one: one.rank)
    verdict = replace(lock.verdict, status=status, reasons=(*lock.verdict.reasons, *reasons))
    return replace(lock, verdict=verdict, companions=found, environment=environment, recipe=judged)


def _reason(kind: str, what: str, one: CompanionVerdict | RecipeVerdict) -> Reason:
    texts = "; ".join(reason.text for reason in one.reasons)
    return Reason(
        kind=kind,
        text=f"{what} ({one.status.value}): {texts}",
        source=one.reasons[0].source,
        grade=one.grade,
        against=one.status is Status.BROKEN,
        fatal=one.status is Status.BROKEN,
    )
