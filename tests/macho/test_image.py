from __future__ import annotations

import struct

import pytest

from tests.support.machos import Image, Need, build, fat
from tfmac_lock.macho import image as macho
from tfmac_lock.macho.errors import DamagedBinary, NotMachO
from tfmac_lock.macho.image import FileType, Library, LinkKind

LIBRARIES = [
    ("/usr/lib/libSystem.B.dylib", "regular"),
    ("@rpath/a.dylib", "weak"),
    ("@rpath/b.dylib", "reexport"),
    ("@rpath/c.dylib", "upward"),
]


def read(data: bytes, arch: str = "arm64") -> macho.MachO:
    image = macho.read(data, "x.dylib", arch)
    assert image is not None
    return image


def test_a_thin_file_says_who_it_is_and_whom_it_needs() -> None:
    image = read(build(Image(libraries=LIBRARIES, rpaths=["@loader_path/", "@loader_path/.."])))

    assert image.file_type is FileType.DYLIB
    assert image.install_name == "@rpath/libtest.dylib"
    assert image.libraries == tuple(
        Library(name=name, kind=LinkKind(kind)) for name, kind in LIBRARIES
    )
    assert image.rpaths == ("@loader_path/", "@loader_path/..")
    assert (image.minos, image.sdk) == ("12.3", "13.0")


def test_a_patch_version_is_kept() -> None:
    assert read(build(Image(minos="12.0.1"))).minos == "12.0.1"


def test_the_flags_of_new_linkers_say_how_a_library_is_asked_for() -> None:
    image = read(build(Image(libraries=LIBRARIES, modern_dylib_use=True)))

    assert [library.kind.value for library in image.libraries] == [kind for _, kind in LIBRARIES]


def test_a_bundle_has_no_install_name() -> None:
    image = read(build(Image(file_type="bundle", install_name=None)))

    assert image.file_type is FileType.BUNDLE
    assert image.install_name is None


@pytest.mark.parametrize("wide", [False, True])
def test_each_slice_of_a_fat_file_is_read_by_itself(wide: bool) -> None:
    data = fat(
        [
            build(Image(arch="x86_64", minos="10.14", exports={"_intel": None})),
            build(Image(arch="arm64", minos="11.0", needs=[Need(symbol="_x", ordinal=-2)])),
        ],
        wide=wide,
    )

    assert set(macho.slices(data, "x")) == {"x86_64", "arm64"}
    assert read(data, "x86_64").minos == "10.14"
    assert read(data, "arm64").minos == "11.0"


def test_a_file_without_the_slice_has_nothing_for_the_architecture() -> None:
    assert macho.read(build(Image(arch="x86_64")), "x", "arm64") is None


def test_arm64e_is_another_architecture_than_arm64() -> None:
    assert macho.read(build(Image(arch="arm64e")), "x", "arm64") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xcf\xfa",
        b"\x7fELF" + bytes(100),
        b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(100),  # a Java class file
    ],
)
def test_other_files_are_no_mach_o(data: bytes) -> None:
    with pytest.raises(NotMachO):
        macho.slices(data, "x")


def test_a_slice_outside_of_the_file_is_refused() -> None:
    data = bytearray(fat([build(Image())]))
    struct.pack_into(">I", data, 8 + 8, len(data))

    with pytest.raises(DamagedBinary, match="do not fit"):
        macho.slices(bytes(data), "x")


def test_two_slices_for_one_architecture_are_refused() -> None:
    with pytest.raises(DamagedBinary, match="two slices for arm64"):
        macho.slices(fat([build(Image()), build(Image())]), "x")


def test_a_command_that_reaches_over_its_table_is_refused() -> None:
    data = bytearray(build(Image()))
    struct.pack_into("<I", data, 32 + 4, 0x7FFFFFFF)

    with pytest.raises(DamagedBinary, match="do not fit"):
        read(bytes(data))


def test_a_command_without_a_size_is_refused() -> None:
    data = bytearray(build(Image()))
    struct.pack_into("<I", data, 32 + 4, 0)

    with pytest.raises(DamagedBinary, match="has 0 bytes"):
        read(bytes(data))


def test_a_flood_of_commands_is_refused() -> None:
    data = bytearray(build(Image()))
    struct.pack_into("<I", data, 16, 1_000_000)

    with pytest.raises(DamagedBinary, match="over limits"):
        read(bytes(data))


def test_a_slice_that_contradicts_the_fat_header_is_refused() -> None:
    data = bytearray(fat([build(Image(arch="arm64"))]))
    struct.pack_into(">II", data, 8, 0x01000007, 3)

    with pytest.raises(DamagedBinary, match="says arm64 in its header and x86_64 outside"):
        read(bytes(data), "x86_64")
