"""Whether files that are there are those of a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputFileError
from ..files import holds
from ..lock.reading import read_lock
from ..lock.update import unless_nothing_new

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..lock.model import Lock
    from .outputs import Outputs


def with_days_of(locks: Sequence[Lock], outputs: Outputs) -> list[Lock]:
    """The locks, in the place of each the one that is there where only the day differs."""
    return [_with_day_of(lock, outputs.lock_json(lock)) for lock in locks]


def _with_day_of(lock: Lock, path: Path) -> Lock:
    try:
        return unless_nothing_new(lock, read_lock(path))
    except InputFileError:
        return lock


def stale(texts: Mapping[str, str], paths: Mapping[str, Path]) -> list[Path]:
    """The files that hold something else, or are not there."""
    return [paths[name] for name, text in sorted(texts.items()) if not holds(paths[name], text)]
