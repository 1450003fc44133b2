"""Fetching what the resolution will ask for, many at a time, before it asks.

The resolver itself goes one package after the other, which over a network means one round trip
after the other. This walk takes the newest candidate of every package, all of one depth at
once. It decides nothing: the resolver then finds nearly all of it in the client's memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import TfmacLockError
from .requirement import ByPackage

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from packaging.utils import NormalizedName

    from .provider import Provider
    from .requirement import Need


def warm_up(
    provider: Provider, roots: Sequence[Need], likely: Collection[NormalizedName] = ()
) -> None:
    """Fetch pages and metadata for the newest candidates, starting at the roots.

    ``likely`` are names that will probably be needed, so that nearly everything is fetched in
    two rounds instead of two a level of dependencies. A fault is left for the resolver to meet
    where it matters, if it ever does.
    """
    source = provider.view.source
    source.prefetch_projects([*{need.name for need in roots}, *likely])
    guesses = []
    for name in likely:
        try:
            fits = provider.view.matching(name, provider.rules.limits.get(name, ()))
        except TfmacLockError:
            continue
        guesses += fits[:1]
    source.prefetch_metadata(
        fit.file for fit in guesses if fit.file.sha256 not in provider.rules.known
    )
    needs: dict[tuple[NormalizedName, frozenset[str]], list[Need]] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    frontier = list(roots)
    while frontier:
        source.prefetch_projects({need.name for need in frontier})
        touched = []
        for item in frontier:
            key = (item.name, item.extras)
            needs.setdefault(key, []).append(item)
            touched.append(key)
        picked = []
        for key in dict.fromkeys(touched):
            try:
                fits = provider.view.matching(key[0], needs[key])
            except TfmacLockError:
                continue
            if fits and (fits[0].file.url, key[1]) not in done:
                done.add((fits[0].file.url, key[1]))
                picked.append((key, fits[0]))
        known = provider.rules.known
        source.prefetch_metadata(fit.file for _, fit in picked if fit.file.sha256 not in known)
        frontier = []
        for (name, extras), fit in picked:
            try:
                found = provider.requires(fit.file, extras, ByPackage(name, str(fit.version)))
            except TfmacLockError:
                continue
            frontier += [limited for item in found for limited in provider.with_limits(item)]
