"""conda-lock.yml v1, source: https://schemas.conda.org/conda-lock-v1.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import InputFileError
from ...target import Arch, Os, minor
from ..pins import MAX_PINS, Pin, PinFile, checked, normalized
from . import yaml_file

if TYPE_CHECKING:
    from pathlib import Path

    from ...target import Target

_MACS = {Arch.ARM64: "osx-arm64", Arch.X86_64: "osx-64"}


def read(path: Path, target: Target) -> PinFile:
    """The packages for the target's platform; raises InputFileError.

    A file for the other architecture of Macs alone has none, and names that architecture.
    """
    data = yaml_file.load(path)
    rows = yaml_file.items(data.get("package") if isinstance(data, dict) else None)
    if not rows:
        raise InputFileError(str(path), "is not a conda-lock file: it has no list of packages")
    if len(rows) > MAX_PINS:
        raise InputFileError(str(path), f"names more than {MAX_PINS} packages")
    platforms = sorted({yaml_file.text_of(row, "platform") for row in rows})
    mac = next((arch for arch, name in _MACS.items() if name in platforms), None)
    if target.conda_subdir not in platforms and target.os is Os.MACOS and mac is not None:
        return PinFile(path=str(path), format="conda-lock.yml", pins=(), arch=mac.value)
    if target.conda_subdir not in platforms:
        raise InputFileError(
            str(path), f"has no packages for {target.conda_subdir}, only for {', '.join(platforms)}"
        )
    pins = tuple(
        _pin(row, path) for row in rows if yaml_file.text_of(row, "platform") == target.conda_subdir
    )
    python = next((p.version for p in pins if p.name == "python" and p.manager == "conda"), "")
    return PinFile(
        path=str(path),
        format="conda-lock.yml",
        pins=pins,
        python=minor(python),
        complete=True,
    )


def _pin(row: yaml_file.Node, path: Path) -> Pin:
    manager = yaml_file.text_of(row, "manager") or "conda"
    url = yaml_file.text_of(row, "url").partition("#")[0]
    hashes = row.get("hash") if isinstance(row, dict) else None
    return checked(
        Pin(
            name=normalized(yaml_file.text_of(row, "name").lstrip("_")),
            version=yaml_file.text_of(row, "version"),
            files=(url.rpartition("/")[2],) if url and manager == "pip" else (),
            hashes=tuple(filter(None, (yaml_file.text_of(hashes, "sha256"),))),
            hashed=bool(yaml_file.text_of(hashes, "sha256") or yaml_file.text_of(hashes, "md5")),
            manager=manager,
            path=str(path),
            line=yaml_file.line_of(row),
        )
    )
