"""What must hold of the conda half of a lock before it is written.

Nothing of the solver's answer is trusted: every spec is matched once more, by rattler's reading
of it, against the locked records and the target's virtual packages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..lock.verify import Flaw, UnsoundLock
from .client import rattler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lock.model import Lock
    from ..target import Target


def verify_conda(lock: Lock, target: Target) -> None:
    """Raise UnsoundLock unless all depends and constrains hold on the target."""
    flaws = list(_flaws(lock, target))
    if flaws:
        raise UnsoundLock(lock.combo.id, flaws)


def _flaws(lock: Lock, target: Target) -> Iterator[Flaw]:
    r = rattler()
    there: dict[str, Any] = {}
    for package in lock.conda_packages:
        if package.name in there:
            yield Flaw(package=package.name, text="it is there twice")
        subdir = package.url.rsplit("/", 2)[-2]
        there[package.name] = _record(r, package.name, package.version, package.build, subdir)
    for name, version, build in target.virtual_packages():
        there[name] = _record(r, name, version, build, target.conda_subdir)
    for package in lock.conda_packages:
        for text in package.requires:
            spec = r.MatchSpec(text)
            name = spec.name.normalized
            if name not in there:
                yield Flaw(package=package.name, text=f"requires {text}, which is not there")
            elif not spec.matches(there[name]):
                yield Flaw(package=package.name, text=f"requires {text}, and {there[name]} is")
        for text in package.constrains:
            spec = r.MatchSpec(text)
            name = spec.name.normalized
            if name in there and not spec.matches(there[name]):
                yield Flaw(package=package.name, text=f"allows only {text}, not {there[name]}")


def _record(r: Any, name: str, version: str, build: str, subdir: str) -> Any:
    """A record with what specs look at; a build's number is at the end of its text."""
    number = re.search(r"_(\d+)$", build) or re.fullmatch(r"(\d+)", build)
    return r.PackageRecord(
        name=name,
        version=version,
        build=r.package.BuildString(build),
        build_number=int(number[1]) if number else 0,
        subdir=subdir,
    )
