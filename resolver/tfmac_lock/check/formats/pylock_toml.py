"""pylock.toml, source: https://packaging.python.org/en/latest/specifications/pylock-toml/."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from packaging.pylock import Pylock, PylockValidationError

from ...errors import InputFileError
from ...target import Arch, PythonVersion
from ..pins import Pin, PinFile, checked, holds, normalized
from . import toml_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel

    from ...target import Target

_MINORS = range(14, 7, -1)
"""Pythons that a lock may be for, newest first."""


def read(path: Path, target: Target) -> PinFile:
    """The packages whose markers hold on the target; raises InputFileError.

    Where the lock is for other Pythons than the target's (`requires-python`) or for another
    machine (`environments`), the result names what it is for.
    """
    data, text = toml_file.load(path)
    if "lock-version" not in data:
        raise InputFileError(str(path), "is not a pylock file: it has no lock-version")
    toml_file.tables(data, path, "packages")
    try:
        lock = Pylock.from_dict(data)
    except (PylockValidationError, ValueError, RecursionError) as error:
        raise InputFileError(str(path), f"is not a pylock file: {_in_one_line(error)}") from error
    numbers = toml_file.lines_of(text, "[[packages]]")
    pins = tuple(
        _pin(package, path, toml_file.line(numbers, index))
        for index, package in enumerate(lock.packages)
        if holds([str(package.marker or "")], target, path)
    )
    python, arch = _made_for(lock, target, path)
    return PinFile(
        path=str(path), format="pylock.toml", pins=pins, python=python, arch=arch, complete=True
    )


def _made_for(lock: Pylock, target: Target, path: Path) -> tuple[str, str]:
    """Python and architecture of the lock, each empty where it is the target's."""
    for other in _near(target):
        allowed = lock.requires_python is None or lock.requires_python.contains(str(other.python))
        if allowed and holds(list(map(str, lock.environments or ())), other, path):
            return (
                other.python.series if other.python.series != target.python.series else "",
                other.arch.value if other.arch is not target.arch else "",
            )
    return "", ""


def _near(target: Target) -> Iterator[Target]:
    """The target, then other Pythons on it, then the same on the other architecture."""
    other = Arch.X86_64 if target.arch is Arch.ARM64 else Arch.ARM64
    for chip in (target.chip, dataclasses.replace(target.chip, arch=other)):
        yield dataclasses.replace(target, chip=chip)
        for minor in _MINORS:
            yield dataclasses.replace(target, chip=chip, python=PythonVersion(3, minor, 99))


def _pin(package: Package, path: Path, line: int) -> Pin:
    parts: list[PackageWheel | PackageSdist | PackageArchive] = [*(package.wheels or ())]
    parts += [part for part in (package.sdist, package.archive) if part is not None]
    files = [
        getattr(part, "name", None) or (part.url or part.path or "").rpartition("/")[2]
        for part in parts
    ]
    return checked(
        Pin(
            name=normalized(package.name),
            version=str(package.version or ""),
            files=tuple(files),
            hashed=all(part.hashes for part in parts) if parts else None,
            hashes=_sha256([dict(part.hashes) for part in parts]),
            source="vcs" if package.vcs else "directory" if package.directory else "",
            path=str(path),
            line=line,
        )
    )


def _sha256(hashes: Sequence[dict[str, str]]) -> tuple[str, ...]:
    return tuple(found["sha256"] for found in hashes if "sha256" in found)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
