from __future__ import annotations

import ensurepip
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import PAIR, Said, index, names, run, wheels
from tests.support import HtmlIndex
from tfmac_lock.lock.reading import read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["index", "run", "wheels"]  # the fixtures of the main command

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def served(wheels: Path, tmp_path: Path) -> Iterator[HtmlIndex]:
    """The wheels of the pair, and pip's own as it comes with Python."""
    copy = tmp_path / "served"
    shutil.copytree(wheels, copy)
    (bundled,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    (copy / "pip").mkdir()
    shutil.copy(bundled, copy / "pip")
    with HtmlIndex(copy) as server:
        yield server


def locked(run: Callable[..., Said], index: HtmlIndex) -> None:
    said = run(*PAIR, "--index-url", index.url, "--fresh", "--accept-repacked")
    assert said.status == 0, said.err


@pytest.mark.slow
def test_an_empty_environment_is_filled_without_a_network(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    locked(run, served)
    said = run("fetch", "lock.json", "-o", "the wheels", "--python", "--index-url", served.url)
    assert said.status == 0, said.err
    assert max(map(len, [line for line in said.out.splitlines() if "pip" not in line])) <= 80
    install = said.out.splitlines()[-1].strip()
    assert install.startswith("python 'the wheels'/pip-")

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "env"], check=True)
    # This is no Mac, so pip is told to install for one, into a folder of its own.
    for_mac = "--platform macosx_12_0_arm64 --python-version 3.11 --implementation cp --target site"
    words = [*shlex.split(install), "--only-binary", ":all:", *shlex.split(for_mac)]
    words[0] = str(folder / "env" / "bin" / "python")
    offline = {"PATH": "/usr/bin:/bin", "http_proxy": "http://127.0.0.1:1", "HOME": str(folder)}
    done = subprocess.run(words, env=offline, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {path.name.partition("-")[0] for path in (folder / "site").glob("*.dist-info")}
    assert found == {"numpy", "six", "tensorflow", "tensorflow_metal"}


def test_what_is_there_is_not_fetched_again(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    locked(run, served)
    assert run("fetch", ".", "--index-url", served.url).status == 0
    before = len([path for path in served.paths() if path.endswith(".whl")])
    said = run("fetch", ".", "--index-url", served.url, "--json")
    told = json.loads(said.out)
    assert {one["was_there"] for one in told["files"]} == {True}
    assert len([path for path in served.paths() if path.endswith(".whl")]) == before
    assert names(folder / "wheels") == {
        *(one["filename"] for one in told["files"]),
        "requirements.txt",
    }


def test_a_fetch_that_broke_off_goes_on_where_it_stopped(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    locked(run, served)
    six = "six-1.17.0-py2.py3-none-any.whl"
    content = (served.folder / "six" / six).read_bytes()
    (folder / "wheels").mkdir()
    part = folder / "wheels" / f".{six}.part"
    part.write_bytes(content[:100])
    assert run("fetch", ".", "--index-url", served.url).status == 0
    asked = [one.headers.get("range") for one in served.seen if one.path.endswith(six)]
    assert asked[-1] == "bytes=100-"
    assert (folder / "wheels" / six).read_bytes() == content
    assert not part.exists()


@pytest.mark.parametrize("ranges", ["ignore", "refuse", "lie", "serve"])
def test_a_wrong_part_is_fetched_from_its_start(
    run: Callable[..., Said], folder: Path, served: HtmlIndex, ranges: str
) -> None:
    locked(run, served)
    six = "six-1.17.0-py2.py3-none-any.whl"
    (folder / "wheels").mkdir()
    (folder / "wheels" / f".{six}.part").write_bytes(b"x" * 100)
    served.faults.ranges = ranges  # type: ignore[assignment]
    assert run("fetch", ".", "--index-url", served.url).status == 0
    assert (folder / "wheels" / six).read_bytes() == (served.folder / "six" / six).read_bytes()


def test_a_file_with_another_hash_is_refused_and_not_kept(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    locked(run, served)
    record = json.loads((folder / "lock.json").read_text())
    for row in record["packages"]:
        if row["name"] == "six":
            row["sha256"] = "0" * 64
    (folder / "lock.json").write_text(json.dumps(record))
    said = run("fetch", ".", "--index-url", served.url)
    assert said.status == 3
    assert "six-1.17.0" in said.err
    assert not any("six" in name for name in names(folder / "wheels"))


def test_a_network_that_is_away_is_told_and_what_came_stays(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    locked(run, served)
    served.faults.failures = 1000
    said = run("fetch", ".", "--index-url", served.url)
    assert said.status == 3
    assert "Traceback" not in said.err


def test_a_mixed_lock_is_for_conda_to_fetch(run: Callable[..., Said], folder: Path) -> None:
    args = ["--python", "3.11", "--chip", "m1", "--format", "json,conda-lock"]
    assert run(*args).status == 0
    assert read_lock(folder / "lock.json").conda_packages
    said = run("fetch", ".")
    assert said.status == 2
    assert "micromamba create --download-only" in said.err
