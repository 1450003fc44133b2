"""What companions need beyond their metadata, as clauses of the solver.

A need holds for some versions of a companion beside some pairs. It is one clause: these versions,
beside these pairs, cannot be without what they need. So it brings in a package that the metadata
forget, and it turns the search to another version or another pair where the need cannot be met.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import packaging.requirements
from nab_resolver.types import Incompatibility, IncompatibilityCause, Term
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .pairs import PAIR
from .requirement import ByCompanion, Requirement, stated
from .versions import VersionSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.companions import Companion, Needed
    from .pairs import Option
    from .provider import Facts


@dataclass(frozen=True, slots=True)
class Need:
    """One need with all that its clause says; the origin of that clause."""

    companion: Companion
    fact: Needed
    requirement: Requirement
    versions: int
    options: int


def needs(facts: Facts, companion: Companion) -> Iterator[Need]:
    """The needs that can come up with the versions and pairs that there are."""
    options = facts.rules.options
    every = (1 << len(options)) - 1
    name = canonicalize_name(companion.name)
    for fact in companion.needs:
        versions = facts.project(name).admitted(SpecifierSet(fact.versions))
        those = options.where(partial(_holds, fact))
        if versions and (those or not every):
            item = stated(
                packaging.requirements.Requirement(fact.requires), ByCompanion(companion.name, fact)
            )
            yield Need(companion, fact, item, versions, those)


def _holds(fact: Needed, option: Option) -> bool:
    return fact.holds(option.pair.tensorflow, option.pair.python)


def clauses(facts: Facts, companion: Companion) -> Iterator[Incompatibility[str, int]]:
    """The clauses of a companion's needs, each with its need as origin."""
    every = (1 << len(facts.rules.options)) - 1
    for need in needs(facts, companion):
        for about, admitted in facts.sets(need.requirement).items():
            terms = [Term(companion.name, VersionSet(need.versions), positive=True)]
            if about == PAIR:
                outside = need.options & ~admitted.bits
                if not outside:
                    continue
                terms.append(Term(PAIR, VersionSet(outside), positive=True))
            else:
                if need.options != every:
                    terms.append(Term(PAIR, VersionSet(need.options), positive=True))
                if not admitted.is_empty:
                    terms.append(Term(about, admitted, positive=False))
            yield Incompatibility(terms, cause=IncompatibilityCause.DEPENDENCY, origin=need)
