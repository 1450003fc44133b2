"""A lock again: all of it, or some packages and what they force.

A named package gets the version that a new lock would give it with the same pair, or where that
is not to be had beside whoever asks for it now, the newest that the others admit. Everything else
stays what it is as far as that can be: of the packages that another version was taken of, each is
put back where the rest then still fits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..conda.errors import NoCondaSolution
from ..errors import UsageError
from ..resolve.conflict import Unsatisfiable
from ..resolve.pairs import PAIR_NAMES, TENSORFLOW_NAMES
from ..resolve.requirement import ByUser, only
from .asked import for_the_pair
from .judged import pair_of
from .make import BrokenPins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..matrix.reasons import Reason
    from .make import Resolver
    from .model import Lock
    from .request import LockRequest


@dataclass(eq=False)
class NotInLock(UsageError):
    """A package that is to be updated is not there."""

    name: str
    template = "{name} is not in the lock; add it with --with {name} when you make it"


def named(lock: Lock, names: Iterable[str]) -> frozenset[NormalizedName]:
    """The packages of the lock by those names, the whole pair for one of its names.

    Raises NotInLock, and UsageError for a package that conda brings.
    """
    found: set[NormalizedName] = set()
    there = {canonicalize_name(package.name): package for package in lock.packages}
    for text in names:
        name = canonicalize_name(text)
        if name in TENSORFLOW_NAMES:
            found |= PAIR_NAMES
        elif name not in there:
            raise NotInLock(text)
        elif there[name].manager == "conda":
            raise UsageError(
                f"{text} comes from conda, so update the whole lock: tfmac-lock update"
            )
        else:
            found.add(name)
    return frozenset(found)


def update_packages(
    resolver: Resolver, request: LockRequest, old: Lock, names: frozenset[NormalizedName]
) -> Lock:
    """The lock with newer versions of those packages, and no other change that they do not force.

    Raises what ``Resolver.lock`` raises; ``request`` has no preferred versions.
    """
    # What the lock has is kept instead, and who names a package wants it newer than what was tried.
    resolver = replace(resolver, keep_proven=False)
    before = old.versions
    of_pair, notes = for_the_pair(resolver.matrix, request)
    keep_pair = not names & PAIR_NAMES
    newest = _pair_kept(resolver, of_pair, old, notes) if keep_pair else None
    if newest is None:
        newest = old = resolver.lock(request).lock  # its pair is the one to keep from now on
    target = {name: version for name, version in newest.versions.items() if name in names}
    others = {name: version for name, version in before.items() if name not in names}
    of_pair = replace(of_pair, preferred=others)

    def with_pins(pins: Mapping[NormalizedName, Version]) -> Lock | None:
        limits = [
            only(name, version, ByUser("the lock that is there", chosen=True))
            for name, version in pins.items()
            if name not in PAIR_NAMES
        ]
        pinned = replace(of_pair, constraints=(*of_pair.constraints, *limits))
        return _pair_kept(resolver, pinned, old, notes)

    made = with_pins(target)
    if made is None or not target.keys() <= made.versions.keys():
        # The new version would come in only beside others that do without the package.
        target = {}
        made = with_pins(target) or newest
    for name in sorted(before):
        now = made.versions
        if name in names or name in PAIR_NAMES or name not in now or now[name] == before[name]:
            continue
        kept = {one: pin for one, pin in now.items() if before.get(one) == pin}
        tried = with_pins({**kept, **target, name: before[name]})
        if tried is not None and now.keys() & target.keys() <= tried.versions.keys():
            made = tried
    return made


def _pair_kept(
    resolver: Resolver, request: LockRequest, old: Lock, notes: Sequence[Reason]
) -> Lock | None:
    """The newest lock of the same pair; None where the request does not admit that any more."""
    try:
        return resolver.lock_pair(request, pair_of(old), notes).lock
    except (Unsatisfiable, NoCondaSolution, BrokenPins):
        return None


def unless_nothing_new(new: Lock, old: Lock) -> Lock:
    """The old lock where the new one differs in nothing but the day; else the new one."""
    return old if replace(new, as_of=old.as_of) == old else new
