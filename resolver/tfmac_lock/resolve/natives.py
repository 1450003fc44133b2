"""What the binaries say of companions and TensorFlows, in the solver's terms.

A version of a companion whose images do not load into a TensorFlow cannot be beside the pairs
that have it: a clause, whose origin is the load check.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nab_resolver.types import Incompatibility, IncompatibilityCause, Term
from packaging.version import Version

from .pairs import PAIR
from .versions import VersionSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.utils import NormalizedName

    from ..matrix.natives import NativeLoad
    from ..matrix.verdict import Pair
    from .provider import Facts


@dataclass(frozen=True, slots=True)
class Unloadable:
    """Versions of a companion that do not load beside the same options; both as bits.

    ``loads`` are the checks of the newest of them, one for each TensorFlow, and ``named`` are
    all of them, newest first.
    """

    companion: str
    versions: int
    options: int
    loads: tuple[NativeLoad, ...]
    named: tuple[str, ...]

    @property
    def source(self) -> str:
        """The file of the newest of the versions."""
        return self.loads[0].source

    @property
    def text(self) -> str:
        """The checks in one sentence."""
        lacks = dict.fromkeys(one.lacks for one in self.loads)
        verb = "does" if len(self.named) == 1 else "do"
        beside = span(dict.fromkeys(one.tensorflow for one in self.loads))
        head = f"{self.companion} {span(self.named)} {verb} not load into TensorFlow {beside}"
        counts = [len(one.missing_symbols) for one in self.loads]
        if len(lacks) == 1 and len(self.named) == 1:
            return f"{head}: {next(iter(lacks))}"
        if not min(counts):
            return f"{head}: what their images need is missing"
        return f"{head}: {min(counts)} or more symbols missing"


def unloadable(facts: Facts, name: NormalizedName) -> Iterator[Unloadable]:
    """The versions of a package that do not load, with the options beside which they do not."""
    rules = facts.rules
    if name not in rules.native_names or not rules.options:
        return
    pairs: dict[tuple[str, str], tuple[Pair, int]] = {}
    for place, option in enumerate(rules.options.all):
        key = (option.pair.package, option.pair.tensorflow)
        pair, those = pairs.get(key, (option.pair, 0))
        pairs[key] = pair, those | 1 << place
    beside: dict[int, list[tuple[int, tuple[NativeLoad, ...]]]] = {}
    releases = facts.project(name).releases
    for place, release in enumerate(releases):
        fails = [
            (load, those)
            for pair, those in pairs.values()
            if (load := rules.native_load(name, str(release.version), pair)) is not None
            and load.loads is False
        ]
        if fails:
            options = functools.reduce(int.__or__, (those for _, those in fails))
            beside.setdefault(options, []).append((place, tuple(load for load, _ in fails)))
    for options, found in beside.items():
        yield Unloadable(
            companion=name,
            versions=sum(1 << place for place, _ in found),
            options=options,
            loads=found[0][1],
            named=tuple(str(releases[place].version) for place, _ in found),
        )


def clause_of(found: Unloadable) -> Incompatibility[str, int]:
    """These versions are not beside those options."""
    terms = [
        Term(found.companion, VersionSet(found.versions), positive=True),
        Term(PAIR, VersionSet(found.options), positive=True),
    ]
    return Incompatibility(terms, cause=IncompatibilityCause.DEPENDENCY, origin=found)


def span(versions: Iterable[str]) -> str:
    """A few versions one by one, many as a range."""
    ordered = sorted(versions, key=Version)
    if len(ordered) < 4:
        return " and ".join((", ".join(ordered[:-1]), ordered[-1])).removeprefix(" and ")
    return f"{ordered[0]} to {ordered[-1]}"
