"""Reading releases from the index into matrix/releases/: every wheel for the Mac and its guests.

Of each wheel the zip directory and the metadata are read by range requests, so that a refresh
of hundreds of wheels of 200 MB each moves a few megabytes.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomli_w
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from ..errors import DataError
from ..files import write_whole
from ..macho.errors import DamagedBinary
from ..matrix.base import METAL, TENSORFLOW_PACKAGES
from ..matrix.toml import read_file
from ..wheels import metadata
from ..wheels.archive import directory
from .models import ReleaseFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from ..pypi.client import IndexClient
    from ..pypi.model import IndexFile

PACKAGES = (*TENSORFLOW_PACKAGES, METAL)
FIRST_VERSION = {"tensorflow": Version("2.5.0")}
"""TensorFlow 2.5.0 is the first one that loads plugins; older ones are not the matrix's matter."""

PLATFORM = re.compile(
    r"-cp3(?:8|9|\d\d)-[^-]+-(?:macosx_\d+_\d+_(?:arm64|x86_64|universal2)|[\w.]*linux[\w.]*aarch64)"
    r"\.whl$"
)
"""CPython 3.8 and newer, on macOS or on Linux for arm64."""


class BadWheel(DataError):
    """A wheel on the index cannot be read; ``path`` is its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelFacts:
    """What is inside a wheel that decides how it is used; ``size`` in bytes."""

    size: int
    payload: bool
    requires_python: str | None
    requires: tuple[str, ...]


def refresh(
    client: IndexClient,
    root: Path,
    today: date,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Path]:
    """Bring matrix/releases/ up to date and return the files that are new or changed.

    Wheels that are recorded already with the same sha256 are not read again.
    """
    changed = []
    for package in PACKAGES:
        files = _by_version(package, client)
        for place, (version, wheels) in enumerate(sorted(files.items()), 1):
            progress(f"{package} {version}", place, len(files))
            path = root / "releases" / package / f"{version}.toml"
            known = read_file(path, ReleaseFile) if path.exists() else None
            if known and {wheel.sha256 for wheel in known.wheels} == {
                wheel.sha256 for wheel in wheels
            }:
                continue
            data = _release(client, package, version, wheels, known, today)
            write_whole(path, tomli_w.dumps(data))
            changed.append(path)
    return changed


def _by_version(package: str, client: IndexClient) -> dict[Version, list[IndexFile]]:
    project = client.project(package)
    found: dict[Version, list[IndexFile]] = {}
    for file in project.select(lambda name: bool(PLATFORM.search(name))):
        try:
            version = parse_wheel_filename(file.filename)[1]
        except ValueError:
            continue
        if version >= FIRST_VERSION.get(package, Version("0")) and file.yanked is None:
            found.setdefault(version, []).append(file)
    return found


def _release(
    client: IndexClient,
    package: str,
    version: Version,
    files: list[IndexFile],
    known: ReleaseFile | None,
    today: date,
) -> dict[str, Any]:
    recorded = {wheel.sha256: wheel for wheel in known.wheels} if known else {}

    def read(file: IndexFile) -> WheelFacts:
        had = recorded.get(file.sha256 or "")
        if had is None or known is None:
            return read_wheel(client, file)
        metadata = known.metadata[had.metadata]
        return WheelFacts(
            size=had.size,
            payload=had.payload,
            requires_python=metadata.requires_python,
            requires=metadata.requires,
        )

    files = sorted(files, key=lambda file: file.filename)
    with ThreadPoolExecutor(max_workers=8) as pool:
        facts = list(pool.map(read, files))
    metadata: list[dict[str, Any]] = []
    wheels = []
    for file, found in zip(files, facts, strict=True):
        stated: dict[str, Any] = {"requires": list(found.requires)}
        if found.requires_python:
            stated["requires_python"] = found.requires_python
        if stated not in metadata:
            metadata.append(stated)
        uploaded = client.upload_time(package, file)
        wheels.append(
            {
                "filename": file.filename,
                "url": file.url,
                "sha256": client.sha256(package, file),
                "size": found.size,
                **({"uploaded": uploaded.replace(microsecond=0)} if uploaded else {}),
                "payload": found.payload,
                "metadata": metadata.index(stated),
            }
        )
    return {
        "package": package,
        "version": str(version),
        "read": today,
        "metadata": metadata,
        "wheels": wheels,
    }


def read_wheel(client: IndexClient, file: IndexFile) -> WheelFacts:
    """What the wheel's directory and metadata say, by range requests where they are served."""
    try:
        with client.open(file) as stream:
            size = stream.seek(0, 2)
            names = [member.filename for member in directory(stream, file.filename)]
            found = metadata.parse(metadata.read(stream, file.filename), file.filename)
    except DamagedBinary as error:
        raise BadWheel(file.url, f"is not a wheel that can be read ({error})") from error
    return WheelFacts(
        size=size,
        payload=any(not re.match(r"[^/]+\.dist-info/", name) for name in names),
        requires_python=found.requires_python,
        requires=found.requires_dist,
    )
