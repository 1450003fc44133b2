"""Which locks a command is about: published ones by name, or lock.json files by path."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..lock.wheels import read_lock_json
from .locked import LockedSet, locked_set

if TYPE_CHECKING:
    from collections.abc import Sequence

Published = Callable[[], Mapping[str, Mapping[str, Any]]]
"""Reads the published locks, by id; called only where one is wanted."""


def select(names: Sequence[str], published: Published) -> list[LockedSet]:
    """The locks of those names or paths; all published ones where none is named.

    Raises UsageError, InputFileError, or DataError where a lock is damaged.
    """
    if not names:
        return [locked_set(content, f"lock {key}") for key, content in published().items()]
    once = functools.cache(published)
    return [locked_set(content_of(name, once), name) for name in names]


def content_of(name: str, published: Published) -> Mapping[str, Any]:
    """The lock of that name, or in that file or folder."""
    if name.endswith(".json") or "/" in name:
        path = Path(name)
        return read_lock_json(path / "lock.json" if path.is_dir() else path)
    known = published()
    if name in known:
        return known[name]
    near = [key for key in known if name in key][:3]
    near = near or difflib.get_close_matches(name, known, n=3, cutoff=0.3)
    hint = f" Near it: {', '.join(near)}." if near else ""
    raise UsageError(
        f"there is no published lock {name!r} among {len(known)}, nor a file of that name.{hint}"
    )
