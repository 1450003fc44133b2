"""Evidence from a Mac: reports that are about the lock become files, others are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.prove.support import fail, lock, lock_content, report_content

pytest.importorskip("pydantic", reason="evidence is checked with the extra `curate`")

from tfmac_lock.errors import DataError
from tfmac_lock.prove.errors import BadReport
from tfmac_lock.prove.evidence import (
    evidence_file,
    evidence_of_mac,
    read_evidence,
    write_evidence,
)
from tfmac_lock.prove.locked import locked_set
from tfmac_lock.prove.report import Report

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.matrix.proofs import Proof

RUN = "https://ci.example.org/runs/1"


def evidence(content: dict[str, Any]) -> Proof:
    report = Report.model_validate(content)
    return evidence_of_mac(lock(series="3.11"), report, RUN, "report.json")


def test_a_good_cpu_run_is_evidence_that_it_works() -> None:
    found = evidence(report_content())
    assert (found.grade, found.outcome, found.source) == ("trained-cpu", "works", RUN)
    assert found.date.isoformat() == "2026-11-20"
    assert found.figures["accuracy"] == 0.977
    assert found.pins["numpy"] == "1.26.4"
    assert "0.9770 on MNIST" in found.text


def test_a_failed_run_is_evidence_that_it_is_broken_with_stage_and_error() -> None:
    found = evidence(fail(report_content(), "train", "the loss did not fall"))
    assert (found.outcome, found.stage) == ("broken", "train")
    assert "the loss did not fall" in found.text


def test_wrong_results_of_a_run_that_trains_are_a_fault_and_break_nothing() -> None:
    found = evidence(fail(report_content(), "agreement", "relu does not clip in predict"))
    assert (found.outcome, found.faults) == ("works", ("relu-wrong",))
    assert "relu does not clip" in found.text
    other = evidence(fail(report_content(), "agreement", "predict against eager: differ by 0.3"))
    assert other.faults == ("results-differ",)


def test_evidence_survives_its_file(tmp_path: Path) -> None:
    for content in (report_content(), fail(report_content(), "load", 'bad "name"\n\\ tab\t')):
        found = evidence(content)
        write_evidence(found, tmp_path / "one.toml")
        assert read_evidence(tmp_path / "one.toml") == found


def test_the_same_evidence_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_evidence(evidence(report_content()), tmp_path / f"{name}.toml")
    assert (tmp_path / "one.toml").read_bytes() == (tmp_path / "two.toml").read_bytes()


def test_a_damaged_file_is_refused_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "one.toml"
    write_evidence(evidence(report_content()), path)
    path.write_text(path.read_text().replace('outcome = "works"', 'outcome = "fine"'))
    with pytest.raises(DataError, match="outcome"):
        read_evidence(path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"packages": {"numpy": "2.0.0"}}, "numpy 2.0.0 was installed, the lock has 1.26.4"),
        ({"packages": {"numpy": "1.26.4"}}, "tensorflow 2.16.2 of the lock was not installed"),
        ({"python": "3.10.1"}, "the lock is for 3.11"),
        ({"implementation": "PyPy"}, "PyPy"),
        ({"data": "synthetic"}, "needs MNIST itself"),
        ({"started": "2999-01-01T00:00:00Z"}, "future"),
    ],
)
def test_a_report_that_is_not_of_this_lock_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadReport, match=says):
        evidence(report_content(**changes))


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ({"system": "Linux"}, "not on a Mac"),
        ({"machine": "x86_64"}, "the lock is for arm64"),
        ({"release": "12.0"}, "the lock needs 12.3"),
    ],
)
def test_a_report_from_another_machine_is_refused(host: dict[str, str], says: str) -> None:
    content = report_content()
    content["host"] |= host
    with pytest.raises(BadReport, match=says):
        evidence(content)


def test_a_package_that_is_not_in_the_lock_is_refused() -> None:
    content = report_content()
    content["packages"]["tensorflow-text"] = "2.16.1"
    with pytest.raises(BadReport, match="tensorflow-text was installed and is not in the lock"):
        evidence(content)


def test_what_condas_own_packages_bring_besides_is_no_stranger() -> None:
    """h5py of conda-forge needs cached-property, which no wheel of the lock asks for."""
    content = lock_content(series="3.11", conda={"h5py": "3.1.0"})
    other = {**content["packages"][-1], "name": "cached-property", "version": "1.5.2"}
    content["packages"].append({**other, "manager": "conda"})
    report = report_content()
    report["packages"] |= {"h5py": "3.1.0", "cached-property": "1.5.2"}
    native = locked_set(content, "test")
    read = Report.model_validate(report)
    assert evidence_of_mac(native, read, RUN, "r.json").outcome == "works"
    read.packages["tensorflow-text"] = "2.16.1"
    with pytest.raises(BadReport, match="tensorflow-text"):
        evidence_of_mac(native, read, RUN, "r.json")


def test_a_run_that_memory_ended_is_no_evidence() -> None:
    content = fail(report_content(), "train", "was ended by SIGKILL", status="died")
    with pytest.raises(BadReport, match="cut short"):
        evidence(content)


def test_what_the_gpu_of_a_virtual_mac_does_is_kept_where_no_verdict_looks(
    tmp_path: Path,
) -> None:
    proofs = tmp_path / "proofs"
    gpu = evidence(report_content(device="gpu", device_used="gpu"))
    assert gpu.grade == "trained-gpu"
    assert proofs not in evidence_file(gpu, proofs).parents
    assert proofs in evidence_file(evidence(report_content()), proofs).parents
    real = report_content(device="gpu", device_used="gpu")
    real["host"]["chip"] = "Apple M1 Max"
    assert proofs in evidence_file(evidence(real), proofs).parents


def test_paths_of_the_machine_do_not_reach_the_evidence() -> None:
    content = fail(report_content(), "import", "ImportError: dlopen(/Users/runner/x/lib.so)")
    content["stages"][0]["last_lines"] = ['File "/Users/me/venv/lib/python3.9/a.py", line 3']
    found = evidence(content)
    assert "/Users" not in found.text
    assert "/Users" not in str(found.error)
    assert "/Users" not in "".join(found.last_lines)
