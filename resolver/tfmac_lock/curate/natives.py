"""The files of ``matrix/binaries/companions``, and the rows that the program reads at run time.

``<name>/project.toml`` says whether a package binds to TensorFlow, ``<name>/<version>.toml`` what
a release wants, ``exports/`` what each TensorFlow offers of it. The symbols stand in one list,
``symbols.txt``, which only grows, so that the rows of bits that count by it stay right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from packaging.version import Version

from ..errors import DataError
from ..matrix.base import TENSORFLOW_PACKAGES, Fact
from ..matrix.binaries import ImageFacts, TensorFlowBinary, load_folder
from ..matrix.natives import NativeBinary, Natives, Offer, bits_of
from ..matrix.texts import PackageName, Sentence, Sha256, Source, VersionText
from ..matrix.toml import read_file

if TYPE_CHECKING:
    from pathlib import Path

SYMBOLS = "symbols.txt"
PROJECT = "project.toml"
EXPORTS = "exports"
"""The folder of what the TensorFlows offer; no package can have that name on the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partly(Fact):
    """Images of a package that an import of it does not load, as patterns of paths."""

    package: PackageName
    images: tuple[str, ...]
    reason: Sentence
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class NativesFile(Fact):
    """matrix/natives.toml: which packages are read."""

    names: tuple[PackageName, ...]
    partly: tuple[Partly, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelRead(Fact):
    """A wheel that was read: how many of its images there are, bind to TensorFlow, and count.

    Those that :class:`Partly` names do not count.
    """

    filename: str
    images: int
    binds: int
    counts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile(Fact):
    """binaries/companions/<name>/project.toml: whether a package binds to TensorFlow.

    ``read`` are the newest and the oldest wheel for each architecture; there is none where the
    index has no wheel for the Mac and a Python that counts.
    """

    name: PackageName
    binds: bool
    read: tuple[WheelRead, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeFile(Fact):
    """A wheel of a release."""

    filename: str
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeReleaseFile(Fact):
    """binaries/companions/<name>/<version>.toml: what a release wants of TensorFlow."""

    schema_version: Literal[1]
    files: tuple[NativeFile, ...]
    binaries: tuple[NativeBinary, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Fact):
    """What a TensorFlow release offers on one architecture, as :class:`Offer` has it."""

    package: PackageName
    version: VersionText
    arch: str
    filename: str
    asked: int
    exports: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportsFile(Fact):
    """binaries/companions/exports/<package>-<version>.toml."""

    schema_version: Literal[1]
    offers: tuple[Exported, ...]


def read_symbols(folder: Path) -> tuple[str, ...]:
    """The list of symbols; empty where there is none yet."""
    path = folder / SYMBOLS
    return tuple(path.read_text("utf-8").splitlines()) if path.exists() else ()


def read_natives(binaries: Path) -> Natives:
    """All rows; raises DataError where a file does not fit its class."""
    folder = binaries / "companions"
    images = {
        (one.package, one.version, one.arch): one.images
        for one in load_folder(binaries)
        if isinstance(one, TensorFlowBinary)
    }
    symbols = read_symbols(folder)
    rows: list[NativeBinary] = []
    for path in sorted(folder.glob("*/*.toml")):
        if path.name != PROJECT and path.parent.name != EXPORTS:
            found = read_file(path, NativeReleaseFile).binaries
            if any(_counts(one) > len(symbols) for one in found):
                raise DataError(str(path), f"counts more symbols than {SYMBOLS} has")
            rows += found
    offers = []
    for path in sorted(folder.glob(f"{EXPORTS}/*.toml")):
        for one in read_file(path, ExportsFile).offers:
            key = (one.package, one.version, one.arch)
            if key not in images:
                raise DataError(str(path), "matrix/binaries has no such release")
            offers.append(
                Offer(
                    package=one.package,
                    version=one.version,
                    arch=one.arch,
                    asked=one.asked,
                    images=tuple(map(_needed, images[key])),
                    exports=one.exports,
                )
            )
    order = {name: place for place, name in enumerate(TENSORFLOW_PACKAGES)}
    return Natives(
        symbols=symbols,
        binaries=tuple(sorted(rows, key=lambda one: (one.package, Version(one.version), one.arch))),
        offers=tuple(
            sorted(offers, key=lambda one: (Version(one.version), order[one.package], one.arch))
        ),
    )


def _counts(row: NativeBinary) -> int:
    """The highest number of a symbol in the row, from 1."""
    texts = [text for group in row.groups for text in group.imports.values()]
    return max((bits_of(text).bit_length() for text in texts), default=0)


def _needed(image: ImageFacts) -> ImageFacts:
    """Of an image what decides where libraries are found."""
    return replace(image, libraries=(), rpaths=image.rpaths if image.calls_dlopen else ())
