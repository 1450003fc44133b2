"""ELF images of Linux wheels: what decides where they run, and damage that is told."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.facts import shipped
from tfmac_lock.curate.elf import AARCH64, is_elf, read_elf
from tfmac_lock.curate.linux_binaries import read_wheel
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.matrix.facts import version


def elf(
    *aligns: int, glibc: tuple[str, ...] = (), machine: int = AARCH64, content: bytes = b""
) -> bytes:
    """A small image with these segments, which asks for these versions of glibc."""
    aligns = aligns or (0x10000,)
    count = len(aligns) + bool(glibc)
    start = 64 + 56 * count
    names = b"\0libc.so.6\0" + b"".join(text.encode() + b"\0" for text in glibc)
    verneed = b""
    if glibc:
        verneed = struct.pack("<HHIII", 1, len(glibc), 1, 16, 0)
        for place, text in enumerate(glibc):
            at = names.index(text.encode())
            last = place + 1 == len(glibc)
            verneed += struct.pack("<IHHII", 0, 0, 2, at, 0 if last else 16)
    dynamic = struct.pack("<QQ", 5, start)
    dynamic += struct.pack("<QQ", 0x6FFFFFFE, start + len(names))
    dynamic += struct.pack("<QQQQ", 0x6FFFFFFF, 1, 0, 0)
    body = names + verneed + dynamic + content
    end = start + len(body)
    segments = b"".join(
        struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, end, end, align) for align in aligns
    )
    if glibc:
        at = start + len(names) + len(verneed)
        segments += struct.pack("<IIQQQQQQ", 2, 6, at, at, at, len(dynamic), len(dynamic), 8)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    return head + segments + body


def test_the_least_aligned_segment_and_the_versions_of_glibc_are_read() -> None:
    found = read_elf(elf(0x10000, 0x1000, glibc=("GLIBC_2.17", "GLIBC_2.28", "OTHER_1")), "x")
    assert found is not None
    assert found.align == 0x1000
    assert found.glibc == ((2, 17), (2, 28))


def test_an_image_without_needed_versions_asks_for_none() -> None:
    found = read_elf(elf(), "x")
    assert found is not None
    assert (found.align, found.glibc) == (0x10000, ())


def test_another_processor_is_nobodys_matter_and_another_file_no_image() -> None:
    assert read_elf(elf(machine=62), "x") is None
    assert not is_elf(b"MZ")


@pytest.mark.parametrize("length", [5, 20, 63, 80, 119, 140])
def test_a_cut_off_image_is_damaged(length: int) -> None:
    whole = elf(0x10000, glibc=("GLIBC_2.17",))
    with pytest.raises(DamagedBinary, match="not a readable ELF image"):
        read_elf(whole[:20] + whole[20:length], "x")


@given(st.data())
def test_an_image_with_other_bytes_is_read_or_damaged_and_nothing_else(
    data: st.DataObject,
) -> None:
    image = bytearray(elf(0x10000, glibc=("GLIBC_2.17", "GLIBC_2.28")))
    for _ in range(data.draw(st.integers(1, 8))):
        image[data.draw(st.integers(4, len(image) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_elf(bytes(image), "x")
    except DamagedBinary:
        return


def test_a_wheels_images_are_added_up() -> None:
    opened = io.BytesIO()
    with zipfile.ZipFile(opened, "w") as archive:
        archive.writestr("tensorflow/a.so", elf(0x10000, glibc=("GLIBC_2.17",)))
        old = elf(0x4000, glibc=("GLIBC_2.28",), content=b"numpy.core._multiarray_umath\0")
        archive.writestr("tensorflow/libb.so.2", old)
        archive.writestr("tensorflow/text.so", "no image")
        archive.writestr("tensorflow/__init__.py", "")
    found = read_wheel(opened, "tensorflow-2.16.1-cp311-cp311-manylinux_aarch64.whl", "0" * 64)
    assert (found.package, found.version, found.images) == ("tensorflow", "2.16.1", 2)
    assert (found.numpy_generation, found.glibc, found.page_size) == ("1", "2.28", 0x4000)


def test_what_was_read_agrees_with_the_macs_wheels_and_fits_every_guests_pages() -> None:
    facts = shipped()
    assert len(facts.linux) >= 8
    for found in facts.linux:
        assert found.page_size >= 1 << 14, "a Mac's own pages have 16 kB"
        generation = "1" if version(found.version) < version("2.18") else "1+2"
        assert found.numpy_generation == generation
