"""platforms.json, the one part of the compiled matrix that the fast path reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import guarded
from ..target import Platforms
from .plain import read

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = 1


def load_platforms(path: Path) -> Platforms:
    """Read platforms.json; raises DataError."""
    return guarded(path, SCHEMA_VERSION, lambda data: read(Platforms, _without_version(data)))


def _without_version(data: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if key != "schema_version"}
