"""What a lock beside the Mac's is: which machine it is for, and where it differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import LockedPackage

KINDS = {
    "linux-x86_64": ("intel", False),
    "linux-cuda": ("intel", True),
    "linux-aarch64": ("m1", False),
}
"""Machines with Linux by name: a chip of their architecture, and whether CUDA comes along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A package whose version is not the Mac's; None where one of the two has not got it."""

    name: str
    mac: str | None
    here: str | None

    def __str__(self) -> str:
        if self.here is None:
            return f"{self.name} only on the Mac"
        if self.mac is None:
            return f"{self.name} {self.here} only here"
        return f"{self.name} {self.here} instead of {self.mac}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Which kind of machine a lock beside the Mac's is for, and every difference."""

    name: str
    differences: tuple[Difference, ...]

    def to_json(self) -> dict[str, Any]:
        """The field of the lock's document."""
        rows = [{"name": one.name, "mac": one.mac, "here": one.here} for one in self.differences]
        return {"beside": {"name": self.name, "differences": rows}}

    @property
    def changed(self) -> tuple[Difference, ...]:
        """The packages that both have, in other versions."""
        return tuple(one for one in self.differences if one.mac and one.here)


def differences(
    mac: tuple[LockedPackage, ...], here: tuple[LockedPackage, ...]
) -> tuple[Difference, ...]:
    """Every package that the two do not have in the same version, by name."""
    theirs = {package.name: package.version for package in mac}
    ours = {package.name: package.version for package in here}
    return tuple(
        Difference(name=name, mac=theirs.get(name), here=ours.get(name))
        for name in sorted(theirs.keys() | ours.keys())
        if theirs.get(name) != ours.get(name)
    )


def from_json(data: Any) -> Beside:
    """The inverse; raises KeyError or TypeError for anything else."""
    rows = [
        Difference(name=row["name"], mac=row["mac"], here=row["here"])
        for row in data["differences"]
    ]
    return Beside(name=data["name"], differences=tuple(rows))
