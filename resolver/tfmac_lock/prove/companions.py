"""Trying companions: a lock's versions on Linux, and the smoke test of each companion in it.

What comes out is one file a companion, TensorFlow and Python under matrix/proofs/companions/. A
trial that is there with the same pins and the same program is not made again.
"""

from __future__ import annotations

import hashlib
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..matrix.companions import Trial
from ..matrix.toml import read_file
from .environment import clean_environ
from .evidence import without_paths, write_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..lock.model import Lock
    from ..matrix.companions import Companions
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
    """The companions in the lock of which a program is known."""
    found = []
    for one in lock.companions:
        fact = companions.named(one.name)
        if fact is not None:
            found.append(
                Task(
                    name=one.name,
                    version=one.version,
                    program=fact.program,
                    environment=lock.environment,
                )
            )
    return found


def trial_file(folder: Path, task: Task, lock: LockedSet) -> Path:
    """Where the trial lies."""
    return folder / task.name / f"{task.version}-tensorflow-{lock.tensorflow}-py{lock.series}.toml"


def is_done(path: Path, task: Task, lock: LockedSet) -> bool:
    """Whether the trial is there, of the same packages and the same program."""
    if not path.is_file():
        return False
    trial = read_file(path, Trial)
    return trial.pins == dict(lock.pins) and trial.program == task.digest


def try_companions(
    twins: Twins, lock: LockedSet, todo: list[Task], folder: Path
) -> Iterator[Trial]:
    """Make the environment of the lock, run each program in it, write and yield the trials.

    Raises NotProvable where there is no interpreter or no wheel, ToolFailed and DiskFull.
    """
    with twins.environment(lock) as (python, twin, place):
        for task in todo:
            script = place / "smoke.py"
            script.write_text(task.program, "utf-8")
            environ = clean_environ() | {"TMPDIR": str(place), "HOME": str(place)}
            begun = time.monotonic()
            ended = twins.run([str(python), str(script)], environ | dict(task.environment), TIMEOUT)
            trial = Trial(
                companion=task.name,
                version=task.version,
                tensorflow=lock.tensorflow,
                python=lock.series,
                date=datetime.now(UTC).date(),
                outcome="works" if ended.status == 0 else "broken",
                error="" if ended.status == 0 else _error(ended.output, ended.status),
                seconds=round(time.monotonic() - begun, 1),
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
