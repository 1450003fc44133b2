"""What the exports for a project's own file have in common: the head, and what to require."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .header import commented, header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..limits import Limits
    from ..model import LockedPackage

GROUP = "tensorflow-mac"
"""The name of the group, or feature, that holds a lock's packages."""


def head(limits: Sequence[Limits], command: str) -> list[str]:
    """The comments above a table that goes into pyproject.toml."""
    lines = [line for one in limits for line in header(one.lock)]
    lines += [
        "For a project's pyproject.toml. This puts it there, keeping what is there:",
        "",
        "   tfmac-lock apply --to pyproject.toml",
        f"   {command}",
        "",
        f"The project must admit Python {limits[0].lock.combo.python}, and require:",
        "",
        *(f"   {text}" for text in roots(limits)),
        "",
    ]
    return commented(lines)


def roots(limits: Sequence[Limits]) -> list[str]:
    """What a project must require to come to the locks, with the environment of each."""
    there = [(name, one.marker) for one in limits for name in own_roots(one)]
    everywhere = {one.marker for one in limits}
    found: dict[str, None] = {}
    for name, _ in there:
        markers = [marker for other, marker in there if other == name]
        if set(markers) == everywhere and len(everywhere) > 1:
            found[name] = None
        else:
            found |= {f"{name} ; {marker}": None for marker in markers}
    return list(found)


def brings_cuda(package: LockedPackage) -> bool:
    """Whether the lock has TensorFlow with its extra ``and-cuda``."""
    return any(text.startswith("nvidia-") for text in package.requires)


def own_roots(limits: Limits) -> Iterator[str]:
    """The packages that nothing in the lock requires, and the pair."""
    lock = limits.lock
    parents = lock.required_by()
    pair = {package.name for package in limits.pair}
    for package in lock.wheels:
        if package.name in pair or not parents[package.name]:
            extra = "[and-cuda]" if package.name in pair and brings_cuda(package) else ""
            yield f"{package.name}{extra}"


def unsaid_metadata(limits: Limits) -> Iterator[str]:
    """The packages whose metadata the tool reads otherwise than the lock has them."""
    for package in limits.metadata:
        yield (
            f"{package.name} {package.version} requires {', '.join(package.requires)} there, "
            "which its metadata do not say, or not in every wheel"
        )


def unsaid_limits(limits: Limits) -> Iterator[str]:
    """The limits on packages that may come in later, for a tool that has no constraints."""
    for limit in limits.unlocked:
        yield (
            f"if {limit.package} is installed, it must be {limit.requirement}: "
            f"{limit.reasons[0][0]}"
        )
    yield from limits.needs_unsaid
