from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.locks import PACKAGES, lock
from tfmac_lock.__main__ import main
from tfmac_lock.check.mixed_set import of_other_locks
from tfmac_lock.lock.formats import FORMATS
from tfmac_lock.lock.formats.header import lock_ids
from tfmac_lock.lock.model import lock_id

if TYPE_CHECKING:
    from pathlib import Path

FEWER = PACKAGES[:2]
ONE = {name: text(lock()) for name, text in FORMATS.values()}
OTHER = {name: text(lock(FEWER, metal=None)) for name, text in FORMATS.values()}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


def test_each_file_carries_the_id_of_its_lock() -> None:
    assert {name: lock_ids(text) for name, text in ONE.items()} == {
        name: {lock_id(lock())} for name in ONE
    }


def test_a_new_report_or_day_makes_no_other_lock() -> None:
    assert lock_id(replace(lock(text="more"), as_of="2027-01-01")) == lock_id(lock())
    assert lock_id(lock(FEWER, metal=None)) != lock_id(lock())


@pytest.mark.parametrize("name", sorted(ONE))
def test_the_files_of_one_lock_are_no_finding(tmp_path: Path, name: str) -> None:
    write(tmp_path, ONE)
    assert of_other_locks(tmp_path / name) is None


def test_a_file_of_another_lock_is_a_finding_of_both(tmp_path: Path) -> None:
    write(tmp_path, {**ONE, "requirements.txt": OTHER["requirements.txt"]})
    first, second = (of_other_locks(tmp_path / name) for name in ("requirements.txt", "lock.json"))
    assert first is not None
    assert first.text.startswith("lock.json, pylock.toml beside it is of another lock")
    assert second is not None
    assert second.text.startswith("requirements.txt beside it")


def test_files_of_others_and_without_an_id_tell_nothing(tmp_path: Path) -> None:
    write(tmp_path, {**ONE, "requirements.txt": "numpy==2\n"})
    assert of_other_locks(tmp_path / "lock.json") is None
    assert of_other_locks(tmp_path / "requirements.txt") is None
    (tmp_path / "requirements.txt").write_bytes(b"\xff")
    assert of_other_locks(tmp_path / "lock.json") is None


def test_check_tells_of_a_mixed_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {**ONE, "requirements.txt": OTHER["requirements.txt"]})
    assert main(["check", "--python", "3.11", "--chip", "m1", "--json", str(tmp_path)]) == 1
    assert "mixed-files" in capsys.readouterr().out
