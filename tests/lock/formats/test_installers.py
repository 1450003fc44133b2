"""The installers themselves read the locks: pip and uv, for a Mac from any computer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from tests.support import HtmlIndex, build_wheel
from tests.support.facts import platforms, shipped, target
from tests.support.real_index import ADDRESS, real_index
from tfmac_lock.lock import published
from tfmac_lock.lock.formats import FORMATS
from tfmac_lock.lock.make import Resolver
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.lock.write import write_files
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.ranking import PairRequest, TensorFlowRequest
from tfmac_lock.pypi.cache import Cache
from tfmac_lock.pypi.client import IndexClient
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.resolve.requirements_in import read_with
from tfmac_lock.target import Arch, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAC = "cp311-cp311-macosx_12_0_arm64"


def call(*command: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))
    }
    return subprocess.run(
        command,
        env={**clean, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def pip(requirements: Path, index: str, into: Path, *platforms_: str, python: str) -> str:
    """What pip would install for that Mac; fails where pip refuses."""
    done = call(
        *(sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--require-hashes"),
        *("--only-binary", ":all:", "--no-deps", "--ignore-installed", "--no-cache-dir"),
        *(part for name in platforms_ for part in ("--platform", name)),
        *("--python-version", python, "--implementation", "cp", "--target", str(into)),
        *("--index-url", index, "--disable-pip-version-check", "-r", str(requirements)),
    )
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("Would install"))


def uv(lockfile: Path, index: str, into: Path, *, python: str, cache: Path) -> str:
    """What uv would install for an arm64 Mac; fails where uv refuses."""
    done = call(
        *(find_uv_bin(), "pip", "install", "--dry-run", "--require-hashes", "--no-deps"),
        *("--only-binary", ":all:", "--python", sys.executable, "--python-version", python),
        *("--python-platform", "aarch64-apple-darwin", "--target", str(into)),
        *("--cache-dir", str(cache), "--index-url", index, "-r", str(lockfile)),
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HtmlIndex]:
    folder = tmp_path_factory.mktemp("wheels")
    build_wheel(folder, "tensorflow", "2.18.1", ["numpy<2.1,>=1.26", "six"], tag=MAC)
    build_wheel(folder, "tensorflow-metal", "1.2.0", ["six"], tag=MAC)
    build_wheel(folder, "numpy", "2.0.2", tag="cp311-cp311-macosx_11_0_arm64")
    build_wheel(folder, "six", "1.17.0", tag="py2.py3-none-any")
    build_wheel(folder, "tool", "1.0", ["six; extra == 'x'", "win; sys_platform == 'win32'"])
    with HtmlIndex(folder) as server:
        yield server


@pytest.fixture(scope="module")
def written(index: HtmlIndex, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of a lock that was resolved against the index."""
    folder = tmp_path_factory.mktemp("lock")
    wish = PairRequest(
        python=PythonVersion(3, 11),
        chip=platforms().chip("m1"),
        tensorflow=TensorFlowRequest.parse("2.18.1"),
        metal="1.2.0",
    )
    wanted = read_with("tool[x]", target().markers())
    assert wanted is not None
    with IndexClient(IndexConfig(indexes=(index.url,)), Cache(folder / "cache")) as client:
        resolver = Resolver(matrix=shipped(), source=client, as_of="2026-01-31")
        request = LockRequest(pair=wish, requirements=(wanted,), accept_repacked=True)
        lock = resolver.lock(request).lock
    write_files(folder, {name: text(lock) for name, text in FORMATS.values()})
    return folder


def test_pip_accepts_requirements_txt(index: HtmlIndex, written: Path, tmp_path: Path) -> None:
    told = pip(
        written / "requirements.txt",
        index.url,
        tmp_path,
        "macosx_12_0_arm64",
        "macosx_11_0_arm64",
        python="3.11",
    )
    assert told.removeprefix("Would install ").split() == [
        "numpy-2.0.2",
        "six-1.17.0",
        "tensorflow-2.18.1",
        "tensorflow-metal-1.2.0",
        "tool-1.0",
    ]


@pytest.mark.parametrize("name", ["requirements.txt", "pylock.toml"])
def test_uv_accepts_both_lockfiles(
    index: HtmlIndex, written: Path, tmp_path: Path, name: str
) -> None:
    told = uv(written / name, index.url, tmp_path / "into", python="3.11", cache=tmp_path / "cache")
    for package in ("numpy==2.0.2", "tensorflow==2.18.1", "tensorflow-metal==1.2.0", "tool==1.0"):
        assert f"+ {package}" in told


def test_pip_refuses_a_file_whose_bytes_changed(
    index: HtmlIndex, written: Path, tmp_path: Path
) -> None:
    requirements = tmp_path / "requirements.txt"
    text = (written / "requirements.txt").read_text()
    requirements.write_text(re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", text))
    with pytest.raises(AssertionError, match="DO NOT MATCH THE HASHES"):
        pip(requirements, index.url, tmp_path, "macosx_12_0_arm64", python="3.11")


PUBLISHED = [("3.8", Arch.X86_64), ("3.11", Arch.ARM64)]


@pytest.mark.index
@pytest.mark.parametrize(("python", "arch"), PUBLISHED)
@pytest.mark.slow
def test_pip_accepts_the_small_files_of_a_published_lock_from_the_real_index(
    python: str, arch: Arch, tmp_path: Path
) -> None:
    # pip fetches each file whole, so only small ones are tried.
    with real_index(tmp_path / "cache"):
        pass
    small = ("absl-py", "certifi", "gast", "h5py", "idna", "six", "wheel", "wrapt")
    best = published.Index.within(loading.locks_folder(), python, arch).locks()[0]
    chosen = [package for package in best.packages if package.name in small]
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        "".join(
            f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n"
            for package in chosen
        )
    )
    assert best.combo.macos_min is not None
    names = dict.fromkeys(
        tag.platform
        for tag in target(python, best.combo.chip, str(best.combo.macos_min)).tags()
        if tag.platform != "any"
    )
    told = pip(requirements, ADDRESS, tmp_path, *names, python=python)
    assert len(told.split()) - 2 == len(chosen) > 3
