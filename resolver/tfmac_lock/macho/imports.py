"""What a Mach-O file needs: its imports, from chained fixups, classic binds or the symbols.

Ordinals follow ``mach-o/loader.h``: 1 is the first linked library, 0 the file itself, and the
negative ones of :class:`Special`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from .errors import DamagedBinary
from .symbols import symbol_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .buffer import Region
    from .image import MachO

MAX_IMPORTS = 4_000_000


class Special(IntEnum):
    """The ordinals that are no library."""

    SELF = 0
    MAIN_EXECUTABLE = -1
    FLAT = -2
    WEAK = -3


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Import:
    """A symbol and the ordinal of the library it is bound to; a ``weak`` one may be absent."""

    symbol: str
    ordinal: int
    weak: bool


def read_imports(image: MachO) -> tuple[Import, ...]:
    """Every import of ``image`` once, sorted.

    dyld uses chained fixups where there are any, else the bind opcodes of dyld info, else the
    undefined symbols of the symbol table, and so does this. Coalesced weak definitions
    (``Special.WEAK``) are among them.
    """
    tables = image.tables
    found: set[Import] = set()
    if tables.chained_fixups is not None:
        source = _chained(image.region.sub(*tables.chained_fixups, "chained fixups"))
    elif tables.binds or tables.weak_binds or tables.lazy_binds:
        source = _classic(image)
    else:
        source = _undefined(image)
    for count, one in enumerate(source):
        if count >= MAX_IMPORTS:
            raise DamagedBinary(image.region.what, f"has more than {MAX_IMPORTS} imports")
        found.add(one)
    return tuple(sorted(found))


_FIXUPS_HEADER = struct.Struct("<7I")
_IMPORT_LAYOUTS = {1: struct.Struct("<I"), 2: struct.Struct("<Ii"), 3: struct.Struct("<QQ")}


def _chained(table: Region) -> Iterator[Import]:
    version, _, imports_at, symbols_at, count, layout_number, packing = table.unpack(
        _FIXUPS_HEADER, 0
    )
    layout = _IMPORT_LAYOUTS.get(layout_number)
    if version != 0 or layout is None or packing != 0:
        # dyld refuses the same three.
        raise DamagedBinary(
            table.what,
            f"version {version}, import format {layout_number} or symbol format {packing} "
            "is none that dyld knows",
        )
    entries = table.sub(imports_at, count * layout.size, "imports")
    names = table.sub(symbols_at, len(table) - symbols_at, "symbols")
    for index in range(count):
        packed = entries.unpack(layout, index * layout.size)[0]
        if layout_number == 3:
            ordinal, weak, name = packed & 0xFFFF, packed >> 16 & 1, packed >> 32
            if ordinal > 0xFFF0:
                ordinal -= 0x10000
        else:
            ordinal, weak, name = packed & 0xFF, packed >> 8 & 1, packed >> 9
            if ordinal > 0xF0:
                ordinal -= 0x100
        yield Import(symbol=names.string(name)[0], ordinal=ordinal, weak=bool(weak))


def _classic(image: MachO) -> Iterator[Import]:
    tables = image.tables
    for place, what, coalesced in (
        (tables.binds, "binds", False),
        (tables.lazy_binds, "lazy binds", False),
        (tables.weak_binds, "weak binds", True),
    ):
        if place is None:
            continue
        yield from _opcodes(
            image.region.sub(*place, what), lazy=what == "lazy binds", coalesced=coalesced
        )


def _opcodes(table: Region, *, lazy: bool, coalesced: bool) -> Iterator[Import]:
    """Runs the bind opcodes for their names alone; addresses are skipped over."""
    symbol: str | None = None
    weak = False
    ordinal = int(Special.WEAK) if coalesced else 0
    at = 0
    while at < len(table):
        byte = table.data[table.start + at]
        opcode, immediate = byte & 0xF0, byte & 0x0F
        at += 1
        if opcode == 0x00:  # DONE; between the entries of lazy binds it only separates
            if not lazy:
                return
        elif opcode == 0x10:  # SET_DYLIB_ORDINAL_IMM
            ordinal = immediate
        elif opcode == 0x20:  # SET_DYLIB_ORDINAL_ULEB
            ordinal, at = table.uleb(at)
        elif opcode == 0x30:  # SET_DYLIB_SPECIAL_IMM
            ordinal = immediate - 16 if immediate else 0
        elif opcode == 0x40:  # SET_SYMBOL_TRAILING_FLAGS_IMM
            weak = bool(immediate & 1)
            symbol, at = table.string(at)
        elif opcode == 0x50:  # SET_TYPE_IMM
            pass
        elif opcode in (0x60, 0x70, 0x80):  # SET_ADDEND, SET_SEGMENT_AND_OFFSET, ADD_ADDR
            at = table.skip_leb(at)
        elif opcode in (0x90, 0xA0, 0xB0, 0xC0):  # DO_BIND and its relatives
            if opcode == 0xA0:
                at = table.skip_leb(at)
            elif opcode == 0xC0:
                at = table.skip_leb(at)
                at = table.skip_leb(at)
            if symbol is None:
                raise DamagedBinary(table.what, f"binds nothing at {at}")
            yield Import(symbol=symbol, ordinal=ordinal, weak=weak)
        elif opcode == 0xD0:  # THREADED: 0 sets the size of a table, 1 applies it
            if immediate == 0:
                at = table.skip_leb(at)
            elif immediate != 1:
                raise DamagedBinary(table.what, f"unknown threaded opcode {immediate} at {at}")
        else:
            raise DamagedBinary(table.what, f"unknown opcode {opcode:#x} at {at}")


def _undefined(image: MachO) -> Iterator[Import]:
    for entry in symbol_table(image):
        if entry.is_undefined:
            yield Import(
                symbol=entry.name,
                ordinal={0xFE: Special.FLAT, 0xFF: Special.MAIN_EXECUTABLE}.get(
                    entry.ordinal, entry.ordinal
                ),
                weak=entry.is_weak_reference,
            )
