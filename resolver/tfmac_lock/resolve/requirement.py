"""A requirement together with the one who asks for it, so that a conflict can be explained."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from packaging.markers import Environment
    from packaging.utils import NormalizedName

    from ..matrix.facts import Bound


@dataclass(frozen=True, slots=True)
class ByUser:
    """The user asked for it; ``where`` is ``--with pandas`` or ``requirements.in:3``.

    ``chosen`` marks the packages of the pair, which were chosen on the user's behalf.
    """

    where: str
    chosen: bool = False

    def __str__(self) -> str:
        return self.where if self.chosen else f"your request ({self.where})"


@dataclass(frozen=True, slots=True)
class ByPackage:
    """A package that is in the solution requires it."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class ByMatrix:
    """A bound of the matrix: what the packages' metadata lack."""

    bound: Bound

    def __str__(self) -> str:
        return f"the matrix ({self.bound.reason}; {self.bound.source})"


@dataclass(frozen=True, slots=True)
class ByFault:
    """A file rules itself out; its need is one that no version meets."""

    text: str

    def __str__(self) -> str:
        return self.text


NO_VERSION = SpecifierSet("<0.dev0")
"""What no version meets: there is none below the lowest."""

Origin = ByUser | ByPackage | ByMatrix | ByFault


@dataclass(frozen=True, slots=True)
class Need:
    """A package with extras in some versions, and who needs it."""

    name: NormalizedName
    extras: frozenset[str]
    specifier: SpecifierSet
    origin: Origin

    @property
    def identifier(self) -> str:
        """Name and extras, as the resolver tells them apart: ``name[extra]``."""
        return identifier(self.name, self.extras)

    def __str__(self) -> str:
        return f"{self.identifier}{self.specifier} from {self.origin}"


def identifier(name: str, extras: frozenset[str]) -> str:
    """The name that stands for a package with these extras."""
    return f"{name}[{','.join(sorted(extras))}]" if extras else name


@functools.lru_cache(maxsize=16384)
def parse(text: str) -> Requirement | None:
    """A requirement as it stands in metadata, or None where it cannot be read at all.

    Old releases carry a few malformed ones. As in pip, a file with one is not taken, and the
    resolver goes on to the next version.
    """
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def applies(requirement: Requirement, environment: Environment, extras: frozenset[str]) -> bool:
    """Whether the requirement counts in the environment with these extras (PEP 508)."""
    marker = requirement.marker
    if marker is None:
        return True
    values = cast("dict[str, str]", environment)
    return any(marker.evaluate({**values, "extra": extra}) for extra in (extras or {""}))


def need(requirement: Requirement, origin: Origin) -> Need:
    """The need that a requirement states."""
    return Need(
        name=canonicalize_name(requirement.name),
        extras=frozenset(canonicalize_name(extra) for extra in requirement.extras),
        specifier=requirement.specifier,
        origin=origin,
    )
