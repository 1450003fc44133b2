"""Proofs: recorded runs of the MNIST proof, as they lie in matrix/proofs/."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Annotated, Literal

from ..target import Arch, PythonVersion
from .facts import Evidence, Fact, Outcome
from .reasons import Grade
from .texts import AtLeastOne, Identifier, Rule, Sentence, Sha256, TensorFlowPackage, VersionText

SUBMITTED = "submitted"
"""The folder of reports that nobody has accepted yet, under matrix/proofs/."""

MACS = "mac"
"""The folder of reports from other people's Macs that a person accepted, under matrix/proofs/."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof(Fact):
    """One run, with what it ran on and its figures.

    A run on a Mac is that of one ``lock``, with its package, plugin and architecture. A twin is
    that of its pins, which hold neither TensorFlow nor the plugin: it speaks for every lock with
    them, so it has no lock, plugin or architecture, and its package is ``tensorflow``. ``wheel``
    is the file that stood in for the Mac's TensorFlow and ``dropped`` the pins that Linux has no
    wheel for; both belong to a twin. ``stage``, ``error`` and ``last_lines`` say where and how a
    broken run ended. ``figures`` are seconds, accuracies and differences. ``faults`` are the
    defects that were seen, ``checked`` those that were looked for on a GPU and not seen, and
    ``limits`` what was refused with an error that says so.
    """

    schema_version: Literal[1] = 1
    grade: Literal["twin", "trained-cpu", "trained-gpu"]
    lock: str = ""
    outcome: Literal["works", "broken"]
    text: Sentence
    date: datetime.date
    source: str
    package: TensorFlowPackage
    tensorflow: VersionText
    metal: VersionText | None = None
    python: str
    arch: Arch | None = None
    system: str
    chip: str = ""
    device: Literal["cpu", "gpu"]
    data: Literal["mnist", "file", "synthetic"]
    optimizer: Literal["adam", "legacy-adam"] = "adam"
    wheel: str | None = None
    stage: str | None = None
    error: str | None = None
    last_lines: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    faults: tuple[Identifier, ...] = ()
    checked: tuple[Identifier, ...] = ()
    limits: tuple[Identifier, ...] = ()
    pins: dict[str, str]

    def evidence(self, source: str, submitter: str = "") -> Evidence:
        """What the run says of the pair; ``source`` is where it is kept."""
        on_mac = self.grade != "twin"
        return Evidence(
            grade=Grade(self.grade),
            outcome=Outcome(self.outcome),
            package=self.package,
            tensorflow=f"=={self.tensorflow}",
            metal=self.metal,
            arch=self.arch,
            python=PythonVersion.parse(self.python).series,
            text=self.text,
            source=source,
            date=self.date.isoformat(),
            pins=tuple(sorted(self.pins.items())),
            chip=self.chip if on_mac else "",
            macos=self.system.split()[1].split(".")[0] if on_mac else "",
            submitter=submitter,
            faults=self.faults,
            checked=self.checked,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn(Fact):
    """What tells one run from another: its name, and digests of its report and of its figures."""

    run: Annotated[str, Rule(pattern=r"^[0-9a-f]{32}$")]
    digest: Sha256
    figures: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class MacReport(Fact):
    """What somebody's Mac reported (matrix/proofs/mac/<name>.toml), accepted by a person.

    ``submitter`` is who handed it in, as far as that is known (``github:NAME``), and ``source``
    where. ``reports`` are the reports that ``runs`` were made of, in the same order.
    """

    schema_version: Literal[1] = 1
    id: Annotated[str, Rule(pattern=r"^[0-9a-f]{16}$")]
    submitter: Annotated[str, Rule(pattern=r"^([a-z]+:[A-Za-z0-9-]{1,39})?$")] = ""
    source: Sentence
    received: datetime.date
    runs: Annotated[tuple[Proof, ...], AtLeastOne()]
    reports: Annotated[tuple[HandedIn, ...], AtLeastOne()]
