"""Waivers: requirements in packages' own metadata that nothing on a Mac can meet, made looser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..target import Arch
from .base import Fact, specifier
from .texts import (
    AtLeastOne,
    Identifier,
    PackageName,
    Sentence,
    Series,
    Source,
    SpecifierText,
    VersionText,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Fact):
    """One version that was tried to find a limit, and what went wrong with it, if anything."""

    package_version: VersionText
    works: bool
    error: str | None = None
    tensorflow: VersionText | None = None
    python: Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver(Fact):
    """A requirement in a release's metadata that nothing on a platform can meet, made looser.

    ``by`` and ``versions`` tell whose metadata, ``stated`` what stands there and ``specifier``
    what was found to be enough, with the versions that were ``tried``.
    """

    id: Identifier
    package: PackageName
    stated: SpecifierText
    specifier: SpecifierText
    by: Annotated[tuple[PackageName, ...], AtLeastOne()]
    versions: SpecifierText
    arch: Arch | None = None
    reason: Sentence
    source: Source
    tried: tuple[Attempt, ...] = ()

    def is_by(self, package: str, release: str) -> bool:
        """Whether it is that release whose metadata state it."""
        return package in self.by and specifier(self.versions).contains(release)

    def applies(self, package: str, release: str, arch: Arch) -> bool:
        """Whether it is about that release on that architecture."""
        return self.arch in (None, arch) and self.is_by(package, release)
