from __future__ import annotations

import email.parser
import email.policy
import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import build_wheel
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.wheels import metadata
from tfmac_lock.wheels.metadata import Metadata

if TYPE_CHECKING:
    from pathlib import Path

DEMO = "demo_one-1.0-py3-none-any.whl"


def read(wheel: Path | bytes) -> Metadata:
    content = wheel if isinstance(wheel, bytes) else wheel.read_bytes()
    return metadata.parse(metadata.read(io.BytesIO(content), DEMO), DEMO)


def test_what_resolving_needs_is_read_out_of_a_wheel(tmp_path):
    wheel = build_wheel(
        tmp_path,
        "Demo.One",
        "1.0",
        ["numpy (<2,>=1.21)", "h5py>=3; extra == 'io'"],
        requires_python=">=3.9",
        extras=["io"],
    )
    assert read(wheel) == Metadata(
        name="demo-one",
        version="1.0",
        requires_python=">=3.9",
        requires_dist=("numpy (<2,>=1.21)", "h5py>=3; extra == 'io'"),
        provides_extra=("io",),
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Summary: Callbacks for Tensorflow 2", "head"),
        ("Keywords: keras,vision", "head"),
        ("Requires-Dist: tensorflow>=2; extra == 'tf'", "head"),
        ("Summary: Faces\n\nInstall TensorFlow first.", "body"),
        ("Summary: Faces\n\nNeeds libtensorflowlite.", ""),
        ("Summary: Tables", ""),
    ],
)
def test_it_is_seen_where_metadata_name_tensorflow_or_keras(text: str, where: str) -> None:
    found = metadata.parse(f"Name: demo-one\nVersion: 1.0\n{text}\n".encode(), DEMO)
    assert found.mentions == where
    assert Metadata.unpack(found.pack()) == found


def test_a_header_may_go_over_several_lines():
    text = b"Name: demo-one\nVersion: 1.0\nRequires-Dist: numpy\n  (>=1.21)\n\nRequires-Dist: no"
    assert metadata.parse(text, DEMO).requires_dist == ("numpy (>=1.21)",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"Name: other\nVersion: 1.0\n", "'other' '1.0'"),
        (b"Name: demo-one\nVersion: 1.1\n", "'demo-one' '1.1'"),
        (b"Name: demo-one\nVersion: new\n", "'demo-one' 'new'"),
        (b"<html>login</html>", "'' ''"),
        (b"", "'' ''"),
        (b"\xff\xfe\x00", "'' ''"),
    ],
)
def test_metadata_of_something_else_are_refused(text, found):
    with pytest.raises(DamagedBinary, match=f"are those of {found}"):
        metadata.parse(text, DEMO)


header_lines = st.sampled_from(
    [
        *("Requires-Dist: a>1", "requires-dist:b", "Name: other", "Version: 2.0", "Summary: ä: b"),
        *("Requires-Python: >=3.9 ", "Provides-Extra: x", "  folded", "\tmore"),
        *("", " ", "no header"),
    ]
)


@given(st.lists(header_lines), st.sampled_from(["\n", "\r\n"]))
def test_headers_are_read_as_the_email_parser_does(lines, end):
    text = end.join(["Name: demo-one", "Version: 1.0", "Summary: demo", *lines]).encode()
    expected = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(text)

    def values(key: str) -> tuple[str, ...]:
        return tuple(" ".join(str(value).split()) for value in expected.get_all(key, []))

    ours = metadata.parse(text, DEMO)
    assert ours.requires_dist == values("Requires-Dist")
    assert ours.provides_extra == values("Provides-Extra")
    assert (ours.requires_python or "") == (*values("Requires-Python"), "")[0]


def test_versions_are_compared_as_versions():
    assert metadata.parse(b"Name: demo_one\nVersion: 1\n", DEMO).version == "1.0"


def test_a_file_that_is_no_wheel_by_name_is_refused():
    with pytest.raises(DamagedBinary, match="wheel filename"):
        metadata.parse(b"Name: demo\nVersion: 1.0\n", "demo-1.0.tar.gz")


def test_files_that_merely_look_like_metadata_are_not_read(tmp_path):
    wheel = build_wheel(
        tmp_path,
        "demo_one",
        "1.0",
        files={
            "demo_one/vendor/other-2.0.dist-info/METADATA": b"Name: other\n",
            "other-2.0.dist-info/METADATA": b"Name: other\n",
        },
    )
    assert read(wheel).name == "demo-one"


def test_two_metadata_files_are_one_too_many(tmp_path):
    wheel = build_wheel(
        tmp_path, "demo_one", "1.0", files={"demo_one-2.0.dist-info/METADATA": b"Name: demo-one\n"}
    )
    with pytest.raises(DamagedBinary, match="2 METADATA files"):
        read(wheel)


def test_a_wheel_without_metadata_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("demo_one.py", "")
    with pytest.raises(DamagedBinary, match="0 METADATA files"):
        read(tmp_path / "empty.zip")


def test_metadata_that_unpack_to_gigabytes_are_not_unpacked(tmp_path):
    wheel = build_wheel(tmp_path, "demo_one", "1.0", metadata=b"\n" * (metadata.LARGEST + 1))
    assert wheel.stat().st_size < 100_000
    with pytest.raises(DamagedBinary, match="over 8388608 bytes"):
        read(wheel)


def lying(content: bytes, offset: int, form: str, value: int) -> bytes:
    """The wheel with one number of its end-of-directory record replaced."""
    record = content.rindex(b"PK\5\6")
    changed = bytearray(content)
    struct.pack_into(form, changed, record + offset, value)
    return bytes(changed)


@pytest.mark.parametrize(
    ("offset", "form", "value"),
    [
        (10, "<H", 60000),  # members
        (12, "<L", 0xFFFFFFF0),  # size of the directory
        (12, "<L", 3),
        (16, "<L", 0xFFFFFFF0),  # where it begins
        (16, "<L", 1),
        (20, "<H", 60000),  # length of the comment
    ],
)
def test_a_zip_directory_that_lies_is_a_clear_error_or_harmless(tmp_path, offset, form, value):
    wheel = build_wheel(tmp_path, "demo_one", "1.0").read_bytes()
    try:
        assert read(lying(wheel, offset, form, value)).name == "demo-one"
    except DamagedBinary as fault:
        assert DEMO in str(fault)  # noqa: PT017  # either is right


@given(st.data())
def test_no_damage_to_a_wheel_escapes_as_another_fault(tmp_path_factory, data):
    content = bytearray(build_wheel(tmp_path_factory.mktemp("w"), "demo_one", "1.0").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content))
    except DamagedBinary as fault:
        assert str(fault)  # noqa: PT017  # either is right


@given(st.binary(max_size=400))
def test_no_bytes_whatever_escape_as_another_fault(content):
    with pytest.raises(DamagedBinary):
        read(content)
    with pytest.raises(DamagedBinary):
        metadata.parse(content, DEMO)


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (8, 1, "encrypted"),
        (10, zipfile.ZIP_LZMA, "compressed in a way that wheels are not"),
        (16, 7, "not a readable zip file"),
        (42, 3, "not a readable zip file"),
    ],
)
def test_a_member_that_is_not_as_the_directory_says_is_refused(tmp_path, offset, value, reason):
    content = bytearray(build_wheel(tmp_path, "demo_one", "1.0").read_bytes())
    name = content.rindex(b"demo_one-1.0.dist-info/METADATA")
    struct.pack_into("<H", content, content.rindex(b"PK\1\2", 0, name) + offset, value)
    with pytest.raises(DamagedBinary, match=reason):
        read(bytes(content))


def test_a_member_that_hides_a_bomb_is_cut_off_and_found_out(tmp_path):
    bomb = b"Name: demo-one\nVersion: 1.0\n\n" + bytes(metadata.LARGEST + 1)
    content = bytearray(build_wheel(tmp_path, "demo_one", "1.0", metadata=bomb).read_bytes())
    name = content.rindex(b"demo_one-1.0.dist-info/METADATA")
    struct.pack_into("<L", content, content.rindex(b"PK\1\2", 0, name) + 24, 40)
    with pytest.raises(DamagedBinary, match="CRC"):
        read(bytes(content))


def test_metadata_anywhere_in_a_zip_file_of_any_kind_are_read(tmp_path):
    wheel = build_wheel(tmp_path, "demo_one", "1.0", files={f"x/{n}.h": b"" for n in range(3000)})
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.comment = b"made by hand"
    assert read(b"#!/bin/sh\n" + wheel.read_bytes()).name == "demo-one"


def test_a_header_of_a_million_lines_is_read():
    text = b"Name: demo-one\nVersion: 1.0\nSummary: x\n" + b" y\n" * 1_000_000
    assert metadata.parse(text, DEMO).version == "1.0"
