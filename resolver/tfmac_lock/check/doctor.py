"""Judging a machine and a Python of it: a pure function of recorded facts and the matrix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from ..errors import UsageError
from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL
from ..target import MacOSVersion, Os, PythonVersion, Target
from .findings import Finding, Level
from .judge import check
from .pins import Pin, PinFile, normalized

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.facts import Matrix
    from .machine import Machine

FIRST_PIP_FOR_MACOS_11 = Version("20.3")
"""Older ones do not know that macOS 11 follows 10.15: https://pip.pypa.io/en/stable/news/#v20-3."""


_WHEREVER = frozenset({"bound", "numpy-generation", "conflict"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was seen, what was found, and what could not be seen from here."""

    seen: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    unseen: tuple[str, ...]


def examine(machine: Machine, matrix: Matrix) -> Examination:
    """All findings on a machine, the worst first."""
    findings = [*_interpreter(machine), *_surroundings(machine), *_packages(machine, matrix)]
    findings.sort(key=lambda found: list(Level).index(found.level))
    unseen: tuple[str, ...] = ()
    if machine.system != "Darwin":
        unseen = (
            "macOS, the chip, Rosetta, the command line tools and the GPU: this is not a Mac",
            (
                "Mac wheels: packages were judged as a Linux machine's; for a Mac, save what pip "
                "freeze prints as pins.txt and type `tfmac-lock check pins.txt --chip m1`"
            ),
        )
    return Examination(seen=tuple(_seen(machine)), findings=tuple(findings), unseen=unseen)


def _seen(machine: Machine) -> Iterator[tuple[str, str]]:
    python = machine.python
    translated = ", under Rosetta" if machine.rosetta else ""
    yield "system", f"macOS {machine.macos}" if machine.macos else machine.system
    yield "chip", machine.chip or machine.arch
    yield "python", f"{python.implementation} {python.version} ({python.machine}{translated})"
    yield "executable", python.executable
    yield "built for", python.platform
    if python.macos:
        yield "believes in", f"macOS {python.macos}"
    if python.pip_version:
        yield "pip", f"{python.pip_version}, takes wheels for {python.pip_platform}"
    if python.conda or machine.conda_root:
        yield "conda", _flavour(machine)
    environment = "a virtual environment" if _in_environment(machine) else "the global Python"
    yield "environment", environment
    versions = dict(python.packages)
    for name in (*TENSORFLOW_PACKAGES, METAL, "numpy", "h5py", "protobuf", "keras", "setuptools"):
        found = next((v for n, v in versions.items() if normalized(n) == name), "")
        if found:
            yield name, found


def _flavour(machine: Machine) -> str:
    where = machine.conda_root or machine.python.base_prefix
    names = ("miniforge", "mambaforge", "micromamba", "miniconda", "anaconda", "mamba")
    flavour = next((name for name in names if name in where.lower()), "conda")
    return " ".join(filter(None, (flavour, machine.conda_subdir, where)))


def _in_environment(machine: Machine) -> bool:
    python = machine.python
    return python.prefix != python.base_prefix or python.conda


def _finding(
    machine: Machine, code: str, level: Level, text: str, cure: str, source: str
) -> Finding:
    return Finding(
        code=code,
        package="",
        text=text,
        cure=cure,
        source=source,
        level=level,
        path=machine.python.executable,
    )


def _interpreter(machine: Machine) -> Iterator[Finding]:
    python = machine.python
    if machine.arch == "arm64" and python.machine == "x86_64" and machine.system == "Darwin":
        yield _finding(
            machine,
            "rosetta",
            Level.ERROR,
            f"this Mac has an {machine.chip or 'arm64'} chip, and this Python runs as an Intel "
            "program under Rosetta: it sees no arm64 wheels, and TensorFlow's Intel build ends in "
            "an illegal instruction",
            "install an arm64 Python (Miniforge for arm64, Homebrew in /opt/homebrew, python.org) "
            "and make a new environment with it, in a terminal that is not opened with Rosetta",
            "https://github.com/tensorflow/tensorflow/issues/59663",
        )
    if machine.system == "Darwin" and python.macos.startswith("10.16"):
        set_here = dict(machine.environment).get("SYSTEM_VERSION_COMPAT")
        yield _finding(
            machine,
            "macos-disguised",
            Level.ERROR,
            f"this Python takes macOS {machine.macos} for {python.macos}, so pip hides every wheel "
            "for macOS 11 and newer"
            + (f" (SYSTEM_VERSION_COMPAT={set_here} is set)" if set_here else ""),
            "unset SYSTEM_VERSION_COMPAT" if set_here == "1" else "export SYSTEM_VERSION_COMPAT=0",
            "https://github.com/tensorflow/tensorflow/issues/50108",
        )
    elif python.pip_platform.startswith("macosx_10_") and _major(machine.macos) >= 11:
        yield _finding(
            machine,
            "pip-believes-old-macos",
            Level.ERROR,
            f"pip takes wheels for {python.pip_platform} at best, on macOS {machine.macos}",
            "python -m pip install --upgrade pip",
            "https://pip.pypa.io/en/stable/news/#v20-3",
        )
    if not python.pip_version:
        yield _finding(
            machine,
            "no-pip",
            Level.NOTE,
            "this Python has no pip that works",
            "python -m ensurepip --upgrade",
            "https://docs.python.org/3/library/ensurepip.html",
        )
    elif _older(python.pip_version, FIRST_PIP_FOR_MACOS_11) and machine.system == "Darwin":
        yield _finding(
            machine,
            "old-pip",
            Level.WARNING,
            f"pip {python.pip_version} does not know the wheels for macOS 11 and newer",
            "python -m pip install --upgrade pip",
            "https://pip.pypa.io/en/stable/news/#v20-3",
        )
    if python.implementation != "CPython":
        yield _finding(
            machine,
            "not-cpython",
            Level.ERROR,
            f"this is {python.implementation}; TensorFlow has wheels for CPython only",
            "use CPython",
            "https://pypi.org/project/tensorflow/#files",
        )


def _major(macos: str) -> int:
    found = re.match(r"\d{1,3}", macos)
    return int(found[0]) if found else 0


def _older(text: str, than: Version) -> bool:
    try:
        return Version(text) < than
    except ValueError:
        return False


def _surroundings(machine: Machine) -> Iterator[Finding]:
    python = machine.python
    brewed = any(
        part in python.base_prefix for part in ("/homebrew/", "/Cellar/", "/usr/local/opt/python")
    )
    if brewed and not _in_environment(machine):
        yield _finding(
            machine,
            "homebrew-global",
            Level.WARNING,
            "this is Homebrew's global Python: its packages are reached by two paths, by which the "
            "plugin can be loaded twice",
            "python3 -m venv ~/tf && . ~/tf/bin/activate",
            "https://docs.brew.sh/Homebrew-and-Python",
        )
    metal = [path for path in python.plugins if "metal" in path.rpartition("/")[2]]
    if len(metal) > 1:
        yield _finding(
            machine,
            "plugin-file-twice",
            Level.ERROR,
            f"{len(metal)} copies of the plugin are found and TensorFlow loads each: "
            + ", ".join(metal[:4]),
            "keep one: make a new virtual environment and install from a lock",
            "https://docs.brew.sh/Homebrew-and-Python",
        )
    if machine.arch == "arm64" and machine.system == "Darwin" and machine.conda_subdir == "osx-64":
        yield _finding(
            machine,
            "conda-intel",
            Level.ERROR,
            "the conda on PATH is for Intel Macs (osx-64), so every environment it makes is one",
            "install Miniforge for arm64",
            "https://github.com/conda-forge/miniforge",
        )
    if machine.command_line_tools == "":
        yield _finding(
            machine,
            "no-command-line-tools",
            Level.NOTE,
            "Apple's command line tools are not installed; a lock of wheels does not need them",
            "xcode-select --install",
            "https://developer.apple.com/documentation/xcode/installing-the-command-line-tools/",
        )


def _packages(machine: Machine, matrix: Matrix) -> Iterator[Finding]:
    python = machine.python
    target = _target(machine, matrix)
    if target is None:
        yield _finding(
            machine,
            "python-unknown",
            Level.ERROR,
            f"the matrix knows no TensorFlow for Python {python.version}",
            "tfmac-lock --python 3.11"
            + ("" if machine.system == "Darwin" else " --chip m1 --os linux"),
            "matrix/platforms.toml",
        )
        return
    names = {normalized(name) for name, _ in python.packages}
    if not names & {*TENSORFLOW_PACKAGES, METAL, "tensorflow-cpu"}:
        yield _finding(
            machine,
            "no-tensorflow-here",
            Level.NOTE,
            "no TensorFlow is installed in this Python",
            f"tfmac-lock --python {target.python.series} --chip {target.chip.id}"
            + (" --os linux" if target.os is Os.LINUX else ""),
            "the installed packages",
        )
        return
    file = PinFile(
        path=python.executable,
        format="environment",
        pins=tuple(
            Pin(name=_as_on_a_mac(name), version=version, path=python.executable)
            for name, version in python.packages
        ),
        python=target.python.series,
        complete=True,
    )
    macos = MacOSVersion.parse(machine.macos) if machine.macos else None
    for found in check(file, target, matrix, macos=macos).findings:
        # The matrix lists wheels for Macs and for Linux on arm64, so elsewhere only versions count.
        if target.os is Os.MACOS or found.code in _WHEREVER:
            yield found


def _as_on_a_mac(name: str) -> str:
    """On Linux TensorFlow without CUDA has a name of its own, and is the same otherwise."""
    return "tensorflow" if normalized(name) == "tensorflow-cpu" else normalized(name)


def _target(machine: Machine, matrix: Matrix) -> Target | None:
    """What the packages must fit: the Python's own architecture, whatever the chip can do."""
    platforms = matrix.platforms
    arm = machine.python.machine in ("arm64", "aarch64")
    try:
        version = PythonVersion.parse(re.sub(r"[^\d.].*$", "", machine.python.version))
        platforms.python(version.series)
        chip = platforms.chip(machine.chip)
    except UsageError:
        if not any(p.series == _series(machine.python.version) for p in platforms.pythons):
            return None
        version = PythonVersion.parse(_series(machine.python.version))
        chip = platforms.chip("m1" if arm else "intel")
    if (chip.arch.value == "arm64") is not arm:
        chip = platforms.chip("m1" if arm else "intel")
    macos = MacOSVersion.parse(machine.macos) if machine.macos else platforms.newest_macos(chip)
    system = Os.MACOS if machine.system == "Darwin" else Os.LINUX
    return platforms.target(version, chip, macos, system)


def _series(version: str) -> str:
    found = re.match(r"\d+\.\d+", version)
    return found[0] if found else ""
