"""Where the resolver gets projects and metadata from: the index, and the matrix before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ..matrix.facts import Matrix
    from ..pypi.attestations import Publisher
    from ..pypi.model import IndexFile, Metadata, Project
    from ..pypi.sdist import SourceArchive


class Source(Protocol):
    """What the resolver asks of an index; ``IndexClient`` is one."""

    def project(self, name: str) -> Project:
        """The project's files; raises OutsideError, or ProjectNotFound."""

    def metadata(self, file: IndexFile) -> Metadata:
        """The core metadata of a file; raises OutsideError."""

    def source_archive(self, file: IndexFile) -> SourceArchive:
        """What a source archive says of itself; raises OutsideError."""

    def upload_time(self, name: str, file: IndexFile) -> datetime | None:
        """When the file was uploaded, if the index tells."""

    def sha256(self, name: str, file: IndexFile) -> str:
        """The file's sha256, fetched and hashed where the index does not tell it."""

    def publishers(self, file: IndexFile, sha256: str) -> tuple[Publisher, ...]:
        """Who published the file, by its attestations; raises OutsideError."""

    def prefetch_projects(self, names: Iterable[str]) -> None:
        """Start fetching pages in the background."""

    def prefetch_metadata(self, files: Iterable[IndexFile]) -> None:
        """Start fetching metadata in the background."""


def known_requirements(matrix: Matrix) -> dict[str, tuple[str, ...]]:
    """Requires-Dist by sha256 of every wheel that the matrix has read.

    They are the very files, so nothing needs to be fetched to know what they require.
    """
    return {wheel.sha256: wheel.requires for release in matrix.releases for wheel in release.wheels}
