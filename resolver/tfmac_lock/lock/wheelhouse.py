"""All files of a lock in one folder, for a machine without a network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

from ..errors import UsageError
from ..files import alone
from ..pypi.errors import ProjectNotFound
from ..pypi.model import IndexFile
from ..pypi.resumed import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from packaging.version import Version

    from ..pypi.client import IndexClient
    from .model import Lock, LockedPackage

BUILDS = ("setuptools", "wheel")
"""What pip builds a source archive with that names nothing else."""


class NeedsConda(UsageError):
    """The lock has packages of conda, which conda fetches itself."""

    def __str__(self) -> str:
        return (
            "this lock has packages from conda, which conda fetches itself "
            "(micromamba create --download-only); only locks of wheels can be fetched"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file of the folder; ``was_there`` tells that it was there already."""

    filename: str
    size: int
    was_there: bool


def wanted(lock: Lock, client: IndexClient, *, with_pip: bool) -> list[IndexFile]:
    """The files to fetch, with where to get them; raises NeedsConda and IndexFault.

    The index that is set comes first, since it may be a mirror that alone can be reached; then
    the address in the lock. The hash is the lock's in either case. ``with_pip`` adds pip's own
    wheel; for source archives come those packages that build them.
    """
    if lock.conda_packages:
        raise NeedsConda
    files = [_on_index(package, client) for package in lock.wheels]
    locked = {package.name for package in lock.wheels}
    more = ["pip"] if with_pip else []
    if any(package.is_source for package in lock.wheels):
        more += [name for name in BUILDS if name not in locked]
    return files + [_newest_wheel(name, lock.combo.python, client) for name in more]


def _on_index(package: LockedPackage, client: IndexClient) -> IndexFile:
    own = IndexFile(filename=package.filename, url=package.url, sha256=package.sha256)
    try:
        listed = client.project(canonicalize_name(package.name))
    except ProjectNotFound:
        return own
    for file in listed.select(lambda name: name == package.filename):
        if file.sha256 in (None, package.sha256):
            return IndexFile(
                filename=file.filename, url=file.url, sha256=package.sha256, index=file.index
            )
    return own


def _newest_wheel(name: str, python: str, client: IndexClient) -> IndexFile:
    """The newest wheel for any system that the Python series can take; raises ProjectNotFound."""
    found: list[tuple[Version, IndexFile]] = []
    project = client.project(name)
    for file in project.select(lambda filename: filename.endswith("-none-any.whl")):
        try:
            _, version, _, _ = parse_wheel_filename(file.filename)
            fits = SpecifierSet(file.requires_python or "").contains(f"{python}.99")
        except ValueError:
            continue
        if fits and file.yanked is None and not version.is_prerelease:
            found.append((version, file))
    if not found:
        raise ProjectNotFound(name, (project.index,))
    return max(found, key=lambda row: row[0])[1]


def fetch(
    files: Iterable[IndexFile],
    folder: Path,
    client: IndexClient,
    progress: Callable[[IndexFile, int, int | None], None],
) -> list[Fetched]:
    """Bring the files into the folder, each checked by its hash; raises IndexFault and OSError.

    A file that is there and whole is left; a part of one is gone on with. ``progress`` is called
    with each file, its bytes so far and, where known, in all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for file in files:
        path = folder / file.filename
        with alone(folder):  # or two runs would write to one part
            there = path.is_file() and (file.sha256 is None or sha256_of(path) == file.sha256)
            if not there:
                client.resume(file, path, partial(progress, file))
        size = path.stat().st_size
        progress(file, size, size)
        found.append(Fetched(filename=file.filename, size=size, was_there=there))
    return found
