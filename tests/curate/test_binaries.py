from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.fake_wheels import (
    FolderSource,
    plugin_wheel,
    tensorflow_files,
    tensorflow_wheel,
)
from tests.support.machos import Image, Need, build
from tfmac_lock.curate.binaries import refresh, release_path
from tfmac_lock.curate.pair_rows import binary_facts, pair_rows
from tfmac_lock.errors import DataError
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.matrix.binaries import TensorFlowBinary, load, load_folder
from tfmac_lock.matrix.plain import plain

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    folder = tmp_path / "index"
    plugin_wheel(folder)
    tensorflow_wheel(folder, "2.18.0")
    tensorflow_wheel(folder, "2.18.0", python="cp311")
    return FolderSource(folder)


def test_what_is_missing_is_read_and_what_is_there_is_left_alone(
    source: FolderSource, tmp_path: Path
) -> None:
    facts = tmp_path / "facts"

    assert refresh(facts, source) == [
        release_path(facts, "tensorflow-metal", "1.2.0"),
        release_path(facts, "tensorflow", "2.18.0"),
    ]
    source.opened.clear()
    assert refresh(facts, source) == []
    assert source.opened == []


def test_the_same_wheels_give_the_same_bytes(source: FolderSource, tmp_path: Path) -> None:
    for name in ("one", "two"):
        refresh(tmp_path / name, source)

    assert [path.read_bytes() for path in sorted((tmp_path / "one").glob("*/*"))] == [
        path.read_bytes() for path in sorted((tmp_path / "two").glob("*/*"))
    ]


def test_pythons_that_agree_are_one_binary(source: FolderSource, tmp_path: Path) -> None:
    refresh(tmp_path / "facts", source)
    (binary,) = load(release_path(tmp_path / "facts", "tensorflow", "2.18.0"))

    assert [file.python for file in binary.files] == ["cp311", "cp312"]


def test_pythons_that_disagree_are_kept_apart_and_leave_the_pair_open(
    source: FolderSource, tmp_path: Path
) -> None:
    files = tensorflow_files(internal={}, cc={})
    tensorflow_wheel(source.folder, "2.18.0", python="cp310", files=files)
    refresh(tmp_path / "facts", source)

    assert len(load(release_path(tmp_path / "facts", "tensorflow", "2.18.0"))) == 2
    (row,) = pair_rows(tmp_path / "facts")
    assert row.loads is None


def test_pythons_that_differ_in_the_sdk_alone_are_one_binary(
    source: FolderSource, tmp_path: Path
) -> None:
    files = tensorflow_files()
    files["tensorflow/python/_pywrap_other.so"] = build(Image(minos="12.0", sdk="14.2"))
    tensorflow_wheel(source.folder, "2.18.0", python="cp39", files=files)
    refresh(tmp_path / "facts", source)
    (binary,) = load(release_path(tmp_path / "facts", "tensorflow", "2.18.0"))

    assert binary.sdk == "14.2"
    assert len(binary.files) == 3


def test_a_damaged_release_is_named_when_all_others_are_read(
    source: FolderSource, tmp_path: Path
) -> None:
    tensorflow_wheel(source.folder, "2.17.0", files={"tensorflow/x.so": build(Image())})

    with pytest.raises(DamagedBinary, match=r"tensorflow-2\.17\.0"):
        refresh(tmp_path / "facts", source)
    assert release_path(tmp_path / "facts", "tensorflow", "2.18.0").exists()


def test_only_the_newest_python_is_read_on_demand(source: FolderSource, tmp_path: Path) -> None:
    refresh(tmp_path / "facts", source, every_python=False)
    (binary,) = load(release_path(tmp_path / "facts", "tensorflow", "2.18.0"))

    assert [file.python for file in binary.files] == ["cp312"]


def test_a_new_plugin_with_new_symbols_has_tensorflow_read_again(
    source: FolderSource, tmp_path: Path
) -> None:
    facts = tmp_path / "facts"
    refresh(facts, source)
    plugin_wheel(source.folder, "1.3.0", needs=[Need(symbol="_TF_Later", ordinal=1)])

    assert refresh(facts, source) == [
        release_path(facts, "tensorflow-metal", "1.3.0"),
        release_path(facts, "tensorflow", "2.18.0"),
    ]
    assert {row.metal: row.loads for row in pair_rows(facts)} == {"1.2.0": True, "1.3.0": False}


def test_a_new_plugin_with_known_symbols_leaves_tensorflow_alone(
    source: FolderSource, tmp_path: Path
) -> None:
    facts = tmp_path / "facts"
    refresh(facts, source)
    plugin_wheel(source.folder, "1.3.0", needs=[Need(symbol="_TF_Graph", ordinal=1)])

    assert refresh(facts, source) == [release_path(facts, "tensorflow-metal", "1.3.0")]


def test_shards_share_the_releases_among_them(source: FolderSource, tmp_path: Path) -> None:
    for version in ("2.17.0", "2.19.0", "2.19.1"):
        tensorflow_wheel(source.folder, version)
    written = [
        [path.stem for path in refresh(tmp_path / "facts", source, shard=(part, 2))]
        for part in (1, 2)
    ]

    assert written == [["1.2.0", "2.17.0", "2.19.0"], ["2.18.0", "2.19.1"]]


def test_old_releases_and_candidates_of_past_ones_are_left_out(
    source: FolderSource, tmp_path: Path
) -> None:
    for version in ("2.4.1", "2.18.0rc1", "2.19.0rc0"):
        tensorflow_wheel(source.folder, version)
    tensorflow_wheel(source.folder, "2.16.0", platform="manylinux_2_17_x86_64")
    written = refresh(tmp_path / "facts", source)

    assert [path.stem for path in written if path.parent.name == "tensorflow"] == [
        "2.18.0",
        "2.19.0rc0",
    ]


def test_a_stub_has_the_verdict_of_what_it_requires(source: FolderSource, tmp_path: Path) -> None:
    requires = ["tensorflow ==2.18.0 ; platform_machine == 'arm64'"]
    tensorflow_wheel(
        source.folder, "2.18.0", package="tensorflow-macos", files={}, requires=requires
    )
    refresh(tmp_path / "facts", source)
    rows = {row.package: row for row in pair_rows(tmp_path / "facts")}

    assert rows["tensorflow-macos"].payload == "tensorflow"
    assert rows["tensorflow-macos"].loads is True


def test_a_stub_that_requires_itself_loads_nothing(source: FolderSource, tmp_path: Path) -> None:
    requires = ["tensorflow-macos ==2.15.1"]
    tensorflow_wheel(
        source.folder, "2.15.1", package="tensorflow-macos", files={}, requires=requires
    )
    refresh(tmp_path / "facts", source)
    row = pair_rows(tmp_path / "facts")[0]

    assert (row.tensorflow, row.loads, row.payload) == ("2.15.1", False, None)
    assert row.missing_symbols == ()


def test_each_architecture_has_its_own_rows(source: FolderSource, tmp_path: Path) -> None:
    plugin_wheel(source.folder, "1.0.0", arch="x86_64", python="cp311")
    files = tensorflow_files(arch="x86_64", cc={})
    platform = "macosx_12_0_x86_64"
    tensorflow_wheel(source.folder, "2.18.0", python="cp310", platform=platform, files=files)
    refresh(tmp_path / "facts", source)

    assert [(row.arch, row.metal, row.loads) for row in pair_rows(tmp_path / "facts")] == [
        ("arm64", "1.2.0", True),
        ("x86_64", "1.0.0", False),
    ]


def test_what_the_matrix_keeps_of_a_release_is_its_numpy_its_macos_and_the_files(
    source: FolderSource, tmp_path: Path
) -> None:
    refresh(tmp_path / "facts", source)
    tensorflow, plugin = (plain(fact) for fact in binary_facts(tmp_path / "facts"))

    assert tensorflow == {
        "package": "tensorflow",
        "version": "2.18.0",
        "arch": "arm64",
        "numpy_generation": "1",
        "minos": "12.1",
        "source": "tensorflow-2.18.0-cp311-cp311-macosx_12_0_arm64.whl, "
        "tensorflow-2.18.0-cp312-cp312-macosx_12_0_arm64.whl",
    }
    assert (plugin["package"], plugin["minos"]) == ("tensorflow-metal", "12.3")
    (read,) = (b for b in load_folder(tmp_path / "facts") if isinstance(b, TensorFlowBinary))
    assert (read.payload, read.requires, read.macos_tag, read.sdk) == (True, (), "12.0", "13.0")
    assert {file.python for file in read.files} == {"cp311", "cp312"}


def test_facts_survive_writing_and_reading(source: FolderSource, tmp_path: Path) -> None:
    files = tensorflow_files()
    files["tensorflow/python/_pywrap_other.so"] = build(Image(exports={"_TF_Alloc": None}))
    tensorflow_wheel(source.folder, "2.19.0", files=files)
    refresh(tmp_path / "facts", source)
    binaries = list(load_folder(tmp_path / "facts"))

    assert len(binaries) == 3
    assert all(
        binary.was_asked("_TF_Graph") for binary in binaries if isinstance(binary, TensorFlowBinary)
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("schema_version = 2", "schema_version"),
        ("schema_version = 1\n[[binaries]]\narch = 'arm64'", r"binaries\[0\]"),
        ("nonsense", "is not TOML"),
    ],
)
def test_a_damaged_file_of_facts_is_named(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)

    with pytest.raises(DataError, match=where):
        load(path)
