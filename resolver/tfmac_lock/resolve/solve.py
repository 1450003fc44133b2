"""Running the resolver: from needs to a solution, or to the reason why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution

from ..errors import Refusal
from .provider import Candidate, Provider, Rules
from .requirement import ByFault, ByMatrix, ByPackage, ByUser, Need
from .warmup import warm_up

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from resolvelib.structs import RequirementInformation, State

    from ..target import Target

MAX_ROUNDS = 20_000
"""Enough for thousands of packages; a resolution that needs more is a conflict nobody can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One package of the solution and what it requires on the target, extras included."""

    candidate: Candidate
    requires: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """The needs on one package that cannot all be met.

    ``left_out`` says which files did not fit; ``unknown`` that the index has no such project;
    ``given`` is the version that is there already, from conda.
    """

    name: NormalizedName
    needs: tuple[Need, ...]
    left_out: str
    unknown: bool
    given: str = ""


class Unsatisfiable(Refusal):
    """No set of wheels meets all requirements on the target."""

    def __init__(self, target: Target, clashes: Sequence[Clash]) -> None:
        super().__init__(str(target))
        self.target = target
        self.clashes = tuple(clashes)

    @property
    def only_the_users(self) -> bool:
        """Whether the user's own requirements alone contradict each other, whatever the pair."""
        return all(
            isinstance(item.origin, ByUser) and not item.origin.chosen
            for clash in self.clashes
            for item in clash.needs
        )

    def __str__(self) -> str:
        lines = [f"no set of wheels meets every requirement for {self.target}:"]
        for clash in self.clashes:
            lines.append(f"  {clash.name}:")
            lines += [f"    {_told(item)}" for item in clash.needs]
            if clash.given:
                lines.append(f"    (conda brings {clash.given})")
            elif clash.unknown:
                lines.append("    (the index has no such project)")
            elif clash.left_out:
                lines.append(f"    (left out: {clash.left_out})")
        return "\n".join(lines)


def _told(item: Need) -> str:
    if isinstance(item.origin, ByFault):
        return str(item.origin)
    return f"{item.specifier or 'any version'} for {item.origin}"


class TooDeep(Refusal):
    """The search was given up."""

    def __str__(self) -> str:
        return (
            "the requirements contradict each other in more ways than could be searched; "
            "pin some of the packages that you ask for"
        )


def solve(
    rules: Rules,
    roots: Iterable[Need],
    *,
    ahead: bool = True,
    likely: Collection[NormalizedName] = (),
) -> dict[NormalizedName, Solved]:
    """The newest set of files that meets all roots, by name; raises Unsatisfiable.

    ``ahead`` fetches what will be asked for many at a time, which pays only over a network;
    ``likely`` are names that it may begin with.
    """
    provider = Provider(rules)
    needs = [limited for root in roots for limited in provider.with_limits(root)]
    if ahead:
        warm_up(provider, needs, likely)
    try:
        state = Resolution(provider, BaseReporter()).resolve(needs, max_rounds=MAX_ROUNDS)
    except ResolutionImpossible as error:
        raise Unsatisfiable(rules.view.target, _clashes(provider, error.causes)) from None
    except ResolutionTooDeep as error:
        raise TooDeep from error
    return _collect(provider, _needed(state))


def _needed(state: State[Need, Candidate, str]) -> dict[str, Candidate]:
    """The pinned candidates to which a way leads from the user's requirements.

    A pin that was changed later leaves behind what only its first version needed. resolvelib
    (1.2.1) leaves that out of its own result, and never ends where it is a cycle.
    """
    keys = {id(candidate): key for key, candidate in state.mapping.items()}
    needs: dict[str | None, list[str]] = {}
    for key, criterion in state.criteria.items():
        for parent in criterion.iter_parent():
            if parent is None or id(parent) in keys:
                needs.setdefault(None if parent is None else keys[id(parent)], []).append(key)
    found: set[str] = set()
    left = list(needs.get(None, ()))
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += needs.get(key, ())
    return {key: candidate for key, candidate in state.mapping.items() if key in found}


def _collect(provider: Provider, mapping: Mapping[str, Candidate]) -> dict[NormalizedName, Solved]:
    extras: dict[NormalizedName, set[str]] = {}
    for candidate in mapping.values():
        extras.setdefault(candidate.name, set()).update(candidate.extras)
    return {
        candidate.name: Solved(
            candidate=candidate,
            requires=tuple(
                provider.requires(
                    candidate.file,
                    frozenset(extras[candidate.name]) | {""},
                    ByPackage(candidate.name, str(candidate.version)),
                )
            ),
        )
        for candidate in mapping.values()
        if not candidate.extras
    }


def _clashes(
    provider: Provider, causes: Iterable[RequirementInformation[Need, Candidate]]
) -> list[Clash]:
    by_name: dict[NormalizedName, dict[str, Need]] = {}
    for cause in causes:
        item = cause.requirement
        by_name.setdefault(item.name, {})[str(item)] = item
    return [
        Clash(
            name=name,
            needs=tuple(
                sorted(
                    needs.values(), key=lambda item: (isinstance(item.origin, ByMatrix), str(item))
                )
            ),
            left_out=str(provider.view.project(name).refused),
            unknown=provider.view.project(name).unknown,
            given=str(provider.rules.given.get(name, "")),
        )
        for name, needs in sorted(by_name.items())
    ]


def newer_macos(rules: Rules, names: Iterable[NormalizedName]) -> int | None:
    """The next macOS for which one of the projects has a wheel that the target cannot take."""
    target = rules.view.target
    pattern = rf"macosx_(\d+)_\d+_(?:{target.machine}|universal2)\b"
    majors: set[int] = set()
    for name in names:
        for row in rules.view.source.project(name).rows:
            majors |= {int(found) for found in re.findall(pattern, row.partition("\t")[0])}
    return min((major for major in majors if major > target.macos.major), default=None)
