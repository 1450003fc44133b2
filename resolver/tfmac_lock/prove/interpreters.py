"""Finding a CPython of a given series: on PATH, in pyenv, with uv."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .processes import Processes

_ASK = "import platform, venv; print(platform.python_implementation(), platform.python_version())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A CPython that starts and can make environments."""

    path: Path
    version: str


def find_interpreter(series: str, processes: Processes) -> Interpreter | None:
    """The first CPython of that series (``3.9``) that works; None where there is none."""
    for path in _candidates(series, processes):
        try:
            said = processes.run([str(path), "-I", "-c", _ASK], timeout=60)
        except ToolFailed:
            continue
        # A shim of pyenv lies on PATH for every version and fails for those not switched on.
        found = re.match(r"CPython (3\.\d+)(\.\S+)", said.output)
        if said.status == 0 and found and found[1] == series:
            return Interpreter(path=path, version=found[1] + found[2])
    return None


def _candidates(series: str, processes: Processes) -> Iterator[Path]:
    """Where such an interpreter may be, the likely ones first."""
    if on_path := shutil.which(f"python{series}"):
        yield Path(on_path)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob(f"versions/{series}.*/bin/python"), key=_patch, reverse=True)
    if uv := shutil.which("uv"):
        command = [uv, "--no-config", "python", "find", "--no-python-downloads", series]
        try:
            said = processes.run(command, timeout=60)
        except ToolFailed:
            return
        if said.status == 0 and said.output.strip():
            yield Path(said.output.strip().splitlines()[-1])


def _patch(path: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", path.parent.parent.name))
