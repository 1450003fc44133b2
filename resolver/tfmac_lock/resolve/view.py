"""One target's view of the index: the versions of each project that fit, and their files.

It is kept between resolutions for the same target, since the answers stay the same and finding
them is most of the work.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..pypi.errors import ProjectNotFound
from ..pypi.model import ACTIVE, Standing
from .candidates import FittingFile, LeftOut, Sources, fitting_files, ranks_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..target import MacOSVersion, Target
    from .requirement import Requirement
    from .source import Source

ALL = ":all:"

OF_MACOS = "platform_"
"""In markers that ask for a kernel's release or version, which a macOS alone decides."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a project with its files that fit, the best first."""

    version: Version
    files: tuple[FittingFile, ...]

    @property
    def macos(self) -> MacOSVersion | None:
        """The oldest macOS that one of the files admits; None where one admits all."""
        floors = [file.macos for file in self.files]
        return None if None in floors else min(floor for floor in floors if floor is not None)

    def file_for(self, macos: MacOSVersion) -> FittingFile:
        """The best file for that macOS; the best one of all where none fits so old a macOS."""
        for file in self.files:
            if file.macos is None or file.macos <= macos:
                return file
        return self.files[0]


@dataclass(slots=True)
class ProjectView:
    """The releases of a project that fit the target, newest first.

    ``unknown`` tells that no index has the project, ``left_out`` why files do not count,
    ``standing`` what the index says of the project. Sets of versions are rows of bits, as in
    ``VersionSet``.
    """

    releases: tuple[Release, ...]
    left_out: LeftOut
    unknown: bool = False
    standing: Standing = ACTIVE
    finals: int = 0
    wheels: int = 0
    yanked: int = 0
    _admitted: dict[SpecifierSet, int] = field(default_factory=dict)
    _places: dict[Version, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, release in enumerate(self.releases):
            bit = 1 << place
            self._places[release.version] = place
            self.finals |= 0 if release.version.is_prerelease else bit
            self.wheels |= bit if release.files[0].is_wheel else 0
            self.yanked |= bit if all(one.file.yanked is not None for one in release.files) else 0

    @property
    def every(self) -> int:
        """All versions."""
        return (1 << len(self.releases)) - 1

    def place(self, version: Version) -> int | None:
        """Where the version stands, if there is one."""
        return self._places.get(version)

    def admitted(self, specifier: SpecifierSet) -> int:
        """The versions that the specifier admits, pre-releases included."""
        known = self._admitted.get(specifier)
        if known is None:
            known = 0
            for place, release in enumerate(self.releases):
                if specifier.contains(release.version, prereleases=True):
                    known |= 1 << place
            self._admitted[specifier] = known
        return known


class View:
    """The projects as one target sees them.

    ``newest`` is the newest macOS whose files are looked at as well, for a lock that may be
    raised to it. ``before`` is the moment from which on files are too new. Of the packages
    ``wheels_only`` no source archive counts (``:all:`` is every package), of those in
    ``allow_source`` each does, of others those of releases without any wheel. With ``pre``
    pre-releases count as much as final ones.

    ``stated`` is what wheels require there, by address and extra, and ``applied`` whether a
    requirement, by its text and an extra, counts there: both are worked out once for all
    searches of the target. A view ``like`` another one, of a target that differs in its macOS
    alone, shares with it what is the same for both.
    """

    def __init__(
        self,
        source: Source,
        target: Target,
        *,
        newest: MacOSVersion | None = None,
        before: datetime | None = None,
        wheels_only: Collection[str] = (),
        allow_source: Collection[str] = (),
        pre: bool = False,
        like: View | None = None,
    ) -> None:
        self.source = source
        self.target = target
        self.pre = pre
        self._before = before
        self._wheels_only = frozenset(wheels_only)
        self._allow_source = frozenset(allow_source)
        self._widest = (
            target if newest is None else replace(target, macos=max(newest, target.macos))
        )
        self._projects: dict[NormalizedName, ProjectView] = {}
        self.stated: dict[tuple[str, str], tuple[Requirement, ...]] = {}
        self.applied: dict[tuple[str, str], bool] = {}
        if like is None or like._widest != self._widest:
            self._ranks = ranks_of(self._widest.tags())
        else:
            self._ranks, self._projects = like._ranks, like._projects
            self.applied |= {
                key: known for key, known in like.applied.items() if OF_MACOS not in key[0]
            }

    @property
    def newest(self) -> MacOSVersion:
        """The newest macOS whose files are looked at."""
        return self._widest.macos

    def project(self, name: NormalizedName) -> ProjectView:
        """The project's view; raises OutsideError where the index fails."""
        if name not in self._projects:
            self._projects[name] = self._look(name)
        return self._projects[name]

    def fetch_ahead(self, names: Iterable[NormalizedName]) -> None:
        """Start fetching the pages that are not known yet."""
        self.source.prefetch_projects(
            [name for name in dict.fromkeys(names) if name not in self._projects]
        )

    def _sources(self, name: NormalizedName) -> Sources:
        if {ALL, name} & self._wheels_only:
            return Sources.NONE
        return Sources.ALL if name in self._allow_source else Sources.WITHOUT_WHEEL

    def _look(self, name: NormalizedName) -> ProjectView:
        left_out = LeftOut()
        try:
            project = self.source.project(name)
        except ProjectNotFound:
            return ProjectView(releases=(), left_out=left_out, unknown=True)
        fits = fitting_files(
            project,
            ranks=self._ranks,
            python=str(self.target.python),
            before=self._before,
            uploaded=lambda file: self.source.upload_time(name, file),
            sources=self._sources(name),
            left_out=left_out,
        )
        by_version: dict[Version, list[FittingFile]] = {}
        for fit in fits:
            by_version.setdefault(fit.version, []).append(fit)
        releases = (Release(version, tuple(files)) for version, files in by_version.items())
        found = tuple(releases)
        return ProjectView(releases=found, left_out=left_out, standing=project.standing)
