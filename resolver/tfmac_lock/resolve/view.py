"""One target's view of the index: which files of each project fit, and which a need admits.

It is kept between resolutions for the same target, since the answers stay the same and finding
them is most of the work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..pypi.errors import ProjectNotFound
from .candidates import FittingFile, Refused, fitting_files, ranks_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..target import Target
    from .requirement import Need
    from .source import Source


@dataclass(slots=True)
class ProjectView:
    """The files of a project that fit the target: one a version, newest first.

    ``unknown`` tells that no index has the project, ``refused`` why files were left out.
    """

    fits: dict[Version, FittingFile]
    refused: Refused
    unknown: bool = False
    admitted: dict[SpecifierSet, frozenset[Version]] = field(default_factory=dict)

    def admits(self, specifier: SpecifierSet) -> frozenset[Version]:
        """The versions that the specifier admits, pre-releases included."""
        if specifier not in self.admitted:
            self.admitted[specifier] = frozenset(
                version for version in self.fits if specifier.contains(version, prereleases=True)
            )
        return self.admitted[specifier]


class View:
    """The projects as one target sees them. Source archives count only for ``named`` packages.

    ``before`` is the moment from which on files are too new. With ``pre`` pre-releases count
    as much as final ones.
    """

    def __init__(
        self,
        source: Source,
        target: Target,
        *,
        before: datetime | None = None,
        named: frozenset[NormalizedName] = frozenset(),
        pre: bool = False,
    ) -> None:
        self.source = source
        self.target = target
        self._before = before
        self._named = named
        self._pre = pre
        self._ranks = ranks_of(target.tags())
        self._projects: dict[NormalizedName, ProjectView] = {}

    def project(self, name: NormalizedName) -> ProjectView:
        """The project's view; raises OutsideError where the index fails."""
        if name not in self._projects:
            self._projects[name] = self._look(name)
        return self._projects[name]

    def matching(self, name: NormalizedName, needs: Sequence[Need]) -> list[FittingFile]:
        """One file a version, newest first, of those that all needs admit.

        Unless all are wanted, pre-releases count only where a need names one, or where there is
        nothing else; yanked files only where a need pins their version (PEP 592).
        """
        view = self.project(name)
        admitted = frozenset(view.fits)
        for item in needs:
            admitted &= view.admits(item.specifier)
        finals = frozenset(version for version in admitted if not version.is_prerelease)
        if finals and not self._pre and not any(item.specifier.prereleases for item in needs):
            admitted = finals
        pinned = any(
            spec.operator in ("==", "===") and not spec.version.endswith(".*")
            for item in needs
            for spec in item.specifier
        )
        return [
            fit
            for version, fit in view.fits.items()
            if version in admitted and (fit.file.yanked is None or pinned)
        ]

    def _look(self, name: NormalizedName) -> ProjectView:
        refused = Refused()
        try:
            project = self.source.project(name)
        except ProjectNotFound:
            return ProjectView(fits={}, refused=refused, unknown=True)
        fits: list[FittingFile] = []
        for allow_sdist in (False, True) if name in self._named else (False,):
            fits = fitting_files(
                project,
                ranks=self._ranks,
                python=str(self.target.python),
                before=self._before,
                uploaded=lambda file: self.source.upload_time(name, file),
                allow_sdist=allow_sdist,
                refused=refused,
            )
            if fits:
                break
        by_version: dict[Version, FittingFile] = {}
        for fit in fits:
            by_version.setdefault(fit.version, fit)
        return ProjectView(fits=by_version, refused=refused)
