"""Reports are believed only where they agree with themselves."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.prove.support import fail, report_content

pytest.importorskip("pydantic", reason="reports are checked with the extra `curate`")

from tfmac_lock.prove.errors import BadReport
from tfmac_lock.prove.report import MAX_BYTES, read_report

if TYPE_CHECKING:
    from pathlib import Path


def refused(tmp_path: Path, content: Any) -> str:
    path = tmp_path / "report.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(BadReport) as caught:
        read_report(path)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def test_a_report_of_a_good_run_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report_content()))
    report = read_report(path)
    assert report.first_failure is None
    assert report.stage("accuracy").number("accuracy") == 0.977


def test_the_first_failure_is_the_stage_that_failed_and_not_one_skipped_for_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(fail(report_content(), "train", "loss is NaN")))
    failure = read_report(path).first_failure
    assert failure is not None
    assert failure.name == "train"


def test_a_report_that_says_passed_over_a_failed_stage_is_refused(tmp_path: Path) -> None:
    content = fail(report_content(), "agreement", "relu does not clip")
    assert "'passed' is not what the stages say" in refused(tmp_path, content | {"passed": True})


def test_a_report_with_a_stage_left_out_is_refused(tmp_path: Path) -> None:
    content = report_content()
    content["stages"] = content["stages"][:-1]
    assert "not those of the proof" in refused(tmp_path, content)


def test_a_stage_that_passed_without_its_figure_is_refused(tmp_path: Path) -> None:
    content = report_content()
    content["stages"][-1]["figures"] = {}
    assert "agreement passed with predict_eager = None" in refused(tmp_path, content)


def test_an_accuracy_below_the_floor_that_passed_is_refused(tmp_path: Path) -> None:
    content = report_content()
    content["stages"][5]["figures"]["accuracy"] = 0.3
    assert "accuracy = 0.3" in refused(tmp_path, content)


def test_a_gpu_run_that_used_none_is_refused(tmp_path: Path) -> None:
    assert "claims a GPU run" in refused(tmp_path, report_content(device="gpu"))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"schema_version": 1}', "\x00", '{"a": NaN}']
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    refused(tmp_path, text)


def test_an_unknown_schema_version_is_refused(tmp_path: Path) -> None:
    assert "schema_version" in refused(tmp_path, report_content(schema_version=2))


def test_a_huge_file_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    assert "larger than" in refused(tmp_path, " " * (MAX_BYTES + 1))


def test_a_missing_file_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadReport, match="No such file"):
        read_report(tmp_path / "none.json")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "report.json"
    os.mkfifo(pipe)
    with pytest.raises(BadReport, match="not a regular file"):
        read_report(pipe)
