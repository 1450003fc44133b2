"""pixi.lock, source: https://pixi.sh/latest/workspace/lockfile/, versions 4 to 6 of the format.

An environment lists addresses a platform; the packages behind them stand in one list for all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import (
    parse_sdist_filename,
    parse_wheel_filename,
)

from ...errors import InputFileError
from ...target import minor
from ..pins import MAX_PINS, Pin, PinFile, checked, normalized
from . import yaml_file

if TYPE_CHECKING:
    from pathlib import Path

    from ...target import Target

DEFAULT = "default"
_KINDS = ("conda", "pypi")


def read(path: Path, target: Target) -> PinFile:
    """The packages of the default environment, or the first, for the target's platform.

    Raises InputFileError.
    """
    data = yaml_file.load(path)
    environments = data.get("environments") if isinstance(data, dict) else None
    if not isinstance(environments, dict) or not environments:
        raise InputFileError(str(path), "is not a pixi.lock: it has no environments")
    environment = environments.get(DEFAULT) or next(iter(environments.values()))
    platforms = environment.get("packages") if isinstance(environment, dict) else None
    if not isinstance(platforms, dict) or target.conda_subdir not in platforms:
        there = ", ".join(sorted(platforms)) if isinstance(platforms, dict) else "none"
        raise InputFileError(
            str(path), f"has no packages for {target.conda_subdir}; its platforms are: {there}"
        )
    assert isinstance(data, dict)
    records = {
        address: row
        for row in yaml_file.items(data.get("packages"))
        for kind in _KINDS
        if (address := yaml_file.text_of(row, kind))
    }
    entries = yaml_file.items(platforms[target.conda_subdir])
    if len(entries) > MAX_PINS:
        raise InputFileError(str(path), f"names more than {MAX_PINS} packages")
    pins = tuple(_pin(entry, records, path) for entry in entries)
    python = next((p.version for p in pins if p.name == "python" and p.manager == "conda"), "")
    return PinFile(
        path=str(path), format="pixi.lock", pins=pins, python=minor(python), complete=True
    )


def _pin(entry: yaml_file.Node, records: dict[str, yaml_file.Node], path: Path) -> Pin:
    kind = next((kind for kind in _KINDS if yaml_file.text_of(entry, kind)), "")
    address = yaml_file.text_of(entry, kind) if kind else ""
    line = yaml_file.line_of(entry)
    if not address:
        raise InputFileError(str(path), "has an entry that is neither conda's nor pypi's", line)
    row = records.get(address)
    filename = address.partition("#")[0].rpartition("/")[2]
    name, version = _named(kind, filename)
    sha256 = yaml_file.text_of(row, "sha256")
    return checked(
        Pin(
            name=normalized(yaml_file.text_of(row, "name") or name),
            version=yaml_file.text_of(row, "version") or version,
            files=(filename,) if kind == "pypi" else (),
            hashes=(sha256,) if sha256 else (),
            hashed=bool(sha256 or yaml_file.text_of(row, "md5")),
            manager="pip" if kind == "pypi" else "conda",
            path=str(path),
            line=line,
        )
    )


def _named(kind: str, filename: str) -> tuple[str, str]:
    """Name and version by the file's name; empty where it tells none."""
    if kind == "conda":
        stem = re.sub(r"\.(conda|tar\.bz2)$", "", filename)
        parts = stem.rsplit("-", 2)
        return (parts[0], parts[1]) if len(parts) == 3 else ("", "")
    try:
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except ValueError:  # no name of a file, or a number too long to be read
        return "", ""
    return str(name), str(version)
