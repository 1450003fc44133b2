from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import platforms
from tests.support.locks import PACKAGES, lock
from tfmac_lock import published
from tfmac_lock.errors import DataError
from tfmac_lock.lock.model import dump_json
from tfmac_lock.target import Arch, MacOSVersion

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.lock.model import Lock

NO_PLUGIN = tuple(item for item in PACKAGES if item.name != "tensorflow-metal")
LOCKS = [
    lock(),
    lock(tensorflow="2.17.1", status="caution"),
    lock(tensorflow="2.17.1", package="tensorflow-macos", metal="1.1.0", macos_min="14.0"),
    lock(NO_PLUGIN, metal=None, macos_min="12.0"),
    lock(NO_PLUGIN, tensorflow="2.20.0", metal=None, macos_min="12.0", status="unproven"),
]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "index.json"
    path.write_text(dump_json(published.to_index(LOCKS, [("2.5.0", "no numpy")])), "utf-8")
    return path


def find(
    index: Path,
    version: str | None = None,
    *,
    package: str | None = None,
    metal: str = "auto",
    gpu: bool = True,
    macos: str | None = None,
) -> Lock | None:
    return published.find(
        index,
        package=package,
        version=version,
        metal=metal,
        gpu=gpu,
        macos=MacOSVersion.parse(macos) if macos else None,
    )


def test_an_index_gives_back_the_locks_that_it_was_made_of(index: Path) -> None:
    assert published.read_index(index) == LOCKS
    assert published.read_unpublished(index) == [("2.5.0", "no numpy")]


def test_each_file_stands_in_an_index_once(index: Path) -> None:
    assert len(json.loads(index.read_text())["packages"]) == len(PACKAGES)


def test_the_best_comes_first(index: Path) -> None:
    assert find(index) == LOCKS[0]


def test_an_exact_version_and_a_series_are_found(index: Path) -> None:
    assert find(index, "2.17.1") == LOCKS[1]
    assert find(index, "2.17") == LOCKS[1]
    assert find(index, "2.1") is None
    assert find(index, "2.17.0") is None
    assert find(index, "2") is None


def test_a_package_is_found_by_its_name(index: Path) -> None:
    assert find(index, package="tensorflow-macos") == LOCKS[2]


def test_auto_takes_a_plugin_wherever_one_fits(index: Path) -> None:
    assert find(index, "2.18") == LOCKS[0]
    assert find(index, "2.20") == LOCKS[4]


def test_auto_takes_none_where_there_is_no_gpu(index: Path) -> None:
    assert find(index, gpu=False) == LOCKS[3]
    assert find(index, "2.17", gpu=False) is None


def test_none_and_a_version_are_obeyed(index: Path) -> None:
    assert find(index, metal="none") == LOCKS[3]
    assert find(index, metal="1.1.0") == LOCKS[2]
    assert find(index, metal="0.8.0") is None
    assert find(index, "2.20", metal="1.2.0") is None


def test_a_lock_for_a_newer_macos_is_no_answer(index: Path) -> None:
    assert find(index, package="tensorflow-macos", macos="13.6") is None
    assert find(index, package="tensorflow-macos", macos="14.1") == LOCKS[2]
    assert find(index, macos="12.3") == LOCKS[0]
    assert find(index, macos="12.0") == LOCKS[3]


def test_a_lock_serves_every_chip_of_its_architecture() -> None:
    newer = published.for_chip(LOCKS[0], platforms().chip("m4-max"))
    assert newer.combo.chip == "m4-max"
    assert newer.combo.macos_min == MacOSVersion(15, 1)
    assert "--chip m4-max --tensorflow" in newer.command
    assert newer.packages == LOCKS[0].packages
    assert newer.combo.id == LOCKS[0].combo.id
    assert published.for_chip(LOCKS[0], platforms().chip("m1")) == LOCKS[0]


def test_an_index_is_named_after_python_and_architecture() -> None:
    assert published.index_name("3.11", Arch.X86_64) == "index/cp311-x86_64.json"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"locks"',
        b"\xff\xfe",
        b"{}",
        b'{"schema_version": 1}',
        b'{"schema_version": 1, "locks": [{}], "packages": []}',
        b'{"schema_version": 1, "locks": 3, "packages": []}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_index_is_told_with_its_path(index: Path, damage: bytes) -> None:
    index.write_bytes(damage)
    for use in (published.read_index, find):
        with pytest.raises(DataError, match=r"is damaged|schema") as caught:
            use(index)  # type: ignore[operator]
        assert caught.value.exit_status == 3


def test_an_index_that_names_a_file_that_it_does_not_hold_is_damaged(index: Path) -> None:
    data = json.loads(index.read_text())
    data["packages"] = data["packages"][:1]
    index.write_text(json.dumps(data))
    with pytest.raises(DataError, match="reinstall"):
        find(index)


def test_an_index_of_another_schema_is_refused(index: Path) -> None:
    index.write_text('{"schema_version": 2}')
    with pytest.raises(DataError, match="schema_version is not 1"):
        published.read_index(index)


def test_an_index_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        published.read_index(tmp_path / "absent.json")
