"""Proofs: recorded runs of the MNIST proof, as they lie in matrix/proofs/."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Literal

from ..target import Arch, PythonVersion
from .facts import Evidence, Fact, Outcome
from .reasons import Grade
from .texts import Sentence, TensorFlowPackage, VersionText


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof(Fact):
    """One run, with what it ran on and its figures.

    A run on a Mac is that of one ``lock``, with its package, plugin and architecture. A twin is
    that of its pins, which hold neither TensorFlow nor the plugin: it speaks for every lock with
    them, so it has no lock, plugin or architecture, and its package is ``tensorflow``. ``wheel``
    is the file that stood in for the Mac's TensorFlow and ``dropped`` the pins that Linux has no
    wheel for; both belong to a twin. ``stage``, ``error`` and ``last_lines`` say where and how a
    broken run ended. ``figures`` are seconds, accuracies and differences.
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
    pins: dict[str, str]

    def evidence(self, source: str) -> Evidence:
        """What the run says of the pair; ``source`` is where it is kept."""
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
        )
