"""The documents of the API: one model a kind of JSON file, from which its schema is made.

Where the plain form of a fact, a locked package or a reason is what is published, the class of
that is the part of the document. Fields may be added and are never changed; each document names
its ``schema_version``. Paths are relative to the root of the site, so that they hold under any
address.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..conda.state import ChannelState
from ..lock import model as lock_model
from ..lock.coverage import Covered, Wanted
from ..lock.model import LockedPackage
from ..matrix.companions import CompanionVerdict
from ..matrix.facts import Bound, Defect, Report, WheelFile
from ..matrix.reasons import Grade, Reason, Status, Verdict
from ..matrix.recipes import RecipeVerdict
from ..pypi.attestations import Publisher
from ..target import Arch

# The main job does without it, and pydantic looks for it where the lock's classes are.
vars(lock_model)["Publisher"] = Publisher

SCHEMA_VERSION = 1

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SitePath = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]+$")]


class Part(BaseModel):
    """Base of everything inside a document.

    Unknown fields are allowed, since later versions add some.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)


class Document(Part):
    """Base of all documents."""

    schema_version: Literal[1] = 1


class Named(Part):
    """A release: package and version."""

    package: str
    version: str


class Combo(Part):
    """What is installed on which Mac. ``macos_min`` is null for Linux."""

    id: str
    tensorflow: Named
    metal: Named | None
    numpy: str | None
    h5py: str | None
    python: str
    chip: str
    arch: Arch
    os: Literal["macos", "linux"]
    macos_min: str | None


class ComboRow(Combo):
    """A combo with its verdict in short.

    ``lock`` is the path of its document, ``files`` are the names of its files in ``locks/<id>/``.
    """

    status: Status
    grade: Grade | None
    lock: SitePath | None
    files: list[str]


class Unpublished(Part):
    """A combo that has wheels and no lock."""

    combo: str
    reason: str


class Combos(Document):
    """All published combos: for each architecture and Python the best first."""

    as_of: str
    combos: list[ComboRow]
    unpublished: list[Unpublished]


class Lock(Document):
    """A whole lock. ``files`` are the names of the files beside it.

    ``companions`` are verdicts on the packages that touch TensorFlow, and ``environment`` the
    variables that they need to run. The files of one lock carry its ``lock_id``. ``request`` are
    the options that were given, where somebody asked for the lock.
    """

    combo: Combo
    lock_id: str
    verdict: Verdict
    as_of: str
    command: str
    request: str = ""
    companions: list[CompanionVerdict] = []
    environment: dict[str, str] = {}
    recipe: RecipeVerdict | None = None
    packages: list[LockedPackage]
    channels: list[ChannelState] = []
    files: list[str]


class PairOnPython(Part):
    """A pair on one Python series."""

    python: str
    status: Status
    grade: Grade | None
    macos_min: str | None
    lock: SitePath | None


class _PairHead(Part):
    id: str
    package: str
    tensorflow: str
    metal: str | None
    arch: Arch
    loads: bool | None


class PairRow(_PairHead):
    """A pair in short. ``loads`` is null where the binaries have not been read."""

    status: Status
    pythons: list[PairOnPython]


class Pairs(Document):
    """All pairs that have wheels for a common Python."""

    as_of: str
    pairs: list[PairRow]


class Symbol(Part):
    """A symbol as it stands in the binary, and as the programmer wrote it."""

    mangled: str
    demangled: str


class Pair(_PairHead, Document):
    """A pair with every fact behind its verdict."""

    missing_symbols: list[str]
    missing_libraries: list[str]
    demangled: list[Symbol]
    status: Status
    pythons: list[PairOnPython]
    reasons: list[Reason]


class Release(Document):
    """A release of TensorFlow or of the plugin. ``prerelease`` ones are never chosen unasked."""

    package: str
    version: str
    prerelease: bool
    wheels: list[WheelFile]


class ReleaseRow(Part):
    """A release in short."""

    package: str
    version: str
    prerelease: bool
    arm64: list[str]
    x86_64: list[str]
    document: SitePath


class Releases(Document):
    """All releases that the matrix knows, with their Pythons on each architecture."""

    as_of: str
    releases: list[ReleaseRow]


class Bounds(Document):
    """All bounds."""

    bounds: list[Bound]


class Defects(Document):
    """All defects."""

    defects: list[Defect]


class Reports(Document):
    """All reports that people published, those that decide nothing too."""

    reports: list[Report]


class Text(Part):
    """A regular expression for the flags ``i`` and ``u``; ``loose`` suits joined lines."""

    regex: str
    loose: str
    literals: list[str]


class Pattern(Text):
    """One way in which a symptom prints; it counts only beside one of ``needs``, if any."""

    needs: list[Text]
    weak: bool
    brief: bool
    bare: bool


class Condition(Part):
    """A fact and the specifier or word for which it holds."""

    fact: str
    is_: Annotated[str, Field(alias="is")]


class Cure(Part):
    """Something to do, where all conditions hold."""

    text: str
    command: str
    when: list[Condition]


class Case(Part):
    """What a symptom is in texts where one of ``seen`` occurs, if any, and all of ``when`` holds.

    Title and cause stand in the place of the symptom's unless they are empty; the cures come
    before the symptom's, or are all of them if it is ``alone``.
    """

    seen: list[Text]
    when: list[Condition]
    title: str
    cause: str
    cures: list[Cure]
    alone: bool


class Source(Part):
    """Where something is said, and what."""

    url: str
    says: str


class Symptom(Part):
    """A failure that is recognised by what it prints."""

    id: str
    title: str
    stage: str
    severity: str
    cause: str
    patterns: list[Pattern]
    detector: str
    unless: list[Text]
    generic: bool
    leads_to: list[str]
    instead_of: list[str]
    cures: list[Cure]
    cases: list[Case]
    tried: list[str]
    ask: str
    sources: list[Source]


class Frameworks(Part):
    """What tells whose a text is: ours if one of ``ours`` or none of ``others`` occurs in it.

    ``strangers`` show files of a package that does not go with TensorFlow. They speak against
    the symptoms that are ``generic``.
    """

    ours: list[Text]
    others: list[Text]
    strangers: list[Text]


class Symptoms(Document):
    """All symptoms; a text that is another framework's shows none of them."""

    frameworks: Frameworks
    symptoms: list[Symptom]


class Chip(Part):
    """A Mac's processor. ``gpu`` is false where the plugin has no device to use."""

    id: str
    name: str
    arch: Arch
    first_macos: str
    last_macos: int | None
    gpu: bool


class MacOS(Part):
    """A major release of macOS."""

    major: int
    name: str


class Platforms(Document):
    """Chips, macOS releases and Pythons that can be asked for."""

    chips: list[Chip]
    macos: list[MacOS]
    pythons: list[str]


class Measure(Part):
    """One measured figure: a value, or a range from ``low`` to ``high``."""

    label: str
    machine: str
    low: float
    high: float
    date: str
    source: str


class Figure(Part):
    """A chart: measures of one thing in one unit. ``better`` says which end is the good one."""

    id: str
    title: str
    text: str
    unit: str
    better: Literal["less", "more"]
    measures: list[Measure]


class Figures(Document):
    """All figures."""

    figures: list[Figure]


class Change(Part):
    """One dated thing that became known; ``page`` is the path of the page about it."""

    id: str
    date: str
    title: str
    text: str
    page: SitePath


class Changes(Document):
    """What became known, newest first."""

    changes: list[Change]


class CoverageCounts(Part):
    """How many locks were published, and how many of them were tried in what way."""

    locks: int
    twin: int
    reported: int
    one_mac: int
    two_macs: int


class CoverageDocument(Document):
    """What was tried of each lock, how long before ``as_of``, and which runs are wanted."""

    as_of: str
    counts: CoverageCounts
    locks: list[Covered]
    wanted: list[Wanted]


class Checksum(Part):
    """The sha256 and size in bytes of a file of the site."""

    path: SitePath
    sha256: Sha256
    size: int


class Checksums(Document):
    """All lockfiles with their checksums."""

    files: list[Checksum]


class Index(Document):
    """Where everything is. ``documents`` are paths."""

    as_of: str
    version: str
    documents: list[SitePath]
