from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.conda.state import ChannelState
from tfmac_lock.errors import DataError
from tfmac_lock.files import write_whole
from tfmac_lock.lock import published
from tfmac_lock.lock.formats import conda_lock_yml
from tfmac_lock.lock.model import LockedPackage
from tfmac_lock.lock.published import Unpublished
from tfmac_lock.publish import index as index_files
from tfmac_lock.site.inputs import load

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.lock.model import Lock
    from tfmac_lock.site.inputs import Inputs

UNPUBLISHED = [Unpublished("a", "no wheel"), Unpublished("b", "no wheel")]


def publish(folder: Path, locks: list[Lock]) -> None:
    """Write an index of these locks."""
    write(folder, index_files.render(slot(locks[0]), locks, UNPUBLISHED))


def slot(lock: Lock) -> str:
    return published.slot_name(lock.combo.python, lock.combo.arch)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        write_whole(folder / name, text)


def with_conda(lock: Lock) -> Lock:
    python = LockedPackage(
        name="python",
        version="3.9.23",
        manager="conda",
        filename="python-3.9.23-h1_0_cpython.conda",
        url="https://conda.example/forge/osx-arm64/python-3.9.23-h1_0_cpython.conda",
        sha256="1" * 64,
        build="h1_0_cpython",
        md5="2" * 32,
    )
    channel = ChannelState(url="https://conda.example/forge", files=1, newest="", sha256="3" * 64)
    return replace(lock, packages=(python, *lock.packages), channels=(channel,))


def test_a_lock_of_conda_is_one_more_file_or_a_lock_of_its_own(
    inputs: Inputs, tmp_path: Path
) -> None:
    lock = inputs.locks[0].lock
    other = replace(lock, combo=replace(lock.combo, id="only-conda-has-it"))
    publish(tmp_path, [lock])
    mixed = [with_conda(lock), with_conda(other)]
    write(
        tmp_path,
        index_files.render_mixed(slot(lock), mixed, [lock], [Unpublished("b", "no python")]),
    )

    found = load(tmp_path)

    assert [(item.id, sorted(item.files)) for item in found.locks] == [
        (lock.combo.id, ["conda-lock.yml", "lock.json", "pylock.toml", "requirements.txt"]),
        ("only-conda-has-it", ["conda-lock.yml", "lock.json"]),
    ]
    assert found.locks[0].files["conda-lock.yml"] == conda_lock_yml.render([mixed[0]])
    assert '"manager": "conda"' not in found.locks[0].files["lock.json"]
    assert '"manager": "conda"' in found.locks[1].files["lock.json"]
    assert found.unpublished == (("b", "no wheel"),)


def test_without_conda_halves_everything_without_a_lock_is_told(
    inputs: Inputs, tmp_path: Path
) -> None:
    publish(tmp_path, [inputs.locks[0].lock])

    assert load(tmp_path).unpublished == (("a", "no wheel"), ("b", "no wheel"))


def test_a_lock_whose_id_is_no_name_is_refused(inputs: Inputs, tmp_path: Path) -> None:
    lock = inputs.locks[0].lock
    evil = replace(lock, combo=replace(lock.combo, id="../../etc"))
    publish(tmp_path, [evil])

    with pytest.raises(DataError, match="no name of a lock"):
        load(tmp_path)


@pytest.mark.slow
def test_documents_that_were_not_shipped_are_empty_and_damaged_ones_are_named(
    tmp_path: Path,
) -> None:
    assert load(compiled=tmp_path).symptoms == ()
    (tmp_path / "figures.json").write_text("[")

    with pytest.raises(DataError, match=r"figures\.json"):
        load(compiled=tmp_path)
