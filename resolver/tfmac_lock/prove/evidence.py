"""Evidence files: one run of the proof about one lock, as it lies in matrix/proofs/."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import tempfile
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import tomli_w
from packaging.version import InvalidVersion, Version

from .. import __version__
from ..files import write_whole
from ..matrix.plain import plain
from ..matrix.proofs import MacReport, Proof
from ..matrix.toml import read_file
from ..target import Arch
from .errors import BadReport, DiskFull, NotProvable, ToolFailed
from .faults import checked_by, faults_of, limits_of, runs
from .linux import WITHOUT_CUDA
from .locked import TENSORFLOW
from .report import DEFECTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..matrix.companions import Run
    from .linux import Twin
    from .locked import LockedSet
    from .report import Report

TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})
"""What may be in an environment besides the lock: makers of environments put it there."""


def evidence_of_twin(lock: LockedSet, twin: Twin, report: Report) -> Proof:
    """What the twin's report says about every lock with these pins.

    Raises NotProvable where the machine and not TensorFlow ended the run.
    """
    failure = report.first_failure
    if failure is not None:
        if os.strerror(errno.ENOSPC) in " ".join((failure.error, *failure.last_lines)):
            raise DiskFull(tempfile.gettempdir())
        if failure.status == "outside" or "SIGKILL" in failure.error:
            # Only the system's out-of-memory killer and people send SIGKILL.
            raise NotProvable(lock.id, f"the run was cut short: {failure.error}")
    _must_match(lock.others, report, twin)
    stand_in = f"{twin.tensorflow.filename.split('-')[0].replace('_', '-')} {lock.tensorflow}"
    where = f"on {report.host.system} with {stand_in} and CPython {report.python}"
    return _proof(
        lock,
        report,
        grade="twin",
        text=_sentence(report, where),
        source=f"tfmac-lock {__version__} prove twin",
        package="tensorflow",
        device="cpu",
        wheel=twin.tensorflow.filename,
        dropped=dict(twin.dropped),
        pins=lock.others,
    )


def twin_file(lock: LockedSet) -> str:
    """The name of the twin's file: its TensorFlow, its Python, and its pins in short."""
    pins = json.dumps(sorted(lock.others.items())).encode()
    return f"{lock.tensorflow}-py{lock.series}-{hashlib.sha256(pins).hexdigest()[:8]}.toml"


def evidence_of_mac(lock: LockedSet, report: Report, source: str, where: str) -> Proof:
    """What a report from a Mac says about the lock.

    ``source`` is the address of the run, ``where`` names the report. Raises BadReport where the
    report is not about this lock.
    """
    problem = _not_this_lock(lock, report)
    if problem:
        raise BadReport(where, f"not a run of {lock.id}: {problem}")
    if report.data == "synthetic":
        raise BadReport(where, "trained on drawn digits; evidence from a Mac needs MNIST itself")
    if report.started > datetime.now(UTC) + timedelta(days=1):
        raise BadReport(where, f"started in the future: {report.started.isoformat()}")
    failure = report.first_failure
    if failure is not None and (failure.status == "outside" or "SIGKILL" in failure.error):
        raise BadReport(where, f"the run was cut short and says nothing: {failure.error}")
    used: Literal["cpu", "gpu"] = (
        "gpu" if report.device == "gpu" or report.device_used == "gpu" else "cpu"
    )
    machine = f"on {report.host.chip}, macOS {report.host.release}, {used.upper()}"
    # A result that is wrong is a fault of a pair that runs: it has a way out, and breaks nothing.
    return replace(
        _proof(lock, report, **_of_mac(lock, report, used, machine, source)),
        outcome="works" if runs(report) else "broken",
        faults=faults_of(report),
        checked=checked_by(report) if used == "gpu" else (),
        limits=limits_of(report),
    )


def _of_mac(
    lock: LockedSet, report: Report, used: Literal["cpu", "gpu"], machine: str, source: str
) -> dict[str, Any]:
    """What is stated of a run on a Mac, besides what every run has."""
    return {
        "grade": "trained-gpu" if used == "gpu" else "trained-cpu",
        "lock": lock.id,
        "text": _sentence(report, machine),
        "source": source,
        "package": "tensorflow-macos" if lock.package == "tensorflow-macos" else "tensorflow",
        "metal": lock.metal,
        "arch": Arch(lock.arch),
        "device": used,
        "pins": dict(lock.pins),
    }


def evidence_file(evidence: Proof, folder: Path) -> Path:
    """Where evidence from a Mac lies under ``folder``, matrix/proofs: a file a lock and machine.

    A GPU run on a virtual Mac goes beside it, to matrix/observed: what a paravirtual GPU does
    is worth keeping and says nothing about a real one, so no verdict may rest on it.
    """
    release = evidence.system.split()[1].split(".")[0]
    chip = re.sub(r"[^a-z0-9]+", "-", evidence.chip.lower()).strip("-")
    if evidence.grade == "trained-gpu" and "virtual" in chip:
        folder = folder.parent / "observed"
    return folder / evidence.grade / f"{evidence.lock}-macos{release}-{chip}.toml"


def _proof(of: LockedSet, report: Report, **stated: Any) -> Proof:
    """What both sorts of proof say of a run."""
    failure = report.first_failure
    return Proof(
        tensorflow=of.tensorflow,
        python=report.python,
        date=report.started.astimezone(UTC).date(),
        outcome="works" if report.passed else "broken",
        system=f"{report.host.system} {report.host.release} {report.host.machine}"
        if report.host.system == "Darwin"
        else f"{report.host.system} {report.host.machine}",
        chip=report.host.chip,
        data=report.data,
        optimizer=report.optimizer,
        stage=failure.name if failure else None,
        error=without_paths(failure.error) if failure else None,
        last_lines=tuple(without_paths(line) for line in failure.last_lines[-8:])
        if failure
        else (),
        figures=_figures(report),
        **stated,
    )


def _sentence(report: Report, where: str) -> str:
    """The run in one sentence."""
    failure = report.first_failure
    if failure is not None:
        reason = without_paths(" ".join(failure.error.split()))[:300]
        if failure.name in DEFECTS and report.stage("accuracy").status == "passed":
            return f"Trained {where}, with wrong results at stage {failure.name}: {reason}"
        return f"Failed at stage {failure.name} {where}: {reason}"
    digits = "drawn digits" if report.data == "synthetic" else "MNIST"
    accuracy = report.stage("accuracy").number("accuracy") or 0.0
    return f"Imported, trained, saved and loaded {where}: accuracy {accuracy:.4f} on {digits}"


def _figures(report: Report) -> dict[str, float]:
    wanted = {
        "accuracy": report.stage("accuracy").number("accuracy"),
        "agreement": report.stage("agreement").number("predict_cpu"),
        "import_seconds": report.stage("import").seconds,
        "train_seconds": report.stage("train").number("fit_seconds"),
    }
    return {name: round(value, 6) for name, value in wanted.items() if value is not None}


def without_paths(line: str) -> str:
    """The line with folders of the machine that it was printed on cut to the file's name."""
    # A path begins after a space, a quote or a bracket; the slashes of an address do not.
    return re.sub(r"(?<![\w:/.])/(?:[\w.@+~-]+/)+", "", line)


def _not_this_lock(lock: LockedSet, report: Report) -> str:
    """Why the report cannot come from that lock; empty where it can."""
    if report.host.system != "Darwin":
        return f"it ran on {report.host.system} and not on a Mac"
    if report.host.machine != lock.arch:
        return f"it ran on {report.host.machine}, the lock is for {lock.arch}"
    if report.implementation != "CPython" or not report.python.startswith(f"{lock.series}."):
        return f"it ran on {report.implementation} {report.python}, the lock is for {lock.python}"
    if lock.macos_min is None:
        return "the lock is for Linux"
    try:
        if Version(report.host.release) < Version(lock.macos_min):
            return f"it ran on macOS {report.host.release}, the lock needs {lock.macos_min}"
    except InvalidVersion:
        return f"macOS {report.host.release!r} is not a version"
    return _mismatch(lock.pins, report, also=lock.conda_names)


def _must_match(pins: Mapping[str, str], report: Report, twin: Twin) -> None:
    """The twin's environment holds what was to be installed; anything else is a fault of ours."""
    kept = {
        name: f"{version}+{WITHOUT_CUDA}" if name in twin.without_cuda else version
        for name, version in pins.items()
        if name not in twin.dropped
    }
    if problem := _mismatch(kept, report, also=TENSORFLOW):
        raise ToolFailed("the twin's environment", problem)


def _mismatch(pins: Mapping[str, str], report: Report, also: frozenset[str] = frozenset()) -> str:
    """How what was installed differs from the pins; empty where it does not."""
    for name, version in pins.items():
        has = report.packages.get(name)
        if has is None:
            return f"{name} {version} of the lock was not installed"
        try:
            same = Version(has) == Version(version)
        except InvalidVersion:
            same = has == version
        if not same:
            return f"{name} {has} was installed, the lock has {version}"
    extra = sorted(set(report.packages) - set(pins) - TOOLS - also)
    return f"{extra[0]} was installed and is not in the lock" if extra else ""


def write_evidence(evidence: Proof | Run | MacReport, path: Path) -> None:
    """Write it as TOML, whole or not at all. Raises DiskFull or ToolFailed."""
    write_table(_unsaid(evidence), path)


def write_table(table: Mapping[str, Any], path: Path) -> None:
    """Write a table as TOML, whole or not at all. Raises DiskFull or ToolFailed."""
    try:
        write_whole(path, tomli_w.dumps(table))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(str(path.parent)) from error
        raise ToolFailed(str(path), error.strerror or str(error)) from error


def _unsaid(fact: Any) -> dict[str, Any]:
    """The fact as a table without what is empty, which is the default; TOML has its own dates."""
    table: dict[str, Any] = {}
    for field in fields(fact):
        value = getattr(fact, field.name)
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            table[field.name] = [_unsaid(item) for item in value]
        elif value:
            table[field.name] = value if isinstance(value, date) else plain(value)
    return table


def read_evidence(path: Path) -> Proof:
    """The evidence in that file; raises DataError that leads to the damage."""
    return read_file(path, Proof)
