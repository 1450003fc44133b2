"""How to install a lock, as the summary says it at its end."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..languages import translated
from ..lock.formats.header import assignments, install_command
from ..target import Os
from .terminal import wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..lock.model import Lock


def next_steps(locks: Sequence[Lock], files: Mapping[str, Path]) -> list[str]:
    """How to install it, and what to set before it runs."""
    steps = _install(locks, files)
    needed = dict.fromkeys(one for lock in locks for one in assignments(lock))
    return [*steps, *(f"  export {one}" for one in needed)] if steps else []


def _install(locks: Sequence[Lock], files: Mapping[str, Path]) -> list[str]:
    """How to install it, with the file that most people can use."""
    combo = locks[0].combo
    mac = (
        translated("Next, on that Mac:") if len(locks) == 1 else translated("Next, on either Mac:")
    )
    heading = translated("Next, there:") if combo.os is Os.LINUX else mac
    install = install_command(locks[0], "").removesuffix(" -r ").split()
    pip = _broken([*install, f"-r {_word(files.get('requirements.txt'))}"])
    if "requirements.txt" in files and not locks[0].conda_packages:
        return [heading, f"  python{combo.python} -m venv env && . env/bin/activate", *pip]
    if "conda-lock.yml" in files:
        path = _word(files["conda-lock.yml"])
        return [heading, f"  micromamba create --name env --file {path}"]
    if "explicit.txt" in files:
        path = _word(files["explicit.txt"])
        lines = [heading, f"  conda create --name env --file {path}"]
        if "requirements.txt" in files:
            lines += ["  conda activate env", *pip]
        else:
            lines += wrapped(
                translated("(and then the wheels, which --format requirements writes)"), first="  "
            )
        return lines
    if "environment.yml" in files:
        path = _word(files["environment.yml"])
        return [heading, f"  PIP_NO_DEPS=1 conda env create --name env --file {path}"]
    return _in_a_project(locks[0], files, heading)


def _in_a_project(lock: Lock, files: Mapping[str, Path], heading: str) -> list[str]:
    """What to do with the files for other tools."""
    if "pixi.toml" in files:
        return [heading, f"  pixi install --manifest-path {_word(files['pixi.toml'])}"]
    if any(name.startswith("pyproject-") for name in files):
        return [
            translated("Next, in the project's folder, which writes it into pyproject.toml:"),
            f"  tfmac-lock {lock.command} --format json",
            "  tfmac-lock apply --to pyproject.toml",
        ]
    if "constraints.txt" in files:
        plugin = " tensorflow-metal" if lock.combo.metal else ""
        path = _word(files["constraints.txt"])
        return [heading, f"  python -m pip install -c {path} {lock.combo.package}{plugin}"]
    return []


def _broken(words: Sequence[str]) -> list[str]:
    """The words of a command line as lines of at most 80 columns that a shell joins again."""
    lines = ["  " + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) > 77:
            lines[-1] += " \\"
            lines.append("    " + word)
        else:
            lines[-1] += f" {word}"
    return lines


def _word(path: Path | None) -> str:
    """The path as one word of a shell's command line."""
    return shlex.quote(str(path))
