from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import platforms
from tests.support.locks import PACKAGES, lock
from tfmac_lock.conda.state import ChannelState
from tfmac_lock.errors import DataError
from tfmac_lock.files import write_whole
from tfmac_lock.lock import published
from tfmac_lock.lock.model import LockedPackage
from tfmac_lock.lock.published import Index, Unpublished
from tfmac_lock.matrix.reasons import Grade, Reason, Status
from tfmac_lock.publish import index as index_files
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


SLOT = published.slot_name("3.11", Arch.ARM64)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        write_whole(folder / name, text)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    write(tmp_path, index_files.render(SLOT, LOCKS, [Unpublished("2.5.0", "no numpy")]))
    return Index.within(tmp_path, "3.11", Arch.ARM64)


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


def test_files_are_named_after_python_and_architecture() -> None:
    slot = published.slot_name("3.11", Arch.X86_64)
    assert list(index_files.render(slot, [], [])) == [
        "index/cp311-x86_64.json",
        "verdicts/cp311-x86_64.json",
    ]
    assert list(index_files.render_mixed(slot, [], [], [])) == [
        "index/conda-cp311-x86_64.json",
        "verdicts/conda-cp311-x86_64.json",
    ]
    combo = LOCKS[0].combo
    assert published.folder_name(combo) == "py3.11-arm64/tensorflow-2.18.1-metal-1.2.0"


def test_a_new_verdict_changes_the_verdicts_and_no_index(tmp_path: Path) -> None:
    other = [lock(status="unproven", text="it crashed"), *LOCKS[1:]][::-1]
    before, after = (index_files.render(SLOT, locks, []) for locks in (LOCKS, other))
    assert [name for name in before if before[name] != after[name]] == [f"verdicts/{SLOT}"]
    write(tmp_path, after)
    assert Index.within(tmp_path, "3.11", Arch.ARM64).locks() == other


def test_a_reason_is_kept_whole(tmp_path: Path) -> None:
    reason = Reason(
        kind="reported", text="no", source="s", grade=Grade.REPORTED, against=True, fatal=True
    )
    made = replace(LOCKS[0], verdict=replace(LOCKS[0].verdict, reasons=(reason,)))
    write(tmp_path, index_files.render(SLOT, [made], []))
    assert Index.within(tmp_path, "3.11", Arch.ARM64).locks() == [made]


# -- mixed locks

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


MIXED = [
    with_conda(LOCKS[0], record("python", "3.11.9")),
    replace(
        with_conda(LOCKS[3], record("numpy", "2.0.2"), record("python", "3.11.9"), without="numpy"),
        verdict=replace(LOCKS[3].verdict, status=Status.UNPROVEN),
        command="--native conda",
    ),
    with_conda(lock(tensorflow="2.5.0"), record("python", "3.11.9")),
]
"""The same wheels; one of them from conda and another verdict; a combo that wheels cannot serve."""


@pytest.fixture
def mixed(index: Index, tmp_path: Path) -> Index:
    write(tmp_path, index_files.render_mixed(SLOT, MIXED, LOCKS, [Unpublished("2.6.0", "no h5py")]))
    return index.with_conda()


def test_an_index_of_mixed_locks_gives_back_the_locks_that_it_was_made_of(mixed: Index) -> None:
    assert mixed.exists()
    assert mixed.locks() == MIXED
    assert mixed.unpublished() == [("2.6.0", "no h5py")]


def test_an_index_of_mixed_locks_repeats_nothing_of_the_wheels(mixed: Index) -> None:
    assert mixed.conda is not None
    rows = json.loads(mixed.conda.read_text())["locks"]
    by_id = {row.get("adds_to", MIXED[2].combo.id): row for row in rows}
    same, other, whole = (by_id[lock.combo.id] for lock in MIXED)
    assert set(same) == {"adds_to", "without", "packages", "channels"}
    assert same["without"] == []
    assert len(same["packages"]) == 1
    assert set(other) == {*same, "command"}
    assert other["without"] == ["numpy"]
    assert "adds_to" not in whole


def test_a_mixed_lock_is_found_as_its_lock_of_wheels_is(mixed: Index) -> None:
    assert find(mixed) == MIXED[0]
    assert find(mixed, metal="none") == MIXED[1]
    assert find(mixed, "2.5") == MIXED[2]
    assert find(mixed, "2.17") is None


def test_mixed_locks_without_the_wheels_that_they_add_to_are_damaged(mixed: Index) -> None:
    write(mixed.path.parents[1], index_files.render(SLOT, LOCKS[1:], []))
    with pytest.raises(DataError, match=r"conda-cp311-arm64\.json: is damaged"):
        mixed.locks()


def test_without_mixed_locks_there_is_no_such_index(index: Index) -> None:
    assert index.exists()
    assert not index.with_conda().exists()


def test_every_index_of_wheels_is_found_in_the_folder(mixed: Index, tmp_path: Path) -> None:
    assert Index.all_within(tmp_path) == [Index(mixed.path)]


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
        b'{"schema_version": 3}',
        b'{"schema_version": 3, "locks": [{}], "packages": []}',
        b'{"schema_version": 3, "locks": 3, "packages": []}',
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


def test_a_lock_without_a_verdict_is_damage(index: Index) -> None:
    path = index.path.parents[1] / "verdicts" / index.path.name
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "verdicts": data["verdicts"][1:]}))
    with pytest.raises(DataError, match="reinstall"):
        index.locks()


def test_an_index_of_another_schema_is_refused(index: Index) -> None:
    index.path.write_text('{"schema_version": 1}')
    with pytest.raises(DataError, match="schema_version is not 3"):
        index.locks()


def test_an_index_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        Index(tmp_path / "absent.json").locks()
