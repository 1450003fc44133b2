from __future__ import annotations

import struct

import pytest

from tests.support.machos import Image, Need, build
from tfmac_lock.macho import image as macho
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.macho.imports import Import, read_imports

NEEDS = [
    Need(symbol="_first", ordinal=1),
    Need(symbol="_flat", ordinal=-2),
    Need(symbol="_lazy", ordinal=2),
    Need(symbol="_weak", ordinal=1, weak=True),
    Need(symbol="_far", ordinal=17),
    Need(symbol="_main", ordinal=-1),
    Need(symbol="__Znwm", ordinal=-3),
    Need(symbol="_self", ordinal=0),
    Need(symbol="_", ordinal=3),
]


def imports(data: bytes) -> tuple[Import, ...]:
    image = macho.read(data, "x", "arm64")
    assert image is not None
    return read_imports(image)


@pytest.mark.parametrize("style", ["chained", "chained-addend", "chained-addend64", "classic"])
def test_every_import_has_its_ordinal_and_its_weak_flag(style: str) -> None:
    assert imports(build(Image(needs=NEEDS, style=style))) == tuple(
        sorted(Import(symbol=n.symbol, ordinal=n.ordinal, weak=n.weak) for n in NEEDS)
    )


def test_without_dyld_info_the_undefined_symbols_are_the_imports() -> None:
    needs = [need for need in NEEDS if need.ordinal != -3]

    assert imports(build(Image(needs=needs, style="symtab"))) == tuple(
        sorted(Import(symbol=n.symbol, ordinal=n.ordinal, weak=n.weak) for n in needs)
    )


@pytest.mark.parametrize("need", [NEEDS[0], NEEDS[6]], ids=["binds alone", "weak binds alone"])
def test_each_table_of_binds_is_read_where_the_others_are_empty(need: Need) -> None:
    (found,) = imports(build(Image(needs=[need], style="classic")))
    assert (found.symbol, found.ordinal) == (need.symbol, need.ordinal)


def test_an_import_that_is_bound_in_many_places_counts_once() -> None:
    assert len(imports(build(Image(needs=NEEDS * 3, style="classic")))) == len(NEEDS)


def test_a_file_that_needs_nothing_has_no_imports() -> None:
    assert imports(build(Image())) == ()


@pytest.mark.parametrize(
    ("offset", "value"),
    [(0, 1), (16, 0xFFFFFFFF), (20, 9), (24, 1), (8, 0x7FFFFFFF), (12, 0x7FFFFFFF)],
)
def test_chained_fixups_that_dyld_would_refuse_are_refused(offset: int, value: int) -> None:
    data = bytearray(build(Image(needs=NEEDS)))
    image = macho.read(bytes(data), "x", "arm64")
    assert image is not None
    assert image.tables.chained_fixups is not None
    struct.pack_into("<I", data, image.tables.chained_fixups[0] + offset, value)

    with pytest.raises(DamagedBinary):
        imports(bytes(data))


@pytest.mark.parametrize("opcodes", [b"\xe0", b"\x90", b"\x40name", b"\x80\xff", b"\xd5", b"\x20"])
def test_opcodes_that_make_no_sense_are_refused(opcodes: bytes) -> None:
    data = bytearray(build(Image(needs=NEEDS[:1], style="classic")))
    image = macho.read(bytes(data), "x", "arm64")
    assert image is not None
    assert image.tables.binds is not None
    at, size = image.tables.binds
    data[at : at + size] = opcodes.ljust(size, b"\x80")

    with pytest.raises(DamagedBinary):
        imports(bytes(data))
