"""Mixed locks: conda's records in a lock, how it is asked for, and how it is verified."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..conda.errors import NotFromConda, Replaced
from ..conda.mixed import CHOSEN_PAIR, CondaPart
from ..conda.records import CondaRecord
from ..conda.specs import CondaRequirement, own_spec
from ..conda.verify import contradictions
from ..resolve.requirement import ByUser
from .model import LockedPackage
from .verify import Flaw, UnsoundLock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..conda.client import CondaClient
    from ..target import Target
    from .make import ResolvedLock, Resolver
    from .model import Lock
    from .request import LockRequest


def with_conda(
    resolver: Resolver, client: CondaClient, *, specs: Sequence[str] = (), native: bool = False
) -> Resolver:
    """The same resolver, for mixed locks; raises Replaced or NotFromConda.

    ``native`` is ``--native conda``; without it, native packages come from conda only where
    the index has no wheel of them for the target.
    """
    lineage = resolver.matrix.lineage
    for name in (CondaRequirement(spec, ByUser("--conda")).name for spec in specs):
        if lineage and name == lineage.package:
            raise Replaced(lineage)
        if name in CHOSEN_PAIR:
            raise NotFromConda(name)
    own = tuple(own_spec(spec, client.channels) for spec in specs)
    return replace(resolver, conda=CondaPart(client=client, specs=own, native=native))


def lock_with_conda(
    resolver: Resolver,
    request: LockRequest,
    client: CondaClient,
    *,
    specs: Sequence[str] = (),
    native: bool = False,
) -> ResolvedLock:
    """The best mixed lock for the request; raises what ``Resolver.lock`` does."""
    return with_conda(resolver, client, specs=specs, native=native).lock(request)


def locked(records: Iterable[CondaRecord]) -> tuple[LockedPackage, ...]:
    """The records as packages of a lock."""
    return tuple(
        LockedPackage(manager="conda", requires=record.depends, **_shared(record))
        for record in records
    )


def _shared(one: CondaRecord | LockedPackage) -> dict[str, Any]:
    """What a record and a locked package state alike."""
    names = ("name", "version", "build", "filename", "url", "md5", "sha256", "constrains")
    return {name: getattr(one, name) for name in names}


def verify_conda(lock: Lock, target: Target) -> None:
    """Raise UnsoundLock unless what conda's packages require and allow holds on the target."""
    records = [
        CondaRecord(
            subdir=package.url.rsplit("/", 2)[-2], depends=package.requires, **_shared(package)
        )
        for package in lock.conda_packages
    ]
    flaws = [Flaw(package=name, text=text) for name, text in contradictions(records, target)]
    if flaws:
        raise UnsoundLock(lock.combo.id, flaws)
