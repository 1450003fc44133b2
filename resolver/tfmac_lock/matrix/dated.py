"""Whose facts are used: the program's own, or newer ones of the package ``tfmac-lock-data``.

Facts change more often than the program. The package holds the same compiled files; it is taken
where it is newer and its files have the very shape that this program reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..files import guarded

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "tfmac_lock_data"
NAME = "tfmac-lock-data"
SCHEMA_VERSION = 1


class Dated:
    """The facts in a folder: the day of the newest one, and the shape of their files.

    ``version`` is that of the package, or empty for the program's own.
    """

    # No dataclass: making one takes a millisecond of every main job.
    __slots__ = ("date", "folder", "shape", "version")

    def __init__(self, *, folder: Path, date: str, shape: str, version: str = "") -> None:
        self.folder = folder
        self.date = date
        self.shape = shape
        self.version = version


def read_dated(folder: Path) -> Dated:
    """What the folder's date.json says; raises DataError."""

    def build(data: Any) -> Dated:
        return Dated(
            folder=folder,
            date=data["date"],
            shape=data["shape"],
            version=data.get("version", ""),
        )

    return guarded(folder / "date.json", SCHEMA_VERSION, build)


def installed() -> Dated | None:
    """The facts of the package, where it is installed and can be read."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec(PACKAGE)
    for place in spec.submodule_search_locations or () if spec else ():
        try:
            return read_dated(Path(place) / "compiled")
        except DataError:
            continue
    return None


def newest(own: Dated, other: Dated | None) -> Dated:
    """Of the two the newer one that this program can read: its own, or the package's."""
    if other is None or other.shape != own.shape or other.date <= own.date:
        return own
    return other


def facts_line(own: Dated, other: Dated | None) -> str:
    """Which facts are used and of which day, in one line."""
    used = newest(own, other)
    if used is other:
        return f"facts of {used.date}, from {NAME} {used.version}"
    if other is not None and other.date > own.date:
        return (
            f"facts of {own.date}; those of {NAME} {other.version} ({other.date}) are for another "
            "version of this program"
        )
    return f"facts of {own.date}"
