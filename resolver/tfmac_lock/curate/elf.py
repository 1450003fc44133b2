"""ELF images, as far as they decide where a Linux wheel runs.

Sources: the ELF specification (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html) and,
for the versions of symbols, the LSB
(https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html).
Everything is bounded; what is damaged raises DamagedBinary.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..macho.errors import DamagedBinary

if TYPE_CHECKING:
    from ..macho.buffer import Bytes

AARCH64 = 183
LOAD, DYNAMIC = 1, 2
STRTAB, VERNEED, VERNEEDNUM = 5, 0x6FFFFFFE, 0x6FFFFFFF
MOST = 4096
"""Segments, dynamic entries and needed versions that an image may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfFacts:
    """One image: the least alignment of its segments in bytes, and the glibc versions it asks for.

    A kernel with larger pages than that alignment cannot map the image.
    """

    align: int
    glibc: tuple[tuple[int, int], ...]


def is_elf(data: Bytes) -> bool:
    """Whether the file begins as an ELF image does."""
    return bytes(data[:4]) == b"\x7fELF"


def read_elf(data: Bytes, what: str) -> ElfFacts | None:
    """What a 64-bit image for arm64 says; None for any other processor. Raises DamagedBinary."""
    try:
        return _read(data)
    except (struct.error, LookupError, ValueError, OverflowError) as error:
        raise DamagedBinary(what, f"is not a readable ELF image ({error})") from error


def _read(data: Bytes) -> ElfFacts | None:
    if bytes(data[4:6]) != b"\x02\x01":  # 64 bits, the least byte first
        return None
    machine = struct.unpack_from("<H", data, 18)[0]
    if machine != AARCH64:
        return None
    start, size, count = (
        struct.unpack_from("<Q", data, 32)[0],
        *struct.unpack_from("<HH", data, 54),
    )
    if count > MOST or size < 56:
        raise ValueError(f"{count} segments of {size} bytes")
    aligns, loads, dynamic = [], [], None
    for place in range(count):
        kind, _, offset, address, _, length, _, aligned = struct.unpack_from(
            "<IIQQQQQQ", data, start + place * size
        )
        if kind == LOAD:
            aligns.append(aligned)
            loads.append((address, offset, length))
        elif kind == DYNAMIC:
            dynamic = (offset, length)
    return ElfFacts(align=min(aligns), glibc=_glibc(data, loads, dynamic))


def _glibc(
    data: Bytes, loads: list[tuple[int, int, int]], dynamic: tuple[int, int] | None
) -> tuple[tuple[int, int], ...]:
    """The versions of glibc that symbols are bound to, oldest first."""
    if dynamic is None:
        return ()
    entries: dict[int, int] = {}
    for at in range(dynamic[0], dynamic[0] + min(dynamic[1], MOST * 16), 16):
        tag, value = struct.unpack_from("<QQ", data, at)
        if tag == 0:
            break
        entries[tag] = value
    if VERNEED not in entries:
        return ()
    names, at = _offset(loads, entries[STRTAB]), _offset(loads, entries[VERNEED])
    found = set()
    for _ in range(min(entries.get(VERNEEDNUM, 0), MOST)):
        _, count, _, first, following = struct.unpack_from("<HHIII", data, at)
        one = at + first
        for _ in range(min(count, MOST)):
            _, _, _, name, next_one = struct.unpack_from("<IHHII", data, one)
            text = bytes(data[names + name : names + name + 40]).split(b"\0")[0]
            if version := re.fullmatch(rb"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", text):
                found.add((int(version[1]), int(version[2])))
            one += next_one
            if not next_one:
                break
        at += following
        if not following:
            break
    return tuple(sorted(found))


def _offset(loads: list[tuple[int, int, int]], address: int) -> int:
    """Where in the file that address is."""
    for begins, offset, length in loads:
        if begins <= address < begins + length:
            return offset + address - begins
    raise ValueError(f"address {address:#x} is in no segment")
