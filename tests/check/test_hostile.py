"""Hostile files of pins: each gets an answer, and none takes long for its size."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.__main__ import main
from tfmac_lock.check import formats, pins
from tfmac_lock.errors import InputFileError
from tfmac_lock.target import MacOSVersion, PythonVersion, Target

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.matrix.facts import Matrix


@pytest.fixture
def target(matrix: Matrix) -> Target:
    return Target(
        python=PythonVersion(3, 11, 9), chip=matrix.platforms.chip("m1"), macos=MacOSVersion(14, 0)
    )


DEEP = "(" * 1500 + "os_name == 'posix'" + ")" * 1500
POETRY = '[[package]]\nname = "a"\nversion = "1"\nmarkers = "{}"\n'
DEPENDENCIES = 'dependencies:\n- pip:\n  - "a; {}"\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", f"a; {DEEP}\n"),
        ("requirements.txt", "a" + "[" * 3000 + "\n"),
        ("poetry.lock", POETRY.format(DEEP)),
        ("environment.yml", DEPENDENCIES.format(DEEP)),
    ],
)
def test_nested_parentheses_are_a_fault_of_the_file(
    tmp_path: Path, target: Target, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputFileError, match=r"deeply|not a marker|not a requirement"):
        formats.read(tmp_path / name, target)


@pytest.mark.parametrize(
    "marker",
    [
        "platform_machine ~= 'arm64'",
        "python_version ~= '3'",
        "'a' ~= platform_system",
        "python_full_version < '...'",
        "os_name === 'x'",
    ],
)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "a; {}\n"),
        ("poetry.lock", POETRY),
        ("environment.yml", DEPENDENCIES),
    ],
)
def test_markers_that_cannot_be_compared_are_a_fault_of_the_file_or_do_not_hold(
    tmp_path: Path, target: Target, name: str, text: str, marker: str
) -> None:
    (tmp_path / name).write_text(text.format(marker))
    with contextlib.suppress(InputFileError):
        assert not formats.read(tmp_path / name, target).pins


def test_a_compatible_release_of_one_number_is_a_fault_of_the_file(
    tmp_path: Path, target: Target
) -> None:
    (tmp_path / "requirements.txt").write_text("numpy ~=1\n")
    with pytest.raises(InputFileError, match="not a requirement"):
        formats.read(tmp_path / "requirements.txt", target)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("requirements.txt", "a" + ">1," * 200_000 + ">1", "line of|longer than"),
        ("requirements.txt", "./" + ".git" * 50_000, "longer than"),
        ("requirements.txt", "a; " + "os_name=='a' and " * 5_000 + "os_name=='a'", "longer than"),
        ("requirements.txt", "a; os_name == 'x'\n" * 30_000, "more than 20000"),
        ("requirements.txt", "a \\\n" * 300_000, "line over"),
        ("uv.lock", "a" + ".a" * 200_000 + " = 1", "line of|key of more than"),
        ("uv.lock", "[" + '"a". ' * 60 + "a]", "key of more than"),
        ("environment.yml", DEPENDENCIES.format("os_name=='x'") * 1 + "  - a\n" * 30_000, "more"),
        ("conda-lock.yml", "package:\n" + "- {}\n" * 600_000, "more than 1000000"),
        ("environment.yml", "[" * 100_000, "nest"),
    ],
)
def test_what_would_take_long_is_refused_before_it_does(
    tmp_path: Path, target: Target, name: str, text: str, why: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputFileError, match=why):
        formats.read(tmp_path / name, target)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, target: Target) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"#" * (pins.MAX_BYTES + 1))
    with pytest.raises(InputFileError, match="larger than"):
        formats.read(tmp_path / "requirements.txt", target)


def test_a_marker_that_many_packages_share_is_evaluated_once(
    tmp_path: Path, target: Target
) -> None:
    pins._holds.cache_clear()
    (tmp_path / "requirements.txt").write_text("a; sys_platform == 'win32'\n" * 500)
    formats.read(tmp_path / "requirements.txt", target)
    assert pins._holds.cache_info().misses == 1


def test_an_escape_in_a_file_name_does_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements\x1b]0;x\x07.txt").write_text("numpy==1.26.4\n")
    main(["check", str(tmp_path)])
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert "\x07" not in shown.out + shown.err


@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_named_pipe_is_refused_and_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    os.mkfifo(tmp_path / "requirements.txt")
    assert main([command, str(tmp_path / "requirements.txt")]) != 0
    assert "requirements.txt" in capsys.readouterr().err


def test_a_named_pipe_in_a_folder_is_refused_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "requirements.txt")
    assert main(["check", str(tmp_path)]) != 0
    assert "is not a file" in capsys.readouterr().err
