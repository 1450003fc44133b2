"""The rules of the resolution, in the form that resolvelib asks for them.

Bounds of the matrix and the user's constraints take part as ordinary requirements: they join
as soon as anybody requires the package that they limit, and never bring a package in by
themselves. So a conflict with one of them is a conflict like any other, and can be told in the
fact's own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from resolvelib.providers import AbstractProvider

from ..errors import AnswerIsNo
from ..index.errors import ProjectNotFound
from .candidates import FittingFile, Refused, fitting_files, ranks_of
from .requirement import ByPackage, Need, Origin, applies, identifier, need, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from resolvelib.resolvers.criterion import RequirementInformation

    from ..index.model import IndexFile
    from ..target import Target
    from .source import Source


class BadMetadata(AnswerIsNo):
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

    ``limits`` are the bounds and constraints by package, ``named`` the packages that the user
    named (only of these may a source archive be taken), ``known`` the requirements of files
    that need not be asked of the index, by sha256.
    """

    target: Target
    source: Source
    limits: Mapping[NormalizedName, Sequence[Need]]
    named: frozenset[NormalizedName] = frozenset()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before: datetime | None = None


class Provider(AbstractProvider["Need", "Candidate", str]):
    """resolvelib's questions, answered for one target."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.refused: dict[NormalizedName, Refused] = {}
        self.unknown: set[NormalizedName] = set()
        self._ranks = ranks_of(rules.target.tags())
        self._environment = rules.target.markers()
        self._python = str(rules.target.python)
        self._files: dict[NormalizedName, list[FittingFile]] = {}

    def identify(self, requirement_or_candidate: Need | Candidate) -> str:
        """Name and extras."""
        return requirement_or_candidate.identifier

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
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
        return [
            Candidate(name=name, version=fit.version, extras=extras, fit=fit)
            for fit in self.matching(name, needs)
            if fit.version not in refused
        ]

    def matching(self, name: NormalizedName, needs: Sequence[Need]) -> list[FittingFile]:
        """One file a version, newest first, of those that all needs admit."""
        fits = self.files(name)
        by_version: dict[Version, FittingFile] = {}
        for fit in fits:
            by_version.setdefault(fit.version, fit)
        admitted = set(by_version)
        for item in needs:
            admitted &= {
                version
                for version in admitted
                if item.specifier.contains(version, prereleases=True)
            }
        prereleases = any(item.specifier.prereleases for item in needs)
        if not prereleases and any(not version.is_prerelease for version in by_version):
            admitted = {version for version in admitted if not version.is_prerelease}
        pinned = any(spec.operator == "==" for item in needs for spec in item.specifier)
        return [
            fit
            for version, fit in by_version.items()
            if version in admitted and (fit.file.yanked is None or pinned)
        ]

    def is_satisfied_by(self, requirement: Need, candidate: Candidate) -> bool:
        """Whether the candidate is one of the versions that are needed."""
        return requirement.specifier.contains(candidate.version, prereleases=True)

    def get_dependencies(self, candidate: Candidate) -> Iterable[Need]:
        """What the file requires on the target, and the limits on what it requires."""
        origin = ByPackage(candidate.name, str(candidate.version))
        if candidate.extras:
            itself = SpecifierSet(f"=={candidate.version}")
            yield Need(candidate.name, frozenset(), itself, origin)
        for item in self.requires(candidate.file, candidate.extras, origin):
            yield from self.with_limits(item)

    def with_limits(self, item: Need) -> Iterator[Need]:
        """The need itself, and the limits that it wakes."""
        yield item
        for limit in self.rules.limits.get(item.name, ()):
            yield Need(item.name, item.extras, limit.specifier, limit.origin)

    def files(self, name: NormalizedName) -> list[FittingFile]:
        """All files of the project that fit the target, newest version first."""
        if name not in self._files:
            self.refused[name] = Refused()
            fits = self._fitting(name, allow_sdist=False)
            if not fits and name in self.rules.named:
                fits = self._fitting(name, allow_sdist=True)
            self._files[name] = fits
        return self._files[name]

    def _fitting(self, name: NormalizedName, *, allow_sdist: bool) -> list[FittingFile]:
        rules = self.rules
        try:
            project = rules.source.project(name)
        except ProjectNotFound:
            self.unknown.add(name)
            return []
        return fitting_files(
            project,
            ranks=self._ranks,
            python=self._python,
            before=rules.before,
            uploaded=lambda file: rules.source.upload_time(name, file),
            allow_sdist=allow_sdist,
            refused=None if allow_sdist else self.refused[name],
        )

    def requires_dist(self, file: IndexFile) -> tuple[str, ...]:
        """Requires-Dist of the file, from the matrix where it has read that very file."""
        known = self.rules.known.get(file.sha256 or "")
        return known if known is not None else self.rules.source.metadata(file).requires_dist

    def requires(self, file: IndexFile, extras: frozenset[str], origin: Origin) -> tuple[Need, ...]:
        """The needs that the file states for the target with these extras."""
        found = []
        for text in self.requires_dist(file):
            requirement = parse(text)
            if requirement is None:
                raise BadMetadata(file.filename, text)
            if applies(requirement, self._environment, extras):
                found.append(need(requirement, origin))
        return tuple(found)
