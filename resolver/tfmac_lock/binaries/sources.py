"""Wheels from the index, read by range requests or kept whole in a folder."""

from __future__ import annotations

import hashlib
from typing import IO, TYPE_CHECKING, cast

from tfmac_lock.index.errors import ProjectNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tfmac_lock.binaries.refresh import WheelFile
    from tfmac_lock.index.client import IndexClient
    from tfmac_lock.index.model import IndexFile


class IndexWheels:
    """The wheels of an index.

    Without ``keep`` only the parts of a wheel that are read are fetched. With it, wheels are
    fetched whole into that folder, and taken from there the next time if their sha256 is right.
    """

    def __init__(self, client: IndexClient, keep: Path | None = None) -> None:
        self._client = client
        self._keep = keep

    def files(self, package: str) -> Iterable[WheelFile]:
        """Every file of a package; none where the index does not know it."""
        try:
            return self._client.project(package).files
        except ProjectNotFound:
            return ()

    def open(self, file: WheelFile) -> IO[bytes]:
        """A seekable file over the wheel's bytes, to be closed."""
        known = cast("IndexFile", file)
        if self._keep is None:
            return self._client.open(known)
        path = self._keep / known.filename
        if not path.exists() or (known.sha256 and sha256_of(path) != known.sha256):
            self._keep.mkdir(parents=True, exist_ok=True)
            self._client.download(known, path)
        return path.open("rb")


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
