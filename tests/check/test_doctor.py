"""Looking at machines: recorded Macs, and the one that the tests run on."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tfmac_lock.check import machine
from tfmac_lock.check.doctor import examine
from tfmac_lock.check.findings import Level
from tfmac_lock.errors import InputFileError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.check.machine import Interpreter, Machine
    from tfmac_lock.matrix.facts import Matrix

PYTHON = machine.Interpreter(
    executable="/Users/user/tf/bin/python",
    version="3.11.9",
    implementation="CPython",
    machine="arm64",
    platform="macosx-11.0-arm64",
    macos="14.5",
    prefix="/Users/user/tf",
    base_prefix="/Library/Frameworks/Python.framework/Versions/3.11",
    conda=False,
    packages=(("numpy", "2.0.2"), ("tensorflow", "2.18.1"), ("tensorflow-metal", "1.2.0")),
    plugins=(
        "/Users/user/tf/lib/python3.11/site-packages/tensorflow-plugins/libmetal_plugin.dylib",
    ),
    pip_version="24.0",
    pip_platform="macosx_14_0_arm64",
)
MAC = machine.Machine(
    system="Darwin",
    arch="arm64",
    chip="Apple M1 Pro",
    macos="14.5",
    rosetta=False,
    command_line_tools="/Library/Developer/CommandLineTools",
    conda_subdir="",
    conda_root="",
    environment=(),
    python=PYTHON,
)


def python(**changes: Any) -> Interpreter:
    return dataclasses.replace(PYTHON, **changes)


def mac(**changes: Any) -> Machine:
    return dataclasses.replace(MAC, **changes)


def codes(seen: Machine, matrix: Matrix) -> set[str]:
    found = examine(seen, matrix).findings
    return {finding.code for finding in found if finding.level is not Level.NOTE}


def test_a_healthy_mac_has_no_fault_but_what_the_matrix_knows(matrix: Matrix) -> None:
    assert codes(MAC, matrix) <= {"defect"}


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (mac(python=python(machine="x86_64", platform="macosx-10.9-x86_64")), "rosetta"),
        (mac(python=python(macos="10.16")), "macos-disguised"),
        (mac(python=python(pip_platform="macosx_10_15_x86_64")), "pip-believes-old-macos"),
        (mac(python=python(pip_version="20.0.2")), "old-pip"),
        (mac(python=python(implementation="PyPy")), "not-cpython"),
        (
            mac(
                python=python(
                    prefix="/opt/homebrew/opt/python@3.11",
                    base_prefix="/opt/homebrew/opt/python@3.11",
                )
            ),
            "homebrew-global",
        ),
        (mac(python=python(plugins=("/a/libmetal_plugin.dylib",) * 2)), "plugin-file-twice"),
        (mac(conda_subdir="osx-64", conda_root="/Users/user/anaconda3"), "conda-intel"),
        (mac(python=python(version="3.14.0")), "python-unknown"),
        (
            mac(python=python(packages=(("tensorflow", "2.18.0"), ("tensorflow_metal", "1.1.0")))),
            "pair-broken",
        ),
        (
            mac(python=python(packages=(("tensorflow-macos", "2.9.2"), ("numpy", "2.0.2")))),
            "numpy-generation",
        ),
        (mac(macos="12.0", python=python(macos="12.0")), "floor"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_of_a_mac_is_found(seen: Machine, code: str, matrix: Matrix) -> None:
    found = examine(seen, matrix).findings
    assert code in {finding.code for finding in found}
    assert all(finding.text and finding.cure and finding.source for finding in found)


def test_an_unknown_chip_is_judged_by_its_architecture(matrix: Matrix) -> None:
    assert codes(mac(chip="Apple M9 Ultra"), matrix) <= {"defect"}


def test_what_is_seen_names_rosetta_and_the_conda(matrix: Matrix) -> None:
    seen = dict(
        examine(
            mac(
                rosetta=True,
                conda_root="/Users/user/miniforge3",
                conda_subdir="osx-arm64",
                python=python(machine="x86_64"),
            ),
            matrix,
        ).seen
    )
    assert "under Rosetta" in seen["python"]
    assert seen["conda"].startswith("miniforge osx-arm64")


def test_on_linux_versions_are_judged_and_the_rest_is_said_to_be_unseen(matrix: Matrix) -> None:
    linux = mac(
        system="Linux",
        arch="x86_64",
        chip="",
        macos="",
        rosetta=None,
        command_line_tools=None,
        python=python(
            machine="x86_64",
            macos="",
            pip_platform="manylinux_2_36_x86_64",
            packages=(("tensorflow-cpu", "2.15.1"), ("numpy", "2.0.2")),
        ),
    )
    assert codes(linux, matrix) == {"numpy-generation"}
    assert examine(linux, matrix).unseen


def test_a_record_is_read_back_as_it_was_and_names_no_user() -> None:
    seen = mac(python=python(executable="/Users/jane.doe/tf/bin/python"))
    text = machine.record(seen)
    assert "jane" not in text
    assert machine.load(text) == mac(python=python(executable="/Users/user/tf/bin/python"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1}', "[" * 99999, "null"])
def test_what_is_no_record_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputFileError):
        machine.load(text)


def test_this_machine_can_be_looked_at(matrix: Matrix) -> None:
    seen = machine.gather(sys.executable)
    assert seen.python.version == ".".join(map(str, sys.version_info[:3]))
    assert "pytest" in dict(seen.python.packages)
    assert machine.load(machine.record(seen)).python.version == seen.python.version
    examine(seen, matrix)


def test_a_mac_is_gathered_from_what_its_tools_say(tmp_path: Path) -> None:
    answer = {
        **{
            key: getattr(PYTHON, key)
            for key in ("executable", "version", "implementation", "platform", "macos", "prefix")
        },
        "machine": "x86_64",
        "base_prefix": "/x",
        "conda": False,
        "packages": {"numpy": "1.26.4"},
        "plugins": [],
        "pip": {"version": "24.0", "platform": "macosx_10_16_x86_64"},
    }
    said = {
        "sysctl -n hw.optional.arm64": "1",
        "sysctl -n machdep.cpu.brand_string": "Apple M2",
        "sw_vers -productVersion": "15.1",
        "conda info --json": '{"platform": "osx-64", "root_prefix": "/opt/anaconda3"}',
        f"/v/python {machine.PROBE}": json.dumps(answer),
    }

    def run(command: list[str]) -> str | None:
        return said.get(" ".join(command))

    seen = machine.gather("/v/python", environment={}, system="Darwin", run=run, ask=run)
    assert (seen.chip, seen.macos, seen.arch) == ("Apple M2", "15.1", "arm64")
    assert seen.rosetta
    assert seen.command_line_tools == ""
    assert seen.conda_subdir == "osx-64"


def test_the_active_environment_comes_before_the_path(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    assert machine.active_python({"VIRTUAL_ENV": str(tmp_path)}) == str(python)
    with pytest.raises(UsageError, match="no python on PATH"):
        machine.active_python({"PATH": str(tmp_path / "none")})


def test_what_is_no_python_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match="did not answer"):
        machine.gather("/bin/ls")
