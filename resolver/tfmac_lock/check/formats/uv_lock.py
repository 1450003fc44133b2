"""uv.lock: universal, so only what the target needs is taken, from the project's own packages on.

Source: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile; the format is not
specified, and read as uv 0.4 to 0.13 write it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..pins import Pin, PinFile, checked, holds, normalized, sha256
from . import toml_file

if TYPE_CHECKING:
    from pathlib import Path

    from ...target import Target

_OWN = ("editable", "virtual", "directory")


def read(path: Path, target: Target) -> PinFile:
    """The packages that a sync on the target installs; raises InputFileError."""
    data, text = toml_file.load(path)
    numbers = toml_file.lines_of(text, "[[package]]")
    rows: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    roots: list[str] = []
    for index, row in enumerate(toml_file.tables(data, path, "package")):
        name = normalized(toml_file.text_of(row, "name"))
        rows.setdefault(name, []).append((toml_file.line(numbers, index), row))
        if _is_own(row):
            roots.append(name)
    reached: dict[tuple[str, str], Pin] = {}
    waiting = [(name, "") for name in (roots or rows)]
    seen = set(waiting)
    while waiting:
        name, version = waiting.pop()
        for line, row in rows.get(name, []):
            if version and toml_file.text_of(row, "version") != version:
                continue
            if not holds(_texts(row.get("resolution-markers")), target, path):
                continue
            if not _is_own(row):
                pin = _pin(row, path, line)
                reached[pin.name, pin.version] = pin
            for wanted in _dependencies(row):
                key = (
                    normalized(toml_file.text_of(wanted, "name")),
                    toml_file.text_of(wanted, "version"),
                )
                if key not in seen and holds([toml_file.text_of(wanted, "marker")], target, path):
                    seen.add(key)
                    waiting.append(key)
    pins = tuple(pin for _, pin in sorted(reached.items()))
    return PinFile(path=str(path), format="uv.lock", pins=pins, complete=True)


def _is_own(row: dict[str, Any]) -> bool:
    source = row.get("source")
    return isinstance(source, dict) and any(key in source for key in _OWN)


def _dependencies(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The dependencies of a row, those of its extras and groups included."""
    lists = [row.get("dependencies")]
    for key in ("optional-dependencies", "dev-dependencies"):
        group = row.get(key)
        lists += list(group.values()) if isinstance(group, dict) and _is_own(row) else []
    return [
        entry
        for found in lists
        if isinstance(found, list)
        for entry in found
        if isinstance(entry, dict)
    ]


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _pin(row: dict[str, Any], path: Path, line: int) -> Pin:
    wheels, sdist = row.get("wheels"), row.get("sdist")
    entries = [*(wheels if isinstance(wheels, list) else []), sdist]
    addresses = [
        toml_file.text_of(entry, "url") or toml_file.text_of(entry, "path")
        for entry in entries
        if isinstance(entry, dict)
    ]
    source = row.get("source")
    built = isinstance(source, dict) and "git" in source
    return checked(
        Pin(
            name=normalized(toml_file.text_of(row, "name")),
            version=toml_file.text_of(row, "version"),
            files=tuple(address.rpartition("/")[2] for address in addresses),
            hashes=sha256(
                toml_file.text_of(entry, "hash") for entry in entries if isinstance(entry, dict)
            ),
            source="git" if built else "",
            path=str(path),
            line=line,
        )
    )
