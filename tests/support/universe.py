"""A package index in memory, for the resolver's tests.

``Universe`` is a ``Source``: it holds wheels by project, answers at once, and keeps what it was
asked for in ``asked``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.support.facts import target as make_target
from tfmac_lock.pypi.errors import ProjectNotFound
from tfmac_lock.pypi.model import IndexFile, Metadata, Project
from tfmac_lock.pypi.sdist import SourceArchive
from tfmac_lock.resolve.provider import Rules
from tfmac_lock.resolve.requirement import ByUser, Requirement, stated
from tfmac_lock.resolve.requirements_in import read_with
from tfmac_lock.resolve.solve import solve
from tfmac_lock.resolve.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tfmac_lock.matrix.facts import Bound, Matrix, Wheel
    from tfmac_lock.target import Target


@dataclass(slots=True)
class Universe:
    """Projects with their files, and what each file requires."""

    files: dict[str, list[IndexFile]] = field(default_factory=dict)
    requires: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    dates: dict[str, datetime] = field(default_factory=dict)
    native: dict[str, str] = field(default_factory=dict)
    mentions: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        name: str,
        version: str,
        *requires: str,
        tag: str = "py3-none-any",
        requires_python: str | None = None,
        yanked: str | None = None,
        uploaded: datetime | None = None,
        sdist: bool = False,
        build: str = "",
    ) -> IndexFile:
        stem = f"{name.replace('-', '_')}-{version}"
        filename = f"{stem}.tar.gz" if sdist else f"{stem}{build and f'-{build}'}-{tag}.whl"
        file = IndexFile(
            filename=filename,
            url=f"https://files.example/{filename}",
            sha256=hashlib.sha256(filename.encode()).hexdigest(),
            requires_python=requires_python,
            yanked=yanked,
            uploaded=uploaded,
        )
        self.files.setdefault(name, []).append(file)
        self.requires[file.url] = requires
        return file

    # -- what a Source answers

    def project(self, name: str) -> Project:
        self.asked.append(name)
        if name not in self.files:
            raise ProjectNotFound(name, ("https://index.example/simple/",))
        return Project.of(name, tuple(file.pack() for file in self.files[name]))

    def metadata(self, file: IndexFile) -> Metadata:
        name, version = re.split("-", file.filename)[:2]
        return Metadata(
            name=name,
            version=version,
            requires_dist=self.requires[file.url],
            mentions=self.mentions.get(name, ""),
        )

    def source_archive(self, file: IndexFile) -> SourceArchive:
        self.asked.append(file.filename)
        native = self.native.get(file.filename, "")
        return SourceArchive(
            requires_dist=self.requires[file.url],
            native=native,
            mentions=self.mentions.get(re.split("-", file.filename)[0], ""),
        )

    def upload_time(self, name: str, file: IndexFile) -> datetime | None:
        return file.uploaded or self.dates.get(file.filename)

    def sha256(self, name: str, file: IndexFile) -> str:
        return file.sha256 or hashlib.sha256(file.filename.encode()).hexdigest()

    def prefetch_projects(self, names: Iterable[str]) -> None:
        list(names)

    def prefetch_metadata(self, files: Iterable[IndexFile]) -> None:
        list(files)


def as_indexed(matrix: Matrix, universe: Universe) -> Matrix:
    """The facts with the universe's hashes and requirements of the wheels that both have."""
    files = {file.filename: file for found in universe.files.values() for file in found}

    def wheel(known: Wheel) -> Wheel:
        file = files.get(known.filename)
        if file is None or file.sha256 is None:
            return known
        return replace(known, sha256=file.sha256, requires=universe.requires[file.url])

    releases = tuple(
        replace(release, wheels=tuple(map(wheel, release.wheels))) for release in matrix.releases
    )
    return replace(matrix, releases=releases)


def asked_for(*texts: str, target: Target) -> list[Requirement]:
    """The user's requirements, as texts."""
    found = [read_with(text, target.markers()) for text in texts]
    return [item for item in found if item is not None]


def rules(
    universe: Universe,
    *,
    target: Target | None = None,
    bounds: Iterable[Bound] = (),
    constraints: Iterable[str] = (),
    before: datetime | None = None,
    wheels_only: Iterable[str] = (),
    allow_source: Iterable[str] = (),
    pre: bool = False,
) -> Rules:
    from packaging.requirements import Requirement as Parsed

    view = View(
        universe,
        target or make_target(),
        before=before,
        wheels_only=frozenset(wheels_only),
        allow_source=frozenset(allow_source),
        pre=pre,
    )
    limits = [
        stated(Parsed(text), ByUser(f"limits.txt:{number}"))
        for number, text in enumerate(constraints, 1)
    ]
    return Rules(
        view=view, constraints=limits, bounds=tuple(bounds), allow_source=frozenset(allow_source)
    )


def resolve(universe: Universe, *wanted: str, **options: object) -> dict[str, str]:
    """The solution for these requirements, name to version; raises Unsatisfiable."""
    made = rules(universe, **options)  # type: ignore[arg-type]
    found = solve(made, asked_for(*wanted, target=made.view.target))
    return {name: str(item.version) for name, item in found.packages.items()}
