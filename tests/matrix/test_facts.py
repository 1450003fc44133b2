from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.facts import bound, defect, evidence, matrix, release, shipped, wheel
from tfmac_lock.matrix.base import MOST_KEPT, Once
from tfmac_lock.matrix.facts import Matrix, Release, specifier
from tfmac_lock.matrix.reasons import Grade
from tfmac_lock.target import Arch, Os


@pytest.mark.parametrize(
    ("platform", "arm", "intel"),
    [
        ("macosx_12_0_arm64", True, False),
        ("macosx_10_15_x86_64", False, True),
        ("macosx_11_0_universal2", True, True),
        ("manylinux_2_17_aarch64.manylinux2014_aarch64", False, False),
    ],
)
def test_a_wheel_is_for_the_macs_of_its_platform(platform: str, arm: bool, intel: bool) -> None:
    made = wheel("tensorflow", "2.18.1", platform=platform)
    assert (made.is_for(Arch.ARM64), made.is_for(Arch.X86_64)) == (arm, intel)


def test_a_linux_wheel_is_for_the_guest_of_its_machine() -> None:
    made = wheel("tensorflow", "2.18.1", platform="manylinux_2_17_aarch64.manylinux2014_aarch64")
    assert made.is_for(Arch.ARM64, Os.LINUX)
    assert not made.is_for(Arch.X86_64, Os.LINUX)


def test_a_release_names_its_pythons_oldest_first() -> None:
    made = release("tensorflow", "2.18.1", "3.12", "3.9", "3.10")
    assert made.pythons(Arch.ARM64) == ("3.9", "3.10", "3.12")
    assert made.pythons(Arch.X86_64) == ()
    assert made.final
    assert not release("tensorflow", "2.19.0rc0").final


def stub(package: str, version: str, *requires: str) -> Release:
    return Release(
        package=package,
        version=version,
        wheels=(wheel(package, version, payload=False, requires=requires),),
    )


def test_a_stub_leads_to_the_release_that_holds_the_payload() -> None:
    facts = matrix(
        releases=(
            stub(
                "tensorflow",
                "2.13.0",
                "tensorflow-cpu-aws==2.13.0; platform_system == 'Linux'",
                "tensorflow-macos==2.13.0; platform_system == 'Darwin'",
            ),
            release("tensorflow-macos", "2.13.0"),
        )
    )
    assert facts.payload_of("tensorflow", "2.13.0", Arch.ARM64) == ("tensorflow-macos", "2.13.0")
    assert facts.payload_of("tensorflow-macos", "2.13.0", Arch.ARM64) == (
        "tensorflow-macos",
        "2.13.0",
    )


@pytest.mark.parametrize("requires", [("tensorflow-macos==2.15.1",), ("six",), ()])
def test_a_stub_that_leads_nowhere_has_no_payload(requires: tuple[str, ...]) -> None:
    facts = matrix(releases=(stub("tensorflow-macos", "2.15.1", *requires),))
    assert facts.payload_of("tensorflow-macos", "2.15.1", Arch.ARM64) is None


def test_the_shipped_stubs_lead_where_they_should() -> None:
    def payload(package: str, version: str) -> tuple[str, str] | None:
        return shipped().payload_of(package, version, Arch.ARM64)

    assert payload("tensorflow", "2.13.0") == ("tensorflow-macos", "2.13.0")
    assert payload("tensorflow-macos", "2.15.1") is None
    assert payload("tensorflow-macos", "2.16.2") == ("tensorflow", "2.16.2")
    assert payload("tensorflow", "2.15.1") == ("tensorflow", "2.15.1")
    assert payload("tensorflow", "9.9") is None


def test_a_release_is_found_in_each_spelling_of_its_version() -> None:
    assert shipped().release("tensorflow", "2.18") is shipped().release("tensorflow", "2.18.0")
    assert shipped().release("tensorflow", "2.99.0") is None


def test_what_is_kept_is_what_was_made_for_that_question() -> None:
    seen = evidence(Grade.REPORTED)
    facts = matrix(evidence=(seen,))
    for _ in range(2):
        assert facts.evidence_on("tensorflow", "2.18.1", "1.2.0", Arch.ARM64, "3.11") == (seen,)
        assert facts.evidence_on("tensorflow", "2.18.1", None, Arch.ARM64, "3.11") == ()
    # Changed facts begin with nothing kept.
    other = replace(facts, evidence=())
    assert other.evidence_on("tensorflow", "2.18.1", "1.2.0", Arch.ARM64, "3.11") == ()


def test_questions_about_made_up_versions_do_not_fill_the_memory() -> None:
    facts = Once()
    made: list[int] = []

    def answer(number: int) -> int:
        def make() -> int:
            made.append(number)
            return number + 1

        return facts.once(number, make)

    for number in range(MOST_KEPT):
        assert answer(number) == number + 1
    assert answer(0) == 1
    assert len(made) == MOST_KEPT
    assert answer(MOST_KEPT) == MOST_KEPT + 1
    assert answer(0) == 1
    assert made[-2:] == [MOST_KEPT, 0]


def test_releases_come_oldest_first() -> None:
    found = [row.version for row in shipped().releases_of("tensorflow-macos")]
    assert found.index("2.9.0") < found.index("2.10.0") < found.index("2.16.2")


def test_a_bound_holds_for_its_tensorflow_and_python() -> None:
    limit = bound("numpy", "<2", tensorflow="<2.18", python=">=3.9")
    facts = matrix(bounds=(limit,))
    assert facts.bounds_for("2.17.1", "3.9") == (limit,)
    assert facts.bounds_for("2.18.0rc0", "3.9") == ()
    assert facts.bounds_for("2.17.1", "3.8") == ()
    assert facts.bounds_for("2.17.0rc1", "3.10") == (limit,)


def concerned(item: object, metal: str | None, version: str = "2.18.1") -> bool:
    return item.concerns("tensorflow", version, metal, Arch.ARM64, "3.11")  # type: ignore[attr-defined, no-any-return]


def test_evidence_concerns_the_very_pair_that_it_was_seen_on() -> None:
    seen = evidence(Grade.REPORTED)
    assert concerned(seen, "1.2.0")
    assert not concerned(seen, "1.1.0")
    assert not concerned(seen, None)
    assert not concerned(seen, "1.2.0", "2.18.0")


def test_a_twin_concerns_every_plugin_since_it_has_none() -> None:
    twin = evidence(Grade.TWIN, metal=None)
    assert concerned(twin, "1.2.0")
    assert concerned(twin, None)
    assert not concerned(twin, None, "2.17.1")


def test_pins_hold_where_all_that_was_there_is_there() -> None:
    seen = evidence(Grade.TWIN, pins=(("numpy", "2.0.2"), ("six", "1.17.0")))
    assert seen.pins_hold_in({"numpy": "2.0.2", "six": "1.17.0", "more": "1"})
    assert not seen.pins_hold_in({"numpy": "2.0.2"})


def test_a_defect_of_the_plugin_does_not_concern_the_cpu() -> None:
    fault = defect()
    assert fault.concerns("2.18.1", "1.2.0", Arch.ARM64, "3.11")
    assert not fault.concerns("2.18.1", None, Arch.ARM64, "3.11")
    anywhere = defect(metal=None)
    assert anywhere.concerns("2.18.1", None, Arch.ARM64, "3.11")


def test_prereleases_count_in_the_facts_specifiers() -> None:
    assert specifier(">=2.19.0rc0,<2.20").contains("2.19.0rc1")


def test_what_the_field_knows_of_the_binaries_stands_in_the_shipped_matrix() -> None:
    facts: Matrix = shipped()

    def loads(package: str, version: str, metal: str) -> tuple[bool | None, tuple[str, ...]]:
        found = facts.pair_load(package, version, metal, Arch.ARM64)
        assert found is not None
        return found.loads, found.missing_symbols

    assert loads("tensorflow", "2.18.0", "1.1.0") == (
        False,
        ("__ZN3tsl8internal10LogMessageC1EPKcii",),
    )
    assert loads("tensorflow", "2.19.1", "1.2.0") == (True, ())
    assert loads("tensorflow-macos", "2.9.0", "0.5.0") == (True, ())
    missing = loads("tensorflow-macos", "2.10.0", "0.7.0")
    assert missing[0] is False
    assert "__ZN3tsl8internal10LogMessage16VmoduleActivatedEPKci" in missing[1]


def test_every_plugin_release_has_its_floor_of_the_field() -> None:
    def floor(metal: str, arch: Arch = Arch.ARM64) -> str:
        found = shipped().floor(metal, arch, "3.9")
        assert found is not None
        return str(found.run)

    assert floor("1.1.0") == floor("0.5.1") == floor("0.8.0") == "12.3"
    assert floor("1.0.0", Arch.X86_64) == "13.0"
    assert floor("0.1.2") == floor("0.3.0") == "12.0"
