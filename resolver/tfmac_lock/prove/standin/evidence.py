"""Evidence files of the stand-in, as they lie in matrix/proofs/standin/: one a TensorFlow."""

from __future__ import annotations

import errno
import os
import tomllib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ... import __version__
from ...errors import DataError
from ..errors import DiskFull, ToolFailed
from .results import USES, CostsReport, Outcome, ProbeReport, code_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..linux import Twin
    from ..locked import LockedSet
    from ..report import Report

MNIST_WORKS = "passed"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Switch(_Model):
    """A switch, and what became of the plugin's optimizer in the four uses of a model.

    ``keeps_device`` says whether the products of ``predict`` were made on the plugin's device.
    ``fit_cost`` and ``predict_cost`` are times of the time without the switch, on the CPU of the
    machine that ran it: 1.0 is no cost. ``error`` is that of the first use that failed.
    """

    id: str
    code: str
    call: Outcome
    function: Outcome
    fit: Outcome
    predict: Outcome
    keeps_device: bool
    fit_cost: Annotated[float, Field(gt=0)] | None = None
    predict_cost: Annotated[float, Field(gt=0)] | None = None
    error: str = ""

    @property
    def avoids(self) -> bool:
        """Whether neither ``fit`` nor ``predict`` show the plugin's optimizer the chain."""
        return {self.fit, self.predict} <= {"not-called", "not-shown"}


class Mnist(_Model):
    """A run of the MNIST proof on the plugin's device: its stages that did not pass, and why."""

    passed: bool
    not_passed: tuple[str, ...] = ()
    accuracy: float | None = None
    text: str = ""


class StandInRun(_Model):
    """Everything that was tried with the stand-in beside one TensorFlow.

    ``fingerprint`` tells which state of the stand-in it was. ``shown`` has, for each layer and
    activation, the chain that TensorFlow shows the optimizer. ``own`` is what TensorFlow's own
    optimizers leave of a layer where no plugin's is called, or the kernel that it asks for.
    ``optimizers`` are those that were trained with, with the error where one failed. ``mnist``
    is the proof with a sound plugin, ``mnist_with_fault`` that with the imitated fault, which it
    has to find.
    """

    schema_version: Literal[1] = 1
    text: str
    date: date
    source: str
    fingerprint: str
    lock: str
    tensorflow: str
    python: str
    system: str
    compiler: str
    wheel: str
    devices: tuple[str, ...]
    switches: tuple[Switch, ...]
    shown: dict[str, str]
    own: dict[str, str]
    optimizers: dict[str, str]
    mnist: Mnist
    mnist_with_fault: Mnist
    dropped: dict[str, str] = Field(default_factory=dict)
    pins: dict[str, str]

    @property
    def minor(self) -> str:
        """``2.18``."""
        return ".".join(self.tensorflow.split(".")[:2])


def run_of(
    lock: LockedSet,
    twin: Twin,
    *,
    probe: ProbeReport,
    costs: CostsReport,
    mnist: Mnist,
    mnist_with_fault: Mnist,
    machine: Mapping[str, str],
) -> StandInRun:
    """All reports about one TensorFlow as one record; ``machine`` has what is not in them."""
    switches = tuple(_switch(name, probe, costs) for name in probe.cases)
    avoid = [switch.id for switch in switches if switch.avoids and switch.keeps_device]
    return StandInRun(
        text=f"Beside a stand-in plugin, TensorFlow {probe.tensorflow} on Linux does not show "
        f"the plugin's graph optimizer a Dense layer with ReLU in fit and predict with: "
        f"{', '.join(avoid) or 'nothing that was tried'}",
        date=datetime.now(UTC).date(),
        source=f"tfmac-lock {__version__} prove standin",
        lock=lock.id,
        tensorflow=probe.tensorflow,
        python=probe.python,
        wheel=twin.tensorflow.filename,
        devices=probe.devices,
        switches=switches,
        shown={name: _longest(chains) for name, chains in probe.activations.items()},
        own={
            f"{where}, {layer}": _first_line(own.error) or _longest(own.shown)
            for where, layers in probe.own_optimizers.items()
            for layer, own in layers.items()
        },
        optimizers={name: _first_line(error) for name, error in probe.optimizers.items()},
        mnist=mnist,
        mnist_with_fault=mnist_with_fault,
        dropped=dict(twin.dropped),
        pins=dict(lock.pins),
        fingerprint=machine["fingerprint"],
        system=machine["system"],
        compiler=machine["compiler"],
    )


def mnist_of(report: Report) -> Mnist:
    """A run of the MNIST proof in short."""
    wrong = [stage for stage in report.stages if stage.status != MNIST_WORKS]
    return Mnist(
        passed=report.passed,
        not_passed=tuple(stage.name for stage in wrong),
        accuracy=report.stage("accuracy").number("accuracy"),
        text="; ".join(f"{stage.name}: {_first_line(stage.error)}" for stage in wrong),
    )


def _switch(name: str, probe: ProbeReport, costs: CostsReport) -> Switch:
    uses = probe.cases[name]
    errors = [uses[use].error for use in USES if uses[use].error]
    return Switch(
        id=name,
        code=code_of(name),
        call=uses["call"].outcome,
        function=uses["function"].outcome,
        fit=uses["fit"].outcome,
        predict=uses["predict"].outcome,
        keeps_device=uses["predict"].products > 0,
        fit_cost=costs.ratio(name, "fit"),
        predict_cost=costs.ratio(name, "predict"),
        error=_first_line(errors[0]) if errors else "",
    )


def _longest(chains: Mapping[str, int]) -> str:
    """The longest chain: the others are its beginnings."""
    return max(chains, key=lambda chain: (chain.count("+"), chain), default="")


_TELLING = ("No registered", "ould not find", "Cannot assign", "does not clip", "Error: ")
"""What the line of an error has that says what happened, the most telling first."""


def _first_line(error: str) -> str:
    """The line of an error that says what happened."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    for telling in _TELLING:
        for line in lines:
            if telling in line:
                return line[line.index(telling) if telling == "No registered" else 0 :][:300]
    return lines[-1][:300] if lines else ""


# ------------------------------------------------------------------------------ as a file


def evidence_name(tensorflow: str) -> str:
    """The name of the file about that TensorFlow."""
    return f"tensorflow-{tensorflow}.toml"


def write_run(run: StandInRun, path: Path) -> None:
    """Write it as TOML, whole or not at all. Raises DiskFull or ToolFailed."""
    content = run.model_dump(mode="python", exclude_none=True)
    content["switches"] = [{k: v for k, v in s.items() if v != ""} for s in content["switches"]]
    text = tomli_w.dumps({key: _plain(value) for key, value in content.items()})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        partial.write_text(text, "utf-8")
        partial.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(str(path.parent)) from error
        raise ToolFailed(str(path), error.strerror or os.strerror(errno.EIO)) from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def read_run(path: Path) -> StandInRun:
    """The run in that file; raises DataError that leads to the damage."""
    try:
        return StandInRun.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(str(path), str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}: {where}", first["msg"]) from error


def read_runs(folder: Path) -> tuple[StandInRun, ...]:
    """All runs in that folder, the earliest TensorFlow first; raises DataError."""
    from packaging.version import Version

    found = [read_run(path) for path in folder.glob("*.toml")]
    return tuple(sorted(found, key=lambda run: Version(run.tensorflow)))
