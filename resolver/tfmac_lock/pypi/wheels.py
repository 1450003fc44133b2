"""Wheels from the index, read by range requests or kept whole in a folder."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, cast

from .errors import ProjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..curate.binaries import WheelFile
    from .client import IndexClient
    from .model import IndexFile


class IndexWheels:
    """The wheels of an index.

    Without ``keep`` only the parts of a wheel that are read are fetched, or all of it where most
    will be read. With it, wheels are fetched whole into that folder, and taken from there the
    next time if their sha256 is right.
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

    def open(self, file: WheelFile, *, whole: bool = False) -> IO[bytes]:
        """A seekable file over the wheel's bytes, to be closed.

        ``whole`` says that most of it will be read: one long answer is faster than many ranges.
        """
        known = cast("IndexFile", file)
        if self._keep is None and whole:
            folder = TemporaryDirectory(prefix="tfmac-lock-")
            path = Path(folder.name) / "wheel"
            try:
                self._client.download(known, path)
                return cast("IO[bytes]", _Borrowed(path, folder))
            except BaseException:
                folder.cleanup()
                raise
        if self._keep is None:
            return cast("IO[bytes]", SideBySide(lambda: self._client.open(known)))
        path = self._keep / known.filename
        if not path.exists() or (known.sha256 and sha256_of(path) != known.sha256):
            self._keep.mkdir(parents=True, exist_ok=True)
            self._client.download(known, path)
        return path.open("rb")


class _Borrowed(io.FileIO):
    """A file that is gone when it is closed."""

    def __init__(self, path: Path, folder: TemporaryDirectory[str]) -> None:
        super().__init__(path)
        self._folder = folder

    def close(self) -> None:
        super().close()
        self._folder.cleanup()


class SideBySide(io.RawIOBase):
    """A file whose large reads are split among several openings of it, read at once.

    The wait for a range grows with its length on many servers, and a TensorFlow is 0.2 GB:
    four ranges at a time came in at 25 MB/s where one after the other made 8.
    """

    PARTS = 4
    LARGE = 4 << 20

    def __init__(self, open_again: Callable[[], IO[bytes]]) -> None:
        self._open_again = open_again
        self._handles = [open_again()]
        self._pool: ThreadPoolExecutor | None = None
        self._position = 0

    # The methods below are those of io.RawIOBase.

    def readable(self) -> bool:  # noqa: D102
        return True

    def seekable(self) -> bool:  # noqa: D102
        return True

    def tell(self) -> int:  # noqa: D102
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:  # noqa: D102
        if whence == io.SEEK_END:
            self._position = self._handles[0].seek(offset, whence)
        else:
            self._position = offset + (self._position if whence == io.SEEK_CUR else 0)
        return self._position

    def readinto(self, buffer: object) -> int:  # noqa: D102
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # a buffer, by RawIOBase
        start, size = self._position, len(view)
        if size < self.LARGE:
            done = _read_at(self._handles[0], start, view)
        else:
            while len(self._handles) < self.PARTS:
                self._handles.append(self._open_again())
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.PARTS)
            step = -(-size // self.PARTS)
            places = range(0, size, step)
            jobs = [
                self._pool.submit(_read_at, handle, start + at, view[at : at + step])
                for handle, at in zip(self._handles, places, strict=False)
            ]
            done = sum(job.result() for job in jobs)
        self._position += done
        return done

    def close(self) -> None:  # noqa: D102
        if not self.closed:
            if self._pool is not None:
                self._pool.shutdown()
            for handle in self._handles:
                handle.close()
        super().close()


def _read_at(file: IO[bytes], position: int, into: memoryview) -> int:
    file.seek(position)
    done = 0
    while done < len(into):
        piece = file.read(len(into) - done)
        if not piece:
            break  # the end of the file, which no later part reaches either
        into[done : done + len(piece)] = piece
        done += len(piece)
    return done


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
