from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tfmac_lock import published
from tfmac_lock.errors import DataError
from tfmac_lock.lock.model import dump_json
from tfmac_lock.site.inputs import load

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.lock.model import Lock
    from tfmac_lock.site.inputs import Inputs


def publish(folder: Path, name: str, locks: list[Lock], filename: str) -> None:
    """An index of these locks, each with one file."""
    (folder / "index").mkdir(exist_ok=True)
    (folder / name).write_text(dump_json(published.to_index(locks, [("a", "why not")])))
    for lock in locks:
        (folder / lock.combo.id).mkdir(exist_ok=True)
        (folder / lock.combo.id / filename).write_text(f"{filename}\n")


def test_a_lock_of_conda_is_one_more_file_or_a_lock_of_its_own(
    inputs: Inputs, tmp_path: Path
) -> None:
    lock = inputs.locks[0].lock
    other = replace(lock, combo=replace(lock.combo, id="only-conda-has-it"))
    slot = (lock.combo.python, lock.combo.arch)
    publish(tmp_path, published.index_name(*slot), [lock], "requirements.txt")
    publish(tmp_path, published.conda_index_name(*slot), [lock, other], "conda-lock.yml")

    found = load(tmp_path)

    assert [(item.id, sorted(item.files)) for item in found.locks] == [
        (lock.combo.id, ["conda-lock.yml", "lock.json", "requirements.txt"]),
        ("only-conda-has-it", ["conda-lock.yml", "lock.json"]),
    ]
    assert found.unpublished == (("a", "why not"),)


def test_a_lock_without_its_files_is_damage_and_not_a_page(inputs: Inputs, tmp_path: Path) -> None:
    lock = inputs.locks[0].lock
    name = published.index_name(lock.combo.python, lock.combo.arch)
    publish(tmp_path, name, [lock], "requirements.txt")
    (tmp_path / lock.combo.id / "requirements.txt").unlink()

    with pytest.raises(DataError, match="publish again"):
        load(tmp_path)


def test_a_lock_whose_id_is_no_name_is_refused(inputs: Inputs, tmp_path: Path) -> None:
    lock = inputs.locks[0].lock
    evil = replace(lock, combo=replace(lock.combo, id="../../etc"))
    name = published.index_name(lock.combo.python, lock.combo.arch)
    (tmp_path / "index").mkdir()
    (tmp_path / name).write_text(dump_json(published.to_index([evil], [])))

    with pytest.raises(DataError, match="no name of a lock"):
        load(tmp_path)


def test_documents_that_were_not_shipped_are_empty_and_damaged_ones_are_named(
    tmp_path: Path,
) -> None:
    assert load(compiled=tmp_path).symptoms == ()
    (tmp_path / "figures.json").write_text("[")

    with pytest.raises(DataError, match=r"figures\.json"):
        load(compiled=tmp_path)
