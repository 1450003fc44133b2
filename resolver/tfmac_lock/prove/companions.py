"""Trying companions: a lock's versions on Linux, and the smoke test of each companion in it.

What comes out is one file a companion, TensorFlow and Python under matrix/proofs/companions/. A
trial that is there with the same pins and the same program is not made again.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from ..matrix.companions import Trial
from ..matrix.toml import read_file
from .environment import clean_environ
from .evidence import without_paths, write_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..lock.model import Lock
    from ..matrix.companions import Companions
    from .linux import Twin
    from .locked import LockedSet
    from .twin import Twins

TIMEOUT = 600.0
"""Seconds for one smoke test; the slowest import takes a minute on two slow cores."""

LAST = 300
"""Characters of an error that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A companion to try in the environment of a lock, with the program that tries it."""

    name: str
    version: str
    program: str
    environment: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The sha256 of the program."""
        return hashlib.sha256(self.program.encode()).hexdigest()


def tasks(lock: Lock, companions: Companions) -> list[Task]:
    """The companions in the lock; of those without facts the modules are imported."""
    return [
        Task(
            name=one.name,
            version=one.version,
            program=fact.program if (fact := companions.named(one.name)) else imports(one.name),
            environment=lock.environment,
        )
        for one in lock.companions
    ]


def imports(name: str) -> str:
    """The Python that imports the top-level modules of an installed package."""
    return f"""
import importlib
from importlib.metadata import distribution
own = [file.parts for file in distribution({name!r}).files or ()]
top = {{parts[0] for parts in own if len(parts) == 2 and parts[1] == "__init__.py"}}
top |= {{parts[0][:-3] for parts in own if len(parts) == 1 and parts[0].endswith(".py")}}
top = sorted(module for module in top if module not in ("tests", "test", "docs", "examples"))
assert top, "it has no modules"
for module in top:
    importlib.import_module(module)
"""


def trial_file(folder: Path, task: Task, lock: LockedSet) -> Path:
    """Where the trial lies."""
    return folder / task.name / f"{task.version}-tensorflow-{lock.tensorflow}-py{lock.series}.toml"


def is_done(path: Path, task: Task, lock: LockedSet) -> bool:
    """Whether the trial is there, of the same packages and the same program."""
    if not path.is_file():
        return False
    trial = read_file(path, Trial)
    return trial.pins == dict(lock.pins) and trial.program == task.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What became of a program in an environment."""

    outcome: Literal["works", "broken"]
    error: str
    seconds: float


def attempt(
    twins: Twins, python: Path, place: Path, program: str, environment: Mapping[str, str]
) -> Attempted:
    """Run a program in an environment, with ``place`` as its home and its folder."""
    script = place / "smoke.py"
    script.write_text(program, "utf-8")
    environ = clean_environ() | {"TMPDIR": str(place), "HOME": str(place)}
    environ |= {"PATH": f"{python.parent}{os.pathsep}{environ.get('PATH', os.defpath)}"}
    begun = time.monotonic()
    ended = twins.run(
        [str(python), str(script)], environ | dict(environment), TIMEOUT, folder=place
    )
    works = ended.status == 0
    return Attempted(
        outcome="works" if works else "broken",
        error="" if works else _error(ended.output, ended.status),
        seconds=round(time.monotonic() - begun, 1),
    )


def try_companions(
    twins: Twins, lock: LockedSet, todo: list[Task], folder: Path
) -> Iterator[Trial]:
    """Make the environment of the lock, run each program in it, write and yield the trials.

    Raises NotProvable where there is no interpreter or no wheel, ToolFailed and DiskFull.
    """
    with twins.environment(lock) as made:
        yield from trials_in(made, twins, lock, todo, folder)


def trials_in(
    made: tuple[Path, Twin, Path],
    twins: Twins,
    lock: LockedSet,
    todo: list[Task],
    folder: Path,
) -> Iterator[Trial]:
    """Run each program in an environment that is there; write and yield the trials."""
    python, twin, place = made
    for task in todo:
        found = attempt(twins, python, place, task.program, task.environment)
        trial = Trial(
            companion=task.name,
            version=task.version,
            tensorflow=lock.tensorflow,
            python=lock.series,
            date=datetime.now(UTC).date(),
            outcome=found.outcome,
            error=found.error,
            seconds=found.seconds,
            program=task.digest,
            system=f"{platform.system()} {platform.machine()}",
            wheel=twin.tensorflow.filename,
            environment=dict(task.environment),
            dropped=dict(twin.dropped),
            pins=dict(lock.pins),
        )
        write_evidence(trial, trial_file(folder, task, lock))
        yield trial


def _error(output: str, status: int) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return without_paths(lines[-1])[:LAST] if lines else f"it ended with status {status}"
