"""The directory of a zip file, read from its end, as little of it as needed.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16. The standard
library reads the whole directory and keeps an object for each member, which for a TensorFlow
wheel is 1.6 MB over the network and 13700 objects, where the METADATA are among the last few.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# As much of the end of the directory as is looked at before all of it is read.
LAST = 1 << 14

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_IN_ZIP64 = 0xFFFFFFFF


class BadDirectory(ValueError):
    """The directory contradicts itself or the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as the directory has it; ``offset`` is that of its local header."""

    name: str
    method: int
    crc: int
    packed: int
    unpacked: int
    offset: int
    encrypted: bool


def find(file: IO[bytes], wanted: Callable[[str], bool], largest: int) -> list[Member]:
    """The members whose name is ``wanted``; only the last of many may be looked at.

    All of the directory is read when its end has none. ``BadDirectory`` when that is
    damaged, or is over ``largest`` bytes.
    """
    start, size, stop = _directory(file)
    for part in (min(size, LAST), size):
        if part > largest:
            raise BadDirectory(f"its directory has {size} bytes")
        file.seek(stop - part)
        content = _read(file, part)
        found = [m for m in _members(content, stop - size - start, part < size) if wanted(m.name)]
        if found:
            return found
    return []


def read(file: IO[bytes], member: Member, largest: int) -> bytes:
    """A member's content, its checksum checked; never more than ``largest`` bytes."""
    if member.encrypted:
        raise BadDirectory(f"{member.name} is encrypted")
    if max(member.packed, member.unpacked) > largest:
        raise BadDirectory(f"{member.name} has over {largest} bytes")
    file.seek(member.offset)
    signature, *_, name, extra = _LOCAL.unpack(_read(file, _LOCAL.size))
    if signature != b"PK\3\4":
        raise BadDirectory(f"{member.name} is not where the directory says")
    file.seek(name + extra, io.SEEK_CUR)
    packed = _read(file, member.packed)
    if member.method == 0:
        content = packed
    elif member.method == 8:
        try:
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, largest + 1)
        except zlib.error as fault:
            raise BadDirectory(f"{member.name} cannot be unpacked ({fault})") from None
    else:
        raise BadDirectory(f"{member.name} is packed by method {member.method}")
    if len(content) != member.unpacked or zlib.crc32(content) != member.crc:
        raise BadDirectory(f"{member.name} does not match its checksum")
    return content


def _directory(file: IO[bytes]) -> tuple[int, int, int]:
    """Where the directory claims to start, its size, and where it stops in truth."""
    total = file.seek(0, io.SEEK_END)
    # Without a comment, as every wheel is, the end record is the last thing in the file.
    for length in (_END.size, _END.size + 0xFFFF):
        file.seek(max(0, total - length))
        end = _read(file, min(total, length))
        place = end.rfind(b"PK\5\6")
        if 0 <= place <= len(end) - _END.size:
            break
    else:
        raise BadDirectory("it is not a zip file, or is cut off")
    *_, size, start, _ = _END.unpack_from(end, place)
    stop = total - len(end) + place
    if _IN_ZIP64 in (size, start):
        start, size, stop = _directory64(file, stop)
    if size > stop or start > stop - size:
        raise BadDirectory("its directory lies outside of the file")
    return start, size, stop


def _directory64(file: IO[bytes], stop: int) -> tuple[int, int, int]:
    file.seek(max(0, stop - _END64_LOCATOR.size - _END64.size))
    both = _read(file, min(stop, _END64_LOCATOR.size + _END64.size))
    if len(both) < _END64_LOCATOR.size + _END64.size or not both.startswith(b"PK\6\6"):
        raise BadDirectory("its zip64 directory is damaged")
    *_, size, start = _END64.unpack_from(both)
    return start, size, stop - len(both)


def _members(content: bytes, shift: int, is_part: bool) -> Iterator[Member]:
    """The members of a directory, or of a part of it that begins amid an entry.

    ``shift`` is by how much the zip file is moved inside of the file, which is the length of
    whatever stands before it.
    """
    place = _first_whole(content) if is_part else 0
    while place < len(content):
        if len(content) - place < _ENTRY.size or not content.startswith(b"PK\1\2", place):
            raise BadDirectory("its directory is damaged")
        (
            _,
            _,
            _,
            flags,
            method,
            _,
            _,
            crc,
            packed,
            unpacked,
            name,
            extra,
            comment,
            _,
            _,
            _,
            offset,
        ) = _ENTRY.unpack_from(content, place)
        begin = place + _ENTRY.size
        place = begin + name + extra + comment
        if place > len(content):
            raise BadDirectory("its directory is damaged")
        if _IN_ZIP64 in (packed, unpacked, offset):
            continue  # a member of over 4 GB, or beyond them: not one that is read here
        yield Member(
            name=content[begin : begin + name].decode("utf-8", "replace"),
            method=method,
            crc=crc,
            packed=packed,
            unpacked=unpacked,
            offset=offset + shift,
            encrypted=bool(flags & 1),
        )


def _first_whole(content: bytes) -> int:
    """Where the first entry begins from which whole entries follow up to the end."""
    start = content.find(b"PK\1\2")
    while start >= 0:
        place = start
        while content.startswith(b"PK\1\2", place) and len(content) - place >= _ENTRY.size:
            name, extra, comment = struct.unpack_from("<3H", content, place + 28)
            place += _ENTRY.size + name + extra + comment
        if place == len(content):
            return start
        start = content.find(b"PK\1\2", start + 1)
    return len(content)


def _read(file: IO[bytes], size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise BadDirectory("it is cut off")
    return content
