"""A first walk through the newest candidates: what to fetch, and what to decide first.

The solver itself goes one package after the other, which over a network means one round trip
after the other. This walk takes the newest candidate of every package, all of one depth at
once, so that the solver finds nearly all of it in the client's memory. And it tells the order
in which the solver decides: who requires a package before the package itself, so that a
version is chosen when all that limits it is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import TfmacLockError
from .pairs import PAIR_NAMES
from .provider import ANY, NOBODY
from .requirement import Requirement, only

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from packaging.utils import NormalizedName

    from .provider import Facts

    Candidate = tuple[NormalizedName, int, str]
    Edges = dict[NormalizedName, dict[NormalizedName, None]]


def walk(
    facts: Facts, *, ahead: bool = True, likely: Collection[NormalizedName] = ()
) -> list[NormalizedName]:
    """The packages in the order in which they are best decided.

    With ``ahead`` pages and metadata are fetched many at a time. ``likely`` are names that will
    probably be needed, so that nearly everything is fetched in two rounds instead of two a level
    of dependencies. A fault is left for the solver to meet where it matters, if it ever does.
    """
    pair = list(facts.rules.options[0].pins.items()) if len(facts.rules.options) else []
    frontier = [item for item in facts.asked if not (pair and item.name in PAIR_NAMES)]
    frontier += [only(name, version, NOBODY) for name, version in pair]
    edges: Edges = {item.name: {} for item in frontier}
    if ahead:
        facts.view.fetch_ahead([*edges, *likely])
        guesses = [Requirement(name, frozenset(), ANY, NOBODY) for name in sorted(likely)]
        _fetch(facts, _newest(facts, guesses, {}))
    admitted: dict[NormalizedName, int] = {}
    done: set[Candidate] = set()
    while frontier:
        facts.view.fetch_ahead(item.name for item in frontier)
        picked = [one for one in _newest(facts, frontier, admitted) if one not in done]
        done.update(picked)
        if ahead:
            _fetch(facts, picked)
        frontier = []
        for name, place, extra in picked:
            try:
                found = facts.requires(name, place, extra)
            except TfmacLockError:
                continue
            needed = (
                [item for item in found if not (pair and item.name in PAIR_NAMES - {name})]
                if name not in PAIR_NAMES
                else found
            )
            edges.setdefault(name, {}).update(dict.fromkeys(item.name for item in needed))
            frontier += needed
    return _order(edges)


def _order(edges: Edges) -> list[NormalizedName]:
    """Each package after those that require it; of a ring, the first by name comes first."""
    waiting: dict[NormalizedName, int] = dict.fromkeys(edges, 0)
    for parent, children in edges.items():
        for child in children:
            if child != parent:
                waiting[child] = waiting.get(child, 0) + 1
    order: list[NormalizedName] = []
    ready = sorted(name for name, count in waiting.items() if not count)
    while waiting:
        name = ready.pop(0) if ready else min(waiting, key=lambda one: (waiting[one], one))
        del waiting[name]
        order.append(name)
        freed = []
        for child in edges.get(name, ()):
            if child in waiting:
                waiting[child] -= 1
                if waiting[child] == 0:
                    freed.append(child)
        ready = [one for one in ready if one in waiting] + sorted(freed)
    return order


def _newest(
    facts: Facts, items: Iterable[Requirement], admitted: dict[NormalizedName, int]
) -> list[Candidate]:
    """The newest version of each package that meets all requirements so far, and its extras."""
    found: dict[tuple[NormalizedName, str], None] = {}
    for item in items:
        try:
            limits = [limit for limit, those in facts.limits(item.name) if those & 1 or not those]
            for one in (item, *limits):
                bits = facts.admitted(one).bits
                admitted[item.name] = admitted.get(item.name, bits) & bits
        except TfmacLockError:
            continue
        for extra in ("", *sorted(item.extras)):
            found[item.name, extra] = None
    return [
        (name, (bits & -bits).bit_length() - 1, extra)
        for name, extra in found
        if (bits := admitted[name])
    ]


def _fetch(facts: Facts, picked: Iterable[Candidate]) -> None:
    given = facts.rules.given
    files = [facts.file(name, place).file for name, place, _ in picked if name not in given]
    facts.view.source.prefetch_metadata(
        file
        for file in files
        if file.filename.endswith(".whl") and (file.sha256 or "") not in facts.rules.known
    )
