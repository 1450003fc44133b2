"""`install` that is killed while a tool makes the environment or installs into it."""

from __future__ import annotations

import signal
import stat
from typing import TYPE_CHECKING, Any

import pytest

from .commands import COMMANDS
from .runs import Ended, Runs, content, unlike

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSTALL = COMMANDS["install"]

# As uv: notes its words. At the word in DIES it writes half of its work, and all is killed.
UV = """#!/bin/sh
echo "$*" >> log
if [ "$1" = "$DIES" ]; then
  mkdir -p .venv/bin && echo half > .venv/half
  kill -9 "$PPID" && exit 9
fi
exec "$(dirname "$0")/whole-uv" "$@"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with Runs(tmp_path_factory.mktemp("runs")) as runs:
        yield runs


class Mac:
    """A Mac with a folder in which ``install`` runs."""

    def __init__(self, runs: Runs, folder: Path) -> None:
        self.runs = runs
        self.folder = folder

    def install(self, dies: str = "", **trial: Any) -> list[Ended]:
        """Install; all is killed when its tool is asked for what ``dies`` says."""
        (self.folder / "log").unlink(missing_ok=True)
        needs = INSTALL.trial(self.folder)
        needs["environ"]["DIES"] = dies
        return self.runs.many(self.folder, *INSTALL.arguments, **needs, **trial)

    def steps(self) -> list[str]:
        """What uv was asked in the last run, by its first words."""
        lines = (self.folder / "log").read_text().splitlines()
        return [" ".join(line.split()[:2]) for line in lines]


@pytest.fixture
def mac(runs: Runs, tmp_path: Path) -> Mac:
    INSTALL.made(runs, tmp_path, "")
    tools = tmp_path / "tools"
    (tools / "uv").rename(tools / "whole-uv")
    (tools / "uv").write_text(UV)
    (tools / "uv").chmod(stat.S_IRWXU)
    return Mac(runs, tmp_path)


@pytest.mark.parametrize("word", ["venv", "pip"])
def test_what_was_half_done_is_done_anew(mac: Mac, word: str) -> None:
    (whole,) = mac.install()
    assert whole.status == 0, whole.err
    environment = content(mac.folder / ".venv")
    (mac.folder / ".venv").rename(mac.folder / "aside")

    (killed,) = mac.install(word)
    assert killed.status == -signal.SIGKILL
    (again,) = mac.install()
    assert again.status == 0, again.err
    found = content(mac.folder / ".venv")
    if word == "venv":
        assert mac.steps() == ["venv --python", "pip install"]
    else:
        assert mac.steps() == ["pip install"]
        assert "pip install --reinstall --python" in (mac.folder / "log").read_text()
        found.pop("half")  # the real one replaces it
    assert unlike(found, environment) == set()
    (third,) = mac.install()
    assert third.status == 0
    assert "--reinstall" not in (mac.folder / "log").read_text(), "that was once"
    assert [path.name for path in mac.folder.glob(".*")] == [".venv"]


def test_an_environment_that_somebody_made_meanwhile_is_not_removed(mac: Mac) -> None:
    (killed,) = mac.install("venv")
    assert killed.status == -signal.SIGKILL
    place = mac.folder / ".venv"
    (place / "pyvenv.cfg").write_text("version = 3.11.9\n")
    for name in ("activate", "python"):
        (place / "bin" / name).write_bytes((mac.folder / "tools" / "whole-uv").read_bytes())
        (place / "bin" / name).chmod(stat.S_IRWXU)
    (place / "theirs").write_text("theirs")
    (again,) = mac.install()
    assert again.status == 0, again.err
    assert (place / "theirs").read_text() == "theirs"


def test_several_beside_one_environment_go_one_after_the_other(mac: Mac) -> None:
    ended = mac.install(together=4)
    assert [one.status for one in ended] == [0] * 4, [one.err for one in ended]
    assert mac.steps().count("venv --python") == 1
    assert mac.steps().count("pip install") == 4
