from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.wheels import build_wheel
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.wheels.archive import Wheel
from tfmac_lock.wheels.names import highest_version, parse_name, requires

if TYPE_CHECKING:
    from pathlib import Path


def test_a_wheel_s_name_tells_its_mac() -> None:
    name = parse_name("tensorflow_metal-1.2.0-cp310-cp310-macosx_12_0_arm64.whl")

    assert (name.package, name.version, name.python) == ("tensorflow-metal", "1.2.0", "cp310")
    assert (name.macos, name.arches) == ("12.0", ("arm64",))


def test_a_universal_wheel_is_for_both_architectures() -> None:
    name = parse_name("ml_dtypes-0.5.1-cp313-cp313-macosx_10_13_universal2.whl")

    assert (name.macos, name.arches) == ("10.13", ("arm64", "x86_64"))


def test_of_many_platform_tags_the_oldest_macos_counts() -> None:
    name = parse_name("a-1-cp39-cp39-macosx_11_0_arm64.macosx_10_9_x86_64.whl")

    assert (name.macos, name.arches) == ("10.9", ("arm64", "x86_64"))


@pytest.mark.parametrize(
    ("filename", "fitting", "other"),
    [
        ("a-1-cp312-cp312-macosx_12_0_arm64.whl", "3.12", "3.11"),
        ("a-1-py2.py3-none-any.whl", "3.8", None),
        ("a-1-cp38-abi3-macosx_12_0_arm64.whl", "3.12", "3.7"),
        ("a-1-py310-none-any.whl", "3.11", "3.9"),
    ],
)
def test_a_wheel_is_for_some_pythons(filename: str, fitting: str, other: str | None) -> None:
    assert parse_name(filename).runs_on(fitting)
    assert other is None or not parse_name(filename).runs_on(other)


@pytest.mark.parametrize(
    "filename", ["a.whl", "a-1.tar.gz", "a-1-py3-none.whl", "a-x!-py3-none-any.whl"]
)
def test_other_names_are_refused(filename: str) -> None:
    with pytest.raises(DamagedBinary):
        parse_name(filename)


def test_versions_are_compared_by_number() -> None:
    assert highest_version(["12.3", None, "9.0", "12.10"]) == "12.10"
    assert highest_version([None]) is None


def requires_of(folder: Path, requirement: str) -> tuple[str, ...]:
    path = build_wheel(folder, "x", "1", [requirement])
    with path.open("rb") as file:
        return requires(Wheel(file, path.name), "arm64")


def test_requirements_are_those_of_the_mac_without_extras(tmp_path: Path) -> None:
    assert requires_of(tmp_path, "Demo.One>=2; sys_platform == 'darwin'") == ("demo-one>=2",)
    assert requires_of(tmp_path, "demo; sys_platform == 'linux'") == ()
    assert requires_of(tmp_path, "demo; extra == 'more'") == ()


@pytest.mark.parametrize(
    "marker",
    [
        "platform_machine ~= 'arm64'",
        "extra >= 'a' and sys_platform ~= 'x'",
        "(" * 5000 + "sys_platform == 'darwin'" + ")" * 5000,
        "sys_platform ==",
    ],
)
def test_a_marker_that_cannot_be_evaluated_makes_the_wheel_a_damaged_one(
    tmp_path: Path, marker: str
) -> None:
    with pytest.raises(DamagedBinary, match=r"METADATA.*Requires-Dist: demo"):
        requires_of(tmp_path, f"demo; {marker}")
