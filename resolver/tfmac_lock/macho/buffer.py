"""Reading numbers and strings out of untrusted bytes.

Every read says where it is and is checked against the end of its region; what does not fit
raises :class:`~tfmac_lock.macho.errors.DamagedBinary`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import DamagedBinary

if TYPE_CHECKING:
    import mmap
    import struct
    from typing import TypeAlias

    Bytes: TypeAlias = bytes | mmap.mmap

MAX_NAME = 1 << 16
"""Longest symbol or path taken, in bytes; the longest C++ names in TensorFlow are under 8 KiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The bytes ``start`` to ``end`` of ``data``; offsets in the methods count from ``start``.

    ``what`` names the region in errors (``libx.dylib: export trie``).
    """

    data: Bytes
    start: int
    end: int
    what: str

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end <= len(self.data):
            raise DamagedBinary(
                self.what, f"bytes {self.start} to {self.end} of a file of {len(self.data)}"
            )

    def __len__(self) -> int:
        return self.end - self.start

    def sub(self, offset: int, size: int, what: str) -> Region:
        """The region of ``size`` bytes at ``offset``, which must lie inside this one."""
        if offset < 0 or size < 0 or offset + size > len(self):
            raise DamagedBinary(
                f"{self.what}: {what}", f"{size} bytes at {offset} do not fit in {len(self)}"
            )
        return Region(
            data=self.data,
            start=self.start + offset,
            end=self.start + offset + size,
            what=f"{self.what}: {what}",
        )

    def bytes(self, offset: int, size: int) -> bytes:
        """``size`` bytes at ``offset``."""
        if offset < 0 or size < 0 or offset + size > len(self):
            raise DamagedBinary(self.what, f"{size} bytes at {offset} do not fit in {len(self)}")
        at = self.start + offset
        return bytes(self.data[at : at + size])

    def unpack(self, layout: struct.Struct, offset: int) -> tuple[int, ...]:
        """The numbers of ``layout`` at ``offset``."""
        if offset < 0 or offset + layout.size > len(self):
            raise DamagedBinary(self.what, f"ends inside a record at {offset}")
        return layout.unpack_from(self.data, self.start + offset)

    def string(self, offset: int) -> tuple[str, int]:
        """The zero-terminated string at ``offset``, and the offset behind its zero.

        Bytes that are no UTF-8 are kept as surrogate escapes, so that no name is lost.
        """
        if not 0 <= offset < len(self):
            raise DamagedBinary(self.what, f"no string at {offset}")
        at = self.start + offset
        stop = self.data.find(b"\0", at, min(self.end, at + MAX_NAME))
        if stop < 0:
            raise DamagedBinary(self.what, f"the string at {offset} does not end")
        text = bytes(self.data[at:stop]).decode("utf-8", "surrogateescape")
        return text, stop + 1 - self.start

    def uleb(self, offset: int) -> tuple[int, int]:
        """The ULEB128 number at ``offset`` (at most 64 bits), and the offset behind it."""
        value = shift = 0
        at, end, data = self.start + offset, self.end, self.data
        while offset >= 0 and at < end:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> 64:
                    break
                return value, at - self.start
            shift += 7
            if shift > 63:
                break
        raise DamagedBinary(self.what, f"a ULEB128 number at {offset} is cut off or too long")

    def skip_leb(self, offset: int) -> int:
        """The offset behind the LEB128 number at ``offset``, signed or not."""
        for length in range(1, 11):
            if not self.bytes(offset + length - 1, 1)[0] & 0x80:
                return offset + length
        raise DamagedBinary(self.what, f"a LEB128 number at {offset} is too long")
