from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import platforms
from tests.support.locks import PACKAGES, lock
from tfmac_lock.conda.records import ChannelState
from tfmac_lock.errors import DataError
from tfmac_lock.files import dump_json
from tfmac_lock.lock import published
from tfmac_lock.lock.model import LockedPackage
from tfmac_lock.lock.published import Index
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
def index(tmp_path: Path) -> Index:
    made = Index.within(tmp_path, "3.11", Arch.ARM64)
    made.path.parent.mkdir()
    content = published.to_index(LOCKS, [("2.5.0", "no numpy")])
    made.path.write_text(dump_json(content), "utf-8")
    return made


def find(
    index: Index,
    version: str | None = None,
    *,
    package: str | None = None,
    metal: str = "auto",
    gpu: bool = True,
    macos: str | None = None,
) -> Lock | None:
    return index.find(
        package=package,
        version=version,
        metal=metal,
        gpu=gpu,
        macos=MacOSVersion.parse(macos) if macos else None,
    )


def test_an_index_gives_back_the_locks_that_it_was_made_of(index: Index) -> None:
    assert index.exists()
    assert index.locks() == LOCKS
    assert index.unpublished() == [("2.5.0", "no numpy")]


def test_each_file_stands_in_an_index_once(index: Index) -> None:
    assert len(json.loads(index.path.read_text())["packages"]) == len(PACKAGES)


def test_the_best_comes_first(index: Index) -> None:
    assert find(index) == LOCKS[0]


def test_an_exact_version_and_a_series_are_found(index: Index) -> None:
    assert find(index, "2.17.1") == LOCKS[1]
    assert find(index, "2.17") == LOCKS[1]
    assert find(index, "2.1") is None
    assert find(index, "2.17.0") is None
    assert find(index, "2") is None


def test_a_package_is_found_by_its_name(index: Index) -> None:
    assert find(index, package="tensorflow-macos") == LOCKS[2]


def test_auto_takes_a_plugin_wherever_one_fits(index: Index) -> None:
    assert find(index, "2.18") == LOCKS[0]
    assert find(index, "2.20") == LOCKS[4]


def test_auto_takes_none_where_there_is_no_gpu(index: Index) -> None:
    assert find(index, gpu=False) == LOCKS[3]
    assert find(index, "2.17", gpu=False) is None


def test_none_and_a_version_are_obeyed(index: Index) -> None:
    assert find(index, metal="none") == LOCKS[3]
    assert find(index, metal="1.1.0") == LOCKS[2]
    assert find(index, metal="0.8.0") is None
    assert find(index, "2.20", metal="1.2.0") is None


def test_a_lock_for_a_newer_macos_is_no_answer(index: Index) -> None:
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

    assert published.conda_index_name("3.11", Arch.X86_64) == "index/conda-cp311-x86_64.json"


# -- conda halves

STATE = ChannelState(url="https://conda.example/forge", files=3, newest="2026-01-30", sha256="1")


def record(name: str, version: str) -> LockedPackage:
    return LockedPackage(
        name=name,
        version=version,
        manager="conda",
        filename=f"{name}-{version}-h1_0.conda",
        url=f"{STATE.url}/osx-arm64/{name}-{version}-h1_0.conda",
        sha256="2" * 64,
        build="h1_0",
        md5="3" * 32,
        constrains=("openssl <4",),
    )


def with_conda(wheels: Lock, *records: LockedPackage, without: str = "") -> Lock:
    kept = tuple(item for item in wheels.packages if item.name != without)
    command = f"{wheels.command} --format conda-lock"
    return replace(wheels, packages=(*records, *kept), channels=(STATE,), command=command)


HALVES = [
    with_conda(LOCKS[0], record("python", "3.11.9")),
    replace(
        with_conda(LOCKS[3], record("numpy", "2.0.2"), record("python", "3.11.9"), without="numpy"),
        verdict=replace(LOCKS[3].verdict, status="unproven"),
        command="--native conda",
    ),
    with_conda(lock(tensorflow="2.5.0"), record("python", "3.11.9")),
]
"""The same wheels; one of them from conda and another verdict; a combo that wheels cannot serve."""


@pytest.fixture
def halves(index: Index) -> Index:
    made = index.with_conda()
    assert made.conda is not None
    content = published.to_conda_index(HALVES, LOCKS, [("2.6.0", "no h5py")])
    made.conda.write_text(dump_json(content), "utf-8")
    return made


def test_an_index_of_conda_halves_gives_back_the_locks_that_it_was_made_of(halves: Index) -> None:
    assert halves.exists()
    assert halves.locks() == HALVES
    assert halves.unpublished() == [("2.6.0", "no h5py")]


def test_an_index_of_conda_halves_repeats_nothing_of_the_wheels(halves: Index) -> None:
    assert halves.conda is not None
    same, other, whole = json.loads(halves.conda.read_text())["locks"]
    assert set(same) == {"adds_to", "without", "packages", "channels"}
    assert same["without"] == []
    assert len(same["packages"]) == 1
    assert set(other) == {*same, "verdict", "command"}
    assert other["without"] == ["numpy"]
    assert "adds_to" not in whole


def test_a_conda_half_is_found_as_its_lock_of_wheels_is(halves: Index) -> None:
    assert find(halves) == HALVES[0]
    assert find(halves, metal="none") == HALVES[1]
    assert find(halves, "2.5") == HALVES[2]
    assert find(halves, "2.17") is None


def test_conda_halves_without_the_wheels_that_they_add_to_are_damaged(halves: Index) -> None:
    content = published.to_index(LOCKS[1:], [])
    halves.path.write_text(dump_json(content), "utf-8")
    with pytest.raises(DataError, match=r"conda-cp311-arm64\.json: is damaged"):
        halves.locks()


def test_without_conda_halves_there_is_no_such_index(index: Index) -> None:
    assert index.exists()
    assert not index.with_conda().exists()


def test_every_index_of_wheels_is_found_in_the_folder(halves: Index, tmp_path: Path) -> None:
    assert Index.all_within(tmp_path) == [Index(halves.path)]


# -- damage


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
        b'{"schema_version": 2}',
        b'{"schema_version": 2, "locks": [{}], "packages": []}',
        b'{"schema_version": 2, "locks": 3, "packages": []}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_index_is_told_with_its_path(index: Index, damage: bytes) -> None:
    index.path.write_bytes(damage)
    for use in (Index.locks, find):
        with pytest.raises(DataError, match=r"is damaged|schema") as caught:
            use(index)  # type: ignore[operator]
        assert caught.value.exit_status == 3


def test_an_index_that_names_a_file_that_it_does_not_hold_is_damaged(index: Index) -> None:
    data = json.loads(index.path.read_text())
    data["packages"] = data["packages"][:1]
    index.path.write_text(json.dumps(data))
    with pytest.raises(DataError, match="reinstall"):
        find(index)


def test_an_index_of_another_schema_is_refused(index: Index) -> None:
    index.path.write_text('{"schema_version": 1}')
    with pytest.raises(DataError, match="schema_version is not 2"):
        index.locks()


def test_an_index_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        Index(tmp_path / "absent.json").locks()
