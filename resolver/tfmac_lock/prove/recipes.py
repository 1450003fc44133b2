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

from ..matrix.reasons import Grade
from ..matrix.recipes import RecipeRun
from ..matrix.toml import read_file
from .companions import attempt, trials_in
from .evidence import write_evidence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..lock.model import Lock
    from ..matrix.recipes import Recipe
    from .companions import Task
    from .locked import LockedSet
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


def try_recipe(twins: Twins, task: RecipeTask, companions: list[Task], folder: Path) -> RecipeRun:
    """Make the twin of the lock, run the smoke test in it, and write what came out.

    The companions are tried in the same twin; ``folder`` is that of all proofs. Raises
    NotProvable where there is no interpreter or no wheel, ToolFailed and DiskFull.
    """
    with twins.environment(task.locked) as made:
        python, twin, place = made
        program, environment = task.recipe.smoke, task.environment
        found = attempt(twins, python, place, program + LISTING, environment)
        run = RecipeRun(
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
            environment=dict(environment),
            dropped=dict(twin.dropped),
            pins=dict(task.locked.pins),
        )
        write_evidence(run, task.file(folder / "recipes"))
        for _ in trials_in(made, twins, task.locked, companions, folder / "companions"):
            pass  # each is written as it ends
    return run


def _imported(python: Path, place: Path, pins: Mapping[str, str]) -> tuple[str, ...]:
    """Those of the packages of which a module was imported; none where the program failed."""
    listed = place / LISTED
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
