from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import Faults, HtmlIndex, JsonIndex, build_wheel
from tfmac_lock import host
from tfmac_lock.__main__ import main
from tfmac_lock.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAIR = ["--python", "3.11", "--chip", "m1", "--tensorflow", "2.18.1", "--metal", "1.2.0"]
FILES = {"lock.json", "pylock.toml", "requirements.txt"}


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    out: str
    err: str


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def call(*arguments: str) -> Said:
        try:
            status = main(list(arguments))
        except SystemExit as exit_:
            status = int(str(exit_.code))
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Said(status, told.out, told.err)

    return call


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index's worth of small wheels around 2.18.1 with 1.2.0."""
    folder = tmp_path_factory.mktemp("wheels")
    mac = "cp311-cp311-macosx_12_0_arm64"
    build_wheel(folder, "tensorflow", "2.18.1", ["numpy<2.1,>=1.26", "six"], tag=mac)
    build_wheel(folder, "tensorflow-metal", "1.2.0", ["six"], tag=mac)
    build_wheel(folder, "numpy", "1.26.4", tag="cp311-cp311-macosx_11_0_arm64")
    build_wheel(folder, "numpy", "2.0.2", tag="cp311-cp311-macosx_11_0_arm64")
    build_wheel(folder, "numpy", "2.1.3", tag="cp311-cp311-macosx_11_0_arm64")
    build_wheel(folder, "six", "1.17.0", tag="py2.py3-none-any")
    build_wheel(folder, "tool", "1.0", ["numpy>=2.1"])
    for version in ("1.0", "1.1rc1"):
        build_wheel(folder, "nightly", version)
    for version in ("1.0", "1.1"):
        build_wheel(folder, "daily", version)
    (folder / "source").mkdir()
    (folder / "source" / "source-1.0.tar.gz").write_bytes(b"")
    return folder


@pytest.fixture
def index(wheels: Path) -> Iterator[HtmlIndex]:
    with HtmlIndex(wheels) as server:
        yield server


def at(index: HtmlIndex | JsonIndex) -> list[str]:
    return ["--index-url", index.url, "--fresh", "--accept-repacked"]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# -- the main job, from the published locks


def test_two_options_are_enough(run: Callable[..., Said], folder: Path) -> None:
    said = run("--python", "3.9", "--chip", "m1")
    assert said.status == 0
    assert names(folder) == FILES
    assert "Python 3.9 on m1 (arm64), macOS 12.3 or newer" in said.out
    assert "python -m pip install --require-hashes --no-deps" in said.out
    assert max(map(len, said.out.splitlines())) < 90


def test_the_whole_lock_is_printed_as_json(run: Callable[..., Said], folder: Path) -> None:
    said = run("--python", "3.9", "--chip", "m4-max", "--json", "-o", "out")
    data = json.loads(said.out)
    assert data["schema_version"] == 1
    assert data["combo"]["chip"] == "m4-max"
    assert data["combo"]["macos_min"] == "15.1"
    assert data["files"] == sorted(FILES)
    assert json.loads((folder / "out" / "lock.json").read_text())["combo"] == data["combo"]
    assert said.err == ""


@pytest.mark.parametrize(
    ("name", "options", "start"),
    [
        ("requirements.txt", [], "# This file was made by tfmac-lock"),
        ("mac.txt", [], "# This file was made by tfmac-lock"),
        ("pylock.mac.toml", [], "# This file was made by tfmac-lock"),
        ("lock-of-the-mac.json", ["--format", "json"], '{\n "schema_version": 1,'),
        ("conda-lock.yml", [], "# This file was made by tfmac-lock"),
    ],
)
def test_a_file_after_o_holds_the_one_format_that_its_name_says(
    run: Callable[..., Said], folder: Path, name: str, options: list[str], start: str
) -> None:
    said = run("--python", "3.9", "--chip", "m1", "-o", f"locks/{name}", *options)
    assert said.status == 0
    assert names(folder / "locks") == {name}
    assert (folder / "locks" / name).read_text().startswith(start)
    assert f"Written: locks/{name}" in said.out


def test_a_folder_with_the_name_of_a_file_is_a_folder(
    run: Callable[..., Said], folder: Path
) -> None:
    (folder / "requirements.txt").mkdir()
    assert run("--python", "3.9", "--chip", "m1", "-o", "requirements.txt").status == 0
    assert names(folder / "requirements.txt") == FILES


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["lock"], "a lock is made without a command: tfmac-lock --python 3.11 --chip m1"),
        (["install"], "this is not a Mac, and a lock is installed where it runs"),
        (["chek", "requirements.txt"], "unknown command 'chek'. Did you mean 'check'?"),
        (["--python", "3.9", "check", "x"], "The command comes first: tfmac-lock check"),
        (["--pyhton", "3.9"], "Did you mean --python?"),
        (["--pyhton=3.9"], "Did you mean --python?"),
        (["check", "--pyton", "3.9", "x"], "Did you mean --python?"),
        (["--python", "3.9", "--chip", "m1", "--macos", "sonomoa"], "Did you mean 'sonoma'?"),
        (
            ["--python", "3.9", "--chip", "m1", "--json", "--format", "json", "-o", "-"],
            "--json and -o - both print to standard output",
        ),
        (
            ["--python", "3.9", "--chip", "m1", "-o", "a.txt", "--format", "json,requirements"],
            "-o a.txt is one file, for one format",
        ),
    ],
)
def test_a_wrong_use_is_told_with_what_to_type_instead(
    run: Callable[..., Said], folder: Path, arguments: list[str], told: str
) -> None:
    said = run(*arguments)
    assert said.status == 2
    assert told in said.err
    assert names(folder) == set()


def test_several_packages_after_one_with_are_taken_apart(
    run: Callable[..., Said], index: HtmlIndex, folder: Path
) -> None:
    said = run(*PAIR, "--with", "nightly, six>=1,<2", *at(index))
    assert said.status == 0, said.err
    assert "nightly==1.0" in (folder / "requirements.txt").read_text()


def test_macos_goes_by_its_name_too(run: Callable[..., Said], index: HtmlIndex) -> None:
    said = run(*PAIR, "--macos", "Sonoma", "--format", "json", "-o", "-", *at(index))
    named = json.loads(said.out)
    number = run(*PAIR, "--macos", "14", "--format", "json", "-o", "-", *at(index))
    assert named["combo"] == json.loads(number.out)["combo"]


@pytest.mark.parametrize("setting", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_off_where_the_terminal_says_so(
    run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, setting: tuple[str, str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    request = ["--python", "3.9", "--chip", "m1"]
    assert "\x1b[" in run(*request).out
    monkeypatch.setenv(*setting)
    assert "\x1b[" not in run(*request).out


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("requirements", "# This file was made by tfmac-lock, by:\n#\n#    tfmac-lock --python"),
        ("pylock", "# This file was made by tfmac-lock, by:\n#    tfmac-lock --python 3.9 --chip"),
        ("json", '{\n "schema_version": 1,'),
    ],
)
def test_one_format_is_printed_and_nothing_is_written(
    run: Callable[..., Said], folder: Path, name: str, start: str
) -> None:
    said = run("--python", "3.9", "--chip", "m1", "--format", name, "-o", "-")
    assert said.out.startswith(start)
    assert names(folder) == set()


def test_a_published_conda_half_needs_neither_network_nor_rattler(
    run: Callable[..., Said], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rattler", None)
    said = run("--python", "3.9", "--chip", "m1", "--format", "conda-lock", "--offline")
    assert said.status == 0
    assert names(folder) == {"conda-lock.yml"}
    assert "micromamba create --name env --file conda-lock.yml" in said.out
    text = (folder / "conda-lock.yml").read_text()
    assert "--format conda-lock\n" in text
    assert 'name: "python"' in text
    assert 'name: "tensorflow-metal"' in text


def test_every_conda_format_can_be_had_of_a_published_lock(
    run: Callable[..., Said], folder: Path
) -> None:
    formats = "conda-lock,environment,explicit,requirements,json"
    said = run("--python", "3.8", "--chip", "m1", "--tensorflow", "2.5", "--format", formats)
    assert said.status == 0
    assert names(folder) == {
        *("conda-lock.yml", "environment.yml", "explicit.txt", "lock.json", "requirements.txt")
    }
    told = json.loads((folder / "lock.json").read_text())["combo"]
    assert (told["numpy"], told["h5py"]) == ("1.19.5", "3.1.0")
    assert "numpy" not in (folder / "requirements.txt").read_text().split("via")[0]


def test_one_file_holds_both_architectures(run: Callable[..., Said], folder: Path) -> None:
    said = run("--python", "3.10", "--chip", "m2", "--chip", "intel-amd", "--json")
    told = json.loads(said.out)
    assert [lock["combo"]["chip"] for lock in told["locks"]] == ["m2", "intel-amd"]
    assert told["locks"][0]["files"] == ["conda-lock.yml"]
    assert names(folder) == {"conda-lock.yml"}
    text = (folder / "conda-lock.yml").read_text()
    assert "  platforms:\n  - osx-64\n  - osx-arm64\n" in text
    shown = run("--python", "3.10", "--chip", "m2", "--chip", "intel-amd").out
    assert shown.count("Written: conda-lock.yml") == 1
    assert "on either Mac" in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--chip", "m1", "--chip", "m2"], "name one chip of each"),
        (["--chip", "m1", "--chip", "intel", "--format", "json"], "only --format conda-lock"),
    ],
)
def test_several_chips_that_do_not_go_together_are_refused(
    run: Callable[..., Said], folder: Path, arguments: list[str], told: str
) -> None:
    said = run("--python", "3.10", *arguments)
    assert said.status == 2
    assert told in said.err
    assert names(folder) == set()


def test_what_only_conda_can_serve_is_told_where_wheels_fail(
    run: Callable[..., Said], index: HtmlIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    said = run("--python", "3.8", "--chip", "m1", "--tensorflow", "2.5", "--json")
    assert said.status == 1
    first = json.loads(said.out)["error"]["nearest"][0]
    assert first.endswith("--tensorflow tensorflow-macos==2.5.0 --metal 0.1.2 --format conda-lock")
    assert f"With conda it is available:\n  {first}\n" in said.err
    assert run(*first.split()[1:], "--offline").status == 0


def test_only_the_named_formats_are_written(run: Callable[..., Said], folder: Path) -> None:
    assert run("--python", "3.9", "--chip", "m1", "--format", "pylock,json").status == 0
    assert names(folder) == {"pylock.toml", "lock.json"}


def test_a_pair_without_a_plugin_is_served_with_the_reason(run: Callable[..., Said]) -> None:
    said = run("--python", "3.13", "--chip", "m1")
    assert said.status == 0
    assert "without a GPU plugin" in said.out
    assert "With the GPU:\n  tfmac-lock --python 3.10 --chip m1 (TensorFlow 2.10.0)" in said.out
    assert "no plugin release fits" in said.err


def test_an_intel_mac_without_a_gpu_gets_no_plugin(run: Callable[..., Said]) -> None:
    said = run("--python", "3.9", "--chip", "intel")
    assert said.status == 0
    assert "without a GPU plugin" in said.out
    assert "With the GPU" not in said.out
    assert "without an AMD card" in said.err


def test_the_same_command_gives_the_same_bytes(run: Callable[..., Said], folder: Path) -> None:
    for place in ("one", "other"):
        assert run("--python", "3.10", "--chip", "m2", "-o", place).status == 0
    for name in FILES:
        assert (folder / "one" / name).read_bytes() == (folder / "other" / name).read_bytes()


def test_the_fast_path_asks_no_network_and_imports_nothing_heavy(folder: Path) -> None:
    code = """
import socket, sys

def refuse(*args, **options):
    raise AssertionError("the network was asked")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from tfmac_lock.__main__ import main

status = main(["--python", "3.11", "--chip", "m1"])
heavy = {"packaging", "httpx2", "resolvelib", "rich", "pydantic", "shtab", "platformdirs",
         "asyncio", "ssl", "tomllib", "email"}
print(status, sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0 []"


# -- on a Mac


def test_on_a_mac_what_is_not_given_is_detected(
    run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    mac = Host(chip="Apple M2 Pro", macos="14.5", rosetta=False)
    monkeypatch.setattr(host, "detect", lambda: mac)
    said = run("--python", "3.11", "--json")
    assert json.loads(said.out)["combo"]["chip"] == "m2-pro"
    assert said.err == ""


def test_rosetta_is_noticed_and_said(
    run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    mac = Host(chip="Apple M1", macos="14.5", rosetta=True)
    monkeypatch.setattr(host, "detect", lambda: mac)
    said = run("--python", "3.11", "--json")
    assert said.status == 0
    assert json.loads(said.out)["combo"]["arch"] == "arm64"
    assert "runs under Rosetta" in said.err


# -- resolved anew


def test_a_plain_mirror_gives_a_lock(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    said = run(*PAIR, *at(index), "--json")
    assert said.status == 0, said.err
    data = json.loads(said.out)
    assert {row["name"]: row["version"] for row in data["packages"]} == {
        "numpy": "2.0.2",
        "six": "1.17.0",
        "tensorflow": "2.18.1",
        "tensorflow-metal": "1.2.0",
    }
    assert all(row["url"].startswith(f"{index.root}/files/") for row in data["packages"])
    assert names(folder) == FILES


def test_an_index_with_json_and_metadata_files_gives_the_same_versions(
    run: Callable[..., Said], wheels: Path
) -> None:
    with JsonIndex(wheels) as server:
        said = run(*PAIR, *at(server), "--json")
    assert said.status == 0, said.err
    assert {row["name"] for row in json.loads(said.out)["packages"]} == {
        "numpy", "six", "tensorflow", "tensorflow-metal",
    }  # fmt: skip


def test_what_was_fetched_once_is_enough_offline(
    run: Callable[..., Said], index: HtmlIndex
) -> None:
    first = run(*PAIR, *at(index), "--json")
    count = len(index.seen)
    again = run(*PAIR, *at(index), "--json", "--offline", "--force")
    assert again.status == 0
    assert len(index.seen) == count
    assert json.loads(again.out)["packages"] == json.loads(first.out)["packages"]


def test_a_with_package_that_does_not_fit_is_told_with_both_sides(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    said = run(*PAIR, *at(index), "--with", "tool")
    assert said.status == 1
    assert "tool 1.0 requires numpy>=2.1" in said.err
    assert "tensorflow 2.18.1 requires numpy<2.1,>=1.26" in said.err
    assert names(folder) == set()


def test_constraints_and_requirements_are_read_from_files(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    (folder / "more.in").write_text("six>=1.16\n")
    (folder / "limits.txt").write_text("numpy<2.1\nabsent<1\n")
    said = run(*PAIR, *at(index), "-r", "more.in", "-c", "limits.txt", "-o", "out")
    assert said.status == 0, said.err
    assert "-r more.in -c limits.txt" in (folder / "out" / "requirements.txt").read_text()


@pytest.mark.slow
def test_pre_in_a_requirements_file_admits_prereleases(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    (folder / "more.in").write_text("nightly\n")
    assert run(*PAIR, *at(index), "-r", "more.in").status == 0
    assert "nightly==1.0 " in (folder / "requirements.txt").read_text()
    (folder / "more.in").write_text("--pre\nnightly\n")
    assert run(*PAIR, *at(index), "-r", "more.in").status == 0
    assert "nightly==1.0 " in (folder / "requirements.txt").read_text(), "what is there is kept"
    assert run(*PAIR, *at(index), "-r", "more.in", "--upgrade").status == 0
    assert "nightly==1.1rc1 " in (folder / "requirements.txt").read_text()


@pytest.mark.slow
def test_a_new_folder_keeps_no_versions_and_each_folder_its_own(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    (folder / "more.in").write_text("nightly\n")
    assert run(*PAIR, *at(index), "-r", "more.in").status == 0
    (folder / "more.in").write_text("--pre\nnightly\n")
    assert run(*PAIR, *at(index), "-r", "more.in", "-o", "new/one").status == 0
    assert "nightly==1.1rc1 " in (folder / "new" / "one" / "requirements.txt").read_text()
    assert run(*PAIR, *at(index), "-r", "more.in", "-o", "pylock.toml").status == 0
    assert 'version = "1.0"' in (folder / "pylock.toml").read_text(), "a file is of its folder"


@pytest.mark.parametrize(
    ("options", "versions"),
    [
        ([], {"numpy": "1.26.4", "daily": "1.0"}),
        (["-P", "Daily"], {"numpy": "1.26.4", "daily": "1.1"}),
        (["-U"], {"numpy": "2.0.2", "daily": "1.1"}),
    ],
)
def test_a_lock_that_is_there_is_kept_but_for_what_is_to_be_upgraded(
    run: Callable[..., Said],
    folder: Path,
    index: HtmlIndex,
    options: list[str],
    versions: dict[str, str],
) -> None:
    assert run(*PAIR, *at(index), "--with", "numpy<2", "--with", "daily<1.1").status == 0
    assert run(*PAIR, *at(index), "--with", "numpy", "--with", "daily", *options).status == 0
    locked = json.loads((folder / "lock.json").read_text())["packages"]
    assert {one["name"]: one["version"] for one in locked}.items() >= versions.items()


def test_a_pyproject_is_read_with_its_extras_and_groups(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    (folder / "pyproject.toml").write_text(
        "[project]\nname = 'x'\nversion = '1'\ndependencies = ['tensorflow==2.18.*']\n"
        "optional-dependencies.train = ['nightly']\n"
        "[dependency-groups]\ndev = ['daily<1.1']\n"
    )
    options = ("-r", "pyproject.toml[train]", "--group", "dev")
    assert run(*PAIR, *at(index), *options).status == 0
    text = (folder / "requirements.txt").read_text()
    assert "nightly==1.0 " in text
    assert "daily==1.0 " in text
    assert "-r 'pyproject.toml[train]' --group dev" in text


def test_only_binary_in_a_requirements_file_is_obeyed(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    (folder / "more.in").write_text("--only-binary :all:\nsource\n")
    said = run(*PAIR, *at(index), "-r", "more.in")
    assert said.status == 1
    assert "source archives, which would have to be built" in " ".join(said.err.split())


def test_hashes_in_a_requirements_file_are_said_not_to_count(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    (folder / "more.in").write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    said = run(*PAIR, *at(index), "-r", "more.in")
    assert said.status == 0
    assert "note: the hashes in your files (more.in:1) are not compared" in said.err


def test_contradictory_constraints_are_told_with_their_lines(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    (folder / "limits.txt").write_text("numpy>=2.1\nnumpy<2.1\n")
    said = run(*PAIR, *at(index), "-c", "limits.txt")
    assert said.status == 1
    assert "numpy>=2.1 is your constraint [limits.txt:1]" in said.err
    assert "numpy<2.1 is your constraint [limits.txt:2]" in said.err


def test_a_lock_without_upload_times_cannot_leave_out_newer_files(
    run: Callable[..., Said], index: HtmlIndex
) -> None:
    said = run(*PAIR, *at(index), "--exclude-newer", "2026-01-31")
    assert said.status == 1
    assert "without an upload time on the index" in " ".join(said.err.split())


# -- the index fails


def refusal(said: Said, folder: Path, *words: str) -> None:
    assert said.status == 3, said
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("tfmac-lock: ")
    assert all(word in line for word in words), line
    assert names(folder) == set()


def test_an_index_that_is_down_is_told(run: Callable[..., Said], folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = run(*PAIR, "--fresh", "--index-url", f"http://127.0.0.1:{port}/simple/")
    refusal(said, folder, f"127.0.0.1:{port}", "could not be read")


@pytest.mark.slow
def test_an_index_that_never_answers_is_told(
    run: Callable[..., Said], folder: Path, index: HtmlIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "1")
    index.faults = Faults(stall=True)
    refusal(run(*PAIR, *at(index)), folder, "could not be read")


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (Faults(truncate=True), ["could not be read"]),
        (Faults(failures=99, failure_status=500), ["could not be read", "500"]),
        (Faults(credentials=("me", "pw")), ["401"]),
        (
            Faults(answers={"/simple/tensorflow/": (200, "image/png", b"\x89PNG")}),
            ["unusable answer", "content type"],
        ),
        (
            Faults(
                answers={
                    "/simple/tensorflow/": (
                        200,
                        "application/vnd.pypi.simple.v1+json",
                        b'{"files": 3}',
                    )
                }
            ),
            ["unusable answer"],
        ),
        (Faults(metadata_files=True, wrong_metadata_hash=True), ["sha256"]),
    ],
)
def test_an_index_that_answers_badly_is_told(
    run: Callable[..., Said], folder: Path, index: HtmlIndex, faults: Faults, words: list[str]
) -> None:
    index.faults = faults
    refusal(run(*PAIR, *at(index)), folder, *words)


@pytest.mark.parametrize(
    "body",
    [b"", b"PK\x05\x06" + b"\xff" * 18, b"PK\x03\x04garbage" * 50, b"<html>not a wheel</html>"],
)
def test_a_wheel_whose_directory_lies_is_told(
    run: Callable[..., Said], folder: Path, tmp_path: Path, wheels: Path, body: bytes
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(wheels, copy)
    (wheel,) = (copy / "six").iterdir()
    wheel.write_bytes(body)
    with HtmlIndex(copy) as server:
        refusal(run(*PAIR, *at(server)), folder, "six-1.17.0-py2.py3-none-any.whl")


def test_an_index_that_lacks_a_package_is_no_failure_but_an_answer(
    run: Callable[..., Said], index: HtmlIndex
) -> None:
    said = run(*PAIR, *at(index), "--with", "typo-squat")
    assert said.status == 1
    assert "the index has no project typo-squat" in said.err


def test_offline_with_nothing_cached_says_what_to_do(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    said = run(*PAIR, *at(index), "--offline")
    refusal(said, folder, "--offline", "Run the same command once without")
    assert index.seen == []


def test_a_failure_is_told_as_json_too(run: Callable[..., Said], index: HtmlIndex) -> None:
    said = run(*PAIR, *at(index), "--offline", "--json")
    assert said.status == 3
    data = json.loads(said.out)
    assert data["schema_version"] == 1
    assert data["error"]["status"] == 3
    assert data["error"]["text"] in said.err


# -- bad input


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--chip m9 --python 3.9", ["unknown chip 'm9'", "Did you mean 'm"]),
        ("--chip m1 --python 3.7", ["unknown Python '3.7'", "3.8, 3.9"]),
        (
            "--chip m1 --python 3.14",
            ["TensorFlow has no wheels for Python 3.14", "--python 3.13"],
        ),
        ("--chip m1 --python three", ["'three' is not a version"]),
        ("--chip m1", ["--python 3.11"]),
        ("--python 3.9", ["not a Mac", "--chip m1"]),
        ("--chip m1 --python 3.9 --macos 10.15", ["unknown macOS '10.15'"]),
        ("--chip m1 --python 3.9 --macos abc", ["'abc' is not a version"]),
        ("--chip m4 --python 3.9 --macos 13", ["M4 came with macOS 15.1"]),
        ("--chip intel --python 3.9 --macos 27", ["macOS 26 is the last one"]),
        ("--chip m1 --python 3.9 --tensorflow 2.x", ["--tensorflow '2.x'"]),
        ("--chip m1 --python 3.9 --metal newest", ["--metal 'newest'"]),
        ("--chip m1 --python 3.9 --format yaml", ["unknown format 'yaml'", "pylock"]),
        ("--chip m1 --python 3.9 -o -", ["--format"]),
        ("--chip m1 --python 3.9 --with ==", ["--with '=='", "not a requirement"]),
        ("--chip m1 --python 3.9 -r absent.in", ["absent.in: No such file"]),
        ("--chip m1 --python 3.9 -c absent.txt", ["absent.txt: No such file"]),
        ("--chip m1 --python 3.9 -r .", ["directory"]),
        ("--chip m1 --python 3.9 --exclude-newer soon", ["'soon' is not a usable date"]),
        ("--chip m1 --python 3.9 --index-url ftp://x/", ["ftp://x/"]),
        ("--chip m1 --python 3.9 --os windows", ["--os", "windows"]),
        ("--chip m1 --python 3.9 --bogus", ["--bogus", "tfmac-lock --help"]),
        ("--chip m1 --python 3.9 surplus", ["surplus"]),
    ],
)
def test_bad_input_gets_one_clear_line(
    run: Callable[..., Said], folder: Path, arguments: str, words: list[str]
) -> None:
    said = run(*arguments.split())
    assert said.status == 2, said
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("tfmac-lock: ")
    assert all(word in line for word in words), line
    assert names(folder) == set()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--python 3.11 --tensorflow 2.18.0 --metal 1.1.0", ["LogMessageC1EPKcii missing"]),
        ("--python 3.11 --tensorflow tensorflow-macos==2.15.1", ["holds no TensorFlow"]),
        ("--python 3.8 --tensorflow tensorflow_macos-fork", ["ML Compute"]),
        ("--python 3.11 --tensorflow tensorflow-metal-plugin", ["third party"]),
        ("--python 3.9 --tensorflow tensorflow==2.3", ["there is no wheel of"]),
        ("--python 3.13 --tensorflow 2.18.0", ["none for Python 3.13"]),
        ("--python 3.13 --metal 1.2.0", ["none for Python 3.13"]),
        ("--python 3.11 --metal 9.9", ["there is no tensorflow-metal 9.9"]),
        ("--python 3.11 --os linux --metal 1.2.0", ["no wheel for Linux"]),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_answered_without_the_network(
    run: Callable[..., Said], folder: Path, arguments: str, words: list[str]
) -> None:
    said = run("--chip", "m1", "--offline", *arguments.split())
    assert said.status == 1, said
    assert all(word in said.err for word in words), said.err
    assert said.err.count("tfmac-lock --python") == 3
    assert names(folder) == set()


def test_a_refusal_is_told_as_json_too(run: Callable[..., Said]) -> None:
    said = run("--chip", "m9", "--python", "3.9", "--json")
    assert said.status == 2
    assert json.loads(said.out)["error"]["status"] == 2


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ("--json --phyton 3.9", "unrecognized arguments: --phyton"),
        ("--json --os windows", "invalid choice: 'windows'"),
        ("--python --json", "argument --python: expected one argument"),
        ("check --json", "the following arguments are required: FILE"),
        ("explain --json --limit-mb none", "must be a whole number"),
        ("matrix pair --json", "the following arguments are required"),
        ("matrix --json everything", "invalid choice: 'everything'"),
        ("publish site --json", "the following arguments are required"),
    ],
)
def test_bad_usage_is_told_as_json_too(
    run: Callable[..., Said], arguments: str, fault: str
) -> None:
    said = run(*arguments.split())
    assert said.status == 2
    told = json.loads(said.out)
    assert set(told) == {"schema_version", "error"}
    assert told["error"]["status"] == 2
    assert fault in told["error"]["text"]
    assert said.err == f"tfmac-lock: {told['error']['text']}\n"
    assert said.err.endswith("--help\n")


def test_bad_usage_without_json_leaves_stdout_empty(run: Callable[..., Said]) -> None:
    said = run("--phyton", "3.9")
    assert (said.status, said.out) == (2, "")
    assert said.err == (
        "tfmac-lock: unrecognized arguments: --phyton 3.9. Did you mean --python? "
        "See: tfmac-lock --help\n"
    )


# -- files and streams


def test_a_foreign_file_stays_without_force(run: Callable[..., Said], folder: Path) -> None:
    (folder / "requirements.txt").write_text("mine\n")
    said = run("--python", "3.9", "--chip", "m1")
    assert said.status == 2
    assert "--force" in said.err
    assert (folder / "requirements.txt").read_text() == "mine\n"
    assert names(folder) == {"requirements.txt"}
    assert run("--python", "3.9", "--chip", "m1", "--force").status == 0
    assert run("--python", "3.10", "--chip", "m1").status == 0


def test_a_folder_that_cannot_be_written_is_told(run: Callable[..., Said], folder: Path) -> None:
    (folder / "file").write_text("mine")
    said = run("--python", "3.9", "--chip", "m1", "-o", "file/out")
    assert said.status == 3
    assert "cannot write" in said.err


def command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tfmac_lock", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **options,
    )


def test_a_full_disk_behind_stdout_is_told() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = command("--python", "3.9", "--chip", "m1", "--json", stdout=full)
    assert done.returncode == 3
    assert done.stderr == "tfmac-lock: standard output: No space left on device\n"


@pytest.mark.parametrize(
    "arguments", [["--python", "3.9", "--chip", "m1"], ["--python", "3.9", "--chip", "m99"]]
)
def test_a_reader_that_went_away_is_no_fault(arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = command(*arguments, "--json", stdout=write)
    os.close(write)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr


def test_an_interruption_half_way_leaves_nothing_and_waits_for_no_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "600")
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/simple/"
        process = subprocess.Popen(
            [sys.executable, "-m", "tfmac_lock", *PAIR, "--fresh", "--index-url", url],
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = server.accept()
        with connection:
            connection.recv(1)  # the request is under way
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == "tfmac-lock: interrupted; nothing was left half written\n"
    assert names(folder) == set()
    assert not (folder.parent / "cache").exists()


def test_control_characters_of_others_do_not_reach_the_terminal(run: Callable[..., Said]) -> None:
    said = run("--chip", "m\x1b[31m", "--python", "3.9")
    assert "\x1b" not in said.err


# -- help


def test_help_shows_commands_and_examples(run: Callable[..., Said]) -> None:
    said = run("--help")
    assert said.status == 0
    assert "tfmac-lock --python 3.9 --chip m1" in said.out
    assert "publish" in said.out
    assert max(map(len, said.out.splitlines())) <= 100


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_completion_script_is_printed(run: Callable[..., Said], shell: str) -> None:
    said = run("--print-completion", shell)
    assert said.status == 0
    assert "prove" in said.out


def test_the_version_is_told(run: Callable[..., Said]) -> None:
    from tfmac_lock import __version__

    first, second = run("--version").out.splitlines()
    assert first == f"tfmac-lock {__version__}"
    assert re.fullmatch(r"facts of 20\d\d-\d\d-\d\d", second)
