"""The checks of a pair, by facts that a test can see through: what is found, and where it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support import facts
from tests.support.facts import defect, evidence, floor, loads, release
from tfmac_lock.check.findings import Level
from tfmac_lock.check.judge import check
from tfmac_lock.check.pins import Pin, PinFile
from tfmac_lock.matrix.facts import Matrix, PackageRow, Release
from tfmac_lock.matrix.reasons import Grade
from tfmac_lock.target import MacOSVersion

if TYPE_CHECKING:
    from tfmac_lock.check.findings import Finding
    from tfmac_lock.target import Target

TENSORFLOW = Pin(name="tensorflow", version="2.18.1", path="r.txt", line=1)
METAL = Pin(name="tensorflow-metal", version="1.2.0", path="r.txt", line=2)
RELEASES = (release("tensorflow", "2.18.1"), release("tensorflow-metal", "1.2.0"))


def found(
    matrix: Matrix,
    *pins: Pin,
    code: str,
    target: Target | None = None,
    macos: str | None = None,
) -> list[Finding]:
    """The findings of that code on a file of these pins."""
    file = PinFile(path="r.txt", format="requirements.txt", pins=pins)
    known = MacOSVersion.parse(macos) if macos else None
    checked = check(file, target or facts.target(), matrix, macos=known)
    return [one for one in checked.findings if one.code == code]


def with_releases(*more: Release, **others: object) -> Matrix:
    return facts.matrix(releases=(*RELEASES, *more), **others)  # type: ignore[arg-type]


# -- the machine that the file is for


@pytest.mark.parametrize(
    ("python", "arch", "mac", "meant"),
    [
        ("3.9", "", "arm64", "Python 3.9"),
        ("3.10", "", "arm64", "Python 3.10"),
        ("3.12", "", "arm64", "Python 3.12"),
        ("3.11", "arm64", "arm64", None),
        ("", "", "arm64", None),
        ("", "x86_64", "arm64", "x86_64 Macs"),
        ("", "arm64", "x86_64", "arm64 Macs"),
        ("3.10", "arm64", "x86_64", "Python 3.10 and arm64 Macs"),
        ("3.10", "x86_64", "x86_64", "Python 3.10"),
    ],
)
def test_a_file_for_another_machine_says_for_which(
    python: str, arch: str, mac: str, meant: str | None
) -> None:
    target = facts.target("3.11", "m1" if mac == "arm64" else "intel")
    file = PinFile(path="p.lock", format="pixi.lock", pins=(), python=python, arch=arch)
    told = check(file, target, facts.matrix()).findings
    assert [(one.code, one.text, one.path) for one in told] == (
        [("other-target", f"the file is for {meant}, and not for {target}", "p.lock")]
        if meant
        else []
    )


# -- releases


def test_every_release_without_a_wheel_or_unknown_is_told() -> None:
    matrix = with_releases(release("tensorflow-macos", "2.9.0", "3.9"))
    older = Pin(name="tensorflow-macos", version="2.9.0")
    for first in (
        replace(TENSORFLOW, version="9.9"),
        replace(TENSORFLOW, version="", specifier=">=9"),
        replace(TENSORFLOW, source="git"),
        TENSORFLOW,
    ):
        (unknown,) = found(
            matrix, first, replace(METAL, version="9.9"), older, code="unknown-release"
        )[-1:]
        assert (unknown.package, unknown.line) == ("tensorflow-metal", 2)
        (without,) = found(matrix, first, METAL, older, code="no-wheel")[-1:]
        assert without.package == "tensorflow-macos"
        assert without.text == (
            "tensorflow-macos 2.9.0 has wheels for Python 3.9 only on arm64 Macs, "
            "none for Python 3.11"
        )
    metal = replace(METAL, version="", specifier=">=9")
    assert [one.package for one in found(matrix, TENSORFLOW, metal, older, code="no-wheel")] == [
        "tensorflow-macos",
        "tensorflow-metal",
    ]


def test_of_an_unknown_release_the_newest_final_one_is_named() -> None:
    matrix = with_releases(
        release("tensorflow", "2.20.0"),
        release("tensorflow", "2.19.0"),
        release("tensorflow", "3.0rc1"),
    )
    (one,) = found(matrix, replace(TENSORFLOW, version="9.9"), code="unknown-release")
    assert one.text == (
        "tensorflow 9.9 is not a release with files for Macs; the newest is 2.20.0 "
        "(as of 2026-01-31)"
    )


def test_a_release_without_any_wheel_for_the_macs_says_so() -> None:
    intel = facts.target("3.11", "intel")
    (one,) = found(with_releases(), TENSORFLOW, code="no-wheel", target=intel)
    assert one.text == "tensorflow 2.18.1 has no wheels on x86_64 Macs, none for Python 3.11"
    assert found(with_releases(), TENSORFLOW, METAL, code="no-wheel") == []


def test_what_is_built_from_source_needs_no_release() -> None:
    built = replace(TENSORFLOW, version="9.9", source="git")
    assert found(with_releases(), built, code="unknown-release") == []
    plugin = replace(METAL, version="9.9", source="git")
    assert found(with_releases(), TENSORFLOW, plugin, code="unknown-release") == []


# -- payload


def row(versions: str = "") -> PackageRow:
    return PackageRow(
        name="tensorflow",
        versions=versions,
        kind="gone",
        title="Empty",
        text="it holds nothing",
        instead="take another one",
        sources=("https://example.org/empty",),
    )


@pytest.mark.parametrize(
    ("rows", "why", "cure"),
    [
        ((), "it is empty, and so is what it needs", "tfmac-lock --python 3.11 --chip m1"),
        ((row(),), "it is empty, and so is what it needs", "tfmac-lock --python 3.11 --chip m1"),
        ((row("==2.1.*"),), "it is empty, and so is what it needs", "tfmac-lock --python 3.11"),
        ((row("==2.17.*"),), "it holds nothing", "take another one"),
    ],
)
def test_an_empty_release_is_told_in_the_words_of_its_row(
    rows: tuple[PackageRow, ...], why: str, cure: str
) -> None:
    empty = release("tensorflow", "2.17.0", payload=False)
    matrix = replace(with_releases(empty), packages=rows)
    (one,) = found(matrix, replace(TENSORFLOW, version="2.17.0"), code="stub")
    assert one.text == f"tensorflow 2.17.0 brings no TensorFlow: {why}"
    assert one.cure.startswith(cure)
    assert (one.package, one.line) == ("tensorflow", 1)
    assert one.source == "https://pypi.org/project/tensorflow/2.17.0/"


def test_what_holds_a_tensorflow_or_has_no_wheel_or_is_unknown_is_not_empty() -> None:
    empty = release("tensorflow", "2.17.0", payload=False)
    matrix = with_releases(empty)
    intel = facts.target("3.11", "intel")
    assert found(matrix, TENSORFLOW, code="stub") == []
    assert found(matrix, replace(TENSORFLOW, version="9.9"), code="stub") == []
    one = replace(TENSORFLOW, version="2.17.0")
    assert found(matrix, one, code="stub", target=intel) == []


def test_a_plugin_lacks_a_tensorflow_only_where_none_is_named() -> None:
    matrix = with_releases()
    for pins, missing in (
        ((METAL,), True),
        ((TENSORFLOW, METAL), False),
        ((TENSORFLOW,), False),
        ((replace(TENSORFLOW, version="", specifier=">=9"), METAL), False),
        ((replace(TENSORFLOW, source="git"), METAL), False),
        ((Pin(name="six", source="git"), METAL), True),
    ):
        assert bool(found(matrix, *pins, code="no-tensorflow")) is missing, pins


# -- whether the pair works


def test_the_floor_is_that_of_the_plugin_and_holds_from_its_macos_on() -> None:
    matrix = with_releases(floors=(floor("12.3"),), pair_loads=(loads(True),))
    (one,) = found(matrix, TENSORFLOW, METAL, code="floor", macos="12.2")
    assert (one.package, one.line, one.source) == ("tensorflow-metal", 2, "the SDKs")
    assert one.text.endswith("; this is macOS 12.2")
    assert found(matrix, TENSORFLOW, METAL, code="floor", macos="12.3") == []
    assert found(matrix, TENSORFLOW, METAL, code="floor") == []
    assert found(matrix, TENSORFLOW, code="floor", macos="12.2") == []
    without = with_releases(pair_loads=(loads(True),))
    assert found(without, TENSORFLOW, METAL, code="floor", macos="12.2") == []


def test_below_the_floor_a_pair_is_not_said_to_be_broken_besides() -> None:
    matrix = with_releases(floors=(floor("12.3"),), pair_loads=(loads(True),))
    assert found(matrix, TENSORFLOW, METAL, code="pair-broken", macos="12.2") == []
    assert found(matrix, TENSORFLOW, METAL, code="pair-unproven", macos="12.2") == []


def test_a_pair_that_does_not_load_is_told_with_what_is_missing() -> None:
    matrix = with_releases(pair_loads=(loads(False),))
    (one,) = found(matrix, TENSORFLOW, METAL, code="pair-broken")
    assert one.text.startswith(
        "tensorflow 2.18.1 with tensorflow-metal 1.2.0 does not load: `__ZN1a`, `__ZN1b` are "
        "missing"
    )
    assert one.source == "the binaries of tensorflow 2.18.1 and tensorflow-metal 1.2.0"
    assert (one.package, one.line, one.level) == ("tensorflow-metal", 2, Level.ERROR)


def test_what_loads_in_the_place_of_a_plugin_that_does_not_is_told_behind_it() -> None:
    matrix = with_releases(
        release("tensorflow-metal", "1.1.0"), pair_loads=(loads(False), loads(True, metal="1.1.0"))
    )
    (one,) = found(matrix, TENSORFLOW, METAL, code="pair-broken")
    first, _, second = one.text.partition("; ")
    assert first.endswith("are missing")
    assert "1.1.0" in second


@pytest.mark.parametrize("load", [None, True])
def test_a_pair_that_was_seen_to_fail_is_told_as_the_observer_said_it(load: bool | None) -> None:
    seen = (evidence(Grade.REPORTED, "broken", text="it ends the process"),)
    matrix = with_releases(evidence=seen, pair_loads=(loads(load),))
    (one,) = found(matrix, TENSORFLOW, METAL, code="pair-broken")
    assert one.text == "tensorflow 2.18.1 with tensorflow-metal 1.2.0: it ends the process"
    assert one.source == "https://example.org/seen"


def test_of_several_who_saw_a_pair_fail_the_first_is_named_with_the_source() -> None:
    seen = tuple(
        replace(
            evidence(Grade.REPORTED, "broken", text=f"{name} saw it end"),
            source=f"https://example.org/{name}",
        )
        for name in ("one", "two", "three")
    )
    (one,) = found(with_releases(evidence=seen), TENSORFLOW, METAL, code="pair-broken")
    assert one.text == "tensorflow 2.18.1 with tensorflow-metal 1.2.0: one saw it end"
    assert one.source == "https://example.org/one"


@pytest.mark.parametrize("grade", [Grade.TRAINED_CPU, Grade.TRAINED_GPU])
def test_a_training_that_failed_on_two_macs_is_told(grade: Grade) -> None:
    seen = tuple(
        replace(
            evidence(grade, "broken", text="it fails", results=True, chip=chip, macos="26"),
            submitter=chip,
        )
        for chip in ("m1", "m4")
    )
    told = found(with_releases(evidence=seen), TENSORFLOW, METAL, code="pair-broken")
    assert [one.text for one in told] == ["tensorflow 2.18.1 with tensorflow-metal 1.2.0: it fails"]


def test_a_tensorflow_without_plugin_that_was_seen_to_fail_stands_at_itself() -> None:
    seen = (evidence(Grade.REPORTED, "broken", metal=None, text="it ends the process"),)
    (one,) = found(with_releases(evidence=seen), TENSORFLOW, code="pair-broken")
    assert one.text == "tensorflow 2.18.1 with no plugin: it ends the process"
    assert (one.package, one.line) == ("tensorflow", 1)


def test_an_empty_tensorflow_is_not_judged_as_a_pair() -> None:
    empty = release("tensorflow", "2.17.0", payload=False)
    seen = (evidence(Grade.REPORTED, "broken", tensorflow="==2.17.0"),)
    matrix = with_releases(empty, evidence=seen)
    one = replace(TENSORFLOW, version="2.17.0")
    for code in ("pair-broken", "pair-unproven"):
        assert found(matrix, one, METAL, code=code) == []


def listed(*metal: str, grade: Grade = Grade.VENDOR) -> Matrix:
    """Facts in which the vendor lists these plugins for the TensorFlow."""
    older = [release("tensorflow-metal", one) for one in ("1.0.0", "1.1.0", "1.10.0")]
    return with_releases(*older, evidence=tuple(evidence(grade, metal=one) for one in metal))


def test_a_plugin_newer_than_all_that_the_vendor_lists_is_a_warning() -> None:
    (one,) = found(listed("1.1.0", "1.0.0"), TENSORFLOW, METAL, code="plugin-newer")
    assert one.text.startswith(
        "tensorflow-metal 1.2.0 is newer than 1.1.0, which the vendor lists for TensorFlow 2.18.1, "
    )
    assert (one.package, one.line, one.level) == ("tensorflow-metal", 2, Level.WARNING)
    assert one.source == "https://example.org/seen"
    assert found(listed("1.1.0"), TENSORFLOW, METAL, code="pair-unproven") == []


@pytest.mark.parametrize(
    "matrix",
    [
        listed("1.2.0"),
        listed("1.0.0", "1.10.0"),
        listed(),
        listed("1.1.0", grade=Grade.REPORTED),
        with_releases(evidence=(evidence(Grade.VENDOR, metal=None),)),
        with_releases(evidence=(evidence(Grade.VENDOR, metal="1.1.0", tensorflow="==2.17.*"),)),
    ],
    ids=["itself", "a newer one", "none", "a report", "no plugin", "another TensorFlow"],
)
def test_a_plugin_off_the_vendors_list_for_another_cause_is_no_such_warning(
    matrix: Matrix,
) -> None:
    assert found(matrix, TENSORFLOW, METAL, code="plugin-newer") == []
    assert found(matrix, TENSORFLOW, code="plugin-newer") == []


def test_a_pair_that_nothing_proves_is_a_note_where_both_have_a_wheel() -> None:
    (one,) = found(with_releases(), TENSORFLOW, METAL, code="pair-unproven")
    assert one.text == (
        "nothing proves yet that tensorflow 2.18.1 with tensorflow-metal 1.2.0 works on Python 3.11"
    )
    assert (one.package, one.line, one.level) == ("tensorflow-metal", 2, Level.NOTE)
    assert (one.cure, one.source) == ("tfmac-lock prove", "matrix/proofs")
    assert found(with_releases(), TENSORFLOW, code="pair-unproven") == []
    for releases in (
        (release("tensorflow", "2.18.1", "3.10"), RELEASES[1]),
        (RELEASES[0], release("tensorflow-metal", "1.2.0", "3.10")),
    ):
        matrix = facts.matrix(releases=releases)
        assert found(matrix, TENSORFLOW, METAL, code="pair-unproven") == []


# -- known faults, and what is not pinned


def test_a_fault_stands_at_the_package_that_it_is_of() -> None:
    of_pair = defect()
    of_tensorflow = defect(metal=None, with_packages=("six",))
    matrix = with_releases(defects=(of_pair, of_tensorflow, defect(tensorflow="==2.17.*")))
    six = Pin(name="six", version="1", path="r.txt", line=3)
    first, second = found(matrix, TENSORFLOW, METAL, six, code="defect")
    assert (first.package, first.line) == ("tensorflow", 1)
    assert (second.package, second.line) == ("tensorflow-metal", 2)
    for one in (first, second):
        assert one.text == "Wrong results: the results are wrong"
        assert (one.cure, one.source) == ("use the CPU", "https://example.org/defect")
        assert one.level is Level.WARNING
    assert len(found(matrix, TENSORFLOW, METAL, code="defect")) == 1
    assert found(matrix, METAL, six, code="defect") == []


def test_a_tensorflow_and_a_plugin_without_a_version_are_each_told_with_what_would_be_taken() -> (
    None
):
    matrix = with_releases()
    free = replace(TENSORFLOW, version="", specifier=">=2"), replace(METAL, version="")
    first, second = found(matrix, *free, code="unpinned")
    assert first.text == (
        "tensorflow>=2 is not a pin: an installer takes 2.18.1 today, and another one tomorrow; "
        "the plugin's metadata names no TensorFlow"
    )
    assert second.text.startswith("tensorflow-metal is not a pin: an installer takes 1.2.0 today")
    assert [(one.package, one.line, one.level) for one in (first, second)] == [
        ("tensorflow", 1, Level.WARNING),
        ("tensorflow-metal", 2, Level.WARNING),
    ]
    assert found(matrix, TENSORFLOW, METAL, code="unpinned") == []
    (one,) = found(matrix, TENSORFLOW, free[1], code="unpinned")
    assert one.package == "tensorflow-metal"
    unheard = replace(TENSORFLOW, version="", specifier=">=9")
    assert found(matrix, unheard, code="unpinned") == []
