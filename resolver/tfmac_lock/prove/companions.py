"""Trying companions: a lock's versions on Linux, and the smoke test of each companion in it.

What comes out is one file a companion, TensorFlow, Python, decisive pins and settings under
matrix/proofs/companions/. A trial that is there with the same decisive pins, the same settings
and the same program is not made again.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from ..matrix.companions import Trial, decisive_of, digest_of
from ..matrix.toml import read_file
from ..matrix.tried_bounds import is_current
from .environment import clean_environ
from .errors import NotProvable, ToolFailed
from .evidence import without_paths, write_evidence
from .programs import program_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..matrix.companions import Companions
    from .linux import Twin
    from .locked import LockedSet
    from .processes import Ended
    from .programs import Task
    from .twin import Twins

TIMEOUT = 600.0
"""Seconds for one smoke test; the slowest import takes a minute on two slow cores."""

LAST = 300
"""Characters of an error that are kept."""

EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Failure)\b")
"""How the line of a traceback begins that tells the exception."""

FOR_CUDA = "torch"
"""Its wheel for Linux loads libraries of CUDA that its wheel for the Mac does not ask for."""

NETWORK = re.compile(
    r"ConnectionError|URLError|Max retries exceeded|Could not resolve host|name resolution|"
    r"RemoteDisconnected|Failed to establish a new connection|while downloading"
)
"""How a program fails that asks for the network, which a smoke test does not."""

UNRESOLVED = re.compile(r"\.so[\w.]*: undefined symbol: ")
"""How Linux's loader fails. What a Mac's images find there is read from its own wheels."""

CUDA = re.compile(r"lib(cu|nv|nccl|torch_cuda)")
"""How these libraries are named."""

WORK = "work"
"""The folder in which each program runs; it is made anew for each."""


def trial_file(folder: Path, task: Task, lock: LockedSet) -> Path:
    """Where the trial lies."""
    beside = decisive_of(lock.pins, lock.tensorflow)
    made = _name(task.version, lock.tensorflow, lock.series, {**beside, **task.environment})
    return folder / task.name / made


def trial_name(trial: Trial) -> str:
    """The name of the file that the trial lies in."""
    beside = {**trial.decisive, **trial.environment}
    return _name(trial.version, trial.tensorflow, trial.python, beside)


def _name(version: str, tensorflow: str, python: str, beside: Mapping[str, str]) -> str:
    digest = digest_of(json.dumps(sorted(beside.items())))[:8]
    return f"{version}-tensorflow-{tensorflow}-py{python}-{digest}.toml"


def drop_stale(folder: Path, name: str, companions: Companions) -> None:
    """Remove the trials of a companion that ran another smoke test, or with other settings."""
    for path in sorted((folder / name).glob("*.toml")):
        trial = read_file(path, Trial)
        same = trial.program == digest_of(program_of(name, companions))
        if not (same and is_current(trial, companions)):
            path.unlink()


def known_trial(path: Path, task: Task, lock: LockedSet) -> Trial | None:
    """The trial that is there, if it is of the same program and settings.

    One that ran is not known beside another series of SciPy and its kin, and one that failed is
    known only beside the very same packages, for it may have lacked one.
    """
    if not path.is_file():
        return None
    trial = read_file(path, Trial)
    same = (trial.program, trial.environment) == (task.digest, dict(task.environment))
    if trial.outcome == "works":
        return trial if same and not trial.tried(str(path)).unlike(lock.pins) else None
    return trial if same and trial.pins == dict(lock.pins) else None


def try_companions(
    twins: Twins, lock: LockedSet, todo: Sequence[Task], folder: Path, place: Path
) -> Iterator[Trial | NotProvable]:
    """Make the environment of the lock in a place, try each in it, and yield what came of it.

    Environments that are made in one and the same place share their compiled modules.
    Raises NotProvable where there is no interpreter or no wheel, ToolFailed and DiskFull.
    """
    with twins.environment(lock, place) as made:
        yield from trials_in(made, twins, lock, todo, folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What became of a program in an environment; ``output`` is all that it printed."""

    outcome: Literal["works", "broken"]
    error: str
    seconds: float
    output: str


def attempt(
    twins: Twins, python: Path, place: Path, program: str, environment: Mapping[str, str]
) -> Attempted:
    """Run a program in an environment, in a process and an empty folder of its own.

    Raises ToolFailed where it does not end in time.
    """
    folder = place / WORK
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    script = folder / "smoke.py"
    script.write_text(program, "utf-8")
    environ = clean_environ() | {
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "PYTHONPYCACHEPREFIX": str(place / "compiled"),
    }
    environ |= {"PATH": f"{python.parent}{os.pathsep}{environ.get('PATH', os.defpath)}"}
    began = time.monotonic()
    command = [str(python), str(script)]
    ended = twins.run(command, environ | dict(environment), TIMEOUT, folder=folder)
    works = ended.status == 0
    return Attempted(
        outcome="works" if works else "broken",
        error="" if works else error_of(ended),
        seconds=max(0.1, round(time.monotonic() - began, 1)),
        output=ended.output,
    )


def trials_in(
    made: tuple[Path, Twin, Path],
    twins: Twins,
    lock: LockedSet,
    todo: Iterable[Task],
    folder: Path,
) -> Iterator[Trial | NotProvable]:
    """Run each program in an environment that is there, and write what is evidence.

    Yields the reason where a failure says nothing of the package.
    """
    python, twin, place = made
    for task in todo:
        try:
            found = attempt(twins, python, place, task.program, task.environment)
        except ToolFailed as error:
            yield NotProvable(f"{task.name} {task.version}", error.said)
            continue
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
            without_cuda=twin.without_cuda,
            pins=dict(lock.pins),
        )
        if trial.outcome == "broken" and (excuse := _of_linux(trial, found.output)):
            yield NotProvable(f"{task.name} {task.version}", f"{excuse}: {trial.error}")
            continue
        write_evidence(trial, trial_file(folder, task, lock))
        yield trial


def _of_linux(trial: Trial, output: str) -> str:
    """Why a failure says nothing of the Mac; empty where it does."""
    if trial.dropped:
        return f"Linux has no wheel of {', '.join(trial.dropped)}"
    if NETWORK.search(output):
        return "it asked for the network"
    if UNRESOLVED.search(output):
        return "a library of its wheel for Linux does not load, and the Mac's is another one"
    if FOR_CUDA in trial.pins and FOR_CUDA not in trial.without_cuda and CUDA.search(output):
        return f"the wheel of {FOR_CUDA} for Linux wants libraries that the Mac's does not"
    return ""


def error_of(ended: Ended) -> str:
    """What went wrong: the last exception with what it says, or the last line."""
    lines = [line.strip() for line in ended.output.splitlines() if line.strip()]
    starts = [place for place, line in enumerate(lines) if EXCEPTION.match(line)]
    said = " ".join(lines[starts[-1] :] if starts else lines[-1:])
    return without_paths(said)[:LAST] or f"it ended with status {ended.status}"
