"""From the curated files to what the program reads, and what happens to damaged ones."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import HtmlIndex, build_wheel
from tests.support.facts import platforms, shipped
from tfmac_lock.curate.build import build, write
from tfmac_lock.curate.folder import read_folder
from tfmac_lock.curate.models import BoundsFile, ReleaseFile
from tfmac_lock.curate.releases import BadWheel, refresh
from tfmac_lock.errors import DataError
from tfmac_lock.files import differing
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.compiled import load_matrix
from tfmac_lock.matrix.platforms import load_platforms
from tfmac_lock.matrix.toml import read_file, read_toml
from tfmac_lock.pypi.cache import Cache
from tfmac_lock.pypi.client import IndexClient
from tfmac_lock.pypi.config import IndexConfig

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
COMPILED = loading.COMPILED


# -- the compiled files


@pytest.fixture(scope="module")
def built() -> dict[str, str]:
    return build(ROOT)


@pytest.mark.slow
def test_what_is_shipped_was_compiled_from_the_matrix_as_it_is(built: dict[str, str]) -> None:
    assert differing(ROOT, built) == []


@pytest.mark.slow
def test_compiling_twice_gives_the_same_bytes(built: dict[str, str]) -> None:
    assert build(ROOT) == built


@pytest.mark.slow
def test_a_generated_file_that_is_missing_or_changed_is_stale_and_mended(
    built: dict[str, str], tmp_path: Path
) -> None:
    assert differing(tmp_path, built) == list(built)
    assert write(tmp_path, built) == list(built)
    assert differing(tmp_path, built) == []
    changed = "matrix/schemas/bounds.schema.json"
    (tmp_path / changed).write_text("{}")
    assert differing(tmp_path, built) == write(tmp_path, built) == [changed]


@pytest.mark.slow
def test_every_fact_survives_compiling(built: dict[str, str], tmp_path: Path) -> None:
    folder = read_folder(ROOT / "matrix")
    path = tmp_path / "matrix.json"
    path.write_text(built["resolver/tfmac_lock/data/matrix.json"], "utf-8")
    facts = load_matrix(path, platforms())
    assert len(facts.releases) == len(folder.releases)
    assert sum(len(row.wheels) for row in facts.releases) == sum(
        len(row.wheels) for _, row in folder.releases
    )
    assert {row.id for row in folder.bounds.bounds} <= {row.id for row in facts.bounds}
    assert [row.id for row in facts.defects] == [row.id for row in folder.defects.defects]
    assert len(facts.floors) == len(folder.floors.floors)
    about_pairs = [row for row in folder.reports if row.about == "pair"]
    assert len(facts.evidence) == len(about_pairs) + len(folder.vendor.pairs) + len(folder.proofs)


def test_every_fact_has_a_source() -> None:
    facts = shipped()
    assert all(row.source for row in (*facts.bounds, *facts.evidence, *facts.floors))
    assert all(row.sources for row in (*facts.defects, *facts.packages))
    assert all(row.reason for row in facts.bounds)


def test_a_tensorflow_from_before_numpy_2_is_bounded_by_its_own_binaries() -> None:
    numpy = {
        row.tensorflow: row.specifier
        for row in shipped().bounds
        if row.id.startswith("numpy-generation-")
    }
    assert numpy["==2.17.1"] == "<2"
    assert not [version for version in numpy if version.startswith("==2.18")]


def damage(path: Path, change: Callable[[dict[str, object]], object]) -> Path:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("bounds"),
        lambda content: content.update(schema_version=2),
        lambda content: content.update(releases=3),
        lambda content: content["releases"][0]["wheels"].append([1, 2]),
        lambda content: content["releases"][0]["wheels"][0].__setitem__(7, 10**9),
        lambda content: content["evidence"][0].update(grade="hearsay"),
        lambda content: content["evidence"][0].update(outcome="perhaps"),
        lambda content: content["floors"][0].update(run="new"),
        lambda content: content["bounds"][0].update(surplus=1),
        lambda content: content["defects"][0].pop("arch"),
    ],
)
def test_a_damaged_matrix_is_told_with_its_path(
    tmp_path: Path, change: Callable[[dict[str, object]], object]
) -> None:
    path = damage(Path(shutil.copy(COMPILED / "matrix.json", tmp_path)), change)
    with pytest.raises(DataError, match=r"matrix\.json.*reinstall"):
        load_matrix(path, platforms())


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("chips"),
        lambda content: content["chips"][0].update(arch="riscv"),
        lambda content: content["chips"][0].update(first_macos="first"),
        lambda content: content["pythons"][0].update(micro=[1]),
    ],
)
def test_damaged_platforms_are_told_with_their_path(
    tmp_path: Path, change: Callable[[dict[str, object]], object]
) -> None:
    path = damage(Path(shutil.copy(COMPILED / "platforms.json", tmp_path)), change)
    with pytest.raises(DataError, match=r"platforms\.json.*reinstall"):
        load_platforms(path)


# -- the curated files

BOUND = """
[[bounds]]
id = "numpy-below-2"
package = "numpy"
specifier = "<2"
tensorflow = "<2.18"
reason = "compiled before numpy 2"
source = "https://example.org"
"""


def bounds(folder: Path, text: str) -> BoundsFile:
    path = folder / "bounds.toml"
    path.write_text(text)
    return read_file(path, BoundsFile)


def test_a_bound_is_read(tmp_path: Path) -> None:
    (found,) = bounds(tmp_path, BOUND).bounds
    assert (found.package, found.specifier, found.python) == ("numpy", "<2", "")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('specifier = "<2"', 'specifier = "below 2"', "bounds[numpy-below-2].specifier"),
        ('package = "numpy"', 'package = "NumPy"', "bounds[numpy-below-2].package"),
        ('source = "https://example.org"', "", "bounds[numpy-below-2].source"),
        ("reason", "reson", "bounds[numpy-below-2].reason"),
        ('id = "numpy-below-2"', 'id = "Numpy below"', "bounds[Numpy below].id"),
        ("[[bounds]]", "[bounds]", "bounds"),
        ("compiled before numpy 2", "because", "bounds[numpy-below-2].reason"),
    ],
)
def test_a_wrong_datum_is_told_with_the_way_to_it(
    tmp_path: Path, old: str, new: str, where: str
) -> None:
    with pytest.raises(DataError) as caught:
        bounds(tmp_path, BOUND.replace(old, new, 1))
    assert f"bounds.toml: {where}" in str(caught.value)


def test_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sumptom"):
        bounds(tmp_path, BOUND + 'sumptom = "numpy-abi"\n')


@pytest.mark.parametrize("content", [b"[[", b"\xff\xfe", b'a = "\x00"'])
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bounds.toml").write_bytes(content)
    with pytest.raises(DataError, match=r"bounds\.toml"):
        read_toml(tmp_path / "bounds.toml")
    with pytest.raises(DataError, match=r"absent\.toml"):
        read_toml(tmp_path / "absent.toml")


# -- reading releases from an index


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    mac = "cp311-cp311-macosx_12_0_arm64"
    build_wheel(folder, "tensorflow", "2.18.1", ["numpy<2.1"], tag=mac, requires_python=">=3.9")
    build_wheel(folder, "tensorflow", "2.18.1", ["numpy<2.1"], tag="cp311-cp311-win_amd64")
    build_wheel(folder, "tensorflow", "2.4.0", tag="cp38-cp38-macosx_10_14_x86_64")
    build_wheel(
        folder, "tensorflow", "2.18.1", tag="cp311-cp311-manylinux_2_17_aarch64", filler=100
    )
    build_wheel(folder, "tensorflow-macos", "2.16.2", ["tensorflow==2.16.2"], tag=mac)
    build_wheel(folder, "tensorflow-metal", "1.2.0", ["wheel~=0.35", "six>=1.15.0"], tag=mac)
    return folder


def refreshed(served: Path, root: Path) -> list[str]:
    # A cache of its own each time: a new server may get the port, and so the pages, of the last.
    cache = Path(tempfile.mkdtemp(dir=root))
    with (
        HtmlIndex(served) as server,
        IndexClient(IndexConfig(indexes=(server.url,)), Cache(cache)) as client,
    ):
        changed = refresh(client, root, date(2026, 1, 31))
    return sorted(path.relative_to(root).as_posix() for path in changed)


def test_every_wheel_for_the_mac_and_its_guest_is_recorded(served: Path, tmp_path: Path) -> None:
    assert refreshed(served, tmp_path) == [
        "releases/tensorflow-macos/2.16.2.toml",
        "releases/tensorflow-metal/1.2.0.toml",
        "releases/tensorflow/2.18.1.toml",
    ]
    found = read_file(tmp_path / "releases/tensorflow/2.18.1.toml", ReleaseFile)
    assert [wheel.filename.rpartition("-")[2] for wheel in found.wheels] == [
        "macosx_12_0_arm64.whl",
        "manylinux_2_17_aarch64.whl",
    ]
    mac = found.wheels[0]
    (built,) = (served / "tensorflow").glob("*arm64.whl")
    assert mac.size == built.stat().st_size
    assert mac.payload
    assert found.metadata[mac.metadata].requires == ("numpy<2.1",)
    assert found.metadata[mac.metadata].requires_python == ">=3.9"


def test_what_is_recorded_already_is_not_read_again(served: Path, tmp_path: Path) -> None:
    refreshed(served, tmp_path)
    assert refreshed(served, tmp_path) == []
    build_wheel(served, "tensorflow-metal", "1.2.0", tag="cp312-cp312-macosx_12_0_arm64")
    assert refreshed(served, tmp_path) == ["releases/tensorflow-metal/1.2.0.toml"]


def test_a_wheel_that_cannot_be_read_is_told(served: Path, tmp_path: Path) -> None:
    (wheel,) = (served / "tensorflow-metal").iterdir()
    wheel.write_bytes(b"not a wheel" * 100)
    with pytest.raises(BadWheel, match=r"tensorflow_metal-1\.2\.0"):
        refreshed(served, tmp_path)
