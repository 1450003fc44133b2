"""The tools that people have take what is written for them: pip, pip-tools, uv, Poetry and PDM.

``benchmarks/agree_with_tools.py`` asks uv, Poetry and PDM about twenty published locks each.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from uv import find_uv_bin

from tests.support import HtmlIndex, build_wheel
from tests.support.facts import shipped, target
from tests.support.locks import lock, package
from tests.support.real_index import real_index
from tfmac_lock.lock import published
from tfmac_lock.lock.formats import exports, pylock_toml, requirements_txt
from tfmac_lock.matrix import loading
from tfmac_lock.target import Arch, Os

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SERIES = f"{sys.version_info.major}.{sys.version_info.minor}"

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.uname().machine != "x86_64",
    reason="pip reads a pylock.toml for the machine that it runs on alone, and this is no PC "
    "with Linux",
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HtmlIndex]:
    """Small wheels for any system: the pair, and versions that its bounds leave out."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("2.18.1", "2.21.0"):
        build_wheel(folder, "tensorflow", version, ["numpy", "tensorboard"])
    build_wheel(folder, "tensorflow-metal", "1.2.0")
    build_wheel(folder, "tensorboard", "2.18.0", ["setuptools"])
    build_wheel(folder, "numpy", "2.0.2")
    for version in ("81.0.0", "82.0.1"):
        build_wheel(folder, "setuptools", version)
    for version in ("0.23.0", "0.25.0"):
        build_wheel(folder, "tensorflow-probability", version)
    with HtmlIndex(folder) as server:
        yield server


def call(*command: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))
    }
    return subprocess.run(
        command,
        cwd=cwd,
        env={**clean, "PIP_CONFIG_FILE": os.devnull, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


# -- pip-tools


def test_pip_sync_reads_our_requirements_txt(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(requirements_txt.render(lock()))
    done = call(script("pip-sync"), "--dry-run", "requirements.txt", cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr  # 1: there is something to do
    wanted = done.stdout.partition("Would install:")[2].split()
    assert {"numpy==2.0.2", "tensorflow==2.18.1", "tensorflow-metal==1.2.0"} <= set(wanted)


@pytest.mark.slow
def test_pip_compile_obeys_our_constraints(index: HtmlIndex, tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text(exports.render("constraints", [lock()]))
    (tmp_path / "wants.in").write_text(
        "tensorflow\ntensorflow-metal\ntensorflow-probability<0.25\n"
    )
    arguments = ["-q", "--no-header", "--no-annotate", "--allow-unsafe", "--strip-extras"]
    arguments += ["--index-url", index.url, "--no-emit-index-url", "-c", "constraints.txt"]
    arguments += ["--cache-dir", str(tmp_path / "cache"), "-o", "out.txt"]
    refused = call(script("pip-compile"), *arguments, "wants.in", cwd=tmp_path)
    assert refused.returncode != 0
    assert "tensorflow-probability" in refused.stderr
    (tmp_path / "wants.in").write_text("tensorflow\ntensorflow-metal\ntensorflow-probability\n")
    done = call(script("pip-compile"), *arguments, "wants.in", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out.txt").read_text().splitlines()
    assert sorted(line for line in lines if line and not line.startswith("#")) == [
        "numpy==2.0.2",
        "setuptools==81.0.0",
        "tensorboard==2.18.0",
        "tensorflow-metal==1.2.0",
        "tensorflow-probability==0.25.0",
        "tensorflow==2.18.1",
    ]


def test_uv_takes_the_constraints_from_its_variable(index: HtmlIndex, tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text(exports.render("constraints", [lock()]))
    (tmp_path / "wants.in").write_text("tensorflow\n")
    done = call(
        *(find_uv_bin(), "pip", "compile", "--no-config", "-q", "--no-header", "--no-annotate"),
        *("--index-url", index.url, "--cache-dir", str(tmp_path / "cache"), "wants.in"),
        cwd=tmp_path,
        UV_CONSTRAINT="constraints.txt",
    )
    assert done.returncode == 0, done.stderr
    assert {"tensorflow==2.18.1", "setuptools==81.0.0"} <= set(done.stdout.split())


# -- pylock.toml


def pip_version() -> tuple[int, ...]:
    import pip

    return tuple(int(part) for part in pip.__version__.split(".")[:2])


@on_linux
@pytest.mark.skipif(pip_version() < (26, 1), reason="this pip is older than 26.1")
def test_pip_installs_from_our_pylock_toml(tmp_path: Path) -> None:
    files = tmp_path / "files"
    tag = f"cp{SERIES.replace('.', '')}-cp{SERIES.replace('.', '')}-manylinux2014_x86_64"
    build_wheel(files, "tensorflow", "2.18.1", ["small"], tag=tag)
    build_wheel(files, "small", "1.0")
    with HtmlIndex(files) as server:
        packages = []
        for path in sorted(files.glob("*/*.whl")):
            name, version, *_ = path.name.split("-")
            requires = ("small",) if name == "tensorflow" else ()
            packages.append(
                replace(
                    package(name, version, *requires),
                    filename=path.name,
                    url=f"{server.url.removesuffix('simple/')}files/{name}/{path.name}",
                    sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                )
            )
        made = lock(tuple(packages), metal=None, macos_min=None, os=Os.LINUX)
        combo = replace(made.combo, arch=Arch.X86_64, python=SERIES)
        (tmp_path / "pylock.toml").write_text(pylock_toml.render(replace(made, combo=combo)))
        command = [sys.executable, "-m", "pip", "--isolated", "install", "--dry-run"]
        command += ["--no-cache-dir", "--ignore-installed", "--no-deps", "-r", "pylock.toml"]
        done = call(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Would install small-1.0 tensorflow-2.18.1" in done.stdout


@pytest.mark.skipif(pip_version() < (26, 1), reason="this pip is older than 26.1")
@pytest.mark.parametrize(("python", "chip"), [("3.11", "m1"), ("3.9", "m3"), ("3.8", "intel-amd")])
def test_pips_own_reader_takes_every_file_of_published_locks_on_their_mac(
    python: str, chip: str
) -> None:
    from pip._vendor.packaging import pylock as of_pip
    from pip._vendor.packaging.tags import Tag

    mac = loading.platforms().chip(chip)
    for made in published.Index.within(loading.locks_folder(), python, mac.arch).locks():
        read = of_pip.Pylock.from_dict(tomllib.loads(pylock_toml.render(made)))
        there = target(python, chip, str(max(made.combo.macos_min or 0, mac.first_macos)))
        tags = [Tag(one.interpreter, one.abi, one.platform) for one in there.tags()]
        selected = read.select(tags=tags, environment=there.markers())
        hashes = {dict(file.hashes)["sha256"] for _, file in selected}
        assert hashes == {one.sha256 for one in made.packages}, made.combo.id


def pylock(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def test_what_lies_in_locks_installs_the_same_and_tells_less() -> None:
    (made, *_) = published.Index.within(
        loading.locks_folder(), "3.11", loading.platforms().chip("m1").arch
    ).locks()
    full, brief = pylock(pylock_toml.render(made)), pylock(pylock_toml.render_brief(made))
    assert full["packages"] != brief["packages"]
    for row in full["packages"]:
        row.pop("dependencies", None)
        row.pop("index")
        for file in row["wheels"]:
            file.pop("size", None)
            file.pop("upload-time", None)
    full["environments"] = [
        text.replace("platform_system == 'Darwin' and ", "") for text in full["environments"]
    ]
    assert full == brief


def test_pylock_toml_tells_what_auditors_read() -> None:
    (made, *_) = published.Index.within(
        loading.locks_folder(), "3.11", loading.platforms().chip("m1").arch
    ).locks()
    rows = {row["name"]: row for row in pylock(pylock_toml.render(made))["packages"]}
    tensorflow = rows[made.combo.package]
    names = {row["name"] for row in tensorflow["dependencies"]}
    assert {"numpy", "keras", "protobuf"} <= names <= rows.keys()
    assert tensorflow["index"] == "https://pypi.org/simple/"
    (file,) = tensorflow["wheels"]
    release = shipped().release(made.combo.package, made.combo.tensorflow)
    known = next(one for one in release.wheels if one.sha256 == file["hashes"]["sha256"])  # type: ignore[union-attr]
    assert file["size"] == known.size
    assert file["upload-time"].isoformat() == known.uploaded


def test_an_index_that_is_not_known_is_not_told() -> None:
    rows = pylock(pylock_toml.render(lock()))["packages"]
    assert not [row for row in rows if "index" in row]


# -- the tools themselves, on the real index


@pytest.mark.index
@pytest.mark.slow
def test_uv_comes_to_the_same_versions_of_twenty_published_locks(tmp_path: Path) -> None:
    with real_index(tmp_path / "cache"):
        pass
    done = call(
        *(sys.executable, str(ROOT / "benchmarks" / "agree_with_tools.py"), "--tool", "uv"),
        *("--count", "20", "--program", find_uv_bin()),
        cwd=tmp_path,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert "20 of 20: everything the same" in done.stdout


@pytest.mark.index
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["poetry", "pdm"])
def test_poetry_and_pdm_come_to_the_same_pair(tool: str, tmp_path: Path) -> None:
    program = shutil.which(tool)
    if program is None:
        pytest.skip(f"there is no {tool} here")
    with real_index(tmp_path / "cache"):
        pass
    done = call(
        *(sys.executable, str(ROOT / "benchmarks" / "agree_with_tools.py"), "--tool", tool),
        *("--count", "2", "--match", "2.18.1-metal", "--program", program),
        cwd=tmp_path,
    )
    assert "2 of 2: what decides the same" in done.stdout, f"{done.stdout}{done.stderr}"
