"""The facts as they are written in matrix/: one pydantic model a kind of entry.

The JSON Schemas under matrix/schemas/ are generated from these, so an editor can check a file
while it is being written. Unknown keys are refused: a misspelt key would be a fact that nobody
reads.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ..target import Arch


def _version(text: str) -> str:
    try:
        return str(Version(text))
    except InvalidVersion as error:
        raise ValueError(str(error)) from error


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValueError(str(error)) from error
    return text


def _name(text: str) -> str:
    if canonicalize_name(text) != text:
        raise ValueError(f"write the normalised name {canonicalize_name(text)!r}")
    return text


VersionText = Annotated[str, AfterValidator(_version)]
SpecifierText = Annotated[str, AfterValidator(_specifier)]
PackageName = Annotated[str, AfterValidator(_name)]
MacOSText = Annotated[str, Field(pattern=r"^\d{2}\.\d{1,2}$")]
Series = Annotated[str, Field(pattern=r"^3\.\d{1,2}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Sentence = Annotated[str, Field(min_length=10)]
Source = Annotated[str, Field(min_length=8)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
TensorFlowPackage = Literal["tensorflow", "tensorflow-macos"]


class Model(BaseModel):
    """Base of all entries."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MacOSEntry(Model):
    """A major release of macOS."""

    major: int
    name: str
    darwin: int | None = None
    released: date | None = None
    source: Source


class ChipEntry(Model):
    """A chip family; ``variants`` are taken to behave alike."""

    id: Identifier
    name: str
    arch: Arch
    variants: tuple[str, ...] = ()
    first_macos: MacOSText
    last_macos: int | None = None
    gpu: bool
    source: Source


class PythonEntry(Model):
    """A CPython series and the micro version that stands for it on each architecture."""

    series: Series
    arm64: int
    x86_64: int
    source: Source


class PlatformsFile(Model):
    """matrix/platforms.toml."""

    macos: tuple[MacOSEntry, ...]
    chips: tuple[ChipEntry, ...]
    pythons: tuple[PythonEntry, ...]


class Attempt(Model):
    """One version that was tried to find a bound."""

    package_version: VersionText
    works: bool
    error: str | None = None
    tensorflow: VersionText | None = None
    python: Series | None = None


class BoundEntry(Model):
    """A limit that the packages' metadata lack.

    ``severity`` is what a combo outside of it is: ``caution`` where TensorFlow trains all the
    same and something beside it fails, else ``broken``.
    """

    id: Identifier
    package: PackageName
    specifier: SpecifierText
    tensorflow: SpecifierText
    python: SpecifierText = ""
    severity: Literal["broken", "caution"] = "broken"
    reason: Sentence
    source: Source
    tried: tuple[Attempt, ...] = ()
    symptom: Identifier | None = None


class BoundsFile(Model):
    """matrix/bounds.toml."""

    bounds: tuple[BoundEntry, ...]


class WaiverEntry(Model):
    """A requirement in a release's metadata that nothing on a platform can meet, made looser.

    ``stated`` is the specifier in the metadata, ``specifier`` what was found to be enough;
    ``by`` are the packages whose metadata it is, ``arch`` limits it to one architecture.
    """

    id: Identifier
    package: PackageName
    stated: SpecifierText
    specifier: SpecifierText
    by: Annotated[tuple[TensorFlowPackage, ...], Field(min_length=1)]
    tensorflow: SpecifierText
    arch: Arch | None = None
    reason: Sentence
    source: Source
    tried: tuple[Attempt, ...] = ()


class WaiversFile(Model):
    """matrix/waivers.toml."""

    waivers: tuple[WaiverEntry, ...]


class LineageRelease(Model):
    """One release of the conda package; ``known`` says how much of its pins is known."""

    version: VersionText
    build: str
    known: Literal["record", "solver-output", "existence"]
    depends: tuple[str, ...] = ()
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    text: Sentence
    instead: Sentence
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


class LineageFault(Model):
    """Why an installation of it fails today."""

    id: Identifier
    title: Sentence
    text: Sentence
    symptom: Identifier | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


class LineageFile(Model):
    """matrix/lineage.toml: the conda package that locks with a conda half replace."""

    package: PackageName
    channel: Annotated[str, Field(pattern=r"^https://")]
    subdir: str
    text: Sentence
    instead: Sentence
    faults: tuple[LineageFault, ...]
    releases: tuple[LineageRelease, ...]


class VendorPair(Model):
    """A row of the vendor's table of fitting versions."""

    tensorflow: SpecifierText
    metal: VersionText
    macos: str
    note: str | None = None


class VendorFile(Model):
    """matrix/vendor.toml."""

    source: Source
    read: date
    pairs: tuple[VendorPair, ...]


class ReportEntry(Model):
    """What somebody published about an installation.

    ``about`` says what the outcome speaks of: the ``pair`` itself (only these count as evidence),
    a ``defect`` of a pair that otherwise runs (an entry of defects.toml rests on it), or the
    ``environment`` around it (interpreter, other packages, hardware).
    """

    id: Identifier
    outcome: Literal["works", "broken"]
    about: Literal["pair", "defect", "environment"]
    package: TensorFlowPackage | Literal["tensorflow_macos-fork"] | None = None
    tensorflow: SpecifierText | None = None
    metal: VersionText | None = None
    plugin: Literal["none", "some", "unknown"] = "unknown"
    python: str | None = None
    macos: str | None = None
    chip: str | None = None
    arch: Arch | None = None
    stage: Literal["install", "import", "device", "train", "result"] | None = None
    symptom: Identifier | None = None
    text: Sentence
    way_out: str | None = None
    confidence: Literal["low", "medium", "high"]
    source: Annotated[str, Field(pattern=r"^https?://")]
    date: str | None = None

    @model_validator(mode="after")
    def _pair_is_named(self) -> ReportEntry:
        if self.about == "pair" and (self.tensorflow is None or self.plugin == "unknown"):
            raise ValueError("a report about a pair names TensorFlow and says which plugin")
        if (self.metal is not None) != (self.plugin == "some"):
            raise ValueError("plugin is 'some' exactly where metal is given")
        return self


class ReportsFile(Model):
    """matrix/reports.toml."""

    reports: tuple[ReportEntry, ...]


class SwitchEntry(Model):
    """What keeps a fault from happening and the GPU in use.

    ``basis`` is how that is known: ``stand-in`` (a plugin made for the purpose was left alone by
    TensorFlow, on Linux), ``binary`` (read in the plugin's code), ``reported``.
    """

    do: Annotated[str, Field(min_length=5, max_length=90)]
    when: str
    cost: str
    basis: Literal["stand-in", "binary", "reported"]


class DefectEntry(Model):
    """A known fault of pairs that otherwise run, with the way around it."""

    id: Identifier
    title: Sentence
    tensorflow: SpecifierText
    metal: SpecifierText | None = None
    arch: Arch | None = None
    python: SpecifierText = ""
    text: Sentence
    way_out: Sentence
    symptom: Identifier | None = None
    with_packages: tuple[PackageName, ...] = ()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    reports: tuple[Identifier, ...] = ()
    switches: tuple[SwitchEntry, ...] = ()


class DefectsFile(Model):
    """matrix/defects.toml."""

    defects: tuple[DefectEntry, ...]


class FloorEntry(Model):
    """The oldest macOS that a plugin release loads on, and the oldest that it runs on."""

    version: VersionText
    arch: Arch
    python: SpecifierText = ""
    load: MacOSText
    load_evidence: str
    run: MacOSText
    run_evidence: str
    wheel_tag: MacOSText
    minos: MacOSText
    note: str | None = None


class FloorsFile(Model):
    """matrix/floors.toml."""

    package: Literal["tensorflow-metal"]
    source: Source
    floors: tuple[FloorEntry, ...]


class PackageEntry(Model):
    """What to know of a package by that name."""

    name: str
    versions: SpecifierText = ""
    kind: Literal["offered", "by-name", "gone"]
    title: Sentence
    text: Sentence
    instead: str
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


class PackagesFile(Model):
    """matrix/packages.toml."""

    packages: tuple[PackageEntry, ...]


class MetadataEntry(Model):
    """Requires-Python and Requires-Dist, as some wheels of a release share them."""

    requires_python: str | None = None
    requires: tuple[str, ...] = ()


class WheelEntry(Model):
    """One wheel, as the index lists it; ``metadata`` points into the release's list."""

    filename: str
    url: str
    sha256: Sha256
    size: int
    uploaded: datetime | None = None
    payload: bool
    metadata: int


class ReleaseFile(Model):
    """matrix/releases/<package>/<version>.toml, written by ``tfmac-lock matrix refresh``."""

    package: PackageName
    version: VersionText
    read: date
    metadata: tuple[MetadataEntry, ...]
    wheels: tuple[WheelEntry, ...]

    @model_validator(mode="after")
    def _metadata_exists(self) -> ReleaseFile:
        for wheel in self.wheels:
            if not 0 <= wheel.metadata < len(self.metadata):
                raise ValueError(f"{wheel.filename}: metadata {wheel.metadata} does not exist")
        return self


class Proof(Model):
    """matrix/proofs/…: one recorded run of the proof, written by ``tfmac-lock prove``."""

    model_config = ConfigDict(extra="allow", frozen=True)

    grade: Literal["twin", "trained-cpu", "trained-gpu"]
    lock: str
    package: TensorFlowPackage
    tensorflow: VersionText
    metal: VersionText | None = None
    arch: Arch
    python: str
    date: date
    outcome: Literal["works", "broken"]
    text: Sentence
    source: str
    pins: dict[str, str]
