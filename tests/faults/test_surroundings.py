"""The commands as processes in poor surroundings: no home, odd encodings, closed streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.marks import LONG

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAC = ("--python", "3.11", "--chip", "m1")
NOWHERE = "http://127.0.0.1:9/"
COMMANDS = {
    "a lock": MAC,
    "a lock as JSON": (*MAC, "--json", "-o", "out"),
    "all reasons": (*MAC, "--why", "--dry-run"),
    "help": ("--help",),
    "an unknown chip": ("--python", "3.11", "--chip", "m\u00fc1"),
    "tree": ("tree", "lock.json"),
    "why": ("why", "numpy"),
    "check": ("check", "requirements.txt", *MAC),
    "explain": ("explain", "train.log"),
    "apply": ("apply", "--to", "pyproject.toml", "--tool", "uv", "--dry-run"),
    "cache": ("cache",),
    "matrix": ("matrix", "pair", "2.18.0", "1.1.0"),
    "no such file": ("check", "n\u00f6.txt", *MAC),
    "in another language": (*MAC, "--lang", "ja", "-o", "out"),
    "explain in another language": ("explain", "train.log", "--lang", "zh-hans"),
    "a recipe": ("--for", "spleeter", "--chip", "m1", "--dry-run"),
    "all recipes": ("--for",),
    "for another machine too": (*MAC, "--also", "linux-x86_64", "-o", "also"),
    "other tools": (*MAC, "--format", "constraints,uv,poetry,pdm", "-o", "tools"),
    "install": ("install", *MAC, "--dry-run"),
    "update": ("update", "--dry-run"),
    "diff": ("diff", "lock.json", "lock.json", "--markdown"),
    "outdated": ("outdated", "--offline"),
    "migrate": (
        *("migrate", "requirements.txt", *MAC, "-o", "moved"),
        *("--offline", "--index-url", NOWHERE),
    ),
    "fetch": ("fetch", "lock.json", "--index-url", NOWHERE),
    "a bill of materials": ("advisories", "lock.json", "--no-advisories", "--sbom", "b.json"),
    "apply for good": ("apply", "--to", "pyproject.toml", "--tool", "uv"),
    "doctor": ("doctor",),
    "combos": ("matrix", "combos", "--python", "3.11"),
    "coverage": ("matrix", "coverage"),
    "jobs": ("prove", "jobs"),
    "no such companion": ("prove", "companions", "n\u00f6", "--index-url", NOWHERE),
    "no such report": ("prove", "record", "n\u00f6.json"),
    "the reference": ("publish", "reference", "--check"),
    "a data package": ("publish", "data", "pyproject.toml"),
    "cache clean": ("cache", "clean"),
    "completion": ("--print-completion", "zsh"),
}
FEW = ("a lock",)
"""Tried without the slow tests too."""
SOME = ("a lock as JSON", "an unknown chip", "check", "explain", "apply")
"""Tried in each run; all of them take a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is in the environment, None for what is not; and what a shell puts around the command.

    ``statuses`` are what may come out in the place of the command's own.
    """

    environ: Mapping[str, str | None] = field(default_factory=dict)
    shell: str = "{}"
    statuses: tuple[int, ...] = ()


PLACES = {
    "no home": Surroundings({"HOME": None, "XDG_CACHE_HOME": None, "TFMAC_LOCK_CACHE_DIR": None}),
    "a home that is none": Surroundings({"HOME": "/nowhere", "TFMAC_LOCK_CACHE_DIR": None}),
    "LANG=C": Surroundings({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "ascii": Surroundings({"PYTHONIOENCODING": "ascii"}),
    "latin-1": Surroundings({"PYTHONIOENCODING": "latin-1"}),
    "an unknown locale": Surroundings({"LC_ALL": "xx_YY.UTF-8", "LANG": "xx"}),
    "40 columns": Surroundings({"COLUMNS": "40", "LINES": "10"}),
    "columns that are none": Surroundings({"COLUMNS": "many"}),
    "a dumb terminal": Surroundings({"TERM": "dumb"}),
    "no terminal at all": Surroundings({"TERM": None}, "setsid {} </dev/null"),
    "no standard input": Surroundings({}, "{} <&-"),
    "no standard output": Surroundings({}, "{} >&-", (3,)),
    "no standard error": Surroundings({}, "{} 2>&-"),
    "no streams": Surroundings({}, "{} <&- >&- 2>&-", (3,)),
    "a full disk behind standard output": Surroundings({}, "{} >/dev/full", (3,)),
    "a full disk behind both": Surroundings({}, "{} >/dev/full 2>/dev/full", (3,)),
    "a reader that reads one line": Surroundings({}, "({}; echo $? >status) | head -1", (141,)),
    "a reader that reads nothing": Surroundings({}, "({}; echo $? >status) | true", (141,)),
    "nobody reads errors": Surroundings({}, "({} 2>&3) 3>&1 >/dev/null | true", (0, 141)),
}  # fmt: skip


def run(folder: Path, where: Surroundings, arguments: tuple[str, ...]) -> Any:
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_", "TFMAC_LOCK_"))
    }
    environ |= {"TFMAC_LOCK_CACHE_DIR": str(folder.parent / "cache")}
    for name, value in where.environ.items():
        environ.pop(name, None)
        if value is not None:
            environ[name] = value
    (folder / "status").unlink(missing_ok=True)
    line = where.shell.replace("{}", '"$0" -m tfmac_lock "$@"')
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        check=False,
        timeout=600,
    )  # fmt: skip
    if (folder / "status").exists():
        done.returncode = int((folder / "status").read_text())
        (folder / "status").unlink()
    return done


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surroundings") / "start"
    folder.mkdir()
    assert run(folder, Surroundings(), MAC).returncode == 0
    (folder / "train.log").write_text("ImportError: numpy.core.multiarray failed to import\n")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "m\u00efne"\nversion = "1"\n', "utf-8"
    )
    return folder


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in FEW else pytest.mark.slow if name in SOME else LONG)
        for name in COMMANDS
    ],
)
def test_no_surroundings_break_a_command(start: Path, name: str) -> None:
    expected = run(start, Surroundings(), COMMANDS[name])
    for place, where in PLACES.items():
        done = run(start, where, COMMANDS[name])
        assert done.returncode in (expected.returncode, *where.statuses), (place, done.stderr)
        assert b"Traceback" not in done.stderr + done.stdout, place
        assert b"Exception ignored" not in done.stderr, place
        if done.returncode not in (0, 1, 141) and "2>" not in where.shell:
            told = done.stderr.decode("utf-8", "replace")
            assert told.count("tfmac-lock: ") >= 1, place
        if "--json" in COMMANDS[name] and where.shell == "{}":
            assert json.loads(done.stdout)["schema_version"] == 1, place
    assert json.loads((start / "lock.json").read_text())["schema_version"] == 1
    left = [path.name for path in start.iterdir() if path.name.startswith(".")]
    assert left == []
