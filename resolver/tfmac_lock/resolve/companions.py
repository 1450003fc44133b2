"""What companions need beyond their metadata, in the solver's terms.

A need holds for some versions of a companion beside some pairs. What it says of TensorFlow is a
clause: these versions cannot be beside those pairs. What it says of another package is a package
of the solver's own, which these versions require: its one version is beside the pairs for which
the need holds, and requires what is needed; its other one is beside the rest, and requires
nothing. So a need brings in what the metadata forget, and turns the search to another version or
another pair where it cannot be met.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import packaging.requirements
from nab_resolver.types import Incompatibility, IncompatibilityCause, Term
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .pairs import PAIR, PAIR_NAMES
from .requirement import ByCompanion, Requirement, stated
from .versions import VersionSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.companions import Companion, Needed
    from .pairs import Option
    from .provider import Facts

HOLDS, DOES_NOT = 0, 1
"""The versions of the solver's package for a need."""


@dataclass(frozen=True, slots=True)
class Need:
    """One need: the companion's versions and the options (as bits) for which it holds."""

    fact: Needed
    companion: str
    requirement: Requirement
    versions: int
    options: int

    @property
    def package(self) -> str:
        """The solver's package for it; no project can have a name with a blank."""
        return f"need of {self.companion}: {self.fact.id}"

    @property
    def of_the_pair(self) -> bool:
        """Whether it is TensorFlow, or the plugin, that is needed in other versions."""
        return self.requirement.name in PAIR_NAMES


def needs_of(facts: Facts, companion: Companion) -> Iterator[Need]:
    """The needs that can come up with the versions and pairs that there are."""
    name = canonicalize_name(companion.name)
    for fact in companion.needs:
        versions = facts.project(name).admitted(SpecifierSet(fact.versions))
        options = facts.rules.options.where(partial(_holds, fact))
        if versions and options:
            requirement = packaging.requirements.Requirement(fact.requires)
            item = stated(requirement, ByCompanion(companion.name, fact))
            yield Need(fact, companion.name, item, versions, options)


def clauses(need: Need, admitted: VersionSet) -> Iterator[Incompatibility[str, int]]:
    """What a need says of the pair, with itself as the origin."""
    outside = need.options & ~admitted.bits
    if outside:
        terms = [
            Term(need.companion, VersionSet(need.versions), positive=True),
            Term(PAIR, VersionSet(outside), positive=True),
        ]
        yield Incompatibility(terms, cause=IncompatibilityCause.DEPENDENCY, origin=need)


def needed(facts: Facts, name: str, version: int, option: Option | None) -> Iterator[Requirement]:
    """What that version of a package needs beside the chosen pair, beyond its metadata."""
    for need in facts.needs(name):
        counts = need.versions >> version & 1 and option and _holds(need.fact, option)
        if counts and not need.of_the_pair:
            yield need.requirement


def _holds(fact: Needed, option: Option) -> bool:
    return fact.holds(option.pair.tensorflow, option.pair.python)
