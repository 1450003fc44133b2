"""The job list: which locks CI proves on which Mac."""

from __future__ import annotations

from dataclasses import replace

from tests.prove.support import lock
from tfmac_lock.prove.jobs import document, jobs


def test_an_arm_lock_goes_to_every_arm_runner_and_to_no_other() -> None:
    found = jobs([lock()])
    assert {job.runs_on for job in found} == {("macos-15",), ("macos-26",)}
    assert all(job.gpu and not job.decides for job in found)


def test_an_intel_lock_goes_to_the_intel_runner() -> None:
    assert [job.runs_on for job in jobs([lock(arch="x86_64")])] == [("macos-15-intel",)]


def test_a_lock_that_needs_a_newer_macos_than_the_runner_has_is_left_out_there() -> None:
    newer = replace(lock(), macos_min="16.0")
    assert {job.runs_on for job in jobs([newer])} == {("macos-26",)}


def test_self_hosted_macs_prove_locks_with_a_plugin_and_decide() -> None:
    both = [lock(), lock(name="cpu", metal=None)]
    mine = [job for job in jobs(both, ["self-hosted", "macOS", "ARM64"]) if job.decides]
    assert [job.lock for job in mine] == [lock().id]
    assert mine[0].runs_on == ("self-hosted", "macOS", "ARM64")


def test_the_newest_patch_release_stands_for_its_minor() -> None:
    older = replace(lock(name="older"), tensorflow="2.16.1")
    assert {job.lock for job in jobs([older, lock()])} == {lock().id}


def test_broken_locks_and_variants_with_condas_versions_are_left_out() -> None:
    broken = replace(lock(name="broken"), status="broken")
    variant = lock(name="one-conda", pins={"wheel": "0.45"}, conda={"numpy": "1.19.5"})
    assert jobs([broken, variant]) == []


def test_a_lock_that_conda_must_install_says_so() -> None:
    native = lock(name="native", pins={"wheel": "0.45"}, conda={"numpy": "1.19.5"})
    assert [job.conda for job in jobs([native])] == [True, True]
    assert not any(job.conda for job in jobs([lock()]))


def test_the_newest_tensorflow_comes_first_so_that_a_full_matrix_loses_the_oldest() -> None:
    many = [
        replace(lock(name=f"lock-{number}"), tensorflow=f"2.{number}.0") for number in range(30)
    ]
    found = jobs(many)
    assert found[0].lock == "lock-29"
    assert found[-1].lock == "lock-0"


def test_the_document_is_what_a_job_matrix_takes() -> None:
    data = document(jobs([lock()]))
    assert data["schema_version"] == 1
    assert data["jobs"][0]["runs_on"] == ["macos-15"]
