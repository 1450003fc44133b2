"""Sections, functions and the names of addresses, for those who read machine code.

The load check needs none of this; it is for reading what a plugin's functions call. Layouts are
those of ``mach-o/loader.h`` and, for pointers in data, ``mach-o/fixup-chains.h``.
"""

from __future__ import annotations

import bisect
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import DamagedBinary
from .image import load_commands
from .symbols import symbol_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .buffer import Region
    from .image import MachO

MAX_SECTIONS = 4096
MAX_FUNCTIONS = 1_000_000

_SEGMENT = struct.Struct("<II16sQQQQ4I")
_SECTION = struct.Struct("<16s16sQQ8I")
_DYSYMTAB = struct.Struct("<20I")
_PAIR = struct.Struct("<4I")
_POINTER = struct.Struct("<Q")
_INDEX = struct.Struct("<I")

_LC_DYSYMTAB = 0xB
_LC_SEGMENT_64 = 0x19
_LC_FUNCTION_STARTS = 0x26

_POINTERS = frozenset({0x6, 0x7})  # S_NON_LAZY_SYMBOL_POINTERS, S_LAZY_SYMBOL_POINTERS
_STUBS = 0x8  # S_SYMBOL_STUBS
_CHAINED_TARGET = (1 << 36) - 1
_SEGMENT_BYTES = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section: where it is in memory (``address``) and in the slice (``offset``), in bytes.

    ``kind``, ``first`` and ``stub_size`` are the format's type, ``reserved1`` and ``reserved2``.
    """

    name: str
    address: int
    size: int
    offset: int
    kind: int
    first: int
    stub_size: int

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and self.address <= address < self.address + self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where an image's code and data lie, and what its addresses are called.

    ``functions`` are the starts of its functions in ascending order, ``names`` the symbols that
    it defines, ``imports`` what its stubs and import pointers are bound to.
    """

    image: MachO
    sections: tuple[Section, ...]
    functions: tuple[int, ...]
    names: Mapping[int, tuple[str, ...]]
    imports: Mapping[int, str]

    def section(self, address: int) -> Section | None:
        """The section that holds the address."""
        return next((one for one in self.sections if address in one), None)

    def function(self, address: int) -> tuple[int, int]:
        """Start and end of the function that holds the address.

        Raises DamagedBinary where the address is in none.
        """
        section = self.section(address)
        place = bisect.bisect_right(self.functions, address)
        if section is None or section.name != "__text" or not place:
            raise DamagedBinary(self.image.region.what, f"there is no code at {address:#x}")
        last = section.address + section.size
        after = self.functions[place] if place < len(self.functions) else last
        return self.functions[place - 1], min(after, last)

    def name(self, address: int) -> str | None:
        """What the symbol table calls the address; of several names the first in their order."""
        if address in self.names:
            return self.names[address][0]
        return self.imports.get(address)

    def bytes(self, address: int, size: int) -> bytes:
        """The bytes in memory before anything is bound."""
        section = self.section(address)
        if section is None:
            raise DamagedBinary(self.image.region.what, f"nothing lies at {address:#x}")
        return self.image.region.bytes(section.offset + address - section.address, size)

    def string(self, address: int) -> str:
        """The zero-terminated string at an address."""
        section = self.section(address)
        if section is None:
            raise DamagedBinary(self.image.region.what, f"nothing lies at {address:#x}")
        return self.image.region.string(section.offset + address - section.address)[0]

    def pointer(self, address: int) -> int | None:
        """What a pointer in data points to; None for one that is bound to another image."""
        (value,) = _POINTER.unpack(self.bytes(address, _POINTER.size))
        if self.image.tables.chained_fixups is None:
            return int(value)
        # DYLD_CHAINED_PTR_64: the highest bit says bind, the lowest 36 are the target.
        return None if value >> 63 else int(value) & _CHAINED_TARGET


def read_layout(image: MachO) -> Layout:
    """The layout of an image; raises DamagedBinary where its tables do not fit the file."""
    sections: list[Section] = []
    indirect: tuple[int, int] = (0, 0)
    starts: tuple[int, int] = (0, 0)
    base = 0
    for command, body in load_commands(image.region):
        if command == _LC_SEGMENT_64:
            segment = _segment(body)
            sections += segment
            if body.bytes(8, 7) == b"__TEXT\0":
                base = body.unpack(_SEGMENT, 0)[3]
        elif command == _LC_DYSYMTAB:
            numbers = body.unpack(_DYSYMTAB, 0)
            indirect = numbers[14], numbers[15]
        elif command == _LC_FUNCTION_STARTS:
            offset, size = body.unpack(_PAIR, 0)[2:4]
            starts = offset, size
    symbols = list(symbol_table(image))
    names: dict[int, list[str]] = {}
    for symbol in symbols:
        if symbol.is_in_section:
            names.setdefault(symbol.value, []).append(symbol.name)
    return Layout(
        image=image,
        sections=tuple(sections),
        functions=tuple(_starts(image.region.sub(*starts, "function starts"), base)),
        names={address: tuple(sorted(found)) for address, found in names.items()},
        imports=dict(_imports(image.region, sections, indirect, [one.name for one in symbols])),
    )


def _segment(body: Region) -> list[Section]:
    (count,) = body.unpack(_INDEX, 64)
    if count > MAX_SECTIONS:
        raise DamagedBinary(body.what, f"has {count} sections, over {MAX_SECTIONS}")
    found = []
    for index in range(count):
        at = _SEGMENT_BYTES + index * _SECTION.size
        address, size, offset, _, _, _, flags, first, second, _ = body.unpack(_SECTION, at)[2:]
        name = body.bytes(at, 16).split(b"\0", 1)[0].decode("ascii", "replace")
        found.append(
            Section(
                name=name,
                address=address,
                size=size,
                offset=offset,
                kind=flags & 0xFF,
                first=first,
                stub_size=second,
            )
        )
    return found


def _starts(table: Region, base: int) -> Iterator[int]:
    """The addresses of ``LC_FUNCTION_STARTS``: ULEB128 differences, ended by a zero."""
    at, address, found = 0, base, 0
    while at < len(table) and found < MAX_FUNCTIONS:
        step, at = table.uleb(at)
        if not step:
            return
        address += step
        found += 1
        yield address


def _imports(
    region: Region, sections: list[Section], indirect: tuple[int, int], symbols: list[str]
) -> Iterator[tuple[int, str]]:
    """Each stub and import pointer with its symbol, by way of the indirect symbol table."""
    offset, count = indirect
    table = region.sub(offset, count * _INDEX.size, "indirect symbols")
    for section in sections:
        if section.kind in _POINTERS:
            width = _POINTER.size
        elif section.kind == _STUBS and section.stub_size:
            width = section.stub_size
        else:
            continue
        for place in range(section.size // width):
            (index,) = table.unpack(_INDEX, (section.first + place) * _INDEX.size)
            # INDIRECT_SYMBOL_LOCAL and _ABS have no symbol; both are beyond any table.
            if index < len(symbols):
                yield section.address + place * width, symbols[index]
