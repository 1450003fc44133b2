"""What every written file says at its top, so that it can be understood without the program."""

from __future__ import annotations

import re
import shlex
import textwrap
from typing import TYPE_CHECKING

from ...files import on_one_line
from ...target import Os
from ..model import lock_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Lock

MARK = "made by tfmac-lock"
"""A file whose head holds this may be written anew; any other is somebody else's."""


def header(lock: Lock) -> list[str]:
    """The lines, without comment signs."""
    combo = lock.combo
    plugin = f"tensorflow-metal {combo.metal}" if combo.metal else "no GPU plugin"
    plugin = "CUDA's libraries as wheels" if lock.has_cuda else plugin
    machine = "Linux on " if combo.os is Os.LINUX else ""
    floor = f", macOS {combo.macos_min} or newer" if combo.macos_min else ""
    grade = f" ({lock.verdict.grade})" if lock.verdict.grade else ""
    lines = [
        f"This file was {MARK}, by:",
        "",
        f"   tfmac-lock {lock.command}",
        "",
        f"{combo.package} {combo.tensorflow}, {plugin}",
        f"Python {combo.python} on {machine}{combo.arch.value}{floor}",
        f"verdict: {lock.verdict.status}{grade}, package index as of {lock.as_of}",
        f"lock id: {lock_id(lock)}",
    ]
    lines += [line for text in beside(lock) for line in wrapped(text)]
    lines += settings(lock)
    for reason in lock.verdict.reasons:
        if reason.kind == "defect":
            lines += textwrap.wrap(reason.text, 90, initial_indent="  ", subsequent_indent="  ")
    return [*map(on_one_line, lines), ""]


def commented(lines: Iterable[str]) -> list[str]:
    """The lines as comments of all formats that have them."""
    return [f"# {line}" if line else "#" for line in lines]


def sentences(texts: Iterable[str]) -> list[str]:
    """The texts as the lines of a list."""
    return [line for text in texts for line in wrapped(text, "- ")]


def wrapped(text: str, first: str = "") -> list[str]:
    """The lines of a text, each whole word of it kept; ``first`` stands before the first one."""
    return textwrap.wrap(
        on_one_line(text),
        96,
        initial_indent=first,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def beside(lock: Lock) -> list[str]:
    """How a lock beside the Mac's differs from it; nothing of the Mac's own."""
    if lock.beside is None:
        return []
    changed = ", ".join(map(str, lock.beside.changed)) or "none"
    only = ", ".join(f"{one.name} {one.here}" for one in lock.beside.differences if not one.mac)
    without = ", ".join(one.name for one in lock.beside.differences if not one.here)
    lines = [f"versions that are not the Mac's: {changed}"]
    lines += [f"only here: {only}"] if only else []
    return lines + ([f"only on the Mac: {without}"] if without else [])


def settings(lock: Lock) -> list[str]:
    """One sentence for each environment variable that the lock needs to run."""
    return [f"set before Python starts: {one}" for one in assignments(lock)]


def assignments(lock: Lock) -> list[str]:
    """The environment variables that the lock needs, as a shell assigns them."""
    return [f"{name}={shlex.quote(value)}" for name, value in lock.environment.items()]


def named(filename: str, lock: Lock) -> str:
    """The name of a file for the lock: ``pylock.linux-cuda.toml`` for one beside the Mac's.

    Source: https://packaging.python.org/en/latest/specifications/pylock-toml/#file-name.
    """
    stem, _, suffix = filename.rpartition(".")
    return f"{stem}.{lock.beside.name}.{suffix}" if lock.beside else filename


def install_command(lock: Lock, file: str | None = None) -> str:
    """How pip installs the file; only the lock's source archives may be built."""
    file = named("requirements.txt", lock) if file is None else file
    names = ",".join(package.name for package in lock.wheels if package.is_source)
    sources = f" --only-binary :all: --no-binary {names}" if names else ""
    return f"python -m pip install --require-hashes --no-deps{sources} -r {file}"


ID = re.compile(
    r"""^(?:\#\ lock\ id:\ |lock-id\ =\ "|\ "lock_id":\ ")([0-9a-f]{16})(?:"|"?,?)$""",
    re.MULTILINE | re.VERBOSE,
)


def lock_ids(text: str) -> frozenset[str]:
    """The ids of the locks that a written file is of; none where it is not ours, or older."""
    return frozenset(ID.findall(text)) if MARK in text or '"lock_id"' in text else frozenset()
