"""The facts about a machine and one of its Pythons: all that `doctor` looks at.

They are gathered here and nowhere else, and can be written down and read again as JSON, so that
what a Mac is like can be tried out anywhere.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import host
from ..errors import InputFileError, UsageError
from ..foreign import ABSURD, check_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCHEMA_VERSION = 1
PROBE = Path(__file__).with_name("probe.py")

SHAPE: dict[str, Any] = {
    **dict.fromkeys(("system", "arch", "chip", "macos", "conda_subdir", "conda_root"), str),
    "rosetta": (bool, None),
    "command_line_tools": (str, None),
    "environment": [[str]],
    "python": {"conda": bool, "packages": [[str]], "plugins": [str], "*": str},
}
"""What stands where in a record of a machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python: what it is, what it believes, what is installed in it.

    ``machine`` is the architecture that it runs as; ``platform`` the one that it was built for;
    ``macos`` what it takes macOS to be. ``packages`` and ``plugins`` are sorted.
    """

    executable: str
    version: str
    implementation: str
    machine: str
    platform: str
    macos: str
    prefix: str
    base_prefix: str
    conda: bool
    packages: tuple[tuple[str, str], ...]
    plugins: tuple[str, ...]
    pip_version: str
    pip_platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine; ``chip``, ``macos`` and what follows are empty or None where nobody can say.

    ``command_line_tools`` is the folder of Apple's tools. ``conda_subdir`` is what the conda on
    PATH calls its platform. ``environment`` holds the few variables that matter.
    """

    system: str
    arch: str
    chip: str
    macos: str
    rosetta: bool | None
    command_line_tools: str | None
    conda_subdir: str
    conda_root: str
    environment: tuple[tuple[str, str], ...]
    python: Interpreter


VARIABLES = (
    "CONDA_DEFAULT_ENV",
    "CONDA_PREFIX",
    "CONDA_SUBDIR",
    "PYTHONPATH",
    "SYSTEM_VERSION_COMPAT",
    "TF_USE_LEGACY_KERAS",
    "VIRTUAL_ENV",
)


def run_as_it_is(command: list[str]) -> str | None:
    """The command's output in the user's own environment, or None where it fails.

    :func:`tfmac_lock.host.run_command` makes programs see the true macOS; what a Python believes
    without that is what is asked here.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()


def gather(
    python: str | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    run: Callable[[list[str]], str | None] = host.run_command,
    ask: Callable[[list[str]], str | None] = run_as_it_is,
    system: str | None = None,
) -> Machine:
    """Look at this machine, and at the given Python or the active one.

    Raises:
        UsageError: there is no such Python, or it cannot be asked.

    """
    system = system or platform.system()
    mac = host.detect(system.lower(), run)
    interpreter = _ask(python or active_python(environment), ask)
    conda = _conda(run)
    arm = run(["sysctl", "-n", "hw.optional.arm64"]) == "1" if mac else None
    return Machine(
        system=system,
        arch=platform.machine() if arm is None else ("arm64" if arm else "x86_64"),
        chip=mac.chip if mac else "",
        macos=mac.macos if mac else "",
        rosetta=interpreter.machine == "x86_64" if arm else (None if arm is None else False),
        command_line_tools=(run(["xcode-select", "-p"]) or "") if mac else None,
        conda_subdir=conda.get("platform", ""),
        conda_root=conda.get("root_prefix", ""),
        environment=tuple((name, environment[name]) for name in VARIABLES if name in environment),
        python=interpreter,
    )


def active_python(environment: Mapping[str, str]) -> str:
    """The Python of the active environment, or the first one on PATH.

    tfmac-lock itself may be installed in an environment of its own, which is not the one meant.
    """
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        folder = environment.get(name)
        for file in ("bin/python", "Scripts/python.exe", "python.exe"):
            if folder and (Path(folder) / file).exists():
                return str(Path(folder) / file)
    path = environment.get("PATH")
    found = shutil.which("python", path=path) or shutil.which("python3", path=path)
    if found is None:
        raise UsageError("there is no python on PATH; name one: tfmac-lock doctor --python PATH")
    return found


def _ask(python: str, ask: Callable[[list[str]], str | None]) -> Interpreter:
    answer = ask([python, str(PROBE)])
    try:
        data = json.loads(answer or "")
        pip = data["pip"]
        return Interpreter(
            **{key: data[key] for key in _PLAIN},
            packages=tuple(sorted((str(k), str(v)) for k, v in data["packages"].items())),
            plugins=tuple(sorted(map(str, data["plugins"]))),
            pip_version=str(pip["version"]),
            pip_platform=str(pip["platform"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{python} did not answer; it must be a CPython 3.8 or newer that starts"
        ) from error


_PLAIN = (
    "executable",
    "version",
    "implementation",
    "machine",
    "platform",
    "macos",
    "prefix",
    "base_prefix",
    "conda",
)


def _conda(run: Callable[[list[str]], str | None]) -> dict[str, str]:
    try:
        data = json.loads(run(["conda", "info", "--json"]) or "{}")
    except ValueError:
        return {}
    wanted = ("platform", "root_prefix")
    return {key: str(data[key]) for key in wanted if isinstance(data, dict) and key in data}


def record(machine: Machine) -> str:
    """The machine as JSON, without the name of the user in its paths."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **asdict(machine)}, indent=1)
    return re.sub(r"/(Users|home)/[^/\"\\]+", r"/\1/user", text) + "\n"


def load(text: str, path: str = "machine.json") -> Machine:
    """The machine that :func:`record` wrote.

    Raises:
        InputFileError: the text is not one.

    """
    try:
        data: dict[str, Any] = json.loads(text)
        check_shape(data, SHAPE)
        if ABSURD.search(text):
            raise ValueError("it has a number of thousands of digits")
        if data.pop("schema_version") != SCHEMA_VERSION:
            raise InputFileError(path, f"schema_version is not {SCHEMA_VERSION}")
        python = data.pop("python")
        return Machine(
            **{
                **{field.name: data[field.name] for field in fields(Machine) if field.name in data},
                "environment": tuple((name, value) for name, value in data["environment"]),
                "python": Interpreter(
                    **{
                        **python,
                        "packages": tuple((name, value) for name, value in python["packages"]),
                        "plugins": tuple(python["plugins"]),
                    }
                ),
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputFileError(path, "is not a record of `tfmac-lock doctor --record`") from error
