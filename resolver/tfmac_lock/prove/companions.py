"""Trying companions: a lock's versions on Linux, and the smoke test of each companion in it.

What comes out is one file a companion, TensorFlow, Python and decisive pins under
matrix/proofs/companions/. A trial that is there with the same decisive pins, the same settings
and the same program is not made again.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..matrix.companions import Trial, decisive_of, digest_of
from ..matrix.toml import read_file
from .environment import clean_environ
from .errors import NotProvable, ToolFailed
from .evidence import without_paths, write_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..lock.model import Lock
    from ..matrix.companions import Companions
    from .locked import LockedSet
    from .processes import Ended
    from .twin import Twins

TIMEOUT = 600.0
"""Seconds for one smoke test; the slowest import takes a minute on two slow cores."""

LAST = 300
"""Characters of an error that are kept."""

EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Failure)\b")
"""How the last line of a traceback begins; warnings of a program that ends may come after it."""

FOR_CUDA = "torch"
"""Its wheel for Linux loads libraries of CUDA that its wheel for the Mac does not ask for."""


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
        return digest_of(self.program)


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
    pins = json.dumps(sorted(decisive_of(lock.pins, lock.tensorflow).items()))
    beside = digest_of(pins)[:8]
    name = f"{task.version}-tensorflow-{lock.tensorflow}-py{lock.series}-{beside}.toml"
    return folder / task.name / name


def known_trial(path: Path, task: Task, lock: LockedSet) -> Trial | None:
    """The trial that is there, if it is of the same program and settings.

    One that failed is known only beside the very same packages, for it may have lacked one.
    """
    if not path.is_file():
        return None
    trial = read_file(path, Trial)
    same = (trial.program, trial.environment) == (task.digest, dict(task.environment))
    return trial if same and (trial.outcome == "works" or trial.pins == dict(lock.pins)) else None


def try_companions(
    twins: Twins, lock: LockedSet, todo: list[Task], folder: Path, place: Path
) -> Iterator[Trial | NotProvable]:
    """Make the environment of the lock, run each program in it, write and yield the trials.

    ``place`` is a folder to work in. Environments that are made in one and the same place share
    their compiled modules. Yields the reason where a failure says nothing of the companion.
    Raises NotProvable where there is no interpreter or no wheel, ToolFailed and DiskFull.
    """
    with twins.environment(lock, place) as (python, twin, _):
        for task in todo:
            began = time.monotonic()
            try:
                ended = run_alone(twins, python, place, task.program, task.environment)
            except ToolFailed as error:
                yield NotProvable(f"{task.name} {task.version}", error.said)
                continue
            trial = Trial(
                companion=task.name,
                version=task.version,
                tensorflow=lock.tensorflow,
                python=lock.series,
                date=datetime.now(UTC).date(),
                outcome="works" if ended.status == 0 else "broken",
                error="" if ended.status == 0 else error_of(ended),
                seconds=round(time.monotonic() - began, 1),
                program=task.digest,
                system=f"{platform.system()} {platform.machine()}",
                wheel=twin.tensorflow.filename,
                environment=dict(task.environment),
                dropped=dict(twin.dropped),
                pins=dict(lock.pins),
            )
            if trial.outcome == "broken" and (excuse := _of_linux(trial)):
                yield NotProvable(f"{task.name} {task.version}", f"{excuse}: {trial.error}")
                continue
            write_evidence(trial, trial_file(folder, task, lock))
            yield trial


def run_alone(
    twins: Twins, python: Path, place: Path, program: str, settings: Mapping[str, str]
) -> Ended:
    """Run a program in a process and an empty folder of its own.

    Raises ToolFailed where it does not end in time.
    """
    folder = place / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    script = folder / "smoke.py"
    script.write_text(program, "utf-8")
    environ = clean_environ() | {
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "PYTHONPYCACHEPREFIX": str(place / "compiled"),
    }
    return twins.run([str(python), str(script)], environ | dict(settings), TIMEOUT, folder)


def _of_linux(trial: Trial) -> str:
    """Why a failure says nothing of the Mac; empty where it does."""
    if trial.dropped:
        return f"Linux has no wheel of {', '.join(trial.dropped)}"
    if FOR_CUDA in trial.pins:
        return f"the wheel of {FOR_CUDA} for Linux wants libraries that the Mac's does not"
    return ""


def error_of(ended: Ended) -> str:
    """The line that tells what went wrong: the exception's, or the last one."""
    lines = [line.strip() for line in ended.output.splitlines() if line.strip()]
    told = [line for line in lines if EXCEPTION.match(line)] or lines
    return without_paths(told[-1])[:LAST] if told else f"it ended with status {ended.status}"
