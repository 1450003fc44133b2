from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import bound, matrix
from tests.support.locks import lock, package
from tfmac_lock.lock.difference import Turn, change, difference
from tfmac_lock.matrix.reasons import Reason

if TYPE_CHECKING:
    from tfmac_lock.lock.model import Lock

MAC = "cp311-cp311-macosx_12_0_arm64"


def other(tensorflow: str, metal: str | None, *more: tuple[str, str]) -> Lock:
    packages = [package("tensorflow", tensorflow, tag=MAC)]
    packages += [package("tensorflow-metal", metal, tag=MAC)] if metal else []
    packages += [package(name, version) for name, version in more]
    return lock(tuple(packages), tensorflow=tensorflow, metal=metal)


def told(before: Lock, after: Lock, **facts: object) -> list[str]:
    known = matrix(**facts)  # type: ignore[arg-type]
    return [f"{line.turn}: {line.text}" for line in difference(before, after, known).headlines]


def test_locks_that_are_the_same_have_no_difference() -> None:
    found = difference(lock(), lock(), matrix())
    assert not found
    assert not found.is_worse


def test_a_lost_gpu_comes_first() -> None:
    before = other("2.18.1", "1.2.0", ("h5py", "3.1"))
    after = other("2.20.0", None, ("h5py", "3.2"))
    found = difference(before, after, matrix())
    assert found.headlines[0].text == "tensorflow 2.18.1 -> 2.20.0: loses the GPU"
    assert found.is_worse
    assert [str(one) for one in found.changes] == [
        "h5py 3.1 -> 3.2",
        "tensorflow 2.18.1 -> 2.20.0",
        "tensorflow-metal 1.2.0 -> (not there)",
    ]


def test_a_gained_gpu_and_a_new_plugin_are_told() -> None:
    assert told(other("2.20.0", None), other("2.18.1", "1.2.0")) == [
        "better: tensorflow 2.20.0 -> 2.18.1: gains the GPU"
    ]
    assert told(other("2.17.0", "1.1.0"), other("2.18.1", "1.2.0")) == [
        "other: tensorflow 2.17.0 -> 2.18.1",
        "other: tensorflow-metal 1.1.0 -> 1.2.0",
    ]


def test_the_other_name_of_tensorflow_is_told_with_its_package() -> None:
    after = replace(lock(), combo=replace(lock().combo, package="tensorflow-macos"))
    assert told(lock(), after) == ["other: tensorflow 2.18.1 -> tensorflow-macos 2.18.1"]


def test_a_version_that_leaves_a_bound_is_told_with_the_reason() -> None:
    limit = bound("protobuf", "<6", tensorflow=">=2.18")
    before, after = lock(), lock((*lock().packages, package("protobuf", "6.31.0")))
    assert told(before, after, bounds=(limit,)) == [
        f"worse: protobuf 6.31.0: leaves the bound <6 ({limit.reason})"
    ]
    older = lock((*lock().packages, package("protobuf", "5.29.3")))
    assert told(older, after, bounds=(limit,))[0].startswith("worse: protobuf 5.29.3 -> 6.31.0:")
    assert told(after, older, bounds=(limit,)) == []


def test_a_worse_verdict_names_what_is_not_known_any_more() -> None:
    after = lock(status="unproven", grade=None)
    after = replace(after, verdict=replace(after.verdict, reasons=()))
    before = lock(text="it trained")
    graded = replace(before.verdict.reasons[0], grade="twin")
    before = replace(before, verdict=replace(before.verdict, reasons=(graded,)))
    assert told(before, after) == [
        "worse: verdict: works -> unproven (nothing of the kind twin is known of these versions)"
    ]
    assert told(after, before) == ["better: verdict: unproven -> works"]


def test_a_fault_that_comes_and_one_that_goes_are_told() -> None:
    fault = Reason(kind="defect", text="ReLU is left out: on the GPU", source="s", against=True)
    faulty = replace(lock(), verdict=replace(lock().verdict, reasons=(fault,)))
    assert told(lock(), faulty) == ["worse: ReLU is left out: on the GPU"]
    assert told(faulty, lock()) == ["better: no longer: ReLU is left out"]


def test_a_newer_macos_and_new_settings_are_told() -> None:
    needs = replace(lock(macos_min="14.0"), environment={"TF_USE_LEGACY_KERAS": "1"})
    assert told(lock(), needs) == [
        "worse: needs macOS 14.0 or newer (before: 12.3)",
        "other: now needs TF_USE_LEGACY_KERAS=1 set before Python starts",
    ]
    assert told(needs, lock()) == [
        "better: needs macOS 12.3 or newer (before: 14.0)",
        "other: no longer needs TF_USE_LEGACY_KERAS set",
    ]


def test_another_file_of_the_same_version_is_told() -> None:
    changed = (replace(lock().packages[0], sha256="0" * 64), *lock().packages[1:])
    (one,) = difference(lock(), lock(changed), matrix()).changes
    assert (one.kind, str(one)) == ("file", "numpy 2.0.2: another file")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("", "1", "added"),
        ("1", "", "removed"),
        ("1.9", "1.10", "newer"),
        ("1.10", "1.9", "older"),
        ("2024a_1", "2024b_0", "newer"),
    ],
)
def test_a_change_has_a_direction(before: str, after: str, kind: str) -> None:
    assert change("name", before, after).kind == kind


def test_turns_are_the_words_of_the_json() -> None:
    assert [turn.value for turn in Turn] == ["worse", "better", "other"]
