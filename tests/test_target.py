from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging import tags
from packaging.markers import Marker

from tests.support.facts import platforms, shipped, target
from tfmac_lock.errors import UnknownChoice
from tfmac_lock.target import (
    Arch,
    BadVersion,
    ImpossibleTarget,
    MacOSVersion,
    Os,
    PythonVersion,
    minor,
)

PYTHONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
MACOS = ["11", "12.3", "14", "26"]


# -- tags


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("macos", MACOS)
@pytest.mark.parametrize(("chip", "machine"), [("m1", "arm64"), ("intel-amd", "x86_64")])
def test_tags_are_those_that_pip_accepts_on_such_a_mac(
    python: str, macos: str, chip: str, machine: str
) -> None:
    series = tuple(map(int, python.split(".")))
    system = MacOSVersion.parse(macos)
    on_a_mac = list(tags.mac_platforms((system.major, system.minor), machine))
    interpreter = f"cp{series[0]}{series[1]}"

    assert list(target(python, chip, macos).tags()) == [
        *tags.cpython_tags(series, abis=[interpreter], platforms=on_a_mac),
        *tags.compatible_tags(series, interpreter=interpreter, platforms=on_a_mac),
    ]


@pytest.mark.parametrize(
    "tag",
    [
        "cp311-cp311-macosx_12_0_arm64",
        "cp311-cp311-macosx_11_0_arm64",
        "cp311-cp311-macosx_10_9_universal2",
        "cp311-cp311-macosx_11_0_universal2",
        "cp38-abi3-macosx_11_0_arm64",
        "py3-none-macosx_12_0_arm64",
        "py2.py3-none-any",
    ],
)
def test_an_m1_takes_arm64_and_universal2_wheels(tag: str) -> None:
    assert tags.parse_tag(tag) & set(target("3.11", "m1", "12.3").tags())


@pytest.mark.parametrize(
    "tag",
    [
        "cp311-cp311-macosx_13_0_arm64",
        "cp311-cp311-macosx_12_0_x86_64",
        "cp310-cp310-macosx_12_0_arm64",
        "cp312-abi3-macosx_12_0_arm64",
        "cp311-cp311-manylinux_2_17_aarch64",
        "cp311-cp311t-macosx_12_0_arm64",
    ],
)
def test_an_m1_takes_no_wheel_for_a_newer_macos_or_another_machine(tag: str) -> None:
    assert not tags.parse_tag(tag) & set(target("3.11", "m1", "12.3").tags())


def test_an_intel_mac_takes_wheels_of_macos_10() -> None:
    assert tags.Tag("cp39", "cp39", "macosx_10_9_x86_64") in target("3.9", "intel", "11").tags()


def test_a_linux_guest_has_the_tags_of_its_glibc_in_the_order_of_packaging(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from packaging import _manylinux

    monkeypatch.setattr(_manylinux, "_get_glibc_version", lambda: (2, 28))
    monkeypatch.setattr(_manylinux, "_is_compatible", lambda *_: True)
    monkeypatch.setattr(_manylinux, "_have_compatible_abi", lambda *_: True)
    platforms_there = [*_manylinux.platform_tags(["aarch64"]), "linux_aarch64"]

    assert list(target("3.10", "m2", os=Os.LINUX).tags()) == [
        *tags.cpython_tags((3, 10), abis=["cp310"], platforms=platforms_there),
        *tags.compatible_tags((3, 10), interpreter="cp310", platforms=platforms_there),
    ]


def test_a_linux_guest_takes_no_wheel_for_macos_and_none_for_a_newer_glibc() -> None:
    accepted = {tag.platform for tag in target("3.10", "m2", os=Os.LINUX).tags()}
    assert not [platform for platform in accepted if platform.startswith("macosx")]
    assert {"manylinux_2_28_aarch64", "manylinux2014_aarch64", "any"} <= accepted
    assert "manylinux_2_29_aarch64" not in accepted


releases = st.sampled_from(
    [MacOSVersion(major, minor) for major in (11, 12, 13, 14, 15, 26, 27) for minor in (0, 1, 3)]
)


@given(st.sampled_from(PYTHONS), st.sampled_from(["m1", "intel"]), releases, releases)
def test_a_newer_macos_accepts_all_that_an_older_one_accepts(
    python: str, chip: str, one: MacOSVersion, other: MacOSVersion
) -> None:
    older, newer = sorted((one, other))
    assert set(target(python, chip, str(older)).tags()) <= set(
        target(python, chip, str(newer)).tags()
    )


@given(st.sampled_from(PYTHONS), st.sampled_from(["m1", "m4-max", "intel-amd"]), releases)
def test_no_tag_is_there_twice_and_the_most_specific_comes_first(
    python: str, chip: str, macos: MacOSVersion
) -> None:
    found = target(python, chip, str(macos)).tags()
    assert len(set(found)) == len(found)
    cp = f"cp{python.replace('.', '')}"
    assert (found[0].interpreter, found[0].abi) == (cp, cp)
    assert str(found[-1]) == "py30-none-any"


def test_every_wheel_that_the_matrix_offers_an_arch_fits_it_on_the_newest_macos() -> None:
    known = platforms()
    accepted = {
        (series.series, arch): frozenset(
            target(series.series, "m1" if arch is Arch.ARM64 else "intel", "27").tags()
        )
        for series in known.pythons
        for arch in Arch
    }
    misfits = [
        wheel.filename
        for release in shipped().releases
        for arch in Arch
        for wheel in release.wheels_for(arch)
        if wheel.series in {series.series for series in known.pythons}
        and not wheel.tags() & accepted[wheel.series, arch]
    ]
    assert misfits == []


# -- markers and conda


def test_markers_are_those_of_the_target_and_not_of_this_machine() -> None:
    found = target("3.9", "m1", "14").markers()
    assert found["sys_platform"] == "darwin"
    assert found["platform_machine"] == "arm64"
    assert found["python_version"] == "3.9"
    assert found["python_full_version"] == "3.9.13"
    assert found["platform_release"] == "23.0.0"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("os", Os)
def test_every_marker_variable_has_a_value(python: str, os: Os) -> None:
    from packaging.markers import default_environment

    assert set(target(python, os=os).markers()) == set(default_environment())


def test_a_linux_guest_on_an_m_chip_is_aarch64() -> None:
    marker = Marker("platform_system == 'Linux' and platform_machine == 'aarch64'")
    assert marker.evaluate({**target("3.10", "m2", os=Os.LINUX).markers(), "extra": ""})


def test_a_marker_on_a_kernel_that_nobody_knows_is_false_and_no_error() -> None:
    environment = {**target("3.12", "m5", "27").markers(), "extra": ""}
    assert environment["platform_release"] == ""
    assert not Marker("platform_release >= '20.0'").evaluate(environment)


def test_conda_sees_the_same_target() -> None:
    mac = target("3.9", "m1", "12.3")
    assert mac.conda_subdir == "osx-arm64"
    assert ("__osx", "12.3", "0") in mac.virtual_packages()
    assert ("__archspec", "1", "m1") in mac.virtual_packages()
    assert target("3.9", "intel").conda_subdir == "osx-64"
    guest = target("3.9", "m1", os=Os.LINUX)
    assert guest.conda_subdir == "linux-aarch64"
    assert {name for name, _, _ in guest.virtual_packages()} == {
        "__unix",
        "__archspec",
        "__linux",
        "__glibc",
    }


# -- what users write


@pytest.mark.parametrize(
    ("given", "chip"),
    [
        ("m1", "m1"),
        ("M1", "m1"),
        ("Apple M1", "m1"),
        ("apple m1 pro", "m1-pro"),
        ("Apple M2 Max", "m2-max"),
        ("m3pro", "m3-pro"),
        ("M4_Max", "m4-max"),
        (" m1-ultra ", "m1-ultra"),
        ("Intel", "intel"),
        ("intel AMD", "intel-amd"),
        ("intel_amd", "intel-amd"),
    ],
)
def test_a_chip_is_known_in_all_its_spellings(given: str, chip: str) -> None:
    assert platforms().chip(given).id == chip


@pytest.mark.parametrize(
    ("given", "nearest"), [("m9", "m"), ("m1-porn", "m1-pro"), ("intle", "intel")]
)
def test_an_unknown_chip_is_refused_with_the_nearest_one(given: str, nearest: str) -> None:
    with pytest.raises(UnknownChoice) as caught:
        platforms().chip(given)
    assert f"Did you mean '{nearest}" in str(caught.value)
    assert "intel-amd" in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_chip_like_no_other_gets_no_suggestion() -> None:
    with pytest.raises(UnknownChoice) as caught:
        platforms().chip("ryzen")
    assert "Did you mean" not in str(caught.value)


def test_a_python_newer_than_every_wheel_is_refused_with_the_one_to_take() -> None:
    with pytest.raises(UnknownChoice) as caught:
        platforms().python("3.14.2")
    assert str(caught.value) == (
        "TensorFlow has no wheels for Python 3.14, so nothing can be locked for it. "
        "Take 3.13: --python 3.13"
    )


@pytest.mark.parametrize("given", ["3.7", "2.7", "4.0"])
def test_a_python_outside_the_matrix_is_refused_with_the_known_ones(given: str) -> None:
    with pytest.raises(UnknownChoice) as caught:
        platforms().python(given)
    assert str(caught.value) == (
        f"unknown Python '{given}'. Known: 3.8, 3.9, 3.10, 3.11, 3.12, 3.13."
    )


@pytest.mark.parametrize("given", ["3", "abc", "", "3.9.1.2", "3.x", "-3.9", "3.٩"])
def test_a_python_that_is_no_version_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(BadVersion, match=re.escape("write it like 3.11 or 3.11.9")):
        platforms().python(given)


@pytest.mark.parametrize("given", ["10.15", "10.16", "16", "99"])
def test_a_macos_that_never_was_or_is_too_old_is_refused(given: str) -> None:
    with pytest.raises(UnknownChoice, match="Known: 11, 12, 13, 14, 15, 26, 27") as caught:
        platforms().macos_version(given)
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("given", ["abc", "", "14.", "14.1.2.3", "27a"])
def test_a_macos_that_is_no_version_is_refused(given: str) -> None:
    with pytest.raises(BadVersion, match="14 or 14"):
        platforms().macos_version(given)


@pytest.mark.parametrize("given", ["Sonoma", "macOS Sonoma", "big-sur", "BigSur"])
def test_a_macos_goes_by_its_name(given: str) -> None:
    assert platforms().macos_version(given).major == (14 if "onoma" in given else 11)


def test_a_macos_whose_name_is_nearly_right_is_told() -> None:
    with pytest.raises(UnknownChoice, match="Did you mean 'ventura'"):
        platforms().macos_version("Venture")


@pytest.mark.parametrize(("chip", "macos"), [("m4", "13"), ("m5", "15.1"), ("m2", "12.3")])
def test_a_chip_is_not_older_than_its_first_macos(chip: str, macos: str) -> None:
    known = platforms()
    with pytest.raises(ImpossibleTarget, match="came with macOS"):
        known.check(known.chip(chip), known.macos_version(macos))


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("3.11.4", "3.11"),
        ("3.11", "3.11"),
        ("3", "3"),
        ("2.18rc1", "2.18"),
        ("2.18-1", "2.18"),
        ("2-1", "2"),
        ("2.18.post1", "2.18"),
        ("2.18+cpu", "2.18"),
        ("v2.18.1", "2.18"),
        ("1!2.18.1", "1!2.18"),
        ("", ""),
        ("soon", "soon"),
    ],
)
def test_the_first_two_parts_of_any_version(version: str, found: str) -> None:
    assert minor(version) == found


def test_a_major_version_alone_stands_for_all_its_minors() -> None:
    known = platforms()
    known.check(known.chip("m4"), known.macos_version("15"))


def test_macos_26_is_the_last_one_for_intel() -> None:
    known = platforms()
    known.check(known.chip("intel"), MacOSVersion(26))
    with pytest.raises(ImpossibleTarget, match="macOS 26 is the last one"):
        known.check(known.chip("intel"), MacOSVersion(27))


@given(st.tuples(st.integers(10, 30), st.integers(0, 20)))
def test_a_macos_version_reads_back_from_its_text(version: tuple[int, int]) -> None:
    assert MacOSVersion.parse(str(MacOSVersion(*version))) == MacOSVersion(*version)


@given(st.integers(8, 13), st.none() | st.integers(0, 30))
def test_a_python_version_reads_back_from_its_text(second: int, micro: int | None) -> None:
    version = PythonVersion(3, second, micro)
    assert PythonVersion.parse(str(version)) == version


def test_a_series_stands_for_the_oldest_micro_version_that_people_have() -> None:
    known = platforms()
    assert str(known.python_for(PythonVersion(3, 9), Arch.ARM64)) == "3.9.13"
    assert str(known.python_for(PythonVersion(3, 9, 20), Arch.ARM64)) == "3.9.20"
