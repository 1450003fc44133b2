"""explain, check and doctor as they are typed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM_ID = "could not find registered platform with id: 0x1\n"


def test_explain_prints_the_answer_and_exits_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.write_text(PLATFORM_ID)
    assert main(["explain", str(log)]) == 0
    out = capsys.readouterr().out
    assert "[optimizer-platform-id]" in out
    assert "What to do:" in out
    assert "Sources:" in out


@pytest.mark.parametrize("named", ["", "import tensorflow\n"])
def test_explain_says_once_that_a_text_of_any_program_does_not_name_tensorflow(
    named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.write_text(f"{named}zsh: illegal hardware instruction  python x.py\n")
    assert main(["explain", str(log)]) == 0
    out = capsys.readouterr().out
    assert out.count("Nothing in the text names TensorFlow") == (0 if named else 1)


def test_explain_says_when_it_knows_nothing_and_asks_for_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.write_text("all is well\n")
    assert main(["explain", str(log)]) == 1
    assert "tfmac-lock doctor" in capsys.readouterr().out


def test_explain_as_json_is_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.write_text(PLATFORM_ID)
    assert main(["explain", "--json", str(log)]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["schema_version"] == 1
    assert made["matches"][0]["symptom"] == "optimizer-platform-id"


def test_a_control_code_in_a_log_does_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\x9b31m \x07 could not find registered platform with id: \xc2\x9b2J \x1bc")
    main(["explain", str(log)])
    out = capsys.readouterr().out
    assert not any(ord(char) < 32 and char != "\n" for char in out)
    assert "\x9b" not in out


@pytest.mark.parametrize("given", ["missing.log", "."])
def test_a_file_that_cannot_be_read_is_one_line(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", given]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_check_exits_with_1_for_errors_and_0_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("six==1.16.0\n")
    bad.write_text("tensorflow==2.18.0\ntensorflow-metal==1.1.0\n")
    arguments = ["--python", "3.11", "--chip", "m1"]
    assert main(["check", str(good), *arguments]) == 0
    assert main(["check", str(good), str(bad), *arguments]) == 1
    assert f"{bad}:2: " in capsys.readouterr().out


def test_check_of_a_folder_covers_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.txt").write_text("tensorflow-macos==2.15.1\n")
    (tmp_path / "environment.yml").write_text("dependencies: [python=3.10, numpy]\n")
    main(["check", "--json", "--chip", "m2", str(tmp_path)])
    made = json.loads(capsys.readouterr().out)
    assert [file["format"] for file in made["files"]] == ["environment.yml", "requirements.txt"]
    assert "Python 3.10" in made["files"][0]["target"]
    assert made["findings"][0]["code"] == "stub"


def test_check_takes_the_python_for_which_the_pinned_releases_have_wheels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("tensorflow-macos==2.7.0\ntensorflow-metal==0.3.0\n")
    main(["check", "--json", "--chip", "m1", str(path)])
    assert "Python 3.9" in json.loads(capsys.readouterr().out)["files"][0]["target"]


def test_fix_writes_beside_the_file_and_over_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("tensorflow==2.18.0\ntensorflow-metal==1.1.0\n")
    arguments = ["check", "--fix", "--python", "3.11", "--chip", "m1", str(path)]
    main(arguments)
    assert path.read_text() == "tensorflow==2.18.0\ntensorflow-metal==1.1.0\n"
    fixed = (tmp_path / "requirements.fixed.txt").read_text()
    assert "tensorflow-metal==1.2.0" in fixed
    assert "-r requirements.fixed.txt" in fixed
    assert main(arguments) == 2
    assert "not overwritten" in capsys.readouterr().err


def test_sarif_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("tensorflow-macos==2.15.1\n")
    assert main(["check", "--sarif", "--python", "3.11", "--chip", "m1", str(path)]) == 1
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"


def test_doctor_judges_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--record"])
    record = json.loads(capsys.readouterr().out)
    record.update(system="Darwin", arch="arm64", chip="Apple M1", macos="14.5")
    record["python"].update(version="3.11.9", machine="x86_64", macos="10.16")
    path = tmp_path / "mac.json"
    path.write_text(json.dumps(record))
    assert main(["doctor", "--json", "--from", str(path)]) == 1
    codes = {found["code"] for found in json.loads(capsys.readouterr().out)["findings"]}
    assert {"rosetta", "macos-disguised"} <= codes
    assert main(["doctor", "--from", str(path)]) == 1
    assert "under Rosetta" in capsys.readouterr().out


def test_explain_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import os
    import sys

    log = tmp_path / "log"
    log.write_text(PLATFORM_ID)
    kept = os.dup(0)
    with log.open("rb") as stream:
        os.dup2(stream.fileno(), 0)
    try:
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        assert main(["explain", "-"]) == 0
    finally:
        os.dup2(kept, 0)
        os.close(kept)
    assert "optimizer-platform-id" in capsys.readouterr().out
