"""The main command for mixed locks: a small channel and a small index on loopback."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import HtmlIndex, build_wheel
from tests.support.channels import ChannelServer, Faults, for_python, python, record, write_channel
from tfmac_lock.__main__ import main
from tfmac_lock.lock.formats.conda import CONDA_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PAIR = ["--python", "3.11", "--chip", "m1", "--tensorflow", "2.18.1", "--metal", "1.2.0"]
MAC = "cp311-cp311-macosx_12_0_arm64"


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        status = main([*PAIR, *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return call


def write_wheels(folder: Path, machine: str = "arm64") -> Path:
    """What 2.18.1 with 1.2.0 needs, with numpy for Macs of one kind."""
    build_wheel(folder, "tensorflow", "2.18.1", ["numpy<2.1,>=1.26", "six"], tag=MAC)
    build_wheel(folder, "tensorflow-metal", "1.2.0", ["six"], tag=MAC)
    build_wheel(folder, "numpy", "2.0.2", tag=f"cp311-cp311-macosx_11_0_{machine}")
    build_wheel(folder, "six", "1.17.0", tag="py2.py3-none-any")
    return folder


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def index(wheels: Path) -> Iterator[list[str]]:
    with HtmlIndex(wheels) as server:
        yield ["--index-url", server.url, "--accept-repacked"]


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    return write_channel(
        tmp_path / "channel",
        {
            "osx-arm64": [
                python("3.11.15"),
                for_python("numpy", "1.26.4", "3.11"),
                for_python("numpy", "2.0.2", "3.11"),
                for_python("numpy", "2.2.0", "3.11"),
            ],
            "noarch": [
                record("openssl", "3.6.3"),
                record("pip", "25.2", ["python >=3.9"]),
                record("jupyterlab", "4.6.3", ["python >=3.9", "six"]),
                record("six", "1.17.0", ["python"]),
            ],
        },
    )


def named(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_format_is_written_from_one_solution(
    run: Callable[..., Any], folder: Path, index: list[str], channel: Path
) -> None:
    formats = ["--format", ",".join([*CONDA_FORMATS, "requirements", "json"])]
    status, out, _ = run(*index, *formats, "--channel", f"conda-forge={channel.as_uri()}")

    assert status == 0
    assert named(folder) == {
        "conda-lock.yml",
        "environment.yml",
        "explicit.txt",
        "lock.json",
        "requirements.txt",
    }
    assert "micromamba create --name env --file conda-lock.yml" in out
    assert "venv" not in out
    lock = json.loads((folder / "lock.json").read_text())
    assert lock["command"].endswith("--metal 1.2.0 --accept-repacked --format conda-lock")


def test_a_package_of_both_halves_is_taken_once(
    run: Callable[..., Any], index: list[str], channel: Path
) -> None:
    asked = ["--conda", "jupyterlab", "--with", "six", "--json"]
    status, out, _ = run(*index, *asked, "--channel", f"conda-forge={channel.as_uri()}")

    assert status == 0
    managers = [(row["name"], row["manager"]) for row in json.loads(out)["packages"]]
    assert [manager for name, manager in managers if name == "six"] == ["conda"]


def test_a_conflict_with_tensorflow_is_one_paragraph(
    run: Callable[..., Any], folder: Path, index: list[str], channel: Path
) -> None:
    status, _, err = run(
        *index, "--conda", "numpy=2.2", "--channel", f"conda-forge={channel.as_uri()}"
    )

    assert status == 1
    assert err.splitlines()[0] == (
        "tfmac-lock: conda-forge cannot bring numpy=2.2 for your request (--conda numpy=2.2) for "
        "Python 3.11 on Apple M1, macOS 12.3, since there has to be numpy <2.1,>=1.26 for "
        "tensorflow 2.18.1."
    )
    assert named(folder) == set()


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--conda", "nothing-of-the-kind"], 1, "has no nothing-of-the-kind for Python 3.11"),
        (["--conda", "numpy=[["], 2, "'numpy=[[' is not a conda spec"),
        (["--conda", "tensorflow"], 2, "choose them with --tensorflow and --metal"),
        (["--conda", "bioconda::numpy"], 2, "of another channel than"),
        (["--channel", "/tmp/channel"], 2, "write a name like conda-forge"),
        (["--channel", "http://127.0.0.1:9/forge"], 3, "127.0.0.1:9/forge"),
        (["--offline", "--channel", "http://127.0.0.1:9/forge"], 3, "once without --offline"),
    ],
)
@pytest.mark.slow
def test_bad_input_gets_one_clear_line(
    run: Callable[..., Any],
    folder: Path,
    index: list[str],
    channel: Path,
    arguments: list[str],
    status: int,
    told: str,
) -> None:
    good = [] if "--channel" in arguments else ["--channel", f"conda-forge={channel.as_uri()}"]
    found, _, err = run(*index, *arguments, *good)

    assert (found, named(folder)) == (status, set())
    [line] = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert told in line


def test_a_lock_of_wheels_alone_that_lacks_numpy_is_told_of_conda(
    run: Callable[..., Any], tmp_path: Path, channel: Path
) -> None:
    (tmp_path / "index").mkdir()
    with HtmlIndex(write_wheels(tmp_path / "index", "x86_64")) as server:
        status, _, err = run("--accept-repacked", "--index-url", server.url)
        asked = ["--format", "conda-lock", "--channel", f"conda-forge={channel.as_uri()}"]
        with_conda, out, _ = run("--accept-repacked", "--why", "--index-url", server.url, *asked)

    assert (status, with_conda) == (1, 0)
    assert "numpy 2.0.2 from conda, because the index has no wheel of numpy" in " ".join(
        out.split()
    )
    assert "conda-forge may well have numpy for it: add --format conda-lock" in err


def test_without_rattler_one_line_installs_it(
    run: Callable[..., Any], index: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rattler", None)

    status, _, err = run(*index, "--fresh", "--format", "conda-lock")

    assert status == 3
    assert err == (
        "tfmac-lock: a mixed lock needs an extra: python -m pip install 'tfmac-lock[conda]'\n"
    )
    assert run(*index, "--fresh", "--format", "json")[0] == 0


def test_a_password_stands_in_no_file_and_in_no_message(
    run: Callable[..., Any], folder: Path, index: list[str], channel: Path
) -> None:
    with ChannelServer(channel, Faults(credentials=("me", "s3cret"))) as server:
        address = f"http://me:s3cret@{server.host}"
        specs = ["--conda", f"{address}::numpy"]
        formats = ["--format", ",".join([*CONDA_FORMATS, "json"])]
        told = [run(*index, *specs, *formats, "--channel", address)]
        told.append(run(*index, "--conda", "nothing", "--channel", address))
        told.append(run(*index, "--channel", address.replace("s3cret", "s3cretly")))
        told.append(run(*index, "--channel", f"{address}/t/s3cret-token/channel"))

    assert [status for status, _, _ in told] == [0, 1, 3, 3]
    assert "s3cret" not in str(told)
    assert all("s3cret" not in path.read_text() for path in folder.iterdir())


def test_an_interruption_in_a_channel_that_never_answers_ends_at_once(
    folder: Path, index: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/forge"
        process = subprocess.Popen(
            [sys.executable, "-m", "tfmac_lock", *PAIR, *index, "--channel", url],
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = server.accept()
        with connection:
            connection.recv(1)  # the question is under way
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)

    assert process.returncode == 130
    assert told == "tfmac-lock: interrupted; nothing was left half written\n"
    assert named(folder) == set()


def test_a_python_that_no_tensorflow_has_is_answered_with_a_channel_too(
    capsys: pytest.CaptureFixture[str], index: list[str], channel: Path
) -> None:
    machine = ["--python", "3.13", "--chip", "intel-amd"]

    status = main([*machine, *index, "--channel", f"conda-forge={channel.as_uri()}"])

    assert status == 1
    assert "none for Python 3.13" in capsys.readouterr().err
