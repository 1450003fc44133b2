"""The symbol table (``LC_SYMTAB``), as ``mach-o/nlist.h`` lays it out.

dyld binds by it only where a file has neither dyld info nor chained fixups; TensorFlow's
re-exported symbols are not in it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import DamagedBinary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .image import MachO

MAX_SYMBOLS = 8_000_000

_NLIST = struct.Struct("<IBBHQ")
_STAB, _PRIVATE, _TYPE, _EXTERNAL = 0xE0, 0x10, 0x0E, 0x01


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One symbol with its flags, ``n_type`` and ``n_desc`` of the format, and its ``n_value``."""

    name: str
    type: int
    description: int
    value: int = 0

    @property
    def is_in_section(self) -> bool:
        """Whether ``value`` is an address inside this image; debugging entries do not count."""
        return not self.type & _STAB and self.type & _TYPE == _TYPE

    @property
    def is_external(self) -> bool:
        """Whether other images can see it."""
        return not self.type & (_STAB | _PRIVATE) and bool(self.type & _EXTERNAL)

    @property
    def is_undefined(self) -> bool:
        """Whether the image asks for it."""
        return self.is_external and not self.type & _TYPE

    @property
    def is_exported(self) -> bool:
        """Whether the image offers it."""
        return self.is_external and bool(self.type & _TYPE)

    @property
    def ordinal(self) -> int:
        """The library that an undefined symbol is bound to (``GET_LIBRARY_ORDINAL``)."""
        return self.description >> 8

    @property
    def is_weak_reference(self) -> bool:
        """Whether an undefined symbol may be absent (``N_WEAK_REF``)."""
        return bool(self.description & 0x40)


def symbol_table(image: MachO) -> Iterator[Entry]:
    """The symbols of ``image`` in their order; none where it has no symbol table."""
    if image.tables.symtab is None:
        return
    offset, count, strings_at, strings_size = image.tables.symtab
    if count > MAX_SYMBOLS:
        raise DamagedBinary(image.region.what, f"has {count} symbols, over {MAX_SYMBOLS}")
    table = image.region.sub(offset, count * _NLIST.size, "symbols")
    strings = image.region.sub(strings_at, strings_size, "symbol names")
    for index in range(count):
        name_at, type_, _, description, value = table.unpack(_NLIST, index * _NLIST.size)
        # Index 0 means "no name" by definition.
        name = strings.string(name_at)[0] if name_at else ""
        yield Entry(name=name, type=type_, description=description, value=value)
