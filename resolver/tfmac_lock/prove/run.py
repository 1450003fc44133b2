"""Running the proof on this machine: in an environment that exists, or in one made of a lock."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from . import train_mnist
from .environment import clean_environ
from .errors import NotProvable, ToolFailed
from .interpreters import find_interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .environment import Installer
    from .locked import LockedSet
    from .processes import Processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine, as far as it decides which locks it can run."""

    system: str
    machine: str

    @classmethod
    def here(cls) -> Host:
        """The machine that this program runs on."""
        return cls(system=platform.system(), machine=platform.machine())


def active_python() -> Path:
    """The interpreter of the environment that is switched on, else the one running this.

    tfmac-lock itself may live elsewhere (pipx, uv tool), so its own interpreter comes last.
    """
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if folder := os.environ.get(variable):
            python = Path(folder) / "bin" / "python"
            if python.exists():
                return python
    return Path(sys.executable)


def run_proof(python: Path, options: Sequence[str], *, clean: bool = False) -> int:
    """Run ``train_mnist.py`` with that interpreter, its output passed through; its status."""
    return run_script(python, Path(train_mnist.__file__), options, clean=clean)


DETECTOR = Path(__file__).with_name("detect_relu.py")
"""The ten lines that find a GPU which leaves the ReLU of a Dense layer out."""


def run_script(
    python: Path, script: Path, options: Sequence[str] = (), *, clean: bool = False
) -> int:
    """Run a script with that interpreter, its output passed through; its status.

    Ctrl-C reaches the script too, which ends its own children; other signals are handed on.
    """
    command = [str(python), str(script), *options]
    try:
        process = subprocess.Popen(command, env=clean_environ() if clean else None)
    except OSError as error:
        raise ToolFailed(str(python), error.strerror or str(error)) from error
    try:
        return process.wait()
    except BaseException:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait()
        raise


def check_host(lock: LockedSet, host: Host) -> None:
    """Raise UsageError unless that lock can be installed on that machine."""
    if host.system != "Darwin" or host.machine != lock.arch:
        raise UsageError(
            f"{lock.id} is for a Mac with {lock.arch} and this is {host.system} {host.machine}; "
            f"`tfmac-lock prove twin {lock.id}` proves its versions on Linux"
        )


def environment_of_lock(
    lock: LockedSet,
    packages: Sequence[Mapping[str, str]],
    installer: Installer,
    processes: Processes,
    folder: Path,
) -> Path:
    """Install the very files of the lock into ``folder``; returns the interpreter there.

    ``packages`` are the lock's entries. A lock whose packages come from conda too is for conda
    to install.
    """
    if lock.from_conda:
        names = ", ".join(sorted(lock.from_conda))
        raise NotProvable(
            lock.id,
            f"conda provides {names}: install its conda-lock.yml and run `tfmac-lock prove` there",
        )
    interpreter = find_interpreter(lock.series, processes)
    if interpreter is None:
        raise NotProvable(lock.id, f"no CPython {lock.series} was found")
    lines = [
        f"{p['name']}=={p['version']} --hash=sha256:{p['sha256']}\n"
        for p in packages
        if p["manager"] == "pip"
    ]
    return installer.create(interpreter, folder, "".join(lines), frozenset())
