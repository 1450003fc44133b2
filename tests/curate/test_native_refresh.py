"""Which packages bind to TensorFlow, and what their releases want, as the curator's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fake_wheels import (
    FRAMEWORK,
    SYSTEM,
    FolderSource,
    companion_wheel,
    plugin_wheel,
    tensorflow_files,
    tensorflow_wheel,
)
from tests.support.machos import Need
from tests.support.wheels import build_wheel
from tfmac_lock.curate import binaries
from tfmac_lock.curate.native_refresh import refresh_natives
from tfmac_lock.curate.natives import ProjectFile, read_natives
from tfmac_lock.matrix.companions import Companion
from tfmac_lock.matrix.natives import bits_of, names_of
from tfmac_lock.matrix.toml import read_file

CHECKOUT = Path(__file__).parents[2]
ALLOC, CONCAT = "__ZN10tensorflow5AllocEv", "__ZN10tensorflow6ConcatEv"

PARTLY = """
[[partly]]
package = "tensorflow-io"
images = ["tensorflow_io/python/ops/libtensorflow_io_*.so"]
reason = "they are loaded when they are asked for"
source = "binary: an invented one"
"""


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    folder = tmp_path / "index"
    plugin_wheel(folder)
    files = tensorflow_files(framework={"_TF_Alloc": None, ALLOC: None})
    tensorflow_wheel(folder, "2.17.0", files=files)
    files = tensorflow_files(framework={"_TF_Alloc": None, CONCAT: None})
    tensorflow_wheel(folder, "2.18.0", files=files)
    companion_wheel(folder, version="0.36.0")
    companion_wheel(folder, version="0.37.1", needs=[Need(symbol=CONCAT, ordinal=-2)])
    build_wheel(folder, "six", "1")
    return FolderSource(folder)


@pytest.fixture
def matrix(tmp_path: Path, source: FolderSource) -> Path:
    root = tmp_path / "matrix"
    (root / "companions").mkdir(parents=True)
    (root / "natives.toml").write_text('names = ["tensorflow-io", "six"]\n')
    binaries.refresh(root / "binaries", source)
    source.opened.clear()
    return root


def loads(matrix: Path, version: str, tensorflow: str) -> bool | None:
    found = read_natives(matrix / "binaries").check("tensorflow-io", version, tensorflow, "arm64")
    assert found is not None
    return found.loads


def test_every_release_is_judged_beside_every_tensorflow(
    matrix: Path, source: FolderSource
) -> None:
    refresh_natives(matrix, source)

    assert loads(matrix, "0.36.0", "2.17.0") is True
    assert loads(matrix, "0.36.0", "2.18.0") is False
    assert loads(matrix, "0.37.1", "2.17.0") is False
    assert loads(matrix, "0.37.1", "2.18.0") is True


def test_what_was_read_is_not_read_again(matrix: Path, source: FolderSource) -> None:
    written = refresh_natives(matrix, source)
    source.opened.clear()

    assert len(written) == 6  # two projects, two releases, two TensorFlows
    assert refresh_natives(matrix, source) == []
    assert source.opened == []


def test_a_new_release_with_new_symbols_has_the_tensorflows_asked_again(
    matrix: Path, source: FolderSource
) -> None:
    refresh_natives(matrix, source)
    before = (matrix / "binaries/companions/symbols.txt").read_text()
    source.opened.clear()
    needs = [Need(symbol="__ZN10tensorflow3AddEv", ordinal=1)]
    companion_wheel(source.folder, version="0.38.0", needs=needs)
    refresh_natives(matrix, source)

    assert loads(matrix, "0.38.0", "2.18.0") is False
    assert loads(matrix, "0.36.0", "2.17.0") is True
    after = (matrix / "binaries/companions/symbols.txt").read_text()
    assert after == f"{before}__ZN10tensorflow3AddEv\n"
    assert {name for name in source.opened if name.startswith("tensorflow-")} == {
        "tensorflow-2.17.0-cp312-cp312-macosx_12_0_arm64.whl",
        "tensorflow-2.18.0-cp312-cp312-macosx_12_0_arm64.whl",
    }


def test_a_package_that_does_not_bind_is_recorded_and_its_releases_are_not(
    matrix: Path, source: FolderSource
) -> None:
    companion_wheel(source.folder, "tfx-bsl", "1.21.0", libraries=[SYSTEM], needs=[])
    (matrix / "natives.toml").write_text('names = ["tfx-bsl", "six"]\n')
    refresh_natives(matrix, source)
    folder = matrix / "binaries/companions"
    found = read_file(folder / "tfx-bsl/project.toml", ProjectFile)

    assert (found.binds, [one.images for one in found.read]) == (False, [1])
    assert read_file(folder / "six/project.toml", ProjectFile).read == ()
    assert [path.name for path in (folder / "tfx-bsl").iterdir()] == ["project.toml"]


def test_the_packages_of_matrix_companions_are_read_without_being_named(
    matrix: Path, source: FolderSource
) -> None:
    (matrix / "natives.toml").write_text("names = []\n")
    (matrix / "companions/tensorflow-io.toml").write_text("")
    refresh_natives(matrix, source)

    assert loads(matrix, "0.37.1", "2.18.0") is True


def test_pre_releases_are_recorded_as_binding_and_not_judged(
    matrix: Path, source: FolderSource
) -> None:
    companion_wheel(source.folder, "tfio-nightly", "0.38.0.dev1")
    (matrix / "natives.toml").write_text('names = ["tfio-nightly"]\n')
    refresh_natives(matrix, source)
    found = read_file(matrix / "binaries/companions/tfio-nightly/project.toml", ProjectFile)

    assert found.binds
    assert read_natives(matrix / "binaries").binaries == ()


def test_images_that_an_import_does_not_load_do_not_count(
    matrix: Path, source: FolderSource
) -> None:
    companion_wheel(
        source.folder,
        version="0.35.0",
        path="tensorflow_io/python/ops/libtensorflow_io_golang.so",
    )
    (matrix / "natives.toml").write_text('names = ["tensorflow-io"]\n' + PARTLY)
    refresh_natives(matrix, source)
    found = read_file(matrix / "binaries/companions/tensorflow-io/project.toml", ProjectFile)

    assert [(one.binds, one.counts) for one in found.read] == [(1, 1), (1, 0)]
    assert {row.version for row in read_natives(matrix / "binaries").binaries} == {
        "0.36.0",
        "0.37.1",
    }


def test_a_tensorflow_offers_what_its_images_export(matrix: Path, source: FolderSource) -> None:
    refresh_natives(matrix, source)
    rows = read_natives(matrix / "binaries")
    (offer,) = [one for one in rows.offers if one.version == "2.18.0"]

    assert names_of(bits_of(offer.exports[FRAMEWORK]), rows.symbols) == (CONCAT,)


def test_the_same_wheels_give_the_same_bytes(
    matrix: Path, source: FolderSource, tmp_path: Path
) -> None:
    refresh_natives(matrix, source)
    folder = matrix / "binaries/companions"
    first = {path: path.read_bytes() for path in folder.rglob("*.*")}
    for path in first:
        path.unlink()
    refresh_natives(matrix, source)

    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == first


def test_shards_share_the_tensorflows_out(matrix: Path, source: FolderSource) -> None:
    refresh_natives(matrix, source, shard=(1, 2))
    exports = matrix / "binaries/companions/exports"

    assert [path.name for path in exports.iterdir()] == ["tensorflow-2.18.0.toml"]
    refresh_natives(matrix, source, shard=(2, 2))
    assert loads(matrix, "0.37.1", "2.18.0") is True


def test_who_is_said_to_couple_by_binaries_binds_and_the_other_way_round() -> None:
    root = CHECKOUT / "matrix"
    for path in sorted((root / "companions").glob("*.toml")):
        fact = read_file(path, Companion)
        project = root / "binaries/companions" / fact.name / "project.toml"
        if project.exists():  # new companions are read by the next refresh
            binds = read_file(project, ProjectFile).binds
            assert (fact.couples == "binary") == binds, fact.name
