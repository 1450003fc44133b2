"""A checker of solutions that knows nothing of the solver, nor of anything else of ours.

It takes what packaging says: the tags of a Mac, the environment that markers are evaluated in
(https://packaging.python.org/en/latest/specifications/dependency-specifiers/), and the rules for
pre-releases and yanked files (PEP 440, PEP 592), each written down here once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging import tags
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class File:
    """A wheel of the index: what it requires, its tag and Requires-Python, whether it is yanked."""

    requires: tuple[str, ...]
    tag: str
    python: str | None
    yanked: bool


@dataclass(frozen=True, slots=True)
class Mac:
    """A Mac with Apple silicon and one CPython on it."""

    python: str
    macos: tuple[int, int]

    @property
    def environment(self) -> dict[str, str]:
        series = ".".join(self.python.split(".")[:2])
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": "posix",
            "platform_machine": "arm64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Darwin",
            "platform_version": "",
            "python_full_version": self.python,
            "python_version": series,
            "sys_platform": "darwin",
        }

    @property
    def tags(self) -> frozenset[str]:
        series = tuple(map(int, self.python.split(".")[:2]))
        platforms = list(tags.mac_platforms(self.macos, "arm64"))
        interpreter = f"cp{series[0]}{series[1]}"
        found = [
            *tags.cpython_tags(series, [interpreter], platforms),
            *tags.compatible_tags(series, interpreter, platforms),
        ]
        return frozenset(map(str, found))


def faults(
    files: Mapping[tuple[str, str], File],
    wanted: Iterable[str],
    pins: Mapping[str, str],
    mac: Mac,
) -> list[str]:
    """What does not hold of a solution: its files, what they require, and needless packages."""
    found = []
    for name, version in pins.items():
        file = files.get((name, version))
        if file is None:
            found.append(f"{name} {version} is on no index")
        elif file.tag not in mac.tags:
            found.append(f"{name} {version} is a wheel of another system")
        elif not SpecifierSet(file.python or "").contains(mac.python, prereleases=True):
            found.append(f"{name} {version} is for another Python")
    if found:
        return found
    required = _required(files, wanted, pins, mac)
    for name, version in pins.items():
        specifiers = required.get(name)
        if specifiers is None:
            found.append(f"{name} is needless")
            continue
        found += [
            f"{name}{one} is not met by {version}"
            for one in specifiers
            if not one.contains(version, prereleases=True)
        ]
        exact = any(part.operator in ("==", "===") for one in specifiers for part in one)
        if files[name, version].yanked and not exact:
            found.append(f"{name} {version} is yanked, and nobody asked for exactly that")
    return found + [f"{name} is not met" for name in required if name not in pins]


def _required(
    files: Mapping[tuple[str, str], File],
    wanted: Iterable[str],
    pins: Mapping[str, str],
    mac: Mac,
) -> dict[str, list[SpecifierSet]]:
    """What the user and the chosen files require of each name, extras and markers heeded."""
    roots = [Requirement(text) for text in wanted]
    extras: dict[str, set[str]] = {}
    while True:  # all anew with the extras known so far, until a round adds none
        owned = [("", item) for item in roots]
        for name, some in extras.items():
            requires = files[name, pins[name]].requires if name in pins else ()
            owned += [(extra, Requirement(text)) for text in requires for extra in ("", *some)]
        required: dict[str, list[SpecifierSet]] = {}
        found: dict[str, set[str]] = {}
        for extra, item in owned:
            environment = {**mac.environment, "extra": extra}
            if item.marker is None or item.marker.evaluate(environment):
                name = canonicalize_name(item.name)
                required.setdefault(name, []).append(item.specifier)
                found.setdefault(name, set()).update(item.extras)
        if found == extras:
            return required
        extras = found
