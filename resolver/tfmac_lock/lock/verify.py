"""What must hold of a lock before it is written.

The checks do not trust the resolver: they go over the finished lock once more, from the
metadata and the tags, so that a fault in the search cannot become a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ..conda.names import distribution, release
from ..errors import TfmacLockError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..matrix.facts import Bound
    from ..target import Target
    from .model import Lock, LockedPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that does not hold; ``package`` is the package at fault."""

    package: str
    text: str


@dataclass(eq=False)
class UnsoundLock(TfmacLockError):
    """A lock failed its verification; it was not written."""

    combo: str
    flaws: Sequence[Flaw]

    def __str__(self) -> str:
        flaws = "; ".join(f"{flaw.package}: {flaw.text}" for flaw in self.flaws)
        return f"{self.combo} was not written, since it does not hold together: {flaws}"


def verify(lock: Lock, target: Target, bounds: Iterable[Bound]) -> None:
    """Raise UnsoundLock unless every requirement is met, every file fits, every bound holds."""
    flaws = [
        *_closure(lock),
        *_files(lock, target),
        *out_of_bounds(lock, bounds),
        *_pair(lock),
    ]
    if flaws:
        raise UnsoundLock(lock.combo.id, flaws)


def _closure(lock: Lock) -> Iterator[Flaw]:
    pins = {name: Version(version) for name, version in pins_of(lock.packages).items()}
    wheels = {package.name for package in lock.wheels}
    given = set(pins_of(lock.conda_packages))
    if len(wheels) != len(lock.wheels) or wheels & given:
        yield Flaw(package=lock.combo.id, text="a package is there twice")
    for package in lock.wheels:
        for text in package.requires:
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            if name not in pins:
                yield Flaw(package=package.name, text=f"requires {name}, which is not there")
            elif not requirement.specifier.contains(pins[name], prereleases=True):
                yield Flaw(
                    package=package.name, text=f"requires {requirement}, and {pins[name]} is there"
                )


def _files(lock: Lock, target: Target) -> Iterator[Flaw]:
    tags = frozenset(target.tags())
    for package in lock.packages:
        # A hash, an address or a name is written as it is, into lines of other programs' files.
        if not re.fullmatch("[0-9a-f]{64}", package.sha256):
            yield Flaw(package=package.name, text=f"{package.filename} has no sha256")
        if not (package.url.isascii() and package.url.isprintable() and " " not in package.url):
            yield Flaw(package=package.name, text="its address has characters that none can have")
        if not re.fullmatch(r"[A-Za-z0-9._+!-]+", package.filename):
            yield Flaw(package=package.name, text="its file name has characters that none can have")
        if "@" in package.url.partition("://")[2].partition("/")[0]:
            yield Flaw(package=package.name, text="its address carries credentials")
        if package.manager == "conda":
            yield from _conda_file(package, target)
        if not package.filename.endswith(".whl"):
            continue
        name, version, _, file_tags = parse_wheel_filename(package.filename)
        if (name, version) != (package.name, Version(package.version)):
            yield Flaw(package=package.name, text=f"{package.filename} is another package's file")
        if not file_tags & tags:
            yield Flaw(package=package.name, text=f"{package.filename} does not fit {target}")


def _conda_file(package: LockedPackage, target: Target) -> Iterator[Flaw]:
    if not re.fullmatch("[0-9a-f]{32}", package.md5):
        yield Flaw(package=package.name, text=f"{package.filename} has no md5")
    subdir = package.url.rsplit("/", 2)[-2]
    if subdir not in (target.conda_subdir, "noarch"):
        yield Flaw(package=package.name, text=f"it is from {subdir}, not {target.conda_subdir}")
    stem = f"{package.name}-{package.version}-{package.build}"
    if package.filename not in (f"{stem}.conda", f"{stem}.tar.bz2"):
        yield Flaw(package=package.name, text=f"{package.filename} is another package's file")


def pins_of(packages: Iterable[LockedPackage]) -> dict[str, str]:
    """Versions of the distributions by their name on the index, whoever brings them."""
    pins = {}
    for package in packages:
        if package.manager == "conda":
            name = distribution(package.name, package.requires)
            if name is not None and release(package.version) is not None:
                pins[str(name)] = package.version
        else:
            pins[package.name] = package.version
    return pins


def out_of_bounds(lock: Lock, bounds: Iterable[Bound]) -> Iterator[Flaw]:
    """The versions that a bound does not admit."""
    pins = pins_of(lock.packages)
    for bound in bounds:
        pinned = pins.get(bound.package)
        if pinned and not SpecifierSet(bound.specifier).contains(pinned, prereleases=True):
            yield Flaw(
                package=bound.package,
                text=f"{pinned} is outside {bound.specifier}: {bound.reason}",
            )


def _pair(lock: Lock) -> Iterator[Flaw]:
    combo = lock.combo
    pins = {package.name: package.version for package in lock.wheels}
    wanted = {combo.package: combo.tensorflow}
    if combo.metal:
        wanted["tensorflow-metal"] = combo.metal
    for name, pinned in wanted.items():
        if pins.get(name) != pinned:
            yield Flaw(package=name, text=f"{pinned} was chosen, and {pins.get(name)} is there")
    if lock.verdict.status == "broken":
        yield Flaw(package=combo.package, text="the combo is known to be broken")
