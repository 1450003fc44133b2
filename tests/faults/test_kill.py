"""A writing command that is killed at any moment: the next run puts right what it left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = {"lock.json", "pylock.toml", "requirements.txt"}
FIRST = ["--python", "3.11", "--chip", "m1"]
SECOND = ["--python", "3.10", "--chip", "m1"]
MOMENTS = 200

STEP = """
import os, signal, sys
at, seen = int(sys.argv[1]), 0

def watch(event, arguments):
    # Each of these is a moment between two states of the disk.
    global seen
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate"):
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
from tfmac_lock.__main__ import main
status = main(sys.argv[2:])
print(seen, file=sys.stderr)
sys.exit(status)
"""
"""Runs the program and kills it at the given step of its work with files."""


def run(folder: Path, at: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", STEP, str(at), *arguments],
        cwd=folder,
        env=os.environ | {"XDG_CACHE_HOME": str(folder.parent / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


def state(folder: Path) -> str:
    """The id of the lock whose files are there, whole; "" for none."""
    there = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if not there & FILES:
        return ""
    assert there >= FILES, f"half a lock: {sorted(there)}"
    made = json.loads((folder / "lock.json").read_text())["lock_id"]
    for name in FILES:
        assert made in (folder / name).read_text(), f"{name} is of another lock"
    return str(made)


def moments(folder: Path, *arguments: str) -> int:
    """How many steps the run has when nobody kills it."""
    done = run(folder, -1, *arguments)
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])


def last(steps: int, wanted: int) -> Iterator[int]:
    """The last steps, backwards: those are where it writes."""
    yield from range(steps, max(0, steps - wanted), -1)


@pytest.mark.parametrize(
    "wanted", [15, pytest.param(MOMENTS, marks=pytest.mark.slow)], ids=["some", "many"]
)
@pytest.mark.parametrize("before", [None, FIRST], ids=["new", "over another"])
def test_what_a_killed_run_left_is_put_right_by_the_next(
    tmp_path: Path, before: list[str] | None, wanted: int
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    if before:
        assert run(start, -1, *before).returncode == 0
    old = state(start)
    trial = tmp_path / "trial"
    shutil.copytree(start, trial)
    steps = moments(trial, *SECOND)
    new = state(trial)
    assert new != old
    for at in last(steps, wanted):
        shutil.rmtree(trial)
        shutil.copytree(start, trial)
        assert run(trial, at, *SECOND).returncode == -signal.SIGKILL
        # What a killed run left half done, the next one puts right before it does anything.
        healed = run(trial, -1, *SECOND)
        assert healed.returncode == 0, f"step {at}: {healed.stderr}"
        assert state(trial) == new, f"step {at}"
        assert {path.name for path in trial.iterdir()} == FILES, f"step {at}"


@pytest.mark.parametrize(
    "wanted", [15, pytest.param(MOMENTS, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_a_pyproject_toml_is_at_every_moment_the_old_one_or_the_new_one(
    tmp_path: Path, wanted: int
) -> None:
    assert run(tmp_path, -1, *FIRST).returncode == 0
    project = tmp_path / "pyproject.toml"
    old = '[project]\nname = "mine"\nversion = "1"\nrequires-python = ">=3.11"\n'
    project.write_text(old)
    apply = ("apply", "--tool", "uv")
    steps = moments(tmp_path, *apply)
    new = project.read_text()
    assert new != old
    for at in last(steps, wanted):
        project.write_text(old)
        assert run(tmp_path, at, *apply).returncode == -signal.SIGKILL
        assert project.read_text() in (old, new), f"step {at}"
