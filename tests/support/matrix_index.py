"""A package index in memory that has whatever the matrix speaks of, and nothing else.

TensorFlow and the plugin are there with their real files and requirements; every package that
they require is there as an empty wheel for any system, in all versions that any of their
requirements names.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from tfmac_lock.pypi.errors import ProjectNotFound
from tfmac_lock.pypi.model import IndexFile, Metadata, Project

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tfmac_lock.matrix.facts import Matrix, Release


WITHOUT_ARM64 = {
    "numpy": [f"numpy-1.19.5-cp{tag}-cp{tag}-macosx_10_9_x86_64.whl" for tag in (38, 39)],
    "h5py": [f"h5py-3.1.0-cp{tag}-cp{tag}-macosx_10_9_x86_64.whl" for tag in (38, 39)],
}
"""What the real index has of the versions that TensorFlow 2.5 and 2.6 ask for."""


class MatrixIndex:
    """``only`` gives the file names of some packages, in the place of their empty wheels."""

    def __init__(
        self,
        matrix: Matrix,
        only: Mapping[str, Iterable[str]] | None = None,
        requires: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.requires = {name: tuple(texts) for name, texts in (requires or {}).items()}
        self.files: dict[str, list[IndexFile]] = defaultdict(list)
        for release in matrix.releases:
            self.files[release.package] += [
                IndexFile(filename=wheel.filename, url=wheel.url, sha256=wheel.sha256)
                for wheel in release.wheels
            ]
        versions = _versions(matrix.releases)
        for name, texts in versions.items():
            if name not in self.files:
                names = (only or {}).get(name) or [
                    f"{name.replace('-', '_')}-{text}-py3-none-any.whl"
                    for text in sorted(texts)
                    if _is_version(text)
                ]
                self.files[name] = [_file(filename) for filename in names]

    def project(self, name: str) -> Project:
        if name not in self.files:
            raise ProjectNotFound(name, ("https://index.test/simple/",))
        rows = tuple(file.pack() for file in self.files[name])
        return Project.of(name, rows)

    def metadata(self, file: IndexFile) -> Metadata:
        name, version, _, _ = parse_wheel_filename(file.filename)
        return Metadata(
            name=name, version=str(version), requires_dist=self.requires.get(file.filename, ())
        )

    def upload_time(self, name: str, file: IndexFile) -> datetime | None:
        return file.uploaded

    def sha256(self, name: str, file: IndexFile) -> str:
        assert file.sha256 is not None
        return file.sha256

    def prefetch_projects(self, names: Iterable[str]) -> None:
        pass

    def prefetch_metadata(self, files: Iterable[IndexFile]) -> None:
        pass


def _versions(releases: tuple[Release, ...]) -> dict[str, set[str]]:
    """The versions that the releases' requirements name, by package."""
    texts = {text for release in releases for wheel in release.wheels for text in wheel.requires}
    versions: dict[str, set[str]] = defaultdict(set)
    for requirement in (Requirement(text) for text in texts):
        name = canonicalize_name(requirement.name)
        versions[name] |= {"1.0"} | {
            spec.version.removesuffix(".*") for spec in requirement.specifier
        }
    return versions


def _file(filename: str) -> IndexFile:
    return IndexFile(
        filename=filename,
        url=f"https://index.test/files/{filename}",
        sha256=hashlib.sha256(filename.encode()).hexdigest(),
    )


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
