"""Whole wheels from the index, for reading their binaries."""

from __future__ import annotations

import hashlib
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from ..files import alone, open_regular
from .errors import ProjectNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .client import IndexClient
    from .model import IndexFile


class IndexWheels:
    """The wheels of an index, each fetched whole: one long answer is faster than many ranges.

    With ``keep`` they are kept in that folder, and taken from there the next time if their
    sha256 is right. Where a run ended in the middle of one, the next goes on with it.
    """

    def __init__(self, client: IndexClient, keep: Path | None = None) -> None:
        self._client = client
        self._keep = keep

    def files(self, package: str) -> Iterable[IndexFile]:
        """Every file of a package; none where the index does not know it."""
        try:
            return self._client.project(package).files
        except ProjectNotFound:
            return ()

    def open(self, file: IndexFile) -> IO[bytes]:
        """The wheel, checked against its sha256, for reading at random; to be closed."""
        if self._keep is None:
            opened = TemporaryFile(prefix="tfmac-lock-")  # noqa: SIM115  # handed out open
            try:
                self._client.save(file, opened)
                opened.seek(0)
            except BaseException:
                opened.close()
                raise
            return opened
        path = self._keep / file.filename
        with alone(self._keep):  # or two runs would write to one part
            if not path.exists() or (file.sha256 and sha256_of(path) != file.sha256):
                self._client.resume(file, path, lambda _done, _total: None)
        return open_regular(path)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
