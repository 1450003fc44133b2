from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.wheels import build_wheel
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.wheels import archive as wheelfile
from tfmac_lock.wheels.archive import Wheel, installed_path

if TYPE_CHECKING:
    from pathlib import Path


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name, content in members.items():
            target.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return bytearray(out.getvalue())


def wheel(data: bytes | bytearray) -> Wheel:
    return Wheel(io.BytesIO(bytes(data)), "x-1-py3-none-any.whl")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_comes_out_as_it_went_in(method: int) -> None:
    content = bytes(range(256)) * 20_000
    opened = wheel(archive({"a/x.so": content, "empty": b""}, method))

    assert opened.inflate("a/x.so")[:] == content
    assert opened.inflate("empty") == b""
    assert opened.size("a/x.so") == len(content)


def test_reading_is_told_as_it_goes_on() -> None:
    told: list[tuple[str, int, int]] = []
    data = archive({"a.so": bytes(3 << 20)})
    Wheel(io.BytesIO(data), "x", lambda *news: told.append(news)).inflate("a.so")

    assert told[-1] == ("a.so", 3 << 20, 3 << 20)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_data_folders_land_in_site_packages() -> None:
    path = "tensorflow_metal-0.5.1.data/purelib/tensorflow-plugins/libmetal_plugin.dylib"

    assert installed_path("x", path) == "tensorflow-plugins/libmetal_plugin.dylib"
    assert wheel(archive({path: b"x"})).paths == ("tensorflow-plugins/libmetal_plugin.dylib",)


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a/../../x",
        "a/..",
        "a//b",
        "./a",
        "a\\b",
        "..",
        "x.data/purelib/../y",
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(name: str) -> None:
    with pytest.raises(DamagedBinary, match="has a member with the name"):
        wheel(archive({name: b"x"}))


def test_one_name_twice_is_refused() -> None:
    with pytest.raises(DamagedBinary, match="twice"):
        wheel(archive({"x-1.data/purelib/a.so": b"1", "a.so": b"2"}))


def test_native_files_are_the_largest_first() -> None:
    opened = wheel(archive({"a.so": b"1", "b.py": b"123", "c.dylib": b"12"}))

    assert opened.native_paths == ("c.dylib", "a.so")


def test_metadata_is_found_and_read(tmp_path: Path) -> None:
    path = build_wheel(tmp_path, "a", "1")
    with path.open("rb") as file:
        opened = Wheel(file, path.name)
        found = opened.dist_info("METADATA")

        assert found == "a-1.dist-info/METADATA"
        assert opened.text(found).startswith("Metadata-Version")
        assert opened.dist_info("NOTHING") is None


def test_what_is_no_zip_is_refused() -> None:
    with pytest.raises(DamagedBinary, match="is not a readable zip file"):
        wheel(b"PK but nothing else")


def test_a_changed_member_is_noticed() -> None:
    data = archive({"a.so": b"0123456789" * 10}, zipfile.ZIP_STORED)
    data[data.index(b"0123456789")] ^= 1

    with pytest.raises(DamagedBinary, match="Bad CRC-32"):
        wheel(data).inflate("a.so")


def test_a_member_that_inflates_to_more_than_it_says_is_refused() -> None:
    data = archive({"a.so": bytes(5 << 20)})
    claimed = (5 << 20).to_bytes(4, "little")
    at = data.rindex(claimed)  # in the directory
    data[at : at + 4] = (100).to_bytes(4, "little")

    with pytest.raises(DamagedBinary, match="Bad CRC-32"):
        wheel(data).inflate("a.so")


def test_a_member_over_the_limit_is_refused_before_memory_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wheelfile, "MAX_MEMBER_SIZE", 10)
    with pytest.raises(DamagedBinary, match="claims 11 bytes"):
        wheel(archive({"a.so": bytes(11)})).inflate("a.so")


def test_many_members_that_are_large_together_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wheelfile, "MAX_TOTAL_SIZE", 20)
    opened = wheel(archive({"a.so": bytes(15), "b.so": bytes(15)}))
    opened.inflate("a.so")
    with pytest.raises(DamagedBinary, match="inflates to more than 20 bytes"):
        opened.inflate("b.so")


def test_a_directory_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheelfile, "MAX_MEMBERS", 1)
    with pytest.raises(DamagedBinary, match="has 2 members"):
        wheel(archive({"a": b"", "b": b""}))


def test_other_compression_is_refused() -> None:
    with pytest.raises(DamagedBinary, match="compressed in a way that wheels are not"):
        wheel(archive({"a.so": b"x" * 99}, zipfile.ZIP_BZIP2)).inflate("a.so")
