"""poetry.lock, as Poetry 1.1 to 2 write it.

Source: https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock; the format is not
specified. Its file lists cover all platforms, and Poetry 2 adds a marker for each package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..pins import Pin, PinFile, checked, holds, normalized, sha256
from . import toml_file

if TYPE_CHECKING:
    from pathlib import Path

    from ...target import Target


def read(path: Path, target: Target) -> PinFile:
    """The packages whose markers hold on the target; raises InputFileError."""
    data, text = toml_file.load(path)
    metadata = data.get("metadata")
    older = metadata.get("files") if isinstance(metadata, dict) else None
    numbers = toml_file.lines_of(text, "[[package]]")
    pins = []
    for index, row in enumerate(toml_file.tables(data, path, "package")):
        if holds(_markers(row), target, path):
            files = row.get("files")
            if files is None and isinstance(older, dict):
                files = older.get(row.get("name"))
            pins.append(_pin(row, files, path, toml_file.line(numbers, index)))
    return PinFile(path=str(path), format="poetry.lock", pins=tuple(pins), complete=True)


def _markers(row: dict[str, Any]) -> list[str]:
    markers = row.get("markers")
    texts = list(markers.values()) if isinstance(markers, dict) else [markers]
    return [text for text in texts if isinstance(text, str)]


def _pin(row: dict[str, Any], files: object, path: Path, line: int) -> Pin:
    entries = [e for e in files if isinstance(e, dict)] if isinstance(files, list) else []
    source = row.get("source")
    kind = toml_file.text_of(source, "type") if isinstance(source, dict) else ""
    return checked(
        Pin(
            name=normalized(toml_file.text_of(row, "name")),
            version=toml_file.text_of(row, "version"),
            files=tuple(toml_file.text_of(entry, "file") for entry in entries),
            hashed=all(entry.get("hash") for entry in entries) if entries else None,
            hashes=sha256(toml_file.text_of(entry, "hash") for entry in entries),
            source=kind if kind in ("git", "directory") else "",
            path=str(path),
            line=line,
        )
    )
