"""The facts of the matrix: one class a fact, from the file that a curator edits to the answer.

Pydantic checks the TOML files of matrix/ against these classes and makes their JSON Schemas
(see the ``curate`` package); the compiled matrix holds them in plain form (``plain.py``), and
the site's API publishes the same. Using them needs neither TOML nor pydantic.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from ..target import Arch, Os, Platforms, machine_name
from .base import METAL as METAL
from .base import Fact as Fact
from .base import Once, admits, minor_number
from .base import specifier as specifier
from .base import version as version
from .companions import Companions
from .kernels import Kernels  # noqa: TC001 - the compiled matrix is read by its annotations
from .linux import LinuxBinary  # noqa: TC001 - the same
from .native_rows import NativeRows
from .reasons import Grade
from .recipes import Recipes
from .symbol_names import SymbolNames
from .texts import (
    Address,
    AtLeastOne,
    Identifier,
    MacOSText,
    Md5,
    PackageName,
    Rule,
    Sentence,
    Severity,
    Sha256,
    Source,
    Sources,
    SpecifierText,
    VersionText,
)
from .waivers import Attempt, Waiver

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from packaging.tags import Tag

    from .natives import NativeLoad


class Outcome(StrEnum):
    """What was seen."""

    WORKS = "works"
    BROKEN = "broken"


def series_of(filename: str) -> str:
    """The CPython series in a wheel's file name, ``3.9``."""
    interpreter = filename.removesuffix(".whl").split("-")[-3]
    return f"{interpreter[2]}.{interpreter[3:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelFile:
    """One wheel of a release, as the index lists it; ``size`` in bytes.

    ``payload`` is false where the wheel holds nothing but its own metadata.
    """

    filename: str
    url: str
    sha256: Sha256
    size: int | None
    uploaded: str | None
    payload: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel(WheelFile):
    """A wheel with Requires-Python and Requires-Dist of that very file."""

    requires_python: str | None
    requires: tuple[str, ...]

    def tags(self) -> frozenset[Tag]:
        """The tags in the file name."""
        from packaging.utils import parse_wheel_filename

        return parse_wheel_filename(self.filename)[3]

    @property
    def series(self) -> str:
        """The CPython series that the file is for, ``3.9``."""
        return series_of(self.filename)

    def is_for(self, arch: Arch, os: Os = Os.MACOS) -> bool:
        """Whether the file is for that architecture and system."""
        platform = self.filename.removesuffix(".whl").rpartition("-")[2]
        if os is Os.LINUX:
            return "linux" in platform and platform.endswith(machine_name(arch, os))
        return platform.startswith("macosx_") and platform.endswith((arch.value, "universal2"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of TensorFlow or of the plugin, with its wheels for the Mac and its guests."""

    package: str
    version: str
    wheels: tuple[Wheel, ...]

    @property
    def final(self) -> bool:
        """Whether it is neither a pre-release nor a development release."""
        return not version(self.version).is_prerelease

    def wheels_for(self, arch: Arch, os: Os = Os.MACOS) -> tuple[Wheel, ...]:
        """The wheels for that architecture and system."""
        return tuple(wheel for wheel in self.wheels if wheel.is_for(arch, os))

    def pythons(self, arch: Arch, os: Os = Os.MACOS) -> tuple[str, ...]:
        """The CPython series with a wheel, oldest first."""
        return tuple(
            sorted(
                {wheel.series for wheel in self.wheels_for(arch, os)},
                key=minor_number,
            )
        )

    def stub_of(self, arch: Arch, os: Os = Os.MACOS) -> tuple[str, str] | None:
        """Package and version that a stub requires in its place; None for a payload."""
        from packaging.requirements import Requirement

        for wheel in self.wheels_for(arch, os):
            if wheel.payload:
                return None
            for text in wheel.requires:
                requirement = Requirement(text)
                pins = [spec.version for spec in requirement.specifier if spec.operator == "=="]
                if not pins or not requirement.name.startswith("tensorflow"):
                    continue
                if requirement.marker is None or requirement.marker.evaluate(
                    {
                        "platform_system": "Linux" if os is Os.LINUX else "Darwin",
                        "platform_machine": machine_name(arch, os),
                    }
                ):
                    return requirement.name, pins[0]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound(Fact):
    """A limit that the packages' metadata lack, with its reason and source.

    ``severity`` is what a combo outside of it is: ``broken``, or ``caution`` where TensorFlow
    trains all the same and something beside it fails. ``tried`` lists the versions that found
    it, ``symptom`` is what a combo outside of it prints.
    """

    id: Identifier
    package: PackageName
    specifier: SpecifierText
    tensorflow: SpecifierText
    python: SpecifierText = ""
    severity: Severity = "broken"
    reason: Sentence
    source: Source
    tried: tuple[Attempt, ...] = ()
    symptom: Identifier | None = None

    def applies(self, tensorflow: str, python: str) -> bool:
        """Whether the bound holds for that TensorFlow version and Python series."""
        return admits(self.tensorflow, tensorflow) and admits(self.python, python)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One observation about a TensorFlow release, alone or with a plugin.

    ``metal`` is the plugin's version, or None for TensorFlow without a plugin. ``package`` is
    None where the source did not tell which of the two packages it was. ``arch`` and ``python``
    are None where they were not stated; then the observation is taken to hold for all.
    ``pins`` are the versions it was made with, where all of them are known. ``results`` says
    that what was computed was looked at, and not only that it ran.

    A run on a Mac has its ``chip``, the major release of its ``macos`` and, where that is known,
    the ``submitter``. ``faults`` are the defects that it found, and ``checked`` those that it
    looked for on the GPU and did not find.
    """

    grade: Grade
    outcome: Outcome
    package: str | None = None
    tensorflow: str
    metal: str | None = None
    arch: Arch | None = None
    python: str | None = None
    text: str
    source: str
    date: str | None = None
    pins: tuple[tuple[str, str], ...] = ()
    results: bool = False
    chip: str = ""
    macos: str = ""
    submitter: str = ""
    faults: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()

    def concerns(
        self, package: str, tensorflow: str, metal: str | None, arch: Arch, python: str | None
    ) -> bool:
        """Whether this was observed on that very pair (and on that Python, where both say).

        A twin has no plugin and runs on Linux, so for it only TensorFlow and Python count; its
        pins tell for which locks it speaks (see ``pins_hold_in``).
        """
        if self.grade is Grade.TWIN:
            return (self.python is None or python is None or self.python == python) and admits(
                self.tensorflow, tensorflow
            )
        return (
            self.metal == metal
            and (self.package is None or self.package == package)
            and (self.arch is None or self.arch is arch)
            and (self.python is None or python is None or self.python == python)
            and admits(self.tensorflow, tensorflow)
        )

    def pins_hold_in(self, pins: Mapping[str, str], own: Collection[str] = ()) -> bool:
        """Whether a lock with these pins holds what was there in the observation.

        That is everything, or where the packages are named that are the pair's ``own`` in the
        lock, these: what else was beside them is not loaded in training. tf-keras alone can be,
        in the place of Keras, so that must be here too where it was there.
        """
        if not own:
            return all(pins.get(name) == pinned for name, pinned in self.pins)
        return all(
            pins.get(name) == pinned
            for name, pinned in self.pins
            if name in own or name == "tf-keras"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Fact):
    """What somebody published about an installation (matrix/reports/<id>.toml).

    ``about`` says what the outcome speaks of: the ``pair`` itself (only these count as evidence),
    a ``defect`` of a pair that otherwise runs (an entry of defects.toml rests on it), or the
    ``environment`` around it (interpreter, other packages, hardware).
    """

    id: Identifier
    outcome: Literal["works", "broken"]
    about: Literal["pair", "defect", "environment"]
    package: Literal["tensorflow", "tensorflow-macos", "tensorflow_macos-fork"] | None = None
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
    source: Address
    date: str | None = None

    def __post_init__(self) -> None:
        if self.about == "pair" and (self.tensorflow is None or self.plugin == "unknown"):
            raise ValueError("a report about a pair names TensorFlow and says which plugin")
        if (self.metal is not None) != (self.plugin == "some"):
            raise ValueError("plugin is 'some' exactly where metal is given")

    @property
    def sentence(self) -> str:
        """What was published, with the machine that it was seen on."""
        where = (
            self.chip,
            f"macOS {self.macos}" if self.macos else None,
            f"Python {self.python}" if self.python else None,
        )
        named = ", ".join(part for part in where if part)
        return f"{self.text} ({named})" if named else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Fact):
    """What keeps a fault from happening and the GPU in use: what to ``do``, ``when``, its ``cost``.

    ``basis`` is how that is known: ``stand-in`` (a plugin made for the purpose was left alone by
    TensorFlow, on Linux), ``binary`` (read in the plugin's code), ``reported``.
    """

    do: Annotated[str, Rule(pattern=r"^.{5,90}$")]
    when: str
    cost: str
    basis: Literal["stand-in", "binary", "reported"]

    def __str__(self) -> str:
        return f"{self.do} {self.when} ({BASES[self.basis]}; {self.cost})"


BASES = {
    "stand-in": "seen on Linux to keep TensorFlow from calling a plugin's optimizer",
    "binary": "read in the plugin's code, not tried on a Mac",
    "reported": "reported from a Mac",
}
"""How each basis of a switch is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect(Fact):
    """A known fault of pairs that otherwise run, with the way around it.

    ``python`` limits it to the plugin or TensorFlow builds for those Pythons, ``with_packages`` to
    environments that hold one of these packages as well. ``reports`` are the ids of the reports
    that it rests on, and ``switches`` what avoids it and keeps the GPU, best first.
    """

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
    sources: Sources
    reports: tuple[Identifier, ...] = ()
    switches: tuple[Switch, ...] = ()

    def concerns(
        self,
        tensorflow: str,
        metal: str | None,
        arch: Arch,
        python: str,
        packages: Collection[str] = (),
    ) -> bool:
        """Whether the pair has the fault in an environment with these packages."""
        if self.with_packages and not set(self.with_packages) & set(packages):
            return False
        metal_fits = self.metal is None or (metal is not None and admits(self.metal, metal))
        return (
            metal_fits
            and (self.arch is None or self.arch is arch)
            and admits(self.tensorflow, tensorflow)
            and admits(self.python, python)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Road(Fact):
    """A road to the Mac's GPU besides the vendor's plugin, and its ``state`` on the day ``read``.

    ``runs`` is what of somebody's code goes on to run on it. None of them is locked.
    """

    id: Identifier
    name: str
    state: Literal["alpha", "beta", "usable with gaps", "not usable yet", "refused"]
    runs: Sentence
    needs: Sentence
    text: Sentence
    read: datetime.date
    sources: Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor(Fact):
    """The oldest macOS for releases of the plugin: to load at all, and to run without a fault.

    ``arch`` is None where both builds have it, ``python`` limits it to the builds for those
    Pythons. ``source`` is that of the whole file unless it has one of its own.
    """

    versions: Annotated[tuple[VersionText, ...], AtLeastOne()]
    arch: Arch | None = None
    python: SpecifierText = ""
    load: MacOSText
    load_evidence: Sentence
    run: MacOSText
    run_evidence: Sentence
    note: str = ""
    source: str = ""

    def concerns(self, metal: str, arch: Arch, python: str | None = None) -> bool:
        """Whether it is that of the release's build; of any Python's where none is given."""
        return (
            metal in self.versions
            and self.arch in (None, arch)
            and (python is None or admits(self.python, python))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLoad:
    """What the binaries say of a pair; ``loads`` is None where they were not all read."""

    package: str
    tensorflow: str
    metal: str
    arch: Arch
    loads: bool | None
    missing_symbols: tuple[str, ...]
    missing_libraries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryFact:
    """What the binaries of one release say, for one architecture.

    ``numpy_generation`` is ``1`` (compiled before numpy 2), ``1+2`` or None where no extension
    module says; ``minos`` is what the linker recorded, not what decides.
    """

    package: str
    version: str
    arch: Arch
    numpy_generation: str | None
    minos: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow(Fact):
    """What to know of a package by that name: the answer to somebody who asks for it.

    ``kind`` is ``offered`` (the resolver takes it), ``by-name`` (only when named) or ``gone``.
    ``versions`` limits the row to some releases.
    """

    name: str
    versions: SpecifierText = ""
    kind: Literal["offered", "by-name", "gone"]
    title: Sentence
    text: Sentence
    instead: str
    sources: Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageRelease(Fact):
    """A release of tensorflow-deps: what is known of its pins, and what to take instead.

    ``known`` is ``record`` (all of them), ``solver-output`` (some) or ``existence``.
    """

    version: VersionText
    build: str
    known: Literal["record", "solver-output", "existence"]
    depends: tuple[str, ...] = ()
    md5: Md5 | None = None
    text: Sentence
    instead: Sentence
    sources: Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageFault(Fact):
    """Why installing tensorflow-deps fails today; ``symptom`` is the id of what it prints."""

    id: Identifier
    title: Sentence
    text: Sentence
    symptom: Identifier | None = None
    sources: Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage(Fact):
    """The conda package that mixed locks replace (matrix/lineage.toml)."""

    package: PackageName
    channel: Annotated[str, Rule(pattern=r"^https://")]
    subdir: str
    text: Sentence
    instead: Sentence
    faults: tuple[LineageFault, ...]
    releases: tuple[LineageRelease, ...]


class AnyPair(Protocol):
    """What is asked of a pair: its TensorFlow, and the machine."""

    @property
    def package(self) -> str:
        """The package that brings TensorFlow."""

    @property
    def tensorflow(self) -> str:
        """Its version."""

    @property
    def arch(self) -> Arch:
        """The architecture."""

    @property
    def python(self) -> str:
        """The series of Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix(Once):
    """All facts. ``as_of`` is the day up to which the index was read, ``YYYY-MM-DD``.

    ``symbols`` are the C++ names of all symbols in it, ``natives`` the rows of the companions
    whose images bind to TensorFlow's.
    """

    as_of: str
    platforms: Platforms
    releases: tuple[Release, ...]
    bounds: tuple[Bound, ...]
    evidence: tuple[Evidence, ...]
    defects: tuple[Defect, ...]
    floors: tuple[Floor, ...]
    pair_loads: tuple[PairLoad, ...]
    binaries: tuple[BinaryFact, ...]
    packages: tuple[PackageRow, ...]
    waivers: tuple[Waiver, ...] = ()
    lineage: Lineage | None = None
    kernels: tuple[Kernels, ...] = ()
    roads: tuple[Road, ...] = ()
    reports: tuple[Report, ...] = ()
    linux: tuple[LinuxBinary, ...] = ()
    symbols: SymbolNames = field(default_factory=SymbolNames)
    companions: Companions = field(default_factory=Companions)
    natives: NativeRows = field(default_factory=NativeRows)
    recipes: Recipes = field(default_factory=Recipes)

    def evidence_on(
        self, package: str, tensorflow: str, metal: str | None, arch: Arch, python: str
    ) -> tuple[Evidence, ...]:
        """What was observed on that very pair, in the order of the matrix."""
        place = (package, tensorflow, metal, arch, python)
        return self.once(
            ("evidence", *place),
            lambda: tuple(item for item in self.evidence if item.concerns(*place)),
        )

    def readable(self, symbol: str) -> str:
        """The symbol as a C++ programmer would write it, where it is known."""
        return self.symbols.readable(symbol)

    def linux_binary(self, package: str, release: str) -> LinuxBinary | None:
        """What the Linux wheel for arm64 of that release says, if it was read."""
        for found in self.linux:
            if found.package == package and version(found.version) == version(release):
                return found
        return None

    def release(self, package: str, release: str) -> Release | None:
        """The release of that package and version, if the matrix knows it."""
        known = self.once(
            "releases",
            # Of two rows for one release the first counts.
            lambda: {(one.package, version(one.version)): one for one in reversed(self.releases)},
        )
        return known.get((package, version(release)))

    def releases_of(self, package: str) -> tuple[Release, ...]:
        """All known releases of a package, oldest first."""
        return self.once(
            ("releases of", package),
            lambda: tuple(
                sorted(
                    (found for found in self.releases if found.package == package),
                    key=lambda found: version(found.version),
                )
            ),
        )

    def payload_of(self, package: str, release: str, arch: Arch) -> tuple[str, str] | None:
        """Package and version whose Mac wheels hold the TensorFlow that this release brings.

        None where no payload is ever reached: the stub that requires itself.
        """
        return self.once(
            ("payload", package, release, arch), lambda: self._payload_of(package, release, arch)
        )

    def _payload_of(self, package: str, release: str, arch: Arch) -> tuple[str, str] | None:
        seen: set[tuple[str, str]] = set()
        current = (package, release)
        while current not in seen:
            seen.add(current)
            found = self.release(*current)
            if found is None:
                return None
            wheels = found.wheels_for(arch)
            if any(wheel.payload for wheel in wheels):
                return found.package, found.version
            behind = found.stub_of(arch)
            if behind is None:
                return None
            current = behind
        return None

    def floor(self, metal: str, arch: Arch, python: str) -> Floor | None:
        """The plugin's macOS floor for that architecture and Python series."""
        for found in self.floors:
            if found.concerns(metal, arch, python):
                return found
        return None

    def pair_load(self, package: str, tensorflow: str, metal: str, arch: Arch) -> PairLoad | None:
        """What the binaries say of the pair, by the release that holds the payload."""
        payload = self.payload_of(package, tensorflow, arch)
        if payload is None:
            return None
        known = self.once(
            "pair loads",
            lambda: {
                (one.package, one.tensorflow, one.metal, one.arch): one
                for one in reversed(self.pair_loads)
            },
        )
        return known.get((*payload, metal, arch))

    def native_load(self, name: str, release: str, pair: AnyPair) -> NativeLoad | None:
        """Whether a companion's images load beside the TensorFlow of a pair, by its payload.

        None where the companion has none that bind to TensorFlow, or was not read.
        """
        if name not in self.natives.names:
            return None
        payload = self.payload_of(pair.package, pair.tensorflow, pair.arch)
        if payload is None:
            return None
        by, tensorflow = payload
        return self.natives.get().check(
            name, release, tensorflow, pair.arch.value, python=pair.python, by=by
        )

    def kernels_of(self, metal: str, arch: Arch, python: str | None) -> Kernels | None:
        """What the plugin's code says there; the Python makes a difference for one release.

        Without a Python it is what the most wheels of the release say.
        """
        found = [
            one
            for one in self.kernels
            if one.arch is arch
            and version(one.version) == version(metal)
            and (python is None or python in one.pythons)
        ]
        return max(found, key=lambda one: len(one.pythons), default=None)

    def bounds_for(self, tensorflow: str, python: str) -> tuple[Bound, ...]:
        """The bounds that hold for that TensorFlow version and Python series."""
        return tuple(bound for bound in self.bounds if bound.applies(tensorflow, python))

    def waivers_for(
        self, package: str, release: str, arch: Arch, os: Os = Os.MACOS
    ) -> tuple[Waiver, ...]:
        """The requirements of that release that count as looser than stated; on Linux none do."""
        if os is Os.LINUX:
            return ()
        return tuple(waiver for waiver in self.waivers if waiver.applies(package, release, arch))
