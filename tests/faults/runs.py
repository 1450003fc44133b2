"""Runs of the program with something going wrong, and what they leave on the disk."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended; ``steps`` are the moments at which it changed the disk."""

    status: int
    out: str
    err: str
    steps: int
    seconds: float


class Runs:
    """Runs commands in forks of one process: a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_", "UV_", "TFMAC_LOCK_"))
            and not name.lower().endswith("_proxy")
        }
        own = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_RETRIES": "0",
            "TFMAC_LOCK_CACHE_DIR": str(self._folder / "cache"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=ROOT,
            env=plain | own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.communicate()

    def many(self, folder: Path, *arguments: str, **trial: Any) -> list[Ended]:
        """How the runs ended; ``trial`` is what goes wrong (see ``zygote``)."""
        assert self._process is not None
        assert self._process.stdin is not None
        asked = {**trial, "arguments": arguments, "folder": str(folder)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return [Ended(**row) for row in self._answer()]

    def one(self, folder: Path, *arguments: str, **trial: Any) -> Ended:
        """How the one run ended."""
        (ended,) = self.many(folder, *arguments, **trial)
        return ended

    def _answer(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


Content = dict[str, bytes | str]

WAITING = re.compile(r"(^|/)\.[^/]*(new|old|part|journal|unfinished)$")
"""The names of files that wait for something to be done."""


def content(folder: Path) -> Content:
    """What lies below the folder: bytes of files, targets of links; hidden files as well."""
    found: Content = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def leftovers(found: Content) -> set[str]:
    """What was written beside its place and never moved there."""
    return {name for name in found if WAITING.search(name)}


def unlike(found: Content, other: Content) -> set[str]:
    """The files that are not the same in both, or not in both."""
    return {name for name in {*found, *other} if found.get(name) != other.get(name)}


def half(found: Content, old: Content, new: Content) -> set[str]:
    """Files that are neither what they were nor what they become, where they are no leftovers."""
    return {
        name
        for name in found.keys() - leftovers(found)
        if found[name] not in (old.get(name), new.get(name))
    } | {name for name in (old.keys() & new.keys()) if name not in found}
