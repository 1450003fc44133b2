"""Channels and clients for the tests of mixed locks."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.channels import for_python, python, record, write_channel
from tfmac_lock.conda.channels import Channel
from tfmac_lock.conda.client import CondaClient
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.facts import Bound
from tfmac_lock.target import MacOSVersion, PythonVersion, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tfmac_lock.matrix.facts import Matrix
    from tfmac_lock.pypi.model import Observer


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    """The shipped facts, with two bounds of the tests' own in the place of the curated ones."""
    bounds = (
        bound("numpy", "<1.24", "numpy 1.24 has no np.object"),
        bound("setuptools", "<81", "tensorboard imports pkg_resources"),
    )
    return replace(loading.matrix(), bounds=bounds)


def bound(package: str, specifier: str, reason: str) -> Bound:
    return Bound(
        id=f"{package}-bound",
        package=package,
        specifier=specifier,
        tensorflow=">=2.5",
        python="",
        reason=reason,
        source="the tests",
    )


@pytest.fixture
def target() -> Callable[..., Target]:
    platforms = loading.platforms()

    def make(series: str = "3.9", chip: str = "m1", macos: str = "12") -> Target:
        found = platforms.chip(chip)
        version = platforms.python_for(PythonVersion.parse(series), found.arch)
        return Target(python=version, chip=found, macos=MacOSVersion.parse(macos))

    return make


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """A channel with Python 3.9 to 3.11, pip, and numpy and h5py for 3.9."""
    natives = [
        python("3.9.20"),
        python("3.9.23"),
        python("3.10.20"),
        python("3.11.15"),
        record("openssl", "3.6.3", ["ca-certificates"]),
        record("libblas", "3.9.0"),
        for_python("numpy", "1.19.5", "3.9", ["libblas >=3.8,<4.0a0"]),
        for_python("numpy", "1.22.4", "3.9", ["libblas >=3.8,<4.0a0"]),
        for_python("numpy", "1.26.4", "3.9", ["libblas >=3.8,<4.0a0"]),
        for_python("h5py", "3.1.0", "3.9", ["numpy >=1.19.5,<2.0a0"]),
        for_python("h5py", "3.6.0", "3.9", ["numpy >=1.19.5,<2.0a0"]),
    ]
    return write_channel(
        tmp_path / "channel",
        {
            "osx-arm64": natives,
            "osx-64": natives,
            "noarch": [
                record("ca-certificates", "2026.7.22"),
                record("pip", "25.2", ["python >=3.9", "setuptools", "wheel"]),
                record("setuptools", "80.9.0", ["python >=3.9"]),
                record("setuptools", "82.0.0", ["python >=3.9"]),
                record("wheel", "0.45.1", ["python >=3.9"]),
                record("wheel", "0.37.0", ["python >=3.9"]),
            ],
        },
    )


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[..., CondaClient]]:
    """Open a client for channels, each a text as the user writes it."""
    opened: list[CondaClient] = []

    def connect(
        *texts: str, offline: bool = False, observer: Observer | None = None
    ) -> CondaClient:
        channels = [Channel.parse(text) for text in texts]
        client = CondaClient(
            channels, offline=offline, cache=tmp_path / "rattler", observer=observer
        )
        opened.append(client)
        return client

    yield connect
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def small(channel: Path, connect: Callable[..., CondaClient]) -> CondaClient:
    return connect(f"conda-forge={channel.as_uri()}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The partial snapshot of conda-forge beside the checkout."""
    place = os.environ.get("TFMAC_LOCK_SHARED")
    folder = Path(place) if place else Path(__file__).parents[2] / ".." / "shared"
    folder = (folder / "conda").resolve()
    if not (folder / "conda-forge" / "noarch" / "repodata.json").is_file():
        pytest.skip(f"the conda snapshot is not at {folder}")
    return folder
