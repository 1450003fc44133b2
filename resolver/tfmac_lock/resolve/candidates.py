"""The files of a project that fit the target, newest version first."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from packaging.tags import Tag
    from packaging.utils import BuildTag
    from packaging.version import Version

    from ..pypi.model import IndexFile, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class FittingFile:
    """A file that the target accepts; ``rank`` is the place of its best tag, 0 the best."""

    version: Version
    file: IndexFile
    rank: int
    build: BuildTag = ()

    @property
    def is_wheel(self) -> bool:
        """Whether it installs without building."""
        return self.file.filename.endswith(".whl")


@dataclass(slots=True)
class Refused:
    """How many files of a project were left out, by reason; for explanations only."""

    wrong_tag: int = 0
    wrong_python: int = 0
    too_new: int = 0
    without_date: int = 0
    sdists: int = 0

    def __str__(self) -> str:
        parts = (
            (self.wrong_tag, "for other systems or Pythons"),
            (self.wrong_python, "for other Pythons by Requires-Python"),
            (self.too_new, "newer than --exclude-newer allows"),
            (self.without_date, "whose upload time the index does not tell"),
            (self.sdists, "source archives, which would have to be built"),
        )
        return ", ".join(f"{count} {text}" for count, text in parts if count)


def ranks_of(tags: Iterable[Tag]) -> dict[str, int]:
    """Each tag in its written form with its place, 0 the most specific."""
    return {str(tag): place for place, tag in enumerate(tags)}


def fitting_files(
    project: Project,
    *,
    ranks: Mapping[str, int],
    python: str,
    before: datetime | None = None,
    uploaded: Callable[[IndexFile], datetime | None] = lambda file: file.uploaded,
    allow_sdist: bool = False,
    refused: Refused | None = None,
) -> list[FittingFile]:
    """The files that fit, newest version first, within a version the best tag first.

    ``ranks`` are the target's tags, ``python`` its full version. Files uploaded at or after
    ``before`` are left out, and so are those whose upload time nobody tells: they cannot be
    said to be older. Yanked files stay in; whether they may be taken depends on the
    requirement (PEP 592).
    """
    count = refused or Refused()
    ranked: dict[str, int] = {}

    def keep(filename: str) -> bool:
        rank = _rank(filename, ranks, count, allow_sdist=allow_sdist)
        if rank is not None:
            ranked[filename] = rank
        return rank is not None

    found = []
    for file in project.select(keep):
        if file.requires_python and not _python_fits(file.requires_python, python):
            count.wrong_python += 1
            continue
        if before is not None:
            when = uploaded(file)
            if when is None or when >= before:
                count.too_new += when is not None
                count.without_date += when is None
                continue
        parsed = _parse(file, ranked[file.filename])
        if parsed is not None:
            found.append(parsed)
    found.sort(key=lambda item: (item.version, item.is_wheel, -item.rank, item.build), reverse=True)
    return found


def _rank(
    filename: str, ranks: Mapping[str, int], count: Refused, *, allow_sdist: bool
) -> int | None:
    """The place of the file's best tag. Works on text alone: most files of a page end here."""
    if filename.endswith(".whl"):
        parts = filename[:-4].rsplit("-", 3)
        if len(parts) != 4:
            return None
        tag = "-".join(parts[1:])
        best = ranks.get(tag)
        if best is None and "." in tag:
            triples = itertools.product(*(part.split(".") for part in parts[1:]))
            places = [ranks[one] for one in map("-".join, triples) if one in ranks]
            best = min(places, default=None)
        count.wrong_tag += best is None
        return best
    if filename.endswith((".tar.gz", ".zip")):
        if allow_sdist:
            return len(ranks)
        count.sdists += 1
    return None


def _parse(file: IndexFile, rank: int) -> FittingFile | None:
    try:
        if file.filename.endswith(".whl"):
            _, version, build, _ = parse_wheel_filename(file.filename)
            return FittingFile(version=version, file=file, rank=rank, build=build)
        _, version = parse_sdist_filename(file.filename)
        return FittingFile(version=version, file=file, rank=rank)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


@functools.lru_cache(maxsize=1024)
def _python_fits(requires_python: str, python: str) -> bool:
    """Whether Requires-Python admits the version; one that cannot be read admits all, as in pip."""
    try:
        return SpecifierSet(requires_python).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True
