"""platforms.json, the one part of the compiled matrix that the fast path reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..files import guarded
from ..target import Arch, Chip, MacOSRelease, MacOSVersion, Platforms, PythonSeries

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = 1


def load_platforms(path: Path) -> Platforms:
    """Read platforms.json; raises DataError."""
    return guarded(path, SCHEMA_VERSION, platforms_from_json)


def platforms_from_json(data: Any) -> Platforms:
    """Releases, chips and Pythons out of the content of platforms.json."""
    return Platforms(
        macos=tuple(
            MacOSRelease(major=row["major"], name=row["name"], darwin=row["darwin"])
            for row in data["macos"]
        ),
        chips=tuple(
            Chip(
                id=row["id"],
                name=row["name"],
                arch=Arch(row["arch"]),
                first_macos=MacOSVersion.parse(row["first_macos"]),
                last_macos=row["last_macos"],
                gpu=row["gpu"],
            )
            for row in data["chips"]
        ),
        pythons=tuple(
            PythonSeries(
                series=row["series"],
                micro={Arch(arch): micro for arch, micro in row["micro"].items()},
            )
            for row in data["pythons"]
        ),
    )
