"""The newest of what was named: old versions of named packages are a last resort.

An old release of a package states little, so it fits beside any TensorFlow, and does not work
with it. Where the best pair leaves only such a release, a lower pair that has a current one is
better. Which release is old is read off the version numbers, since not all indexes state dates,
and the same request must give the same lock from each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from ..matrix.reasons import Reason
from ..resolve.pairs import PAIR_NAMES
from ..resolve.provider import Facts
from ..resolve.requirement import ByUser
from .asked import by_users
from .companions import OLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from ..resolve.conflict import Unsatisfiable
    from ..resolve.provider import Rules
    from ..resolve.requirement import Requirement
    from ..resolve.solve import Solution

MINORS_BEHIND = {True: 3, False: 6}
"""So many minor releases behind make a version old: before 1.0, and from then on. A package with
three a year, as many have, is then two years behind."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """A named package of which an old version was taken."""

    item: Requirement
    taken: Version
    newest: Version
    first_current: Version

    def in_place_of(self, items: Iterable[Requirement]) -> tuple[Requirement, ...]:
        """The requirements, that of this package limited to versions that are not old.

        It takes the place of the package's own requirement: that one is met by wheels alone where
        there are some, and the current versions may be source archives.
        """
        origin = ByUser(f"a current {self.item.name}", chosen=True)
        limit = SpecifierSet(f">={self.first_current}")
        return tuple(
            replace(item, specifier=item.specifier & limit, origin=origin)
            if item.name == self.item.name
            else item
            for item in items
        )

    def note(self, error: Unsatisfiable) -> Reason:
        """That it was taken, and why."""
        reasons = [
            str(fact)
            for fact in error.facts
            if fact.kind in ("requires", "bound", "lacking", "constraint")
        ]
        return self._reason("; ".join(reasons[:3]))

    def note_beside(self, others: Iterable[Outdated]) -> Reason:
        """That it was taken, since a current one would leave other named packages old."""
        beside = " and ".join(f"{other.item.name} {other.taken}" for other in others)
        return self._reason(f"the newest beside a current one is {beside}")

    def _reason(self, why: str) -> Reason:
        text = f"{self.item.name} {self.taken} was taken although {self.newest} exists"
        if why:
            text += f": {why}"
        return Reason(kind=OLDER, text=text, source="index metadata", against=True)


def outdated(rules: Rules, asked: Iterable[Requirement], solution: Solution) -> list[Outdated]:
    """The named packages of which the solution has an old version.

    Versions that need a newer macOS than the solution does not count. Versions of which there is
    only a source archive count where the newest wheel is old.
    """
    items = list(asked)
    facts = Facts(rules, items)
    macos = solution.option.macos if solution.option else rules.view.target.macos
    found: dict[str, Outdated] = {}
    for item in by_users(items):
        solved = solution.packages.get(item.name)
        if solved is None or item.name in PAIR_NAMES or item.name in found:
            continue
        if solved.version == rules.preferred.get(item.name):
            continue  # kept on purpose
        releases = facts.project(item.name).releases
        fitting = [
            releases[place].version
            for place in facts.released(item).places()
            if (floor := releases[place].macos) is None or floor <= macos
        ]
        if fitting and is_old(solved.version, fitting[0]):
            current = [version for version in fitting if not is_old(version, fitting[0])]
            found[item.name] = Outdated(item, solved.version, fitting[0], current[-1])
    return list(found.values())


def archives_alone(rules: Rules, asked: Iterable[Requirement]) -> tuple[Requirement, ...] | None:
    """The requirements, each named package limited to releases newer than its newest wheel.

    None where there are no such releases. They are source archives, which are tried only after
    the wheels: a project may have stopped publishing wheels years ago.
    """
    items = list(asked)
    facts = Facts(rules, items)
    newer: dict[str, SpecifierSet] = {}
    for item in by_users(items):
        releases = facts.project(item.name).releases
        wheels = [releases[place].version for place in facts.admitted(item).places()]
        every = [releases[place].version for place in facts.released(item).places()]
        if wheels and every and every[0] > wheels[0]:
            newer[item.name] = SpecifierSet(f">{wheels[0]}")
    if not newer:
        return None
    return tuple(
        replace(item, specifier=item.specifier & newer[item.name]) if item.name in newer else item
        for item in items
    )


def is_old(version: Version, newest: Version) -> bool:
    """Whether the version is a major release behind, or many minor ones."""
    if (version.epoch, version.major) != (newest.epoch, newest.major):
        return version < newest
    return newest.minor - version.minor >= MINORS_BEHIND[newest.major == 0]
