"""Reading locks that were written: lock.json, and the wheels in it or in any pylock.toml."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..errors import InputFileError
from ..files import read_input
from ..foreign import parse_toml
from ..pypi.model import IndexFile
from ..wheels.names import parse_name

if TYPE_CHECKING:
    from pathlib import Path


MAX_BYTES = 5_000_000
"""A lock.json has some 30 kB; a pylock.toml for many platforms has a hundred times that."""

TOO_LARGE = "; no lock is that large"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedWheels:
    """The wheels by package, and the environment that they are for.

    ``macos`` is the oldest macOS that the lock is for, None where it does not say.
    """

    arch: str
    macos: str | None
    numpy: Version | None
    versions: dict[str, str]
    wheels: dict[str, IndexFile]


def read_lock(path: Path, arch: str | None = None) -> LockedWheels:
    """The wheels of a lock; ``arch`` where the lock does not tell its own, else arm64.

    Raises ``InputFileError`` where it is no lock.
    """
    content = read_input(path, MAX_BYTES, TOO_LARGE)
    try:
        if path.suffix == ".json":
            return _lock_json(json.loads(content))
        return _pylock(parse_toml(content), arch)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputFileError(str(path), f"is not a lock that can be read ({error!r})") from error


def read_lock_json(path: Path) -> dict[str, Any]:
    """The content of a lock.json; raises InputFileError."""
    try:
        data = json.loads(read_input(path, MAX_BYTES, TOO_LARGE))
    except (ValueError, RecursionError) as error:
        raise InputFileError(str(path), f"not a lock.json: {error}") from error
    if not isinstance(data, dict):
        raise InputFileError(str(path), "not a lock.json")
    return data


def _lock_json(lock: Any) -> LockedWheels:
    rows = [
        (package["name"], package["version"], [_file(package, package["sha256"])])
        for package in lock["packages"]
    ]
    return _locked(rows, lock["combo"]["arch"], lock["combo"]["macos_min"])


def _pylock(lock: Any, arch: str | None) -> LockedWheels:
    # The specification of pylock.toml; only wheels with an address are of use.
    rows = [
        (
            package["name"],
            package["version"],
            [_file(w, w["hashes"].get("sha256")) for w in package["wheels"] if "url" in w],
        )
        for package in lock["packages"]
        if package.get("wheels") and "version" in package
    ]
    environments = " ".join(lock.get("environments", ()))
    named = [one for one in ("arm64", "x86_64") if f"'{one}'" in environments.replace('"', "'")]
    tool = lock.get("tool", {}).get("tfmac-lock", {})
    found = arch or (named[0] if len(named) == 1 else "arm64")
    return _locked(rows, found, tool.get("macos-min"))


def _file(row: Any, sha256: str | None) -> IndexFile:
    name = row.get("filename") or row.get("name") or unquote(urlsplit(row["url"]).path)
    filename = str(name).rsplit("/", 1)[-1]
    return IndexFile(filename=filename, url=str(row["url"]), sha256=sha256)


def _locked(
    rows: list[tuple[str, str, list[IndexFile]]], arch: str, macos: str | None
) -> LockedWheels:
    wheels: dict[str, IndexFile] = {}
    versions: dict[str, str] = {}
    for given, version, files in rows:
        name = canonicalize_name(given)
        versions[name] = version  # of conda packages too, numpy among them
        for file in files:
            # A lock for many platforms has many wheels of a package.
            if file.filename.endswith(".whl") and parse_name(file.filename).fits(arch):
                wheels[name] = file
                break
    numpy = versions.get("numpy")
    return LockedWheels(
        arch=arch,
        macos=macos,
        numpy=Version(numpy) if numpy else None,
        versions=versions,
        wheels=wheels,
    )
