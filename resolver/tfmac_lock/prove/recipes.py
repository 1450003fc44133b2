"""Trying recipes: the versions of a recipe's lock on Linux, and its smoke test in them.

What comes out is one file a recipe, TensorFlow, Python and architecture under
matrix/proofs/recipes/. One that is there with the same pins and the same program is not made
again.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..matrix.reasons import Grade, Status
from ..matrix.recipes import RecipeRun, vouched_for
from ..matrix.toml import read_file
from .companions import WORK, attempt, known_trial, trial_file, trials_in
from .evidence import write_evidence
from .programs import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..lock.model import Lock
    from ..matrix.companions import Companions
    from ..matrix.recipes import Recipe
    from .linux import Twin
    from .locked import LockedSet
    from .programs import Task
    from .twin import Twins


LISTED = "imported.txt"

LISTING = f"""
import sys
with open({LISTED!r}, "w") as listed:
    listed.write("\\n".join(sorted({{name.partition(".")[0] for name in list(sys.modules)}})))
"""
"""What is run after a smoke test: it lists the modules that were imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeTask:
    """A recipe to try in the twin of a lock that was made for it."""

    recipe: Recipe
    lock: Lock
    locked: LockedSet

    @property
    def environment(self) -> Mapping[str, str]:
        """What is set while it runs."""
        return self.lock.environment

    def file(self, folder: Path) -> Path:
        """Where the run lies."""
        locked = self.locked
        name = f"tensorflow-{locked.tensorflow}-py{locked.series}-{locked.arch}.toml"
        return folder / self.recipe.name / name

    def known(self, folder: Path) -> RecipeRun | None:
        """The run that is there of the same packages and the same program."""
        path = self.file(folder / "recipes")
        if not path.is_file():
            return None
        run = read_file(path, RecipeRun)
        same = run.pins == dict(self.locked.pins) and run.program == self.recipe.digest
        return run if same else None


def is_trained(lock: Lock) -> bool:
    """Whether a twin with the lock's versions trained already."""
    return any(
        reason.grade is Grade.TWIN and reason.kind == Grade.TWIN.value and not reason.against
        for reason in lock.verdict.reasons
    )


def try_recipe(
    twins: Twins, task: RecipeTask, companions: Companions, folder: Path, *, again: bool = False
) -> tuple[RecipeRun, bool]:
    """Make the twin of the lock, run the smoke test in it, and write what came out.

    The companions of which nothing is known beside these versions are tried in the same twin;
    ``folder`` is that of all proofs. A run that is there is not made ``again``; the second value
    says so. Raises NotProvable where there is no interpreter or no wheel, ToolFailed, DiskFull.
    """
    known = None if again else task.known(folder)
    if known is not None and not list(_left(task, known, companions, folder)):
        return known, True
    with twins.environment(task.locked) as made:
        run = known or _run(twins, task, made)
        write_evidence(run, task.file(folder / "recipes"))
        todo = list(_left(task, run, companions, folder))
        for _ in trials_in(made, twins, task.locked, todo, folder / "companions"):
            pass  # each is written as it ends
    return run, known is not None


def _left(task: RecipeTask, run: RecipeRun, companions: Companions, folder: Path) -> Iterator[Task]:
    """The companions in the lock of which neither the run nor a trial tells anything."""
    unproven = {one.name for one in task.lock.companions if one.status is Status.UNPROVEN}
    vouched = vouched_for(task.recipe, run.imported, companions) if run.outcome == "works" else ()
    for one in tasks(task.locked, companions):
        path = trial_file(folder / "companions", one, task.locked)
        open_question = one.name in unproven and one.name not in vouched
        if open_question and not known_trial(path, one, task.locked):
            yield one


def _run(twins: Twins, task: RecipeTask, made: tuple[Path, Twin, Path]) -> RecipeRun:
    python, twin, place = made
    found = attempt(twins, python, place, task.recipe.smoke + LISTING, task.environment)
    return RecipeRun(
        recipe=task.recipe.name,
        arch=task.lock.combo.arch,
        imported=_imported(python, place, task.locked.pins),
        tensorflow=task.locked.tensorflow,
        python=task.locked.series,
        date=datetime.now(UTC).date(),
        outcome=found.outcome,
        error=found.error,
        seconds=found.seconds,
        program=task.recipe.digest,
        system=f"{platform.system()} {platform.machine()}",
        wheel=twin.tensorflow.filename,
        environment=dict(task.environment),
        dropped=dict(twin.dropped),
        without_cuda=twin.without_cuda,
        pins=dict(task.locked.pins),
    )


def _imported(python: Path, place: Path, pins: Mapping[str, str]) -> tuple[str, ...]:
    """Those of the packages of which a module was imported; none where the program failed."""
    listed = place / WORK / LISTED
    if not listed.is_file():
        return ()
    modules = set(listed.read_text("utf-8").split())
    found = set()
    for record in python.parent.parent.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        name = canonicalize_name(record.parent.name.split("-")[0])
        files = (line.split(",")[0] for line in record.read_text("utf-8").splitlines())
        top = {file.partition("/")[0].partition(".")[0] for file in files}
        if name in pins and top & modules:
            found.add(name)
    return tuple(sorted(found))
