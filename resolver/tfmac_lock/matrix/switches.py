"""Switches of TensorFlow, and whether each keeps a plugin's graph optimizer from a model.

Tried on Linux with a stand-in plugin (see ``prove.standin``): one run a TensorFlow lies in
matrix/proofs/standin/, and switches.json holds what the program needs of them. It is TensorFlow's
side of the contract; what Metal does with a graph is not in it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..files import guarded
from .facts import Fact
from .plain import plain, read
from .texts import Sentence, VersionText

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA_VERSION = 1

Shown = Literal["not-called", "not-shown", "shown", "failed"]
"""TensorFlow did not call the plugin's optimizer; called it, but not with a Dense layer with ReLU
as MatMul, BiasAdd and Relu; showed it these, so that it could make one of them; or failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedSwitch(Fact):
    """What became of the plugin's optimizer in four uses of a model, with that switch.

    ``code`` is what a user writes. ``call`` is the model called as it is, ``function`` a bare
    tf.function. ``keeps_device`` says whether ``predict`` still ran on the plugin's device.
    ``fit_cost`` and ``predict_cost`` are the CPU time with the switch in times of that without,
    of a small model that runs on the CPU: 1.0 is no cost. ``error`` is that of the first use that
    failed.
    """

    id: str
    code: str
    call: Shown
    function: Shown
    fit: Shown
    predict: Shown
    keeps_device: bool
    fit_cost: float | None = None
    predict_cost: float | None = None
    error: str = ""

    @property
    def avoids(self) -> bool:
        """Whether neither ``fit`` nor ``predict`` shows the plugin's optimizer the layer."""
        return {self.fit, self.predict} <= {"not-called", "not-shown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mnist(Fact):
    """A run of the MNIST proof on the plugin's device: which stages did not pass, and why."""

    passed: bool
    not_passed: tuple[str, ...] = ()
    accuracy: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInRun(Fact):
    """Everything that was tried with the stand-in beside one TensorFlow.

    ``fingerprint`` tells which state of the stand-in it was. ``shown`` has, for each layer and
    activation, the chain that TensorFlow shows the optimizer. ``own`` is what TensorFlow's own
    optimizers leave of a layer where no plugin's is called, or the kernel that it asks for.
    ``optimizers`` are those that were trained with, with the error where one failed. ``mnist``
    is the proof with a sound plugin, ``mnist_with_fault`` that with the imitated fault, which it
    has to find.
    """

    schema_version: Literal[1] = 1
    text: Sentence
    date: datetime.date
    source: str
    fingerprint: str
    lock: str
    tensorflow: VersionText
    python: str
    system: str
    compiler: str
    wheel: str
    devices: tuple[str, ...]
    switches: tuple[TriedSwitch, ...]
    shown: dict[str, str]
    own: dict[str, str]
    optimizers: dict[str, str]
    mnist: Mnist
    mnist_with_fault: Mnist
    dropped: dict[str, str] = field(default_factory=dict)
    pins: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The switches as they were tried with one TensorFlow; ``evidence`` is the file about it."""

    tensorflow: str
    date: str
    evidence: str
    switches: tuple[TriedSwitch, ...]

    def get(self, switch: str) -> TriedSwitch | None:
        """The switch of that id."""
        return next((one for one in self.switches if one.id == switch), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """All that were tried, the earliest TensorFlow first."""

    tried: tuple[Tried, ...]

    def of(self, tensorflow: str) -> Tried | None:
        """What was tried with that version, or else with one of its minor."""
        minor = tensorflow.split(".")[:2]
        near = [one for one in self.tried if one.tensorflow.split(".")[:2] == minor]
        exact = [one for one in near if one.tensorflow == tensorflow]
        return next(iter(exact or near), None)


def to_json(runs: Iterable[tuple[str, StandInRun]]) -> dict[str, Any]:
    """The content of switches.json; each run comes with the path of its file."""
    from packaging.version import Version

    rows = sorted(runs, key=lambda row: Version(row[1].tensorflow))
    tried = [
        Tried(
            tensorflow=run.tensorflow,
            date=run.date.isoformat(),
            evidence=evidence,
            switches=run.switches,
        )
        for evidence, run in rows
    ]
    return {"schema_version": SCHEMA_VERSION, "tried": plain(tuple(tried))}


def load_switches(path: Path) -> Switches:
    """Read switches.json; raises DataError where it is missing or damaged."""
    return guarded(
        path,
        SCHEMA_VERSION,
        lambda data: Switches(tried=tuple(read(Tried, row) for row in data["tried"])),
    )
