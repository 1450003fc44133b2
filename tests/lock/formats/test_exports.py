"""The exports as data: what each tool will read of them. The tools themselves: test_tools.py."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.lock.formats.test_conda_lock_yml import lock as mixed
from tests.support.facts import platforms, shipped, target
from tests.support.locks import PACKAGES, lock, package
from tfmac_lock.lock.beside import Beside, Difference
from tfmac_lock.lock.formats import (
    CONDA_FORMAT_NAMES,
    EXPORT_FORMAT_NAMES,
    FORMATS,
    JOINT_FORMAT_NAMES,
    PUBLISHED_FORMATS,
    STORED,
    exports,
)
from tfmac_lock.lock.formats.conda import CONDA_FORMATS
from tfmac_lock.lock.formats.wheels_only import HoldsConda, SameMarkers
from tfmac_lock.lock.limits import limits_of
from tfmac_lock.target import Arch, Os

if TYPE_CHECKING:
    from tfmac_lock.lock.model import Lock

PINS = {"numpy": "==2.0.2", "tensorflow": "==2.18.1", "tensorflow-metal": "==1.2.0"}


def linux(numpy: str = "2.0.1", *more: str) -> Lock:
    """The lock of a PC beside the Mac's, with CUDA's libraries where more packages name them."""
    found = lock(
        (
            *(package(name, "12.5") for name in more),
            package("numpy", numpy),
            package("tensorflow", "2.18.1", "numpy<2.1", *more),
        ),
        metal=None,
        macos_min=None,
        os=Os.LINUX,
    )
    beside = Beside(name="linux-cuda", differences=(Difference(name="x", mac="1", here="2"),))
    combo = replace(found.combo, arch=Arch.X86_64, id="tensorflow-2.18.1-cuda-py3.11-linux-x86_64")
    return replace(found, combo=combo, beside=beside)


def data(name: str, *locks: Lock) -> dict[str, object]:
    return tomllib.loads(exports.render(name, locks or [lock()]))


def test_every_export_says_how_it_was_made_and_the_names_are_complete() -> None:
    assert tuple(exports.EXPORTS) == EXPORT_FORMAT_NAMES
    for name in exports.EXPORTS:
        text = exports.render(name, [lock()])
        assert text.startswith("# This file was made by tfmac-lock, by:\n")
        assert "#    tfmac-lock --python 3.11 --chip m1 --tensorflow 2.18.1 --metal 1.2.0" in text


def test_each_format_has_the_file_name_that_its_tool_looks_for() -> None:
    names = {name: row[0] for name, row in {**FORMATS, **CONDA_FORMATS, **exports.EXPORTS}.items()}
    assert names == {
        "requirements": "requirements.txt",
        "pylock": "pylock.toml",
        "json": "lock.json",
        "conda-lock": "conda-lock.yml",
        "environment": "environment.yml",
        "explicit": "explicit.txt",
        "constraints": "constraints.txt",
        "uv": "pyproject-uv.toml",
        "poetry": "pyproject-poetry.toml",
        "pdm": "pyproject-pdm.toml",
        "pixi": "pixi.toml",
    }
    assert tuple(CONDA_FORMATS) == CONDA_FORMAT_NAMES
    assert set(PUBLISHED_FORMATS) == set(STORED) <= set(FORMATS)
    assert set(JOINT_FORMAT_NAMES) <= set(names)


# -- constraints


def test_constraints_pin_the_pair_and_give_each_limit_its_reason() -> None:
    text = exports.render("constraints", [lock()])
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[:2] == ["tensorflow==2.18.1", "tensorflow-metal==1.2.0"]
    assert all(Requirement(line).specifier for line in lines)
    assert "setuptools<82" in lines
    assert "numpy==2.0.2" not in lines  # that is the lock's business
    before = text.splitlines()[text.splitlines().index("setuptools<82") - 1]
    assert before.startswith("#")
    assert "# What constraints cannot say:" in text


# -- uv


def test_uv_gets_every_version_for_the_environment_of_the_lock() -> None:
    uv = data("uv")["tool"]["uv"]  # type: ignore[index]
    (environment,) = uv["environments"]
    assert uv["required-environments"] == [environment]
    mac = target("3.11", "m3-pro", "14").markers()
    marker = Requirement(f"x ; {environment}").marker
    assert marker is not None
    assert marker.evaluate(dict(mac))
    assert not marker.evaluate({**mac, "python_version": "3.12", "python_full_version": "3.12.1"})
    found = {
        one.name: str(one.specifier) for one in map(Requirement, uv["constraint-dependencies"])
    }
    assert found.items() >= PINS.items()
    assert "override-dependencies" not in uv


def test_uv_gets_overrides_and_metadata_where_those_of_the_packages_are_wrong() -> None:
    probability = package("tensorflow-probability", "0.25.0", "tf-keras")
    held = (probability, package("tf-keras", "2.18.0"), *PACKAGES)
    (row,) = data("uv", lock(held))["tool"]["uv"]["dependency-metadata"]  # type: ignore[index]
    assert row == {
        "name": "tensorflow-probability",
        "version": "0.25.0",
        "requires-dist": ["tf-keras"],
    }
    old = lock((package("tensorflow", "2.6.0"),), tensorflow="2.6.0", metal=None)
    overrides = data("uv", old)["tool"]["uv"]["override-dependencies"]  # type: ignore[index]
    assert "wrapt>=1.12.1,<1.15" in overrides


def test_uv_tells_the_environments_of_several_locks_apart() -> None:
    uv = data("uv", lock(), linux())["tool"]["uv"]  # type: ignore[index]
    assert len(uv["environments"]) == 2
    mac, pc = target("3.11", "m1").markers(), {**target("3.11", "m1", os=Os.LINUX).markers()}
    pc["platform_machine"] = "x86_64"
    for environment, version in ((mac, "2.0.2"), (pc, "2.0.1")):
        pins = [
            one
            for one in map(Requirement, uv["constraint-dependencies"])
            if one.name == "numpy" and one.marker and one.marker.evaluate(dict(environment))
        ]
        assert [str(one.specifier) for one in pins] == [f"=={version}"]


@pytest.mark.parametrize("name", [*JOINT_FORMAT_NAMES[1:]])
def test_two_machines_with_the_same_markers_are_refused(name: str) -> None:
    other = replace(linux(), beside=Beside(name="linux-x86_64", differences=()))
    with pytest.raises(SameMarkers, match="name one of them with --also"):
        exports.render(name, [lock(), linux(), other])


def test_a_lock_with_packages_from_conda_is_refused_with_the_formats_that_have_room() -> None:
    for name in EXPORT_FORMAT_NAMES:
        if name == "pixi":
            continue
        with pytest.raises(HoldsConda, match="take --format conda-lock or pixi"):
            exports.render(name, [mixed()])


# -- Poetry, PDM


def test_poetry_gets_a_group_with_every_version_for_the_environment() -> None:
    poetry = data("poetry")["tool"]["poetry"]  # type: ignore[index]
    rows = poetry["group"]["tensorflow-mac"]["dependencies"]
    assert {name: row["version"] for name, row in rows.items()} == PINS
    assert {row["markers"] for row in rows.values()} == {limits_of(shipped(), lock()).marker}


def test_poetry_gets_one_row_a_machine_and_the_extra_for_cuda() -> None:
    made = linux("2.0.1", "nvidia-cudnn-cu12")
    poetry = data("poetry", lock(), made)["tool"]["poetry"]  # type: ignore[index]
    rows = poetry["group"]["tensorflow-mac"]["dependencies"]
    assert [row["version"] for row in rows["numpy"]] == ["==2.0.2", "==2.0.1"]
    assert [row.get("extras") for row in rows["tensorflow"]] == [None, ["and-cuda"]]
    assert rows["tensorflow-metal"]["version"] == "==1.2.0"


def test_poetry_and_pdm_say_what_they_cannot_be_told() -> None:
    old = lock((package("tensorflow", "2.6.0"),), tensorflow="2.6.0", metal=None)
    assert "Poetry goes by what is stated, and refuses" in " ".join(
        line.removeprefix("#   ") for line in exports.render("poetry", [old]).splitlines()
    )
    for name in ("poetry", "pdm"):
        text = exports.render(name, [lock()])
        assert "# - if setuptools is installed, it must be setuptools<82" in text


def test_pdm_gets_overrides_and_the_command_that_locks_for_the_mac() -> None:
    pdm = data("pdm")["tool"]["pdm"]  # type: ignore[index]
    assert pdm["resolution"]["overrides"] == PINS
    text = exports.render("pdm", [lock()])
    command = 'pdm lock --python "==3.11.*" --platform macos_12_3_arm64 --implementation cpython'
    assert f"#    {command}\n" in text


def test_pdm_leaves_out_what_differs_between_machines_and_tells_it() -> None:
    text = exports.render("pdm", [lock(), linux()])
    overrides = tomllib.loads(text)["tool"]["pdm"]["resolution"]["overrides"]
    assert "numpy" not in overrides
    assert "# - numpy is 2.0.2 in tensorflow-2.18.1-metal-1.2.0-py3.11-arm64, 2.0.1 in" in text
    assert "--append" in text


# -- pixi


def test_pixi_gets_a_workspace_with_the_floor_as_a_requirement() -> None:
    pixi = data("pixi", replace(lock(), environment={"TF_USE_LEGACY_KERAS": "1"}))
    assert pixi["workspace"] == {
        "name": "tensorflow-mac",
        "channels": ["conda-forge"],
        "platforms": ["osx-arm64"],
    }
    assert pixi["system-requirements"] == {"macos": "12.3"}
    assert pixi["dependencies"] == {"python": "3.11.*"}
    assert pixi["pypi-dependencies"] == PINS
    assert pixi["activation"] == {"env": {"TF_USE_LEGACY_KERAS": "1"}}


def test_pixi_keeps_the_records_of_a_mixed_lock() -> None:
    made = mixed()
    pixi = data("pixi", made)
    first = made.conda_packages[0]
    rows = pixi["dependencies"]
    assert rows[first.name] == {"version": f"=={first.version}", "build": first.build}  # type: ignore[index]
    assert len(rows) == len(made.conda_packages)  # type: ignore[arg-type]


def test_pixi_has_a_target_for_each_machine_and_asks_for_cuda() -> None:
    pixi = data("pixi", lock(), linux("2.0.1", "nvidia-cudnn-cu12"))
    assert pixi["workspace"]["platforms"] == ["osx-arm64", "linux-64"]  # type: ignore[index]
    assert pixi["system-requirements"] == {"macos": "12.3", "cuda": "12"}
    there = pixi["target"]["linux-64"]["pypi-dependencies"]  # type: ignore[index]
    assert there["tensorflow"] == {"version": "==2.18.1", "extras": ["and-cuda"]}
    assert pixi["target"]["osx-arm64"]["pypi-dependencies"] == PINS  # type: ignore[index]


def test_the_known_pythons_are_those_of_the_platforms() -> None:
    for series in platforms().pythons:
        made = replace(lock(), combo=replace(lock().combo, python=series.series))
        marker = limits_of(shipped(), made).marker
        assert f"python_full_version >= '{series.series}.{series.micro[Arch.ARM64]}'" in marker
