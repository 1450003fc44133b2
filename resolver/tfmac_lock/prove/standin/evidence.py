"""Evidence files of the stand-in, as they lie in matrix/proofs/standin/: one a TensorFlow."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ... import __version__
from ...matrix.plain import plain
from ...matrix.switches import Mnist, StandInRun, TriedSwitch
from ...matrix.toml import read_file
from ..evidence import write_table
from .results import USES, CostsReport, ProbeReport, code_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..linux import Twin
    from ..locked import LockedSet
    from ..report import Report


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
    switches = tuple(switch_of(name, probe, costs) for name in probe.cases)
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
            f"{where}, {layer}": telling_line(own.error) or _longest(own.shown)
            for where, layers in probe.own_optimizers.items()
            for layer, own in layers.items()
        },
        optimizers={name: telling_line(error) for name, error in probe.optimizers.items()},
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
    wrong = [stage for stage in report.stages if not stage.held]
    return Mnist(
        passed=report.passed,
        not_passed=tuple(stage.name for stage in wrong),
        accuracy=report.stage("accuracy").number("accuracy"),
        text="; ".join(f"{stage.name}: {telling_line(stage.error)}" for stage in wrong),
    )


def switch_of(name: str, probe: ProbeReport, costs: CostsReport) -> TriedSwitch:
    """What the probe and the costs say of that switch."""
    uses = probe.cases[name]
    errors = [uses[use].error for use in USES if uses[use].error]
    return TriedSwitch(
        id=name,
        code=code_of(name),
        call=uses["call"].outcome,
        function=uses["function"].outcome,
        fit=uses["fit"].outcome,
        predict=uses["predict"].outcome,
        keeps_device=uses["predict"].products > 0,
        fit_cost=costs.ratio(name, "fit"),
        predict_cost=costs.ratio(name, "predict"),
        error=telling_line(errors[0]) if errors else "",
    )


def _longest(chains: Mapping[str, int]) -> str:
    """The longest chain: the others are its beginnings."""
    return max(chains, key=lambda chain: (chain.count("+"), chain), default="")


_TELLING = ("No registered", "ould not find", "Cannot assign", "does not clip", "Error: ")
"""What the line of an error has that says what happened, the most telling first."""


def telling_line(error: str) -> str:
    """The line of an error that says what happened; empty where there is none."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    for telling in _TELLING:
        for line in lines:
            if telling in line:
                return line[:300]
    return lines[-1][:300] if lines else ""


# ------------------------------------------------------------------------------ as a file


def evidence_name(tensorflow: str) -> str:
    """The name of the file about that TensorFlow."""
    return f"tensorflow-{tensorflow}.toml"


def write_run(run: StandInRun, path: Path) -> None:
    """Write it as TOML, whole or not at all. Raises DiskFull or ToolFailed."""
    content = {field.name: plain(getattr(run, field.name)) for field in fields(run)}
    content["date"] = run.date
    # What is empty is the class's default, and reads better unsaid.
    content["switches"] = [_said(switch) for switch in content["switches"]]
    content |= {name: _said(content[name]) for name in ("mnist", "mnist_with_fault")}
    if not content["dropped"]:
        del content["dropped"]
    write_table(content, path)


def _said(table: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in table.items() if value not in (None, "", [])}


def read_run(path: Path) -> StandInRun:
    """The run in that file; raises DataError that leads to the damage."""
    return read_file(path, StandInRun)
