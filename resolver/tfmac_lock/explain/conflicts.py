"""What pip says at the end of an install: which packages want another version than is there.

One line a requirement that is not met. Together they tell whether a version exists that all take,
and if TensorFlow is among them, from which release on it goes with the others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..matrix.facts import Matrix, Release
    from ..target import Arch

MOST = 12
"""Lines that are kept of one text."""

_LINE = re.compile(
    r"\b([A-Za-z][\w.-]{0,60}) (\d[\w.+]{0,20}) (?:requires|has requirement) "
    r"([A-Za-z][\w.-]{0,60}?) ?([<>=!~][\w.,<>=!~* ]{0,100}), but you(?:'ll)? have "
    r"[\w.-]{1,60} (\d[\w.+]{0,20}[\w])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """``dependent`` wants ``package`` within ``specifier``, and ``installed`` is there."""

    dependent: str
    release: str
    package: str
    specifier: SpecifierSet
    installed: str


def found_in(text: str) -> Iterator[Unmet]:
    """The requirements that a text says are not met."""
    if ", but you" not in text:
        return
    for line in _LINE.finditer(text):
        try:
            wanted = SpecifierSet(line[4].strip(" ,"))
            Version(line[5])
        except (InvalidSpecifier, InvalidVersion):
            continue
        yield Unmet(
            dependent=canonicalize_name(line[1]),
            release=line[2],
            package=canonicalize_name(line[3]),
            specifier=wanted,
            installed=line[5],
        )


def by_package(unmet: Sequence[Unmet]) -> dict[str, list[Unmet]]:
    """The requirements in the order of their packages, one a dependent."""
    found: dict[str, dict[str, Unmet]] = {}
    for one in unmet:
        found.setdefault(one.package, {})[one.dependent] = one
    return {package: list(rows.values()) for package, rows in found.items()}


def wanted(rows: Sequence[Unmet]) -> SpecifierSet | None:
    """What all of them take, or None where no version is taken by all.

    Of the versions that the specifiers name one meets them, if any does: the ends of their ranges.
    """
    together = SpecifierSet()
    for one in rows:
        together &= one.specifier
    named = {spec.version.removesuffix(".*") for spec in together} | {"0"}
    after = {f"{name}.1" for name in named if name.replace(".", "").isdigit()}
    return together if any(together.filter(named | after, prereleases=True)) else None


def others(unmet: Sequence[Unmet]) -> list[str]:
    """The dependents that are not TensorFlow, in their order."""
    names = dict.fromkeys(one.dependent for one in unmet)
    return [name for name in names if name not in TENSORFLOW_PACKAGES]


def next_release(
    matrix: Matrix, rows: Sequence[Unmet], arch: Arch, python: str
) -> tuple[Release, str] | None:
    """The first TensorFlow after the one in the rows that goes with the others.

    With it what that release wants of the package, which may be nothing.
    """
    ours = next((one for one in rows if one.dependent in TENSORFLOW_PACKAGES), None)
    if ours is None:
        return None
    rest = [one for one in rows if one is not ours]
    newer = [
        release
        for package in TENSORFLOW_PACKAGES
        for release in matrix.releases_of(package)
        if release.final and version(release.version) > version(ours.release)
    ]
    for release in sorted(newer, key=lambda one: version(one.version)):
        wheels = [
            wheel
            for wheel in release.wheels_for(arch)
            if wheel.payload and (not python or wheel.series == python)
        ]
        if not wheels:
            continue
        asks = _asks(wheels[0].requires, ours.package)
        if wanted([*rest, replace(ours, specifier=asks)]) is not None:
            return release, str(asks)
    return None


def _asks(requires: Sequence[str], package: str) -> SpecifierSet:
    """What a wheel's requirements want of the package, on every system."""
    for text in requires:
        found = Requirement(text)
        if canonicalize_name(found.name) == package and found.marker is None:
            return found.specifier
    return SpecifierSet()
