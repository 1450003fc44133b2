"""Wheels as zip files: which members there are, and one member inflated on demand.

Works on any seekable file. Nothing is ever written to disk.

Limits: a directory of at most :data:`MAX_MEMBERS` names, a member of at most
:data:`MAX_MEMBER_SIZE` bytes (the largest library in any TensorFlow is 0.8 GB), and
:data:`MAX_TOTAL_SIZE` bytes inflated in all. A member is inflated to its declared size and no
byte further, and its checksum is compared.
"""

from __future__ import annotations

import mmap
import posixpath
import re
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from ..macho.errors import DamagedBinary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..macho.buffer import Bytes

MAX_MEMBERS = 100_000
MAX_MEMBER_SIZE = 2 << 30
MAX_TOTAL_SIZE = 16 << 30
MAX_TEXT_SIZE = 64 << 20

_PIECE = 1 << 20
_DATA_FOLDER = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,  # a place outside of the file
)
_NATIVE_SUFFIXES = (".so", ".dylib", ".jnilib")


class Wheel:
    """An open wheel. ``name`` is its file name, for tags and for errors.

    ``progress`` is called with the bytes inflated so far and in all, for every member.
    """

    def __init__(
        self,
        file: IO[bytes],
        name: str,
        progress: Callable[[str, int, int], None] = lambda _member, _done, _all: None,
    ) -> None:
        self.name = name
        self._progress = progress
        self._inflated = 0
        with damage(name):
            self._archive = zipfile.ZipFile(file)
        members = self._archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise DamagedBinary(name, f"has {len(members)} members, over {MAX_MEMBERS}")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            if member.filename.endswith("/"):
                continue
            path = installed_path(name, member.filename)
            if path in self._members:
                raise DamagedBinary(name, f"has {path!r} twice")
            self._members[path] = member

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the members land under ``site-packages``, in the wheel's order."""
        return tuple(self._members)

    @property
    def native_paths(self) -> tuple[str, ...]:
        """The members that are named like machine code, largest first."""
        native = [path for path in self._members if path.endswith(_NATIVE_SUFFIXES)]
        return tuple(sorted(native, key=lambda path: (-self._members[path].file_size, path)))

    def size(self, path: str) -> int:
        """Bytes of the member when it is inflated, as the directory says."""
        return self._members[path].file_size

    def checksum(self, path: str) -> tuple[int, int]:
        """CRC-32 and size of the member, as the directory says: what tells equal files."""
        return self._members[path].CRC, self._members[path].file_size

    def text(self, path: str) -> str:
        """A metadata file, which must be small and UTF-8."""
        if self.size(path) > MAX_TEXT_SIZE:
            raise DamagedBinary(f"{self.name}: {path}", f"is over {MAX_TEXT_SIZE} bytes")
        try:
            return bytes(self.inflate(path)[:]).decode()
        except UnicodeDecodeError as error:
            raise DamagedBinary(f"{self.name}: {path}", "is not UTF-8") from error

    def dist_info(self, file: str) -> str | None:
        """The path of ``file`` in the wheel's ``.dist-info`` folder, None where it is missing."""
        ending = f".dist-info/{file}"
        found = [p for p in self._members if p.endswith(ending) and p.count("/") == 1]
        return found[0] if found else None

    def inflate(self, path: str) -> Bytes:
        """The member's bytes, in anonymous memory that is given back when it is closed.

        Raises :class:`DamagedBinary` where size or checksum are not as the directory says.
        """
        member = self._members[path]
        what = f"{self.name}: {path}"
        size = member.file_size
        if size > MAX_MEMBER_SIZE:
            raise DamagedBinary(what, f"claims {size} bytes, over {MAX_MEMBER_SIZE}")
        self._inflated += size
        if self._inflated > MAX_TOTAL_SIZE:
            raise DamagedBinary(self.name, f"inflates to more than {MAX_TOTAL_SIZE} bytes")
        if size == 0:
            return b""
        check_packing(member, what)
        try:
            memory = mmap.mmap(-1, size)
        except OSError as fault:
            raise DamagedBinary(what, f"claims {size} bytes: {fault.strerror}") from None
        try:
            with damage(what), self._archive.open(member) as source:
                self._fill(memory, source, member)
        except BaseException:
            memory.close()
            raise
        memory.seek(0)
        return memory

    @contextmanager
    def inflated(self, path: str) -> Iterator[Bytes]:
        """The member's bytes for as long as this is entered; raises as ``inflate`` does."""
        data = self.inflate(path)
        try:
            yield data
        finally:
            if not isinstance(data, bytes):
                data.close()

    def _fill(self, memory: mmap.mmap, source: IO[bytes], member: zipfile.ZipInfo) -> None:
        done = 0
        while piece := source.read(_PIECE):
            memory[done : done + len(piece)] = piece
            done += len(piece)
            self._progress(member.filename, done, member.file_size)
        if done != member.file_size:
            raise EOFError("the member is cut off")


def directory(file: IO[bytes], name: str) -> list[zipfile.ZipInfo]:
    """All members of a zip file; raises ``DamagedBinary``."""
    with reading(file, name) as archive:
        return archive.infolist()


@contextmanager
def reading(file: IO[bytes], name: str) -> Iterator[zipfile.ZipFile]:
    """The zip file in an open file; ``DamagedBinary`` for all that goes wrong with it inside."""
    with damage(name), zipfile.ZipFile(file) as archive:
        yield archive


@contextmanager
def damage(what: str) -> Iterator[None]:
    """Turn all that ``zipfile`` raises for a damaged file into ``DamagedBinary``."""
    try:
        yield
    except _DAMAGE as error:
        raise DamagedBinary(what, f"is not a readable zip file ({error})") from error


def check_packing(member: zipfile.ZipInfo, what: str) -> None:
    """Raise ``DamagedBinary`` unless the member is stored or deflated, and not encrypted."""
    if member.flag_bits & 1 or member.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):
        raise DamagedBinary(what, "is encrypted or compressed in a way that wheels are not")


def installed_path(wheel: str, name: str) -> str:
    """Where a member lands under ``site-packages``.

    Raises :class:`DamagedBinary` for a name that would land anywhere else.
    """
    path = _DATA_FOLDER.sub("", name)
    clean = posixpath.normpath(path)
    if (
        "\\" in path
        or "\0" in path
        or clean != path
        or clean.startswith(("/", "../"))
        or clean in ("..", ".", "")
    ):
        raise DamagedBinary(wheel, f"has a member with the name {name!r}")
    return path
