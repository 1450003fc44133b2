"""Keeping the cache of the index within bounds: the oldest files go first."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def trim(folder: Path, most_bytes: int, most_files: int) -> None:
    """Remove the oldest files below the folder until so many bytes and files are left."""
    found: list[tuple[float, int, Path]] = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            with suppress(FileNotFoundError):  # another worker was quicker
                state = path.stat()
                found.append((state.st_mtime, state.st_size, path))
    size, number = sum(row[1] for row in found), len(found)
    for _, count, path in sorted(found):
        if size <= most_bytes and number <= most_files:
            return
        path.unlink(missing_ok=True)
        size, number = size - count, number - 1
