"""The formats of pins that `check` reads: one small module each, chosen by the file's name."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

from ...errors import InputFileError
from . import explicit_txt

if TYPE_CHECKING:
    from pathlib import Path

    from ...target import Target
    from ..pins import PinFile

BY_NAME = (
    ("pylock_toml", re.compile(r"pylock(\.[^.]+)?\.toml")),
    ("uv_lock", re.compile(r"uv\.lock")),
    ("pixi_lock", re.compile(r"pixi\.lock")),
    ("poetry_toml", re.compile(r"pyproject\.toml")),
    ("poetry_lock", re.compile(r"poetry\.lock")),
    ("conda_lock_yml", re.compile(r"(.*[.-])?conda-lock\.ya?ml|.*-lock\.ya?ml")),
    ("environment_yml", re.compile(r".*\.ya?ml")),
    ("requirements_txt", re.compile(r".*\.(txt|in|pip|freeze)|requirements|constraints")),
)
"""Each module has ``read(path, target) -> PinFile`` and says what it raises."""

IN_A_FOLDER = (
    "pylock*.toml",
    "uv.lock",
    "poetry.lock",
    "pixi.lock",
    "*conda-lock.yml",
    "*conda-lock.yaml",
    "environment*.yml",
    "environment*.yaml",
    "requirements*.txt",
)


def read(path: Path, target: Target) -> PinFile:
    """The pins of a file, as they hold on the target.

    Raises:
        InputFileError: the file cannot be read, is in none of the formats, or is for Linux.

    """
    if is_for_linux(path):
        raise InputFileError(
            str(path), "was made by tfmac-lock for Linux, and check judges what a Mac installs"
        )
    for module, pattern in BY_NAME:
        if pattern.fullmatch(path.name.lower()):
            if module == "requirements_txt" and explicit_txt.is_one(path):
                return explicit_txt.read(path, target)
            reader = importlib.import_module(f".{module}", __package__)
            found: PinFile = reader.read(path, target)
            return found
    raise InputFileError(
        str(path),
        "is in none of the formats: requirements.txt, pip freeze or conda's explicit list (*.txt), "
        "pylock.toml, conda-lock.yml, environment.yml, uv.lock, poetry.lock, pixi.lock, a "
        "pyproject.toml of Poetry",
    )


_HEADER = re.compile(rb"^#\s+tfmac-lock (--[^\r\n]{1,300})", re.MULTILINE)
_OPTION = re.compile(r"--(python|chip|macos|os|also)[ =]([\w.-]{1,20})")


def made_for(path: Path) -> dict[str, str]:
    """What the command in the head of a file says of its machine, if tfmac-lock made it.

    Python, chip, macOS; ``os`` or ``also`` where it is for Linux.
    """
    try:
        if not path.is_file():
            return {}
        with path.open("rb") as stream:
            found = _HEADER.search(stream.read(4096))
    except OSError:
        return {}
    return dict(_OPTION.findall(found[1].decode("ascii", "replace"))) if found else {}


def is_for_linux(path: Path) -> bool:
    """Whether tfmac-lock made the file for a machine with Linux."""
    made = made_for(path)
    return "also" in made or made.get("os") == "linux"


def in_folder(folder: Path) -> list[Path]:
    """The files of pins in a project's folder, in a fixed order; raises InputFileError if none.

    Those that tfmac-lock made for the team's other machines are none of the Mac's.
    """
    there = {path for pattern in IN_A_FOLDER for path in folder.glob(pattern)}
    found = sorted(path for path in there if not is_for_linux(path))
    if not found:
        raise InputFileError(str(folder), f"has no file of pins ({', '.join(IN_A_FOLDER)})")
    return found
