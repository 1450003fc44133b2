"""Proofs: recorded runs of the MNIST proof, as they lie in matrix/proofs/."""

from __future__ import annotations

import datetime  # noqa: TC003 - evaluated where files are checked
from dataclasses import dataclass, field
from typing import Literal

from ..target import Arch  # noqa: TC001
from .facts import Fact
from .texts import Sentence, TensorFlowPackage, VersionText  # noqa: TC001


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof(Fact):
    """One run, with what it ran on and its figures.

    ``wheel`` is the file that stood in for the Mac's TensorFlow and ``dropped`` the pins that
    Linux has no wheel for; both belong to a twin. ``stage``, ``error`` and ``last_lines`` say
    where and how a broken run ended. ``figures`` are seconds, accuracies and differences.
    """

    schema_version: Literal[1] = 1
    grade: Literal["twin", "trained-cpu", "trained-gpu"]
    lock: str
    outcome: Literal["works", "broken"]
    text: Sentence
    date: datetime.date
    source: str
    package: TensorFlowPackage
    tensorflow: VersionText
    metal: VersionText | None = None
    python: str
    arch: Arch
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
