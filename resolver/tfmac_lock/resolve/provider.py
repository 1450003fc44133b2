"""The rules of the resolution, in the form that resolvelib asks for them.

Bounds of the matrix and the user's constraints take part as ordinary requirements: they join
as soon as anybody requires the package that they limit, and never bring a package in by
themselves. So a conflict with one of them is a conflict like any other, and can be told in the
fact's own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from resolvelib.providers import AbstractProvider

from ..errors import Refusal
from .requirement import (
    NO_VERSION,
    ByFault,
    ByPackage,
    Need,
    Origin,
    applies,
    identifier,
    need,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from resolvelib.structs import RequirementInformation

    from ..pypi.model import IndexFile
    from .candidates import FittingFile
    from .view import View


class BadMetadata(Refusal):
    """A file states a requirement that cannot be read."""

    def __init__(self, filename: str, text: str) -> None:
        super().__init__(filename, text)
        self.filename = filename
        self.text = text

    def __str__(self) -> str:
        return f"{self.filename} states a requirement that cannot be read: {self.text!r}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may come into the lock, as one that brings these extras."""

    name: NormalizedName
    version: Version
    extras: frozenset[str]
    fit: FittingFile = field(compare=False)

    @property
    def identifier(self) -> str:
        """Name and extras, as the resolver tells them apart."""
        return identifier(self.name, self.extras)

    @property
    def file(self) -> IndexFile:
        """The file on the index."""
        return self.fit.file


@dataclass(slots=True, kw_only=True)
class Rules:
    """What holds for a resolution besides the requirements themselves.

    ``view`` is what the target sees of the index, ``limits`` are the bounds and constraints by
    package, ``known`` the requirements of files that need not be asked of the index, by sha256.
    ``given`` are packages that are there already in just that version, from conda.
    ``waived`` are requirements that count as looser than they are stated, by the name of the
    package that states them, the required one, and the stated specifier.
    """

    view: View
    limits: Mapping[NormalizedName, Sequence[Need]]
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    given: Mapping[NormalizedName, Version] = field(default_factory=dict)
    waived: Mapping[tuple[str, str, SpecifierSet], SpecifierSet] = field(default_factory=dict)


class Provider(AbstractProvider["Need", "Candidate", str]):
    """resolvelib's questions, answered for one target."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.view = rules.view
        self._environment = rules.view.target.markers()

    def identify(self, requirement_or_candidate: Need | Candidate) -> str:
        """Name and extras."""
        return requirement_or_candidate.identifier

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],  # noqa: ARG002 - part of resolvelib's call
        candidates: Mapping[str, Iterator[Candidate]],  # noqa: ARG002 - likewise
        information: Mapping[str, Iterator[RequirementInformation[Need, Candidate]]],
        backtrack_causes: Sequence[RequirementInformation[Need, Candidate]],
    ) -> tuple[bool, bool, bool, str]:
        """Packages in conflict first, then pinned ones, then limited ones; then by name."""
        needs = [info.requirement for info in information[identifier]]
        in_conflict = any(
            identifier == cause.requirement.identifier
            or (cause.parent is not None and cause.parent.identifier == identifier)
            for cause in backtrack_causes
        )
        pinned = any(spec.operator == "==" for item in needs for spec in item.specifier)
        limited = any(item.specifier for item in needs)
        return (not pinned, not in_conflict, not limited, identifier)

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Need]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> Iterable[Candidate]:
        """The candidates that meet all requirements, newest first."""
        needs = list(requirements[identifier])
        refused = {candidate.version for candidate in incompatibilities[identifier]}
        name, extras = needs[0].name, needs[0].extras
        if name in self.rules.given:  # what it meets was left out, see with_limits
            return []
        return [
            Candidate(name=name, version=fit.version, extras=extras, fit=fit)
            for fit in self.view.matching(name, needs)
            if fit.version not in refused
        ]

    def is_satisfied_by(self, requirement: Need, candidate: Candidate) -> bool:
        """Whether the candidate is one of the versions that are needed."""
        return candidate.version in self.view.project(candidate.name).admits(requirement.specifier)

    def get_dependencies(self, candidate: Candidate) -> Iterable[Need]:
        """What the file requires on the target, and the limits on what it requires."""
        origin = ByPackage(candidate.name, str(candidate.version))
        if candidate.extras:
            itself = SpecifierSet(f"=={candidate.version}")
            yield Need(candidate.name, frozenset(), itself, origin)
        try:
            found = self.requires(candidate.file, candidate.extras, origin)
        except BadMetadata as error:
            # A need that nothing meets is a conflict like any other, so the search goes on.
            yield Need(candidate.name, candidate.extras, NO_VERSION, ByFault(str(error)))
            return
        for item in found:
            yield from self.with_limits(item)

    def with_limits(self, item: Need) -> Iterator[Need]:
        """The need itself, and the limits that it wakes.

        What a given package meets is left out; what it does not meet stays, and nothing can.
        """
        given = self.rules.given.get(item.name)
        if given is None:
            yield item
            for limit in self.rules.limits.get(item.name, ()):
                yield Need(item.name, item.extras, limit.specifier, limit.origin)
            return
        for one in (item, *self.rules.limits.get(item.name, ())):
            if not one.specifier.contains(given, prereleases=True):
                yield one
        if item.extras:
            yield from self._extras_of_given(item, given)

    def _extras_of_given(self, item: Need, given: Version) -> Iterator[Need]:
        """What the extras of a given package require, by the wheel of that version.

        Extras of given packages within them are not followed, so that none leads round in a ring.
        """
        fit = self.view.project(item.name).fits.get(given)
        if fit is None:
            return
        origin = ByPackage(item.name, str(given))
        plain = set(self.requires(fit.file, frozenset(), origin))
        for extra in self.requires(fit.file, item.extras, origin):
            if extra in plain:
                continue
            nested = extra.extras if extra.name not in self.rules.given else frozenset()
            yield from self.with_limits(replace(extra, extras=nested))

    def requires_dist(self, file: IndexFile) -> tuple[str, ...]:
        """Requires-Dist of the file, from the matrix where it has read that very file."""
        known = self.rules.known.get(file.sha256 or "")
        return known if known is not None else self.view.source.metadata(file).requires_dist

    def requires(self, file: IndexFile, extras: frozenset[str], origin: Origin) -> tuple[Need, ...]:
        """The needs that the file states for the target with these extras."""
        found = []
        for text in self.requires_dist(file):
            requirement = parse(text)
            if requirement is None:
                raise BadMetadata(file.filename, text)
            if applies(requirement, self._environment, extras):
                found.append(self._waived(need(requirement, origin)))
        return tuple(found)

    def _waived(self, item: Need) -> Need:
        if not self.rules.waived or not isinstance(item.origin, ByPackage):
            return item
        key = (item.origin.name, item.name, item.specifier)
        return replace(item, specifier=self.rules.waived.get(key, item.specifier))
