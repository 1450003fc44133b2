from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.fake_wheels import (
    plugin_wheel,
    tensorflow_files,
    tensorflow_wheel,
    write_pages,
)
from tests.support.machos import Image, Need, build
from tests.support.wheels import build_wheel
from tfmac_lock.check.live_pair import NoSuchWheel
from tfmac_lock.cli import audit
from tfmac_lock.errors import InputFileError, UsageError
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.pypi.wheels import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "index"
    plugin_wheel(folder)
    tensorflow_wheel(folder, "2.18.0")
    monkeypatch.setenv("TFMAC_LOCK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", folder.as_uri())
    return folder


@pytest.fixture
def call(index: Path) -> Callable[..., int]:
    """Runs the command on the index as it stands then."""

    def run(*arguments: str) -> int:
        write_pages(index)
        return _call(*arguments)

    return run


def _call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    audit.add_parser(parser.add_subparsers())
    args = parser.parse_args(["audit", *arguments])
    result = args.run(args)
    assert isinstance(result, int)
    return result


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    printed = json.loads(capsys.readouterr().out)
    assert isinstance(printed, dict)
    return printed


def test_a_pair_that_loads_is_said_with_status_0(
    call: Callable[..., int], index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("--pair", "2.18.0", "1.2.0") == 0
    assert capsys.readouterr().out == "tensorflow 2.18.0 + tensorflow-metal 1.2.0, arm64: loads\n"


def test_a_pair_that_does_not_load_is_said_with_its_symbols_and_status_1(
    call: Callable[..., int], index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "__ZN3tsl8internal10LogMessageC1EPKcii"
    plugin_wheel(index, "1.1.0", needs=[Need(symbol=name, ordinal=1)])

    assert call("--pair", "tensorflow==2.18.0", "1.1.0") == 1
    out = capsys.readouterr().out
    assert "does not load" in out
    assert f"missing symbol: {name}" in out
    assert "tsl::internal::LogMessage::LogMessage(char const*, int, int)" in out

    assert call("--pair", "2.18.0", "1.1.0", "--json") == 1
    printed = document(capsys)
    assert printed["schema_version"] == 1
    (pair,) = printed["pairs"]
    assert (pair["package"], pair["loads"], pair["missing_symbols"]) == (
        "tensorflow",
        False,
        [name],
    )
    assert "Symbol not found" in pair["dyld_message"]


def test_a_release_on_the_index_is_read(
    call: Callable[..., int], index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("tensorflow==2.18.0") == 0
    out = capsys.readouterr().out
    assert "3 native files for arm64; macOS 12.0 by tag, 12.1 by load command" in out
    assert "runs on numpy 1 (1 modules use it)" in out


def test_a_wheel_on_the_disk_is_read(
    call: Callable[..., int], index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"x/a.so": build(Image(arch="x86_64"))}
    path = build_wheel(tmp_path, "x", "1", tag="cp312-cp312-macosx_12_0_arm64", files=files)

    assert call(str(path), "--arch", "arm64", "--json") == 1
    (wheel,) = document(capsys)["wheels"]
    assert [finding["code"] for finding in wheel["findings"]] == ["no-slice"]
    assert wheel["native"][0]["arches"] == ["x86_64"]


def lock_file(tmp_path: Path, wheels: list[Path]) -> Path:
    packages = [
        {
            "name": path.parent.name,
            "version": path.name.split("-")[1],
            "manager": "pip",
            "filename": path.name,
            "url": path.as_uri(),
            "sha256": sha256_of(path),
        }
        for path in wheels
    ]
    combo = {"arch": "arm64", "macos_min": "12.3"}
    path = tmp_path / "lock.json"
    path.write_text(json.dumps({"schema_version": 1, "combo": combo, "packages": packages}))
    return path


def test_a_lock_is_judged_for_its_own_mac_numpy_and_pair(
    call: Callable[..., int], index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheels = [*index.glob("tensorflow/*.whl"), *index.glob("tensorflow-metal/*.whl")]

    assert call(str(lock_file(tmp_path, wheels)), "--json") == 0
    printed = document(capsys)
    assert [pair["loads"] for pair in printed["pairs"]] == [True]
    assert [wheel["package"] for wheel in printed["wheels"]] == ["tensorflow", "tensorflow-metal"]


def test_a_lock_with_a_numpy_that_is_too_new_has_status_1(
    call: Callable[..., int], index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheels = [*index.glob("tensorflow/*.whl"), build_wheel(tmp_path, "numpy", "2.0.2")]

    assert call(str(lock_file(tmp_path, wheels))) == 1
    out = capsys.readouterr().out
    assert "error numpy-too-new" in out
    assert out.endswith("1 wheel without machine code\n")


def test_kept_wheels_are_read_where_they_were_kept(
    call: Callable[..., int], index: Path, tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    assert call("--pair", "2.18.0", "1.2.0", "--keep", str(keep)) == 0
    kept = {path.name: sha256_of(path) for path in keep.iterdir()}
    assert len(kept) == 2

    for path in keep.iterdir():  # a kept wheel that is not what the index promised
        path.write_bytes(b"damaged")
    assert call("--pair", "2.18.0", "1.2.0", "--keep", str(keep)) == 0
    assert {path.name: sha256_of(path) for path in keep.iterdir()} == kept


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], UsageError),
        (["tensorflow>=2.18"], UsageError),
        (["!"], UsageError),
        (["tensorflow==2.99"], NoSuchWheel),
        (["missing.whl"], InputFileError),
        (["missing.json"], InputFileError),
        (["tensorflow==2.18.0", "--python", "4.1"], UsageError),
        (["tensorflow==2.18.0", "--python", "3.8"], NoSuchWheel),
    ],
)
def test_what_cannot_be_read_is_said_as_one_error(
    call: Callable[..., int], index: Path, arguments: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        call(*arguments)


def test_a_json_that_is_no_lock_is_refused(
    call: Callable[..., int], index: Path, tmp_path: Path
) -> None:
    for text in ("[]", "{}", "nonsense", '{"combo": 1}'):
        path = tmp_path / "lock.json"
        path.write_text(text)
        with pytest.raises(InputFileError, match="is not a lock"):
            call(str(path))


def test_a_damaged_wheel_is_an_error_and_no_traceback(
    call: Callable[..., int], index: Path, tmp_path: Path
) -> None:
    path = tmp_path / "x-1-py3-none-any.whl"
    path.write_bytes(b"PK\x03\x04 and no more")

    with pytest.raises(DamagedBinary):
        call(str(path))


@pytest.mark.parametrize("name", ["x-1-py3-none-any.whl", "lock.json", "pylock.toml"])
def test_a_pipe_is_not_waited_for(call: Callable[..., int], tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputFileError, match="not a regular file"):
        call(str(tmp_path / name))


def test_a_pair_of_a_stub_says_so(
    call: Callable[..., int], index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensorflow_wheel(
        index, "2.15.1", package="tensorflow-macos", files={}, requires=["tensorflow-macos==2.15.1"]
    )
    assert call("--pair", "2.15.1", "1.2.0") == 1
    assert "a stub that leads to no machine code" in capsys.readouterr().out


def test_the_architecture_can_be_chosen(
    call: Callable[..., int], index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tensorflow_files(arch="x86_64")
    tensorflow_wheel(index, "2.18.0", platform="macosx_12_0_x86_64", files=files)
    plugin_wheel(index, arch="x86_64")

    assert call("--pair", "2.18.0", "1.2.0", "--arch", "x86_64") == 0
    assert "x86_64: loads" in capsys.readouterr().out


def test_on_a_terminal_a_bar_shows_what_is_read(
    call: Callable[..., int],
    index: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert call("tensorflow==2.18.0") == 0
    printed = capsys.readouterr()
    assert "3 native files" in printed.out
    assert "_pywrap_tensorflow_internal.so" in printed.err or "reading" in printed.err


def test_a_plugin_is_shown_with_what_the_matrix_holds_of_its_code(
    call: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = plugin_wheel(tmp_path, python="cp312")
    assert call(str(path)) == 0
    told = capsys.readouterr().out
    assert "rewrites graphs unless TURN_OFF_REMAPPER=1" in told
    assert "LEAVES OUT: Relu, Relu6, Elu" in told


def test_code_is_read_in_the_wheel_itself_where_that_is_asked_for(
    call: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = plugin_wheel(tmp_path, python="cp312")  # whose image has no code at all
    assert call("--code", str(path)) == 0
    told = capsys.readouterr().out
    assert "graph optimizer: none" in told
    assert "LEAVES OUT" not in told
