"""`--also`: the Mac's lock and the lock of a machine with Linux, from one request."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml
from packaging.pylock import Pylock

from tests.cli.test_lock import PAIR, Said, run
from tests.support import HtmlIndex, build_wheel
from tests.support.channels import python, record, write_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("folder")

MAC = "cp311-cp311-macosx_12_0_arm64"
PC = "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"
CUDA = ["nvidia-cudnn-cu12==9.3; extra == 'and-cuda'"]
TENSORRT = ["tensorrt-libs==8.6.1; extra == 'and-cuda'"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HtmlIndex]:
    """Small wheels for both machines; the newest numpy of the Mac has none for Linux."""
    folder = tmp_path_factory.mktemp("wheels")
    needs = ["numpy<2.1,>=1.26", "six"]
    build_wheel(folder, "tensorflow", "2.18.1", [*needs, *CUDA], tag=MAC)
    build_wheel(folder, "tensorflow", "2.18.1", [*needs, *CUDA], tag=PC)
    build_wheel(folder, "tensorflow-macos", "2.12.0", ["six"], tag=MAC)
    build_wheel(folder, "tensorflow", "2.12.0", ["six"], tag=PC)
    build_wheel(folder, "tensorflow-macos", "2.15.0", ["six"], tag=MAC)
    build_wheel(folder, "tensorflow", "2.15.0", ["six", *CUDA, *TENSORRT], tag=PC)
    for version in ("0.8.0", "1.1.0", "1.2.0"):
        build_wheel(folder, "tensorflow-metal", version, ["six"], tag=MAC)
    for version in ("1.26.4", "2.0.1", "2.0.2"):
        build_wheel(folder, "numpy", version, tag="cp311-cp311-macosx_11_0_arm64")
    for version in ("1.26.4", "2.0.1"):
        build_wheel(folder, "numpy", version, tag=PC)
    for version in ("1.16.0", "1.17.0"):
        build_wheel(folder, "six", version, tag="py2.py3-none-any")
    build_wheel(folder, "nvidia-cudnn-cu12", "9.3", tag="py3-none-manylinux2014_x86_64")
    build_wheel(folder, "on-linux", "1.0")
    with HtmlIndex(folder) as server:
        yield server


@pytest.fixture
def made(run: Callable[..., Said], index: HtmlIndex) -> Callable[..., Said]:
    def call(*arguments: str) -> Said:
        where = ["--index-url", index.url, "--fresh", "--accept-repacked"]
        return run("--python", "3.11", "--chip", "m1", *where, *arguments)

    return call


def versions(path: Path) -> dict[str, str]:
    return {row["name"]: row["version"] for row in json.loads(path.read_text())["packages"]}


def test_the_other_machine_gets_the_same_tensorflow_and_the_same_pins(
    made: Callable[..., Said], folder: Path
) -> None:
    said = made(*PAIR[4:], "--also", "linux-cuda")
    assert said.status == 0
    assert {path.name for path in folder.iterdir()} == {
        *("lock.json", "pylock.toml", "requirements.txt"),
        *("lock.linux-cuda.json", "pylock.linux-cuda.toml", "requirements.linux-cuda.txt"),
    }
    mac, pc = versions(folder / "lock.json"), versions(folder / "lock.linux-cuda.json")
    assert pc == {
        "nvidia-cudnn-cu12": "9.3",
        "numpy": "2.0.1",
        "six": mac["six"],
        "tensorflow": "2.18.1",
    }
    assert "linux-cuda: tensorflow 2.18.1 with CUDA's libraries, 4 packages" in said.out
    assert "not the Mac's: numpy 2.0.1 instead of 2.0.2" in said.out
    document = json.loads((folder / "lock.linux-cuda.json").read_text())
    assert document["beside"] == {
        "name": "linux-cuda",
        "differences": [
            {"name": "numpy", "mac": "2.0.2", "here": "2.0.1"},
            {"name": "nvidia-cudnn-cu12", "mac": None, "here": "9.3"},
            {"name": "tensorflow-metal", "mac": "1.2.0", "here": None},
        ],
    }
    assert document["combo"]["id"] == "tensorflow-2.18.1-cuda-py3.11-linux-x86_64"


@pytest.mark.slow
def test_an_old_version_of_the_mac_is_kept_where_linux_has_it(
    made: Callable[..., Said], folder: Path
) -> None:
    assert made(*PAIR[4:], "--with", "six==1.16.0", "--also", "linux-x86_64").status == 0
    (folder / "limits.txt").write_text("six==1.16.0 ; sys_platform == 'darwin'\n")
    assert made(*PAIR[4:], "-c", "limits.txt", "--also", "linux-x86_64", "-o", "b").status == 0
    assert versions(folder / "b" / "lock.linux-x86_64.json")["six"] == "1.16.0"


def test_the_files_tell_which_machine_they_are_for(made: Callable[..., Said], folder: Path) -> None:
    assert made(*PAIR[4:], "--also", "linux-cuda").status == 0
    text = (folder / "requirements.linux-cuda.txt").read_text()
    assert "# versions that are not the Mac's: numpy 2.0.1 instead of 2.0.2\n" in text
    assert "# only here: nvidia-cudnn-cu12 9.3\n" in text
    assert "# only on the Mac: tensorflow-metal\n" in text
    assert "--require-hashes --no-deps -r requirements.linux-cuda.txt\n" in text
    assert "# tensorflow 2.18.1, CUDA's libraries as wheels\n" in text
    lock = Pylock.from_dict(tomllib.loads((folder / "pylock.linux-cuda.toml").read_text()))
    (environment,) = lock.environments or ()
    assert 'platform_machine == "x86_64"' in str(environment)


@pytest.mark.slow
def test_the_command_in_the_file_makes_it_again(
    made: Callable[..., Said], run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    assert made(*PAIR[4:], "--also", "linux-cuda").status == 0
    text = (folder / "requirements.linux-cuda.txt").read_text()
    command = text.splitlines()[2].removeprefix("#    tfmac-lock ").split()
    again = run(*command, "--index-url", index.url, "--fresh", "--accept-repacked", "-o", "b")
    assert again.status == 0
    assert (folder / "b" / "requirements.linux-cuda.txt").read_text() == text


def test_requirements_for_linux_alone_come_in_there_alone(
    made: Callable[..., Said], folder: Path
) -> None:
    (folder / "wants.txt").write_text(
        "on-linux ; sys_platform == 'linux'\ntensorflow-metal ; sys_platform == 'darwin'\n"
    )
    assert made(*PAIR[4:], "-r", "wants.txt", "--also", "linux-x86_64").status == 0
    assert "on-linux" not in versions(folder / "lock.json")
    assert versions(folder / "lock.linux-x86_64.json")["on-linux"] == "1.0"


def test_the_plugin_and_tensorflow_macos_in_a_file_mean_the_mac(
    made: Callable[..., Said], folder: Path
) -> None:
    (folder / "wants.txt").write_text("tensorflow-macos==2.12.0\ntensorflow-metal==0.8.0\n")
    assert made("-r", "wants.txt", "--also", "linux-x86_64").status == 0
    assert versions(folder / "lock.linux-x86_64.json") == {"tensorflow": "2.12.0", "six": "1.17.0"}


def test_before_the_extra_the_system_has_cuda_and_the_lock_says_so(
    made: Callable[..., Said], folder: Path
) -> None:
    said = made("--tensorflow", "2.12.0", "--also", "linux-cuda")
    assert said.status == 0
    assert "TensorFlow before 2.14 has no extra and-cuda" in said.out
    reasons = json.loads((folder / "lock.linux-cuda.json").read_text())["verdict"]["reasons"]
    assert "cuda" in {reason["kind"] for reason in reasons}


def test_tensorrt_is_left_out_where_it_has_no_wheel(
    made: Callable[..., Said], folder: Path
) -> None:
    said = made("--tensorflow", "2.15.0", "--also", "linux-cuda")
    assert said.status == 0
    assert "asks for tensorrt too, which has no wheel" in said.out
    assert versions(folder / "lock.linux-cuda.json").keys() == {
        "nvidia-cudnn-cu12", "six", "tensorflow"
    }  # fmt: skip


def test_what_cannot_be_had_there_is_refused_and_nothing_is_written(
    made: Callable[..., Said], folder: Path
) -> None:
    said = made(*PAIR[4:], "--with", "numpy==2.0.2", "--also", "linux-x86_64")
    assert said.status == 1
    assert "--also linux-x86_64: TensorFlow 2.18.1, which is the Mac's, cannot be had" in said.err
    assert "numpy==2.0.2" in said.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--also", "windows"], "unknown machine for --also 'windows'"),
        (["--also", "linux-cude"], "Did you mean 'linux-cuda'?"),
        (["--also", "linux-cuda", "--os", "linux"], "leave --os linux out"),
        (["--also", "linux-cuda", "--format", "pylock", "-o", "-"], "a file for each machine"),
        (["--also", "linux-cuda", "-o", "mac.txt"], "name a folder with -o"),
        (
            ["--also", "linux-cuda", "--also", "linux-x86_64", "--format", "uv"],
            "machines that markers cannot tell apart",
        ),
    ],
)
@pytest.mark.slow
def test_wrong_uses_are_answered(
    made: Callable[..., Said], folder: Path, arguments: list[str], told: str
) -> None:
    said = made(*PAIR[4:], *arguments)
    assert said.status == 2
    assert told in said.err
    assert list(folder.iterdir()) == []


def test_both_machines_go_into_one_project(
    made: Callable[..., Said], run: Callable[..., Said], folder: Path
) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["numpy"]\n')
    assert made(*PAIR[4:], "--also", "linux-cuda", "--format", "json").status == 0
    assert run("apply").status == 0
    data = tomllib.loads((folder / "pyproject.toml").read_text())
    assert len(data["tool"]["uv"]["environments"]) == 2
    assert "tensorflow[and-cuda] ; sys_platform == 'linux'" in str(data["project"]["dependencies"])


@pytest.mark.slow
def test_an_update_makes_both_again(
    made: Callable[..., Said], run: Callable[..., Said], folder: Path
) -> None:
    assert made(*PAIR[4:], "--also", "linux-cuda").status == 0
    document = json.loads((folder / "lock.json").read_text())
    assert "--also linux-cuda" in document["request"]
    stale = (folder / "lock.json").read_text().replace("1.17.0", "1.16.0")
    (folder / "lock.json").write_text(stale)
    before = (folder / "requirements.linux-cuda.txt").read_bytes()
    said = run("update")
    assert said.status == 0, said.err
    assert "lock.linux-cuda.json" in said.out
    assert (folder / "requirements.linux-cuda.txt").read_bytes() == before


def test_one_conda_lock_yml_holds_both_machines(
    made: Callable[..., Said], folder: Path, tmp_path: Path
) -> None:
    mac = python("3.11.15")
    linux = record("python", "3.11.15", ["__glibc >=2.17", "openssl >=3"], build="h1_0_cpython")
    channel = write_channel(
        tmp_path / "channel",
        {
            "osx-arm64": [mac],
            "linux-64": [linux],
            "noarch": [record("openssl", "3.6.3"), record("pip", "25.2", ["python >=3.9"])],
        },
    )
    said = made(
        *PAIR[4:],
        *("--also", "linux-cuda", "--format", "conda-lock,json"),
        *("--channel", f"conda-forge={channel.as_uri()}"),
    )
    assert said.status == 0, said.err
    assert {path.name for path in folder.iterdir()} == {
        *("conda-lock.yml", "lock.json", "lock.linux-cuda.json")
    }
    data = yaml.safe_load((folder / "conda-lock.yml").read_text())
    assert data["metadata"]["platforms"] == ["linux-64", "osx-arm64"]
    rows = {(row["name"], row["platform"]): row["version"] for row in data["package"]}
    assert rows["tensorflow", "linux-64"] == rows["tensorflow", "osx-arm64"] == "2.18.1"
    assert (rows["numpy", "linux-64"], rows["numpy", "osx-arm64"]) == ("2.0.1", "2.0.2")
    assert ("tensorflow-metal", "linux-64") not in rows
    both = made(
        *PAIR[4:],
        *("--also", "linux-cuda,linux-x86_64", "--format", "conda-lock", "-o", "b"),
        *("--channel", f"conda-forge={channel.as_uri()}"),
    )
    assert both.status == 2
    assert "one lock a platform" in both.err
