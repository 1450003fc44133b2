"""The files of matrix/: which facts stand in which, and what is written another way than used.

Most facts are their own entries (:mod:`tfmac_lock.matrix.facts`). The classes here are for the
files themselves, and for entries that a fact is made of. The JSON Schemas under matrix/schemas/
are generated from them, so an editor can check a file while it is being written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ..matrix.binaries import ImageFacts, ReadFile
from ..matrix.facts import Bound, Defect, Fact, Floor, PackageRow, Road
from ..matrix.texts import (
    Identifier,
    MacOSText,
    PackageName,
    Series,
    Sha256,
    Source,
    SpecifierText,
    VersionText,
)
from ..matrix.waivers import Waiver
from ..target import Arch


@dataclass(frozen=True, slots=True, kw_only=True)
class MacOSEntry(Fact):
    """A major release of macOS."""

    major: int
    name: str
    darwin: int | None = None
    released: date | None = None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipEntry(Fact):
    """A chip family; ``variants`` are taken to behave alike."""

    id: Identifier
    name: str
    arch: Arch
    variants: tuple[str, ...] = ()
    first_macos: MacOSText
    last_macos: int | None = None
    gpu: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonEntry(Fact):
    """A CPython series and the micro version that stands for it on each architecture."""

    series: Series
    arm64: int
    x86_64: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformsFile(Fact):
    """matrix/platforms.toml."""

    macos: tuple[MacOSEntry, ...]
    chips: tuple[ChipEntry, ...]
    pythons: tuple[PythonEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundsFile(Fact):
    """matrix/bounds.toml."""

    bounds: tuple[Bound, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiversFile(Fact):
    """matrix/waivers.toml."""

    waivers: tuple[Waiver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectsFile(Fact):
    """matrix/defects.toml."""

    defects: tuple[Defect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadsFile(Fact):
    """matrix/roads.toml."""

    roads: tuple[Road, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagesFile(Fact):
    """matrix/packages.toml."""

    packages: tuple[PackageRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorPair(Fact):
    """A row of the vendor's table of fitting versions."""

    tensorflow: SpecifierText
    metal: VersionText
    macos: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorFile(Fact):
    """matrix/vendor.toml."""

    source: Source
    read: date
    pairs: tuple[VendorPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorsFile(Fact):
    """matrix/floors.toml."""

    source: Source
    floors: tuple[Floor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataEntry(Fact):
    """Requires-Python and Requires-Dist, as some wheels of a release share them."""

    requires_python: str | None = None
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelEntry(Fact):
    """One wheel, as the index lists it; ``metadata`` points into the release's list."""

    filename: str
    url: str
    sha256: Sha256
    size: int
    uploaded: datetime | None = None
    payload: bool
    metadata: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile(Fact):
    """matrix/releases/<package>/<version>.toml, written by ``tfmac-lock matrix refresh``."""

    package: PackageName
    version: VersionText
    read: date
    metadata: tuple[MetadataEntry, ...]
    wheels: tuple[WheelEntry, ...]

    def __post_init__(self) -> None:
        for wheel in self.wheels:
            if not 0 <= wheel.metadata < len(self.metadata):
                raise ValueError(f"{wheel.filename}: metadata {wheel.metadata} does not exist")


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolGroup(Fact):
    """Symbols that the same ``images`` offer, or that are wanted of the same ``library``.

    ``flat`` ones are wanted of no library: they are looked for in all images.
    """

    images: tuple[str, ...] = ()
    library: str | None = None
    flat: bool = False
    weak: bool = False
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryEntry(Fact):
    """A library that the plugin is linked to."""

    name: str
    weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryEntry(Fact):
    """What the machine code of a release says on one architecture.

    TensorFlow has images with what they offer to plugins, a plugin has a path with what it
    wants.
    """

    arch: Arch
    files: tuple[ReadFile, ...]
    macos_tag: str
    minos: str | None = None
    sdk: str | None = None
    payload: bool | None = None
    requires: tuple[str, ...] = ()
    numpy_generation: str | None = None
    images: tuple[ImageFacts, ...] = ()
    exports: tuple[SymbolGroup, ...] = ()
    elsewhere: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    path: str | None = None
    install_name: str | None = None
    libraries: tuple[LibraryEntry, ...] = ()
    rpaths: tuple[str, ...] = ()
    imports: tuple[SymbolGroup, ...] = ()

    def __post_init__(self) -> None:
        if (self.payload is None) == (self.path is None):
            raise ValueError("a TensorFlow says whether it is a payload, a plugin has a path")


@dataclass(frozen=True, slots=True, kw_only=True)
class BinariesFile(Fact):
    """matrix/binaries/<package>/<version>.toml, written by ``tfmac-lock matrix refresh``."""

    schema_version: Literal[1]
    package: PackageName
    version: VersionText
    binaries: tuple[BinaryEntry, ...]
