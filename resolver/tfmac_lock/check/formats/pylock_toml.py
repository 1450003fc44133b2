"""pylock.toml, source: https://packaging.python.org/en/latest/specifications/pylock-toml/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import InputFileError
from ..pins import Pin, PinFile, checked, holds, normalized
from . import toml_file

if TYPE_CHECKING:
    from pathlib import Path

    from ...target import Target


def read(path: Path, target: Target) -> PinFile:
    """The packages whose markers hold on the target; raises InputFileError."""
    data, text = toml_file.load(path)
    if "lock-version" not in data:
        raise InputFileError(str(path), "is not a pylock file: it has no lock-version")
    numbers = toml_file.lines_of(text, "[[packages]]")
    pins = []
    for index, row in enumerate(toml_file.tables(data, path, "packages")):
        if holds([toml_file.text_of(row, "marker")], target, path):
            pins.append(_pin(row, path, toml_file.line(numbers, index)))
    return PinFile(path=str(path), format="pylock.toml", pins=tuple(pins), complete=True)


def _pin(row: dict[str, Any], path: Path, line: int) -> Pin:
    files, hashed = [], True
    wheels = row.get("wheels")
    entries = list(wheels) if isinstance(wheels, list) else []
    entries += [row[key] for key in ("sdist", "archive") if key in row]
    for entry in entries:
        if isinstance(entry, dict):
            address = toml_file.text_of(entry, "url") or toml_file.text_of(entry, "path")
            files.append(toml_file.text_of(entry, "name") or address.rpartition("/")[2])
            hashed = hashed and bool(entry.get("hashes"))
    source = next((key for key in ("vcs", "directory") if key in row), "")
    return checked(
        Pin(
            name=normalized(toml_file.text_of(row, "name")),
            version=toml_file.text_of(row, "version"),
            files=tuple(files),
            hashed=hashed if files else None,
            source=source,
            path=str(path),
            line=line,
        )
    )
