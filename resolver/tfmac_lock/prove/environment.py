"""Environments that last as long as a proof, linked from the installer's cache."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from .errors import DiskFull, NotProvable, ToolFailed
from .interpreters import find_interpreter
from .linux import STAND_INS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..pypi.config import IndexConfig
    from ..pypi.model import IndexFile
    from .interpreters import Interpreter
    from .locked import LockedSet
    from .processes import Processes

INSTALL_TIMEOUT = 1800.0
"""Seconds; TensorFlow is 200 to 500 MB, and somebody's line is slow."""

PREFIX = "twin-"

ROOM = 6_000_000_000
"""Bytes that should be free before a TensorFlow of up to 2 GB is fetched and unpacked."""


@contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """A folder under ``root`` that is gone afterwards, whatever happens.

    What a killed process left behind is removed by the next one: each folder is locked by the
    process that uses it, and the system drops the lock when that dies.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        # Sweeping and making are one step for all processes, or one could sweep what another
        # has made and not locked yet.
        with _locked(root, fcntl.LOCK_EX):
            _sweep(root)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
            used = os.open(folder, os.O_RDONLY)
            fcntl.flock(used, fcntl.LOCK_SH)
    except OSError as error:
        raise _from_os(error, root) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(used)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _sweep(root: Path) -> None:
    """Remove the folders of processes that are gone; those in use refuse the lock."""
    for folder in root.glob(f"{PREFIX}*"):
        with suppress(OSError), _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(folder, ignore_errors=True)


class Installer:
    """Makes environments with uv where there is one (it links files), else with venv and pip.

    ``indexes`` are addresses in the order in which they are searched, credentials included.
    What pip or uv are configured to do on this machine is kept out, so that a proof means the
    same anywhere.
    """

    def __init__(self, processes: Processes, indexes: Sequence[str]) -> None:
        self._processes = processes
        self._uv = shutil.which("uv")
        *extra, main = indexes
        self._indexes = "".join(
            [f"--index-url {main}\n", *(f"--extra-index-url {url}\n" for url in extra)]
        )

    def create(
        self, interpreter: Interpreter, folder: Path, requirements: str, built: frozenset[str]
    ) -> Path:
        """An environment in ``folder`` with exactly these packages; returns its interpreter.

        Every file is checked against its hash. ``built`` may come as source, nothing else.
        Raises ToolFailed or DiskFull.
        """
        self._make_room(folder)
        pins = folder / "requirements.txt"
        try:
            # In the file and not among the arguments, which every user of the machine can read.
            pins.write_text(self._indexes + requirements, "utf-8")
        except OSError as error:
            raise _from_os(error, folder) from error
        names = [re.split(" @ |==", line)[0] for line in requirements.splitlines()]
        python = folder / "env" / "bin" / "python"
        if built:
            wheels = [o for n in names if n not in built for o in ("--only-binary", n)]
        else:
            wheels = ["--only-binary", ":all:"]
        if self._uv:
            self._with_uv(self._uv, interpreter, folder, ["--require-hashes", *wheels, str(pins)])
        else:
            self._run([str(interpreter.path), "-m", "venv", "--clear", str(folder / "env")], folder)
            pip = [str(python), "-m", "pip", "--isolated", "install", "--no-input", "--no-deps"]
            exactly = ["--require-hashes", *wheels, "-r", str(pins)]
            self._run([*pip, "--disable-pip-version-check", *exactly], folder)
        return python

    def _with_uv(
        self, uv: str, interpreter: Interpreter, folder: Path, exactly: Sequence[str]
    ) -> None:
        """Make the environment, or turn the last one in the folder into it.

        Most packages are the same from one companion to the next, TensorFlow's files above all.
        """
        command, env, last = [uv, "--no-config", "--no-progress"], folder / "env", folder / "last"
        if not (last.is_file() and last.read_text("utf-8") == str(interpreter.path)):
            venv = ["venv", "--clear", "--python", str(interpreter.path), str(env)]
            self._run([*command, *venv], folder)
        last.unlink(missing_ok=True)  # one that fails halfway is no base for the next
        sync = ["pip", "sync", "--python", str(env / "bin" / "python"), *exactly]
        self._run([*command, *sync], folder)
        last.write_text(str(interpreter.path), "utf-8")

    def _make_room(self, folder: Path) -> None:
        """Drop TensorFlows from uv's cache when the disk gets full.

        All of them together take 100 GB unpacked; the rest of what twins need takes two.
        """
        if self._uv and shutil.disk_usage(folder).free < ROOM:
            self._run([self._uv, "--no-config", "cache", "clean", "--quiet", *STAND_INS], folder)

    def _run(self, command: list[str], folder: Path) -> None:
        ended = self._processes.run(command, env=clean_environ(), timeout=INSTALL_TIMEOUT)
        if ended.status == 0:
            return
        if os.strerror(errno.ENOSPC) in ended.output:
            raise DiskFull(str(folder.parent))
        lines = [line.strip() for line in ended.output.splitlines() if line.strip()]
        raise ToolFailed(Path(command[0]).name, " ".join(lines[-4:])[-600:])


@dataclass(frozen=True, kw_only=True, eq=False)
class Workplace:
    """What is needed to prove something: index, installer, processes, and two folders.

    ``listing`` gives the files of a project on the index; ``folder`` is where evidence goes;
    ``cache`` is where environments are made, best on the disk of the installer's cache.
    """

    listing: Callable[[str], Sequence[IndexFile]]
    installer: Installer
    processes: Processes
    folder: Path
    cache: Path
    _interpreters: dict[str, Interpreter | None] = field(default_factory=dict, init=False)

    def interpreter(self, lock: LockedSet) -> Interpreter:
        """The CPython that the lock is for, looked for once; raises NotProvable."""
        if lock.series not in self._interpreters:
            self._interpreters[lock.series] = find_interpreter(lock.series, self.processes)
        found = self._interpreters[lock.series]
        if found is None:
            where = "on PATH, in pyenv or with uv"
            raise NotProvable(lock.id, f"no CPython {lock.series} was found {where}")
        return found


def with_credentials(config: IndexConfig) -> list[str]:
    """The indexes of that configuration as addresses that an installer can use alone."""
    found = []
    for url in config.indexes:
        mine = next((c for c in config.credentials if url.startswith(c.url)), None)
        scheme, _, rest = url.partition("://")
        login = f"{quote(mine.user, '')}:{quote(mine.password, '')}@" if mine else ""
        found.append(f"{scheme}://{login}{rest}")
    return found


def clean_environ() -> dict[str, str]:
    """The environment of this process without what would change Python, pip, uv or TensorFlow."""
    foreign = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "TF_", "KERAS_", "XLA_")
    kept = ("UV_CACHE_DIR", "PIP_CACHE_DIR", "PIP_CERT")
    return {k: v for k, v in os.environ.items() if k in kept or not k.startswith(foreign)}


def _from_os(error: OSError, folder: Path) -> DiskFull | ToolFailed:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(str(folder))
    return ToolFailed(str(folder), error.strerror or str(error))
