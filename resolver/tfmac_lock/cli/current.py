"""Whether files that are there are those of a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputFileError
from ..lock.reading import read_lock
from ..lock.update import unless_nothing_new

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..lock.model import Lock


def with_day_of(locks: Sequence[Lock], path: Path | None) -> list[Lock]:
    """The locks, or the one that is there where it differs in nothing but the day."""
    if path is None or len(locks) != 1:
        return list(locks)
    try:
        return [unless_nothing_new(locks[0], read_lock(path))]
    except InputFileError:
        return list(locks)


def stale(texts: Mapping[str, str], paths: Mapping[str, Path]) -> list[Path]:
    """The files that hold something else, or are not there."""
    return [paths[name] for name, text in sorted(texts.items()) if not _holds(paths[name], text)]


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False
