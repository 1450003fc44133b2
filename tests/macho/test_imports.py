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


# -- the opcodes of classic binds


def run(opcodes: bytes) -> tuple[Import, ...]:
    """The imports of a file whose only binds are these opcodes, which DONE ends."""
    needs = [Need(symbol=f"_place_for_the_opcodes_{number}", ordinal=1) for number in range(9)]
    data = bytearray(build(Image(needs=needs, style="classic")))
    image = macho.read(bytes(data), "x", "arm64")
    assert image is not None
    assert image.tables.binds is not None
    at, size = image.tables.binds
    assert len(opcodes) <= size
    data[at : at + size] = opcodes.ljust(size, b"\0")
    assert image.tables.lazy_binds is not None
    at, size = image.tables.lazy_binds
    data[at : at + size] = bytes(size)
    return imports(bytes(data))


A, B = b"\x40_a\0", b"\x40_b\0"
BIND = b"\x90"


@pytest.mark.parametrize(
    "opcodes",
    [
        A + BIND,
        A + BIND + BIND,
        A + b"\x51" + BIND,  # the type
        A + b"\x60\xff\x01" + BIND,  # an addend
        A + b"\x72\x85\x01" + BIND,  # segment and offset
        A + b"\x80\xff\x7f" + BIND,  # an address is added
        A + b"\xa0\x81\x01",  # bind, and add an address
        A + b"\xb3",  # bind, and add a small address
        A + b"\xc0\x81\x01\x82\x02",  # bind so many times with gaps
        A + b"\xd0\x81\x01" + BIND + b"\xd1",  # a table of threaded binds, and their start
        A + BIND + b"\0" + B + BIND,  # what stands behind DONE is not run
    ],
)
def test_each_opcode_is_passed_over_with_its_operands(opcodes: bytes) -> None:
    assert run(b"\x11" + opcodes) == (Import(symbol="_a", ordinal=1, weak=False),)


@pytest.mark.parametrize(
    ("opcode", "ordinal"),
    [
        (b"", 0),
        (b"\x10", 0),
        (b"\x1f", 15),
        (b"\x20\x81\x01", 129),
        (b"\x30", 0),
        (b"\x3f", -1),
        (b"\x3e", -2),
        (b"\x3d", -3),
    ],
)
def test_an_ordinal_is_a_small_one_a_large_one_or_a_special_one(
    opcode: bytes, ordinal: int
) -> None:
    assert run(opcode + A + BIND) == (Import(symbol="_a", ordinal=ordinal, weak=False),)


@pytest.mark.parametrize(("flags", "weak"), [(0, False), (1, True), (8, False), (9, True)])
def test_of_the_flags_of_a_symbol_the_lowest_makes_it_weak(flags: int, weak: bool) -> None:
    (found,) = run(bytes([0x40 | flags]) + b"_a\0" + BIND)
    assert found.weak is weak


def test_ordinal_and_flags_hold_until_others_are_set() -> None:
    assert run(b"\x12\x41_a\0" + BIND + B + BIND) == (
        Import(symbol="_a", ordinal=2, weak=True),
        Import(symbol="_b", ordinal=2, weak=False),
    )


@pytest.mark.parametrize(
    ("opcodes", "told"),
    [
        (b"\x11" + BIND, "binds nothing at 2"),
        (A + b"\xd2", "unknown threaded opcode 2 at 5"),
        (A + b"\xe1", "unknown opcode 0xe0 at 5"),
        (A + b"\xf0", "unknown opcode 0xf0 at 5"),
    ],
)
def test_opcodes_that_dyld_does_not_know_are_told_with_their_place(
    opcodes: bytes, told: str
) -> None:
    with pytest.raises(DamagedBinary, match=told):
        run(opcodes)


def test_as_many_imports_as_the_limit_are_read_and_one_more_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tfmac_lock.macho.imports.MAX_IMPORTS", 3)
    assert len(imports(build(Image(needs=NEEDS[:3])))) == 3
    with pytest.raises(DamagedBinary, match="has more than 3 imports"):
        imports(build(Image(needs=NEEDS[:4])))


@pytest.mark.parametrize(
    ("style", "ordinal", "read"),
    [
        ("chained", 0xF0, 0xF0),
        ("chained", 0xF1, -15),
        ("chained-addend", 0xF0, 0xF0),
        ("chained-addend64", 0xFFF0, 0xFFF0),
        ("chained-addend64", 0xFFF1, -15),
        ("chained-addend64", 0xF1, 0xF1),
    ],
)
def test_the_highest_ordinals_of_chained_imports_are_the_special_ones(
    style: str, ordinal: int, read: int
) -> None:
    (found,) = imports(build(Image(needs=[Need(symbol="_a", ordinal=ordinal)], style=style)))
    assert found.ordinal == read
