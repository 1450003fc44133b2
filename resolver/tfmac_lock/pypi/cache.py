"""What was fetched before, on disk.

An entry is a text under a key that reads like a path. Every entry carries its own checksum, is
written whole or not at all, and may be read and written by several processes at once: the
last one wins, and all of them wrote what the index said. A folder that cannot be written
means working without a cache, which is said once.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..files import open_regular, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

# An entry of another number, of which less was kept, is not read.
_MAGIC = b"tfmac-lock cache 3"
_KEY_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")


class Cache:
    """Texts by key under ``folder``; with ``None`` nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.fault: OSError | None = None
        """Why writing was given up, once it was."""

    def load(self, key: str) -> str | None:
        """The text stored under a key; ``None`` when there is none, or a damaged one."""
        if self.folder is None:
            return None
        try:
            with open_regular(self._path(key)) as file:
                entry = file.read()
        except OSError:
            return None
        head, _, body = entry.partition(b"\n")
        if head != _head(body):
            return None
        return body.decode()

    def store(self, key: str, text: str) -> None:
        """Keep a text. Where the disk does not allow it, nothing is stored from then on."""
        if self.folder is None or self.fault is not None:
            return
        body = text.encode(errors="replace")
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, _head(body) + b"\n" + body)
        except OSError as fault:
            self.fault = fault

    def keys(self, folder: str) -> list[str]:
        """The keys of all entries under a folder."""
        if self.folder is None or not (place := self._path(folder)).is_dir():
            return []
        return [f"{folder}/{path.name}" for path in place.iterdir() if path.name[0] != "."]

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        if not _KEY_CHARACTERS.issuperset(key) or ".." in key or key.startswith("/"):
            raise ValueError(f"not a cache key: {key!r}")
        return self.folder / key


def default_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the cache lies: ``TFMAC_LOCK_CACHE_DIR``, else the system's place for caches."""
    chosen = (os.environ if environ is None else environ).get("TFMAC_LOCK_CACHE_DIR")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("tfmac-lock", appauthor=False))


def _head(body: bytes) -> bytes:
    return b"%s %08x %d" % (_MAGIC, zlib.crc32(body), len(body))
