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
    from ..matrix.recipes import RecipeVerdict
    from .model import Combo, Lock

OLDER = "older"
"""The kind of reason that tells of an old version; its text begins with the package's name."""


def with_companions(
    matrix: Matrix, lock: Lock, naming: Collection[str] = (), recipe: str = ""
) -> Lock:
    """The lock with a verdict on each companion, and with the weakest of all as its own.

    Its settings are those that the companions need to run. ``naming`` are packages whose
    metadata name TensorFlow or Keras. The ``recipe`` that it was made for is a part of it, and
    vouches for what it uses. Of an old version that was taken of a named package nothing is
    known, unless it was tried here.
    """
    combo = lock.combo
    load = partial(_load, matrix, combo) if combo.os is Os.MACOS else _not_read
    found = matrix.companions.judge(lock.packages, naming, load, python=combo.python)
    environment = matrix.companions.environment(lock.packages)
    asked, judged = matrix.recipes.named(recipe), None
    if asked is not None:
        judged = matrix.recipes.judge(asked, lock.packages)
        used = matrix.recipes.used(asked, lock.packages, matrix.companions)
        found = tuple(_vouched(one, judged) if one.name in used else one for one in found)
        environment |= {setting.name: setting.value for setting in asked.settings}
    reasons = [_reason("companion", f"{one.name} {one.version}", one) for one in found]
    if judged is not None:
        reasons.append(_reason("recipe", f"recipe {judged.name}", judged))
    statuses = [lock.verdict.status, *(one.status for one in (*found, judged) if one)]
    old = {one.text.partition(" ")[0] for one in lock.verdict.reasons if one.kind == OLDER}
    if old - {one.name for one in found}:
        statuses.append(Status.UNPROVEN)  # of the others, their trial tells whether they run
    status = max(statuses, key=lambda one: one.rank)
    verdict = replace(lock.verdict, status=status, reasons=(*lock.verdict.reasons, *reasons))
    return replace(lock, verdict=verdict, companions=found, environment=environment, recipe=judged)


def _load(matrix: Matrix, combo: Combo, name: str, version: str) -> NativeLoad | None:
    return matrix.native_load(name, version, combo)


def _not_read(_name: str, _version: str) -> None:
    """The rows are of wheels for the Mac."""


def _vouched(one: CompanionVerdict, by: RecipeVerdict) -> CompanionVerdict:
    """The verdict on a companion that the smoke test of a recipe used."""
    if one.status is not Status.UNPROVEN:
        return one
    borrowed = [
        replace(reason, text=f"used by recipe {by.name}: {reason.text}") for reason in by.reasons
    ]
    kept = [reason for reason in one.reasons if reason.kind != "untried"]
    return replace(one, status=by.status, grade=by.grade, reasons=(*borrowed, *kept))


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
