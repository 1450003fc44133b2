from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.pypi import zipdirectory
from tfmac_lock.pypi.zipdirectory import BadDirectory, find, read

LARGE = 1 << 24


class Counting(io.BytesIO):
    """Counts the bytes that are read."""

    amount = 0

    def read(self, size=-1):
        content = super().read(size)
        self.amount += len(content)
        return content


def zipped(members: dict[str, bytes], *, stored: bool = False, comment: bytes = b"") -> bytes:
    into = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(into, "w", method) as archive:
        archive.comment = comment
        for name, content in members.items():
            archive.writestr(name, content)
    return into.getvalue()


members = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\\:"), min_size=1, max_size=30),
    st.binary(max_size=200),
    min_size=1,
    max_size=20,
)


@given(members, st.booleans(), st.binary(max_size=60), st.binary(max_size=40), st.integers(1, 400))
def test_every_member_is_found_and_read_as_the_standard_library_does(
    content, stored, comment, before, last
):
    if b"PK\5\6" in comment:
        return
    file = io.BytesIO(before + zipped(content, stored=stored, comment=comment))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zipdirectory, "LAST", last)  # so that the end alone is mostly not enough
        for name, expected in content.items():
            (member,) = find(file, lambda other, name=name: other == name, LARGE)
            assert read(file, member, LARGE) == expected


def test_of_a_large_directory_only_the_end_is_read():
    many = {f"package/{'x' * 80}/{number}.h": b"" for number in range(5000)}
    file = Counting(zipped({**many, "p-1.dist-info/METADATA": b"Name: p\n"}))
    (member,) = find(file, lambda name: name.endswith("/METADATA"), LARGE)
    assert read(file, member, LARGE) == b"Name: p\n"
    assert file.amount < 2 * zipdirectory.LAST


def test_what_is_not_at_the_end_is_found_all_the_same():
    many = {f"package/{'x' * 80}/{number}.h": b"" for number in range(5000)}
    file = io.BytesIO(zipped({"p-1.dist-info/METADATA": b"Name: p\n", **many}))
    (member,) = find(file, lambda name: name.endswith("/METADATA"), LARGE)
    assert read(file, member, LARGE) == b"Name: p\n"
    with pytest.raises(BadDirectory, match="directory has"):
        find(file, lambda name: name.endswith("/METADATA"), 100_000)


def test_a_signature_inside_of_a_name_does_not_mislead():
    many = {f"{number}-PK\1\2-{'x' * 90}": b"" for number in range(1000)}
    file = io.BytesIO(zipped({**many, "wanted": b"content"}))
    (member,) = find(file, lambda name: name == "wanted", LARGE)
    assert read(file, member, LARGE) == b"content"


def test_a_zip64_directory_is_understood(monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    content = zipped({"a": b"1", "b": b"2", "c": b"3"})
    assert b"PK\6\6" in content
    place = content.rindex(b"PK\5\6")
    content = content[: place + 12] + b"\xff" * 8 + content[place + 20 :]
    (member,) = find(io.BytesIO(content), lambda name: name == "c", LARGE)
    assert read(io.BytesIO(content), member, LARGE) == b"3"
    broken = content.replace(b"PK\6\6", b"PK\0\0")
    with pytest.raises(BadDirectory, match="zip64"):
        find(io.BytesIO(broken), bool, LARGE)


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>", b"\0" * 70_000])
def test_what_is_no_zip_file_is_said_to_be_none(content):
    with pytest.raises(BadDirectory, match="not a zip file"):
        find(io.BytesIO(content), bool, LARGE)


def test_no_more_is_unpacked_than_allowed():
    file = io.BytesIO(zipped({"bomb": bytes(10_000_000)}))
    (member,) = find(file, bool, LARGE)
    with pytest.raises(BadDirectory, match="over 1000000 bytes"):
        read(file, member, 1_000_000)


def test_a_directory_that_hides_a_bomb_is_found_out():
    content = bytearray(zipped({"bomb": bytes(10_000_000)}))
    struct.pack_into("<L", content, content.rindex(b"PK\1\2") + 24, 5)
    (member,) = find(io.BytesIO(content), bool, LARGE)
    with pytest.raises(BadDirectory, match="checksum"):
        read(io.BytesIO(content), member, 1_000_000)


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [(8, 1, "encrypted"), (10, 12, "method 12"), (16, 7, "checksum"), (42, 3, "not where")],
)
def test_a_member_that_is_not_as_the_directory_says_is_refused(offset, value, reason):
    content = bytearray(zipped({"a": b"text"}))
    struct.pack_into("<H", content, content.rindex(b"PK\1\2") + offset, value)
    (member,) = find(io.BytesIO(content), bool, LARGE)
    with pytest.raises(BadDirectory, match=reason):
        read(io.BytesIO(content), member, LARGE)
