"""Running the solver: from requirements to a solution, or to the reason why there is none."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from nab_resolver.errors import ResolutionError, ResolutionTerminatedError
from nab_resolver.resolver import Resolver
from nab_resolver.types import RootRequirement

from ..errors import Refusal
from ..pypi.errors import ProjectNotFound
from .companions import needed
from .conflict import Unsatisfiable, explained
from .pairs import PAIR, TENSORFLOW_NAMES
from .provider import Facts, OpenYanked, Provider, Rules, is_ours, split
from .requirement import ByItsBinaries
from .versions import VersionSet
from .warmup import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from nab_resolver.types import Incompatibility
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..pypi.model import IndexFile
    from .pairs import Option
    from .requirement import Requirement

MAX_ROUNDS = 200_000
"""Steps of the search; one that needs more is a conflict that nobody can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One package of the solution and what it requires on the target, extras included."""

    name: NormalizedName
    version: Version
    file: IndexFile
    requires: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The packages by name, and the option that was chosen where there are any.

    ``stand_ins`` are the requirements of a TensorFlow by another name than the one that is
    there; they are met all the same, and only ``pip check`` will miss that name.
    ``unasked_pre`` are taken as pre-releases, since final releases alone do not fit together.
    """

    packages: Mapping[NormalizedName, Solved]
    option: Option | None
    stand_ins: tuple[Requirement, ...] = ()
    unasked_pre: tuple[NormalizedName, ...] = ()


class TooDeep(Refusal):
    """The search was given up."""

    def __str__(self) -> str:
        return (
            "the requirements contradict each other in more ways than could be searched; "
            "pin some of the packages that you ask for"
        )


def solve(
    rules: Rules,
    asked: Iterable[Requirement],
    *,
    ahead: bool = True,
    likely: Collection[NormalizedName] = (),
) -> Solution:
    """The best set of files that meets what is asked for; raises Unsatisfiable.

    Where final releases alone give none, pre-releases may take their place, as in uv.
    ``ahead`` fetches what will be asked for many at a time, which pays only over a network;
    ``likely`` are names that it may begin with.
    """
    facts = Facts(rules, asked)
    order = walk(facts, ahead=ahead, likely=likely)
    found = search(facts, order)
    if isinstance(found, dict):
        return _solution(facts, found)
    if facts.left_pre_out:
        every = Facts(rules, facts.asked, all_pre=True)
        with_pre = search(every, order)
        if isinstance(with_pre, dict):
            return _solution(every, with_pre)
    raise Unsatisfiable(
        rules.view.target, partial(explained, facts, found, partial(search, order=order))
    )


def search(
    facts: Facts, order: Sequence[NormalizedName] = ()
) -> dict[str, int] | Incompatibility[str, int]:
    """The version of each of the solver's packages, or the proof that there are none.

    ``order`` is the one in which packages are best decided.
    """
    while True:
        try:
            found = _search(facts, order)
        except OpenYanked as pinned:
            facts.open_yanked(pinned.name, pinned.versions)
            continue
        if facts.guessed and not isinstance(found, dict):
            facts.guess_nightlies = facts.guessed = False
            continue
        needless = _needlessly_yanked(facts, found) if isinstance(found, dict) else {}
        if not needless:
            return found
        for name, versions in needless.items():
            facts.close_yanked(name, versions)


def _search(
    facts: Facts, order: Sequence[NormalizedName]
) -> dict[str, int] | Incompatibility[str, int]:
    provider = Provider(facts, order)
    roots: list[RootRequirement[str, int]] = []
    if facts.rules.options:
        every = VersionSet((1 << len(facts.rules.options)) - 1)
        roots.append(RootRequirement(PAIR, every))
    for item in facts.asked:
        for package, admitted in facts.sets(item).items():
            roots.append(RootRequirement(package, admitted, item))
    facts.view.fetch_ahead(item.name for item in facts.asked)
    solver = Resolver(provider, max_iterations=MAX_ROUNDS, range_type=VersionSet)
    try:
        return solver.resolve(roots)
    except ResolutionTerminatedError as error:
        raise TooDeep from error
    except ResolutionError as error:
        proof = error.incompatibility
    assert proof is not None, "every refusal of the solver's has a proof"
    return proof


def _needlessly_yanked(facts: Facts, found: Mapping[str, int]) -> dict[NormalizedName, int]:
    """The yanked versions in the solution that nothing in it pins."""
    taken = {
        name: 1 << place
        for name, place in found.items()
        if name in facts.opened and facts.opened[name] >> place & 1  # type: ignore[index]
    }
    if not taken:
        return {}
    pinned = {item.name for item in (*facts.asked, *facts.rules.constraints) if item.is_exact}
    for package, place in found.items():
        if not is_ours(package):
            pinned |= {
                item.name for item in facts.requires(split(package)[0], place) if item.is_exact
            }
    return {name: bits for name, bits in taken.items() if name not in pinned}  # type: ignore[misc]


def _solution(facts: Facts, found: Mapping[str, int]) -> Solution:
    option = facts.rules.options[found[PAIR]] if PAIR in found else None
    macos = option.macos if option else facts.view.target.macos
    extras: dict[NormalizedName, set[str]] = {}
    for package in found:
        if not is_ours(package):
            name, extra = split(package)
            extras.setdefault(name, set()).add(extra)
    there = {name for name in extras if name not in facts.rules.given}
    packages = {}
    stand_ins: list[Requirement] = []
    for name in sorted(there):
        release = facts.project(name).releases[found[name]]
        requires: dict[Requirement, None] = {}
        for extra in sorted(extras[name] | {""}):
            for item in facts.requires(name, found[name], extra):
                stated = _as_stated(item)
                other = _other_name(stated, option, there)
                stand_ins += [stated] if other is not stated else []
                requires[other] = None
        for item in needed(facts, name, found[name], option):
            requires[item] = None
        packages[name] = Solved(
            name=name,
            version=release.version,
            file=release.file_for(macos).file,
            requires=tuple(requires),
        )
    unasked = [
        name
        for name, one in packages.items()
        if facts.all_pre and one.version.is_prerelease and not facts.counts_pre(name)
    ]
    return Solution(
        packages=packages,
        option=option,
        stand_ins=tuple(stand_ins),
        unasked_pre=tuple(unasked),
    )


def _as_stated(item: Requirement) -> Requirement:
    """The requirement as the metadata have it, which is what a lock records."""
    if isinstance(item.origin, ByItsBinaries):
        return replace(item, specifier=item.origin.stated)
    return item


def _other_name(
    item: Requirement, option: Option | None, there: Collection[NormalizedName]
) -> Requirement:
    """A requirement of TensorFlow by the name that it has in this solution."""
    if option is None or item.name not in TENSORFLOW_NAMES or item.name in there:
        return item
    return replace(item, name=next(name for name in option.pins if name in TENSORFLOW_NAMES))


def newer_macos(rules: Rules, names: Iterable[NormalizedName]) -> int | None:
    """The next macOS for which one of the projects has a wheel that the target cannot take."""
    target = rules.view.target
    pattern = rf"macosx_(\d+)_\d+_(?:{target.machine}|universal2)\b"
    majors: set[int] = set()
    for name in names:
        with contextlib.suppress(ProjectNotFound):  # no macOS brings it
            for ending in rules.view.source.project(name).groups:
                majors |= {int(found) for found in re.findall(pattern, ending)}
    return min((major for major in majors if major > target.macos.major), default=None)
