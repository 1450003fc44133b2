"""Where the shipped data lie: inside the wheel beside the code, in a checkout at its top."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError

if TYPE_CHECKING:
    from ..target import Arch, Platforms
    from .advice import Advice
    from .dated import Dated
    from .facts import Matrix
    from .switches import Switches
    from .symbol_names import SymbolNames
    from .uploads import Upload

PACKAGE = Path(__file__).parents[1]
COMPILED = PACKAGE / "data"
"""matrix.json, platforms.json and symptoms.json: made by a command, and part of the package."""


def is_checkout() -> bool:
    """Whether the code runs from a checkout, whose own facts are the ones to use."""
    return (PACKAGE.parent.parent / "matrix").is_dir()


def facts_used() -> tuple[Dated, Dated | None]:
    """The program's own facts, and those of tfmac-lock-data where it is installed."""
    from .dated import installed, read_dated

    return read_dated(COMPILED), None if is_checkout() else installed()


def data_folder() -> Path:
    """The folder of compiled facts: the program's own, or newer ones that are installed."""
    if is_checkout():
        return COMPILED
    from .dated import newest

    return newest(*facts_used()).folder


def locks_folder() -> Path:
    """The folder with the published locks; raises DataError where there is none."""
    for folder in (data_folder() / "locks", COMPILED / "locks", PACKAGE.parent.parent / "locks"):
        if (folder / "index").is_dir():
            return folder
    raise DataError(
        str(COMPILED / "locks"), "the published locks are missing; reinstall tfmac-lock"
    )


def docs_folder() -> Path:
    """The folder with the users' documents; raises DataError where there is none."""
    for folder in (COMPILED / "docs", PACKAGE.parent.parent / "docs"):
        if folder.is_dir():
            return folder
    raise DataError(str(COMPILED / "docs"), "the documents are missing; reinstall tfmac-lock")


def checkout() -> Path:
    """The checkout that the code runs from; raises DataError in an installed package."""
    root = PACKAGE.parent.parent
    if not (root / "matrix").is_dir():
        raise DataError(
            str(root), "this command needs a checkout of the project, with its matrix/ folder"
        )
    return root


def platforms() -> Platforms:
    """Releases of macOS, chips and Pythons; raises DataError."""
    from .platforms import load_platforms

    return load_platforms(data_folder() / "platforms.json")


def advice(arch: Arch, python: str) -> Advice:
    """What to offer besides a lock for that architecture and Python; raises DataError."""
    from .advice import load_advice

    return load_advice(data_folder() / "advice.json", arch, python)


def uploads() -> dict[str, Upload]:
    """The files of TensorFlow and its plugin by sha256; raises DataError."""
    from .uploads import load_uploads

    return load_uploads(data_folder() / "uploads.json")


def matrix() -> Matrix:
    """All facts, read once as long as their files stay the same; raises DataError."""
    folder = data_folder()
    return _matrix(folder, tuple(map(_identity, sorted(folder.glob("*.json")))))


@functools.lru_cache(maxsize=2)
def _matrix(
    folder: Path,
    files: tuple[tuple[str, int, int, int], ...],  # noqa: ARG001 - other files are another matrix
) -> Matrix:
    from .compiled import load_matrix
    from .platforms import load_platforms

    return load_matrix(folder / "matrix.json", load_platforms(folder / "platforms.json"))


def _identity(path: Path) -> tuple[str, int, int, int]:
    """What differs where a file was written anew; whoever reads it says what it lacks."""
    try:
        state = path.stat()
    except OSError:
        return path.name, 0, 0, 0
    return path.name, state.st_ino, state.st_mtime_ns, state.st_size


def symbol_names() -> SymbolNames:
    """The C++ names of the symbols that the matrix names."""
    from .symbol_names import FILE, SymbolNames

    return SymbolNames(path=data_folder() / FILE)


def switches() -> Switches:
    """What was tried with the stand-in plugin; raises DataError."""
    from .switches import load_switches

    return load_switches(data_folder() / "switches.json")
