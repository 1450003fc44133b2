"""The files of a project that fit the target, newest version first."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import parse_sdist_filename
from packaging.version import Version

from ..pypi.model import ALONE
from ..target import MacOSVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from packaging.tags import Tag
    from packaging.utils import BuildTag

    from ..pypi.model import IndexFile, Project


MACOS = re.compile(r"-macosx_(\d+)_(\d+)_")

_HEAD = re.compile(
    r"(?P<name>(?!.*__)[\w.]+)-(?P<version>[^-]+)(?:-(?P<number>\d+)(?P<rest>[^-]*))?"
)
"""How a wheel's name begins: the project, the version and, seldom, the number of a build."""


class Sources(Enum):
    """Which source archives of a project count."""

    NONE = auto()
    WITHOUT_WHEEL = auto()
    """Those of releases that have no wheel for any system."""
    ALL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class FittingFile:
    """A file that the target accepts; ``rank`` is the place of its best tag, 0 the best.

    ``macos`` is the oldest macOS that its tags admit, None where they name none.
    """

    version: Version
    file: IndexFile
    rank: int
    macos: MacOSVersion | None = None
    build: BuildTag = ()

    @property
    def is_wheel(self) -> bool:
        """Whether it installs without building."""
        return self.file.filename.endswith(".whl")


@dataclass(slots=True)
class LeftOut:
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
            (self.without_date, "without an upload time on the index"),
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
    sources: Sources = Sources.NONE,
    left_out: LeftOut | None = None,
) -> list[FittingFile]:
    """The files that fit, newest version first, within a version the best tag first.

    ``ranks`` are the target's tags, ``python`` its full version. Files uploaded at or after
    ``before`` are left out, and so are those whose upload time nobody tells: they cannot be
    said to be older. Yanked files stay in; whether they may be taken depends on the
    requirement (PEP 592).
    """
    count = left_out or LeftOut()
    found = []
    for file, rank, macos in _ranked(project, ranks, count, sources):
        if file.requires_python and not _python_fits(file.requires_python, python):
            count.wrong_python += 1
            continue
        if before is not None:
            when = uploaded(file)
            if when is None or when >= before:
                count.too_new += when is not None
                count.without_date += when is None
                continue
        parsed = _parse(file, rank, macos)
        if parsed is not None:
            found.append(parsed)
    found.sort(key=lambda item: (item.version, item.is_wheel, -item.rank, item.build), reverse=True)
    return found


def _ranked(
    project: Project, ranks: Mapping[str, int], count: LeftOut, sources: Sources
) -> Iterator[tuple[IndexFile, int, MacOSVersion | None]]:
    """The files that the target's tags admit, each with its best tag's place and oldest macOS.

    Both follow from how the name ends, so that the many files that do not fit are only counted.
    """
    for ending in project.groups:
        if ending.endswith(".whl"):
            tags = ending.removesuffix(".whl").split("-")
            fitting = [tag for tag in _tags(tags) if tag in ranks]
            if fitting:
                rank, macos = min(ranks[tag] for tag in fitting), _oldest_macos(fitting)
                for file in project.files_of(ending):
                    yield file, rank, macos
            else:
                count.wrong_tag += project.count(ending)
        elif sources is Sources.ALL or (
            sources is Sources.WITHOUT_WHEEL and ending.startswith(ALONE)
        ):
            for file in project.files_of(ending):
                yield file, len(ranks), None
        elif ending:
            count.sdists += project.count(ending)


def _tags(parts: list[str]) -> list[str]:
    return ["-".join(one) for one in itertools.product(*(part.split(".") for part in parts))]


def _oldest_macos(tags: Iterable[str]) -> MacOSVersion | None:
    found = [MACOS.search(tag) for tag in tags]
    if not all(found):
        return None
    return min(MacOSVersion(int(one[1]), int(one[2])) for one in found if one)


def _parse(file: IndexFile, rank: int, macos: MacOSVersion | None) -> FittingFile | None:
    if file.filename.endswith(".whl"):
        head = _head(file.filename.rsplit("-", 3)[0])
        if head is None:
            return None
        version, build = head
        return FittingFile(version=version, file=file, rank=rank, macos=macos, build=build)
    try:
        _, version = parse_sdist_filename(file.filename)
    except ValueError:  # no name of one, or a number too long to be read
        return None
    return FittingFile(version=version, file=file, rank=rank)


@functools.lru_cache(maxsize=65536)
def _head(text: str) -> tuple[Version, BuildTag] | None:
    """Version and build of a wheel by how its name begins, as ``parse_wheel_filename`` has them.

    That one reads the tags as well, which are known here, and takes most of its time for them.
    """
    found = _HEAD.fullmatch(text)
    if found is None:
        return None
    try:
        version = Version(found["version"])
        return version, (int(found["number"]), found["rest"]) if found["number"] else ()
    except ValueError:  # no version, or a number too long to be read
        return None


@functools.lru_cache(maxsize=1024)
def _python_fits(requires_python: str, python: str) -> bool:
    """Whether Requires-Python admits the version; one that cannot be read admits all, as in pip."""
    try:
        return SpecifierSet(requires_python).contains(python, prereleases=True)
    except ValueError:
        return True
