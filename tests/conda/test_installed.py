"""Real solutions, installed: each record as a small file of its own, from a loopback channel."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
import rattler
from rattler.index import index_fs

from tests.support.channels import ChannelServer
from tests.support.matrix_index import WITHOUT_ARM64, MatrixIndex
from tests.support.packages import write_package
from tfmac_lock.conda.channels import Channel
from tfmac_lock.conda.client import CondaClient
from tfmac_lock.lock.formats import conda_lock_yml
from tfmac_lock.lock.make import Resolver
from tfmac_lock.lock.mixed import lock_with_conda
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.ranking import PairRequest, TensorFlowRequest
from tfmac_lock.target import PythonVersion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfmac_lock.lock.model import Lock

pytestmark = pytest.mark.shared

CASES = [
    *((f"3.{minor}", "m1", ">=2.5", ()) for minor in range(8, 14)),
    *((f"3.{minor}", "intel-amd", ">=2.5", ()) for minor in range(8, 13)),
    ("3.8", "m1", "tensorflow-macos==2.6.0", ()),
    ("3.9", "m1", "tensorflow-macos==2.5.0", ()),
    ("3.11", "m1", ">=2.5", ("jupyterlab",)),
]
"""Python, chip, TensorFlow, and what else is from conda. For Intel, TensorFlow ends with 3.12."""


def make(
    series: str, chip: str, tensorflow: str, specs: Sequence[str], channel: str, cache: Path
) -> Lock:
    matrix = loading.matrix()
    wish = PairRequest(
        python=PythonVersion.parse(series),
        chip=matrix.platforms.chip(chip),
        tensorflow=TensorFlowRequest.parse(tensorflow),
    )
    index = MatrixIndex(matrix, WITHOUT_ARM64 if tensorflow.startswith("tensorflow-macos") else {})
    resolver = Resolver(matrix=matrix, source=index, as_of="2026-11-20", ahead=False)
    with CondaClient([Channel.parse(channel)], cache=cache) as client:
        return lock_with_conda(resolver, LockRequest(pair=wish), client, specs=specs).lock


def write_twin(folder: Path, lock: Lock, forge: Path) -> None:
    """A channel with the locked records and no others, each in a file that can be installed."""
    (folder / "noarch").mkdir(parents=True)
    told = {
        place.parent.name: json.loads(place.read_text()) for place in forge.glob("*/repodata.json")
    }
    for package in lock.conda_packages:
        subdir = package.url.rsplit("/", 2)[1]
        kind = "packages.conda" if package.filename.endswith(".conda") else "packages"
        row = {
            key: value
            for key, value in told[subdir][kind][package.filename].items()
            if key not in ("md5", "sha256", "size")
        }
        write_package(folder / subdir, package.filename, row, package.name.encode())
    asyncio.run(index_fs(folder, write_zst=False, write_shards=False))


@pytest.mark.parametrize(("series", "chip", "tensorflow", "specs"), CASES)
def test_what_a_lock_names_is_fetched_compared_and_linked(
    shared: Path, tmp_path: Path, series: str, chip: str, tensorflow: str, specs: Sequence[str]
) -> None:
    forge = shared / "conda-forge"
    lock = make(series, chip, tensorflow, specs, forge.as_uri(), tmp_path / "cache")
    write_twin(tmp_path / "twin", lock, forge)

    with ChannelServer(tmp_path / "twin") as server:
        again = make(series, chip, tensorflow, specs, server.url, tmp_path / "cache")
        (tmp_path / "conda-lock.yml").write_text(conda_lock_yml.render([again]))
        [(_, environment)] = rattler.LockFile.from_path(tmp_path / "conda-lock.yml").environments()
        [platform] = environment.platforms()
        records = environment.conda_repodata_records_for_platform(platform)
        assert records is not None
        asyncio.run(
            rattler.install(
                records,
                tmp_path / "prefix",
                cache_dir=tmp_path / "packages",
                platform=rattler.Subdir(platform.name),
                show_progress=False,
            )
        )

    names = {package.name for package in lock.conda_packages}
    assert {package.filename for package in again.conda_packages} == {
        package.filename for package in lock.conda_packages
    }
    installed = list((tmp_path / "prefix" / "conda-meta").glob("*.json"))
    assert {json.loads(path.read_text())["name"] for path in installed} == names
    assert {path.stem for path in (tmp_path / "prefix" / "share").glob("*.txt")} >= names
