"""The target: the Mac (or the Linux guest on it) that a lock is made for.

One object yields all that decides which files fit: wheel tags, the marker environment, the
conda subdir and the conda virtual packages. It never looks at the machine it runs on, so a
lock for an M1 comes out the same on a Mac, on Linux and on Windows.

Sources: wheel tags, PEP 425 and the platform compatibility tags specification
(https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/);
marker environment, PEP 508 (https://packaging.python.org/en/latest/specifications/dependency-specifiers/);
virtual packages, https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .errors import UnknownChoice, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.markers import Environment
    from packaging.tags import Tag


class Arch(StrEnum):
    """A processor architecture, in the Mac's spelling."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


class Os(StrEnum):
    """What the environment runs on: macOS itself, or a Linux VM or container on the Mac."""

    MACOS = "macos"
    LINUX = "linux"


def machine_name(arch: Arch, os: Os) -> str:
    """What ``platform.machine()`` says there: Linux calls arm64 ``aarch64``."""
    return "aarch64" if os is Os.LINUX and arch is Arch.ARM64 else arch.value


@dataclass(eq=False)
class BadVersion(UsageError):
    """A version that the user gave cannot be read; ``example`` shows the form."""

    what: str
    given: str
    example: str
    template = "{what} {given!r} is not a version; write it like {example}"


class NewerPython(UnknownChoice):
    """A CPython that TensorFlow has no wheels for yet; ``known`` are those that it has."""

    def __str__(self) -> str:
        newest = self.known[-1]
        return (
            f"TensorFlow has no wheels for Python {self.given}, so nothing can be locked for it. "
            f"Take {newest}: --python {newest}"
        )


class ImpossibleTarget(UsageError):
    """Chip, macOS and Python exist, but not together."""


_MINOR = re.compile(r"\s*v?((?:\d+!)?\d+(?:\.\d+)?)", re.ASCII)


def minor(version: str) -> str:
    """The first two parts of a version: 3.11 of 3.11.4, and 2.18 of 2.18rc1 or 2.18-1.

    What is no version stays as it is.
    """
    found = _MINOR.match(version)
    return found[1] if found else version


@dataclass(frozen=True, slots=True, order=True)
class MacOSVersion:
    """A macOS version; only major and minor decide anything here."""

    major: int
    minor: int = 0

    @classmethod
    def parse(cls, text: str) -> MacOSVersion:
        """Read ``14``, ``14.1`` or ``14.1.2``; raises BadVersion for anything else."""
        found = re.fullmatch(r"\s*(\d{1,3})(?:\.(\d{1,3}))?(?:\.\d{1,3})?\s*", text, re.ASCII)
        if not found:
            raise BadVersion("macOS", text, "14 or 14.1")
        return cls(int(found[1]), int(found[2] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True, slots=True, order=True)
class PythonVersion:
    """A CPython version. Without a micro version it stands for the whole minor series."""

    major: int
    minor: int
    micro: int | None = None

    @classmethod
    def parse(cls, text: str) -> PythonVersion:
        """Read ``3.9`` or ``3.9.13``; raises BadVersion for anything else."""
        found = re.fullmatch(r"\s*(\d{1,2})\.(\d{1,3})(?:\.(\d{1,3}))?\s*", text, re.ASCII)
        if not found:
            raise BadVersion("Python", text, "3.11 or 3.11.9")
        return cls(int(found[1]), int(found[2]), int(found[3]) if found[3] else None)

    @property
    def series(self) -> str:
        """The minor series, ``3.9``."""
        return f"{self.major}.{self.minor}"

    @property
    def tag(self) -> str:
        """The interpreter tag, ``cp39``."""
        return f"cp{self.major}{self.minor}"

    def __str__(self) -> str:
        return self.series if self.micro is None else f"{self.series}.{self.micro}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A Mac's processor with its GPU, as far as TensorFlow can tell it from others.

    ``gpu`` is false where the Metal plugin has no device to use: an Intel Mac without a
    supported AMD card. ``last_macos`` is the last major release for the chip, if there is one.
    """

    id: str
    name: str
    arch: Arch
    first_macos: MacOSVersion
    last_macos: int | None
    gpu: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MacOSRelease:
    """A major release of macOS; ``darwin`` is the major version of its kernel, where known."""

    major: int
    name: str
    darwin: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonSeries:
    """A CPython series and the micro version that stands for it where only ``3.9`` is asked.

    It is the oldest one that people on that architecture really have, so that a lock for the
    series also fits every later micro version.
    """

    series: str
    micro: dict[Arch, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platforms:
    """What exists: macOS releases, chips and CPython series, from matrix/platforms.toml."""

    macos: tuple[MacOSRelease, ...]
    chips: tuple[Chip, ...]
    pythons: tuple[PythonSeries, ...]

    def chip(self, given: str) -> Chip:
        """The chip of that name: ``m1-pro``, ``M1 Pro``, ``Apple M1 Pro``, ``intel-amd``."""
        word = re.sub(r"[\s_]+", "-", given.strip().lower()).removeprefix("apple-")
        word = re.sub(r"^(m\d+)(pro|max|ultra)$", r"\1-\2", word)
        for chip in self.chips:
            if chip.id == word:
                return chip
        raise UnknownChoice("chip", given, [chip.id for chip in self.chips])

    def python(self, given: str) -> PythonVersion:
        """The CPython version asked for; raises UnknownChoice outside the known series."""
        version = PythonVersion.parse(given)
        known = [python.series for python in self.pythons]
        if version.major == 3 and version.minor > PythonVersion.parse(known[-1]).minor:
            raise NewerPython("Python", version.series, known, guess=False)
        if version.series not in known:
            raise UnknownChoice("Python", given, known, guess=False)
        return version

    def python_for(self, version: PythonVersion, arch: Arch) -> PythonVersion:
        """The same version with a micro version, the series' own where none was given."""
        if version.micro is not None:
            return version
        for python in self.pythons:
            if python.series == version.series:
                return PythonVersion(version.major, version.minor, python.micro[arch])
        raise UnknownChoice("Python", str(version), [python.series for python in self.pythons])

    def macos_version(self, given: str) -> MacOSVersion:
        """The macOS version asked for, by number or by name (``14.1``, ``sonoma``).

        Raises UnknownChoice for a release that is unknown.
        """
        named = {release.name.lower().replace(" ", ""): release.major for release in self.macos}
        word = re.sub(r"[\s_-]+", "", given.lower()).removeprefix("macos")
        if word in named and word.isalpha():
            return MacOSVersion(named[word])
        if word.isalpha():
            unknown = UnknownChoice("macOS", word, filter(str.isalpha, named))
            if unknown.nearest:
                raise unknown
        version = MacOSVersion.parse(given)
        if version.major not in {release.major for release in self.macos}:
            known = [str(release.major) for release in self.macos]
            raise UnknownChoice("macOS", given, known, guess=False)
        return version

    def check(self, chip: Chip, macos: MacOSVersion) -> None:
        """Raise ImpossibleTarget where no such Mac can exist."""
        if macos.major < chip.first_macos.major or (macos < chip.first_macos and macos.minor != 0):
            raise ImpossibleTarget(
                f"{chip.name} came with macOS {chip.first_macos}; macOS {macos} never ran on it"
            )
        if chip.last_macos is not None and macos.major > chip.last_macos:
            raise ImpossibleTarget(
                f"macOS {chip.last_macos} is the last one for {chip.name}; "
                f"there is no macOS {macos} for it"
            )

    def target(
        self,
        python: PythonVersion,
        chip: Chip,
        macos: MacOSVersion | None = None,
        system: Os = Os.MACOS,
    ) -> Target:
        """The target with its kernel; without a macOS, the oldest one that the chip runs."""
        macos = macos or chip.first_macos
        return Target(
            python=self.python_for(python, chip.arch),
            chip=chip,
            macos=macos,
            os=system,
            darwin=self.darwin(macos),
        )

    def newest_macos(self, chip: Chip) -> MacOSVersion:
        """The newest macOS that the chip runs."""
        return MacOSVersion(chip.last_macos or max(release.major for release in self.macos))

    def darwin(self, macos: MacOSVersion) -> int | None:
        """The major version of the Darwin kernel under that macOS, where known."""
        for release in self.macos:
            if release.major == macos.major:
                return release.darwin
        return None


GLIBC_OF_LINUX_GUEST = (2, 28)
"""The glibc that a lock for a Linux guest asks for: manylinux_2_28 is the newest baseline that
TensorFlow's own dependencies publish widely, and every distribution since 2019 has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """CPython version, chip and macOS version; or Linux on that Mac.

    ``macos`` is the oldest macOS that the lock must run on; it has no meaning for Linux.
    ``darwin`` is the kernel's major version, for the rarely used platform_release marker.
    """

    python: PythonVersion
    chip: Chip
    macos: MacOSVersion
    os: Os = Os.MACOS
    darwin: int | None = None

    @property
    def arch(self) -> Arch:
        """The processor architecture."""
        return self.chip.arch

    @property
    def machine(self) -> str:
        """``platform.machine()`` on the target."""
        return machine_name(self.arch, self.os)

    @property
    def has_cuda(self) -> bool:
        """Whether CUDA can be there: on no Mac, and in no guest on one with Apple silicon."""
        return self.os is Os.LINUX and self.arch is Arch.X86_64

    def tags(self) -> tuple[Tag, ...]:
        """All wheel tags that pip accepts on the target, most specific first."""
        return _tags(self.python.major, self.python.minor, self.os, self.machine, self.macos)

    def markers(self) -> Environment:
        """The environment that markers are evaluated in on the target."""
        full = str(self.python)
        if self.os is Os.LINUX:
            system, sys_platform, release, version = "Linux", "linux", "", ""
        else:
            system, sys_platform = "Darwin", "darwin"
            release = f"{self.darwin}.0.0" if self.darwin else ""
            version = f"Darwin Kernel Version {release}" if release else ""
        return {
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": release,
            "platform_system": system,
            "platform_version": version,
            "python_full_version": full,
            "python_version": self.python.series,
            "sys_platform": sys_platform,
        }

    @property
    def conda_subdir(self) -> str:
        """The conda channel's folder for the target."""
        system = "linux" if self.os is Os.LINUX else "osx"
        return f"{system}-64" if self.arch is Arch.X86_64 else f"{system}-{self.machine}"

    def virtual_packages(self) -> tuple[tuple[str, str, str], ...]:
        """What conda would detect on the target: name, version, build."""
        archspec = self.machine
        if self.os is Os.MACOS and self.arch is Arch.ARM64:
            archspec = "m1"
        common = (("__unix", "0", "0"), ("__archspec", "1", archspec))
        if self.os is Os.LINUX:
            glibc = ".".join(map(str, GLIBC_OF_LINUX_GUEST))
            return (*common, ("__linux", "0", "0"), ("__glibc", glibc, "0"))
        return (*common, ("__osx", str(self.macos), "0"))

    def __str__(self) -> str:
        system = "Linux" if self.os is Os.LINUX else f"macOS {self.macos}"
        return f"Python {self.python.series} on {self.chip.name}, {system}"


@functools.cache
def _tags(major: int, minor: int, system: Os, machine: str, macos: MacOSVersion) -> tuple[Tag, ...]:
    from packaging import tags

    if system is Os.LINUX:
        platforms = [*_linux_platforms(machine)]
    else:
        platforms = [*tags.mac_platforms((macos.major, macos.minor), machine)]
    python = (major, minor)
    interpreter = f"cp{major}{minor}"
    return (
        *tags.cpython_tags(python, abis=[interpreter], platforms=platforms),
        *tags.compatible_tags(python, interpreter=interpreter, platforms=platforms),
    )


def _linux_platforms(machine: str) -> Iterable[str]:
    """The manylinux tags for the guest's glibc, newest first (PEP 600), then plain linux.

    packaging only derives these for the machine that it runs on, hence the list here.
    """
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    oldest = 5 if machine == "x86_64" else 17
    for minor in range(GLIBC_OF_LINUX_GUEST[1], oldest - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in legacy:
            yield f"{legacy[minor]}_{machine}"
    yield f"linux_{machine}"
