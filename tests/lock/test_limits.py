from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.facts import shipped
from tests.support.locks import PACKAGES, lock, package
from tfmac_lock.lock import published
from tfmac_lock.lock.limits import NOTHING, Limits, limits_of, outside
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.reasons import Reason
from tfmac_lock.target import Arch, Os


def of(combo: str, python: str, arch: Arch = Arch.ARM64) -> Limits:
    """What the facts say of a published lock."""
    index = published.Index.within(loading.locks_folder(), python, arch)
    return limits_of(shipped(), next(one for one in index.locks() if one.combo.id == combo))


def requirements(limits: Limits) -> list[str]:
    return [limit.requirement for limit in limits.limits]


@pytest.mark.parametrize(
    ("versions", "rest"),
    [
        ("<0.24", ">=0.24"),
        (">=5", "<5"),
        ("==0.37.*", "!=0.37.*"),
        ("<=1", ">1"),
        (">1", "<=1"),
        ("", NOTHING),
        (">=1,<2", None),
        ("~=1.4", None),
    ],
)
def test_the_other_versions_are_told_by_the_clause_turned_round(
    versions: str, rest: str | None
) -> None:
    assert outside(versions) == rest


def test_bounds_of_the_pair_come_with_their_reasons_and_sources() -> None:
    found = of("tensorflow-2.17.0-metal-1.1.0-py3.11-arm64", "3.11")
    numpy = next(limit for limit in found.limits if limit.requirement == "numpy<2")
    assert [reason for reason, _ in numpy.reasons if "compiled against numpy 1" in reason]
    assert all(source for _, source in numpy.reasons)


def test_companions_are_limited_to_what_can_be_beside_the_pair() -> None:
    found = requirements(of("tensorflow-2.18.1-metal-1.2.0-py3.11-arm64", "3.11"))
    assert "tensorflow-probability>=0.24" in found
    assert "tensorflow-ranking<0" in found  # no release of it can
    assert "tensorflow-metadata<1.21" in found  # the newer ones need a newer protobuf
    older = requirements(of("tensorflow-macos-2.10.0-metal-0.6.0-py3.10-arm64", "3.10"))
    assert "tensorflow-ranking<0" not in older
    assert "transformers<5" in older


def test_the_other_name_of_tensorflow_leads_to_the_same_one_or_to_none() -> None:
    assert "tensorflow-macos<0" in requirements(
        of("tensorflow-2.18.1-metal-1.2.0-py3.11-arm64", "3.11")
    )
    assert "tensorflow==2.13.0" in requirements(
        of("tensorflow-macos-2.13.0-metal-1.0.0-py3.11-arm64", "3.11")
    )
    linux = limits_of(shipped(), lock(os=Os.LINUX, macos_min=None, metal=None))
    assert not [one for one in linux.limits if one.package == "tensorflow-macos"]


def test_what_nothing_can_meet_is_overridden_and_told() -> None:
    found = of("tensorflow-2.6.5-metal-0.6.0-py3.9-x86_64", "3.9", Arch.X86_64)
    assert {one.requirement for one in found.overrides} == {
        "clang>=5.0,<7",
        "termcolor>=1.1.0,<3",
        "wrapt>=1.12.1,<1.15",
    }
    assert "tensorflow 2.6.5 asks for wrapt~=1.12.1" in " ".join(found.stated)


def test_metadata_that_differ_between_the_wheels_of_a_release_are_replaced() -> None:
    found = of("tensorflow-2.13.0-metal-1.0.0-py3.11-arm64", "3.11")
    assert "tensorflow" in {package.name for package in found.metadata}
    alike = of("tensorflow-2.18.1-metal-1.2.0-py3.11-arm64", "3.11")
    assert alike.metadata == ()


def test_what_a_companion_needs_beyond_its_metadata_is_said_or_told() -> None:
    probability = package("tensorflow-probability", "0.25.0", "tf-keras")
    held = limits_of(shipped(), lock((probability, package("tf-keras", "2.18.0"), *PACKAGES)))
    assert probability in held.metadata
    without = limits_of(shipped(), lock())
    told = [one for one in without.unsaid if one.startswith("tensorflow-probability >=0.24 needs")]
    assert len(told) == 1
    assert "tf-keras" in told[0]


def test_a_package_that_names_the_other_tensorflow_is_replaced_too() -> None:
    item = package("x", "1", "tensorflow")
    made = lock((item, *PACKAGES))
    assert limits_of(shipped(), made).metadata == ()
    reasons = (Reason(kind="stand-in", text="x 1 requires tensorflow-macos", source="index"),)
    named = replace(made, verdict=replace(made.verdict, reasons=reasons))
    assert limits_of(shipped(), named).metadata == (item,)


def test_the_environment_starts_with_the_python_that_the_lock_was_made_for() -> None:
    assert of("tensorflow-macos-2.10.0-metal-0.6.0-py3.9-arm64", "3.9").marker == (
        "sys_platform == 'darwin' and platform_machine == 'arm64' and python_version == '3.9' "
        "and python_full_version >= '3.9.13'"
    )


def test_a_companion_of_one_minor_each_is_limited_to_that_of_tensorflow() -> None:
    found = requirements(of("tensorflow-2.18.1-metal-1.2.0-py3.11-arm64", "3.11"))
    assert "tf-keras==2.18.*" in found


def test_all_that_is_said_of_a_package_is_one_limit() -> None:
    found = of("tensorflow-macos-2.10.0-metal-0.6.0-py3.10-arm64", "3.10").limits
    assert len({one.package for one in found}) == len(found)
    numpy = next(one for one in found if one.package == "numpy")
    assert set(numpy.specifier.split(",")) == {"<1.24", "<2"}
    assert len({reason for reason, _ in numpy.reasons}) == len(numpy.reasons)
