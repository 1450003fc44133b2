"""A requirement together with who states it, so that a conflict can be explained."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import packaging.requirements
from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..foreign import ABSURD

if TYPE_CHECKING:
    from packaging.markers import Environment
    from packaging.utils import NormalizedName

    from ..matrix.companions import Needed
    from ..matrix.facts import Bound


@dataclass(frozen=True, slots=True)
class ByUser:
    """The user asked for it; ``where`` is ``--with pandas`` or ``requirements.in:3``.

    ``chosen`` marks what was chosen on the user's behalf.
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
class ByItsBinaries(ByPackage):
    """The same, of what its metadata leave open and its compiled modules do not.

    ``stated`` is what the metadata say.
    """

    reason: str
    stated: SpecifierSet


@dataclass(frozen=True, slots=True)
class ByMatrix:
    """A bound of the matrix: what the packages' metadata lack."""

    bound: Bound

    def __str__(self) -> str:
        return f"the matrix ({self.bound.reason}; {self.bound.source})"


@dataclass(frozen=True, slots=True)
class ByCompanion:
    """A need of a companion that its metadata lack."""

    name: str
    need: Needed

    def __str__(self) -> str:
        return f"the matrix ({self.need.reason}; {self.need.source})"


Origin = ByUser | ByPackage | ByMatrix | ByCompanion


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package with extras in some versions, and who states it."""

    name: NormalizedName
    extras: frozenset[str]
    specifier: SpecifierSet
    origin: Origin

    @property
    def text(self) -> str:
        """Name, extras and versions, the way metadata have it: ``name[extra]>=1``."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}"

    @property
    def is_exact(self) -> bool:
        """Whether it pins a single version."""
        return any(
            one.operator in ("==", "===") and not one.version.endswith(".*")
            for one in self.specifier
        )

    def __str__(self) -> str:
        return f"{self.text} from {self.origin}"


def only(name: str, version: object, origin: Origin) -> Requirement:
    """The requirement of that very version."""
    return Requirement(canonicalize_name(name), frozenset(), SpecifierSet(f"=={version}"), origin)


class UnreadableMarker(ValueError):
    """A marker compares what cannot be compared, or is nested too deeply to be evaluated."""


@functools.lru_cache(maxsize=16384)
def parse(text: str) -> packaging.requirements.Requirement | None:
    """A requirement as it stands in metadata, or None where it cannot be read at all.

    Old releases carry a few malformed ones. As in pip, a file with one is not taken, and the
    resolver goes on to the next version.
    """
    try:
        return None if ABSURD.search(text) else packaging.requirements.Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def applies(
    requirement: packaging.requirements.Requirement, environment: Environment, extra: str = ""
) -> bool:
    """Whether the requirement counts in the environment with that extra (PEP 508).

    Raises UnreadableMarker.
    """
    marker = requirement.marker
    if marker is None:
        return True
    try:
        return marker.evaluate({**cast("dict[str, str]", environment), "extra": extra})
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise UnreadableMarker(str(error) or "is nested too deeply") from error


def stated(requirement: packaging.requirements.Requirement, origin: Origin) -> Requirement:
    """The requirement as ours, with who states it."""
    return Requirement(
        name=canonicalize_name(requirement.name),
        extras=frozenset(canonicalize_name(extra) for extra in requirement.extras),
        specifier=requirement.specifier,
        origin=origin,
    )
