from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.fake_wheels import FolderSource, plugin_wheel, tensorflow_wheel
from tests.support.wheels import build_wheel
from tfmac_lock.check.live_pair import NoSuchWheel, pick_wheel, read_pair

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    plugin_wheel(tmp_path)
    for python in ("cp39", "cp310", "cp312"):
        tensorflow_wheel(tmp_path, "2.18.0", python=python)
    tensorflow_wheel(tmp_path, "2.19.0rc0")
    tensorflow_wheel(tmp_path, "2.20.0", platform="manylinux_2_17_x86_64")
    return FolderSource(tmp_path)


@pytest.mark.parametrize(
    ("version", "python", "expected"),
    [
        (None, None, "tensorflow-2.18.0-cp312-cp312-macosx_12_0_arm64.whl"),
        ("2.18", "3.10", "tensorflow-2.18.0-cp310-cp310-macosx_12_0_arm64.whl"),
        ("2.19.0rc0", None, "tensorflow-2.19.0rc0-cp312-cp312-macosx_12_0_arm64.whl"),
    ],
)
def test_the_newest_fitting_wheel_is_picked(
    source: FolderSource, version: str | None, python: str | None, expected: str
) -> None:
    assert pick_wheel(source, "tensorflow", version, "arm64", python).filename == expected


def test_a_wheel_for_every_platform_fits_a_mac(source: FolderSource) -> None:
    build_wheel(source.folder, "six", "1.16.0", tag="py2.py3-none-any")

    assert pick_wheel(source, "six", None, "arm64", "3.9").filename.startswith("six-1.16.0")


@pytest.mark.parametrize(
    ("version", "arch", "python"),
    [("2.18.0", "x86_64", None), ("2.17.0", "arm64", None), ("2.18.0", "arm64", "3.13")],
)
def test_what_the_index_lacks_is_said(
    source: FolderSource, version: str, arch: str, python: str | None
) -> None:
    with pytest.raises(NoSuchWheel, match=f"tensorflow {version} for {arch}"):
        pick_wheel(source, "tensorflow", version, arch, python)


def test_a_pair_is_read_off_its_wheels(source: FolderSource) -> None:
    row = read_pair(source, None, "2.18.0", "1.2.0", "arm64")

    assert (row.package, row.loads, row.payload) == ("tensorflow", True, "tensorflow")


def test_a_stub_is_followed_to_its_payload(source: FolderSource) -> None:
    tensorflow_wheel(
        source.folder,
        "2.18.0",
        package="tensorflow-macos",
        files={},
        requires=["tensorflow ==2.18.0"],
    )
    row = read_pair(source, "tensorflow-macos", "2.18.0", "1.2.0", "arm64")

    assert (row.package, row.loads, row.payload) == ("tensorflow-macos", True, "tensorflow")


def test_a_stub_that_requires_itself_is_followed_once(source: FolderSource) -> None:
    tensorflow_wheel(
        source.folder,
        "2.15.1",
        package="tensorflow-macos",
        files={},
        requires=["tensorflow-macos ==2.15.1"],
    )
    row = read_pair(source, None, "2.15.1", "1.2.0", "arm64")

    assert (row.package, row.loads, row.payload) == ("tensorflow-macos", False, None)


def test_a_pair_that_is_on_no_index_is_said(source: FolderSource) -> None:
    with pytest.raises(NoSuchWheel, match=r"tensorflow 2\.3\.0"):
        read_pair(source, None, "2.3.0", "1.2.0", "arm64")
