"""lock.json, the program's own full record of a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files import dump_json
from ..model import to_json

if TYPE_CHECKING:
    from ..model import Lock


def render(lock: Lock, files: tuple[str, ...] = ()) -> str:
    """The text of lock.json; ``files`` are the names of the files written with it."""
    return dump_json(to_json(lock, files))
