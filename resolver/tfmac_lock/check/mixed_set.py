"""Files that tfmac-lock wrote into one folder, and that are not of one lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lock.formats import FORMATS
from ..lock.formats.conda import CONDA_FORMATS
from ..lock.formats.header import lock_ids
from .findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

NAMES = tuple(name for name, _ in (*FORMATS.values(), *CONDA_FORMATS.values()))
"""The names that written files have."""

MAX_BYTES = 5_000_000
"""A written file has some 30 kB."""


def of_other_locks(path: Path) -> Finding | None:
    """A finding where files beside a written one carry the id of another lock.

    Files without an id are somebody else's, or of an earlier version, and tell nothing.
    """
    own = _ids(path)
    if path.name not in NAMES or not own:
        return None
    others = {name: _ids(path.with_name(name)) for name in NAMES}
    foreign = sorted(name for name, ids in others.items() if ids and not ids & own)
    if not foreign:
        return None
    return Finding(
        code="mixed-files",
        package="",
        text=f"{', '.join(foreign)} beside it is of another lock, so the two would install "
        "different files",
        cure="run the command at the top of the one that is right once more",
        source="the lock ids in the files",
        path=str(path),
    )


def _ids(path: Path) -> frozenset[str]:
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return frozenset()
        return lock_ids(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return frozenset()
