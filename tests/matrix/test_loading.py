"""The facts are read once, and anew where their files were written anew."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.errors import DataError
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in loading.COMPILED.glob("*.json"):
        shutil.copyfile(path, tmp_path / path.name)
    monkeypatch.setattr(loading, "COMPILED", tmp_path)
    return tmp_path


def test_the_facts_are_read_once(folder: Path) -> None:
    assert loading.matrix() is loading.matrix()


@pytest.mark.parametrize("name", ["matrix.json", "natives.json"])
def test_another_file_is_another_matrix(folder: Path, name: str) -> None:
    before = loading.matrix()
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    assert loading.matrix() is not before


def test_a_change_is_seen(folder: Path) -> None:
    before = loading.matrix().as_of
    path = folder / "matrix.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["as_of"] = "2031-01-01"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert before != "2031-01-01"
    assert loading.matrix().as_of == "2031-01-01"


def test_a_file_that_is_gone_or_damaged_is_told_each_time(folder: Path) -> None:
    loading.matrix()
    (folder / "matrix.json").write_text("{", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(DataError, match="damaged"):
            loading.matrix()
    (folder / "matrix.json").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        loading.matrix()
