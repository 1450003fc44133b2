"""Who requires what in a lock, down from what was asked for and up from one package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .model import required_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Lock, LockedPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A package at its place in the tree.

    ``wanted`` is the requirement that brings it, empty at the top. ``seen`` tells that what is
    below it stands further up. ``last`` tells, for each level, whether nothing comes after it.
    """

    package: LockedPackage
    wanted: str
    seen: bool
    last: tuple[bool, ...]


def roots(lock: Lock) -> list[LockedPackage]:
    """What nothing else requires: the request; of rings that nothing leads into, the first."""
    parents = lock.required_by()
    found = [package for package in lock.packages if not parents.get(package.name)]
    reached = _reached(lock, found)
    for package in lock.packages:
        if package.name not in reached:
            found.append(package)
            reached |= _reached(lock, [package])
    return found


def _reached(lock: Lock, start: list[LockedPackage]) -> set[str]:
    there = {package.name: package for package in lock.packages}
    reached: set[str] = set()
    waiting = [package.name for package in start]
    while waiting:
        name = waiting.pop()
        if name in there and name not in reached:
            reached.add(name)
            waiting += [required_name(text) for text in there[name].requires]
    return reached


def tree(lock: Lock, depth: int | None = None) -> Iterator[Branch]:
    """The packages from the roots down; each one's requirements are shown once."""
    there = {package.name: package for package in lock.packages}
    shown: set[str] = set()

    def below(package: LockedPackage, wanted: str, last: tuple[bool, ...]) -> Iterator[Branch]:
        children = [text for text in package.requires if required_name(text) in there]
        again = package.name in shown and bool(children)
        yield Branch(package=package, wanted=wanted, seen=again, last=last)
        shown.add(package.name)
        if again or (depth is not None and len(last) > depth):
            return
        for place, text in enumerate(children, 1):
            end = place == len(children)
            yield from below(there[required_name(text)], text, (*last, end))

    tops = roots(lock)
    for package in tops:
        yield from below(package, "", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A package that requires another one, with the words in which it does."""

    package: LockedPackage
    requirement: str


def parents_of(lock: Lock, name: str) -> list[Parent]:
    """Who requires the package, sorted by name."""
    found = [
        Parent(package=package, requirement=text)
        for package in lock.packages
        for text in package.requires
        if required_name(text) == name and package.name != name
    ]
    return sorted(found, key=lambda one: (one.package.name, one.requirement))


def chains(lock: Lock, name: str, most: int) -> list[list[LockedPackage]]:
    """The shortest ways from the roots to the package, at most so many, the shortest first."""
    there = {package.name: package for package in lock.packages}
    children: Mapping[str, list[str]] = {
        package.name: sorted({required_name(text) for text in package.requires} & there.keys())
        for package in lock.packages
    }
    found: list[list[LockedPackage]] = []
    for root in roots(lock):
        ways = [[root.name]]
        seen = {root.name}
        while ways:
            way = ways.pop(0)
            if way[-1] == name:
                found.append([there[step] for step in way])
                break
            for child in children[way[-1]]:
                if child not in seen:
                    seen.add(child)
                    ways.append([*way, child])
    found.sort(key=lambda way: (len(way), [one.name for one in way]))
    return found[:most]
