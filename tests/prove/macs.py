"""Fake Macs: reports as ``prove --share`` makes them, of a real published lock."""

from __future__ import annotations

import copy
import functools
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.prove.support import fail
from tfmac_lock.cli.proving import known_locks
from tfmac_lock.matrix import loading
from tfmac_lock.prove import train_mnist
from tfmac_lock.prove.handing import document_of
from tfmac_lock.prove.known import Known, known_of

if TYPE_CHECKING:
    from tfmac_lock.prove.locked import LockedSet

LOCK = "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64"
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MATRIX = Path(__file__).parents[2] / "matrix"

FIGURES: dict[str, dict[str, Any]] = {
    "import": {"version": "2.18.1"},
    "data": {"train_images": 60000, "test_images": 10000},
    "train": {"fit_seconds": 21.4, "losses": [0.29, 0.14, 0.11, 0.09, 0.07], "epochs": 5},
    "accuracy": {"accuracy": 0.9771, "floor": 0.96},
    "save": {"bytes": 1240000},
    "predict": {"accuracy": 0.9771, "sum_error": 2e-7},
    "load": {"difference": 0.0},
    "agreement": {
        "lowest_hidden": 0.0,
        "predict_eager": 1e-6,
        "predict_cpu": 1e-6,
        "predict_numpy": 1e-6,
    },
    "relu": {"relu": 1e-6, "relu6": 1e-6, "elu": 1e-6},
    "float16": {"product": 1e-3, "sum": 1e-3},
    "conv1d": {"difference": 1e-7},
    "embedding": {"inside": 0.0, "outside": "zeros"},
    "seeds": {"mean": 0.01, "deviation": 1.0},
    "simplernn": {"difference": 1e-6},
    "jit": {"difference": 1e-6},
    "diverge": {"device": [2.2, 0.04], "cpu": [2.2, 0.04]},
    "momentum": {"momentum": 1e-7, "nesterov": 1e-7},
}


@functools.cache
def the_lock(name: str = LOCK) -> LockedSet:
    found = re.search(r"-py(3\.\d+)-(arm64|x86_64)$", name)
    assert found
    return next(lock for lock in known_locks()(found[1], found[2]) if lock.id == name)


@functools.cache
def facts() -> Known:
    return known_of(MATRIX, loading.matrix(), known_locks(), NOW, Path("/nowhere"))


def sealed(report: dict[str, Any]) -> dict[str, Any]:
    """The report with the digest of what it says now, as a careful forger would leave it."""
    rest = {key: value for key, value in report.items() if key != "digest"}
    return {**rest, "digest": train_mnist.digest_of(rest)}


def mac_report(
    device: str = "cpu",
    *,
    chip: str = "Apple M1 Max",
    macos: str = "15.5",
    started: datetime = NOW - timedelta(hours=3),
    lock: str = LOCK,
    seconds: float = 1.0,
) -> dict[str, Any]:
    """The report of a run in which all went well; ``seconds`` makes one Mac's times its own."""
    of = the_lock(lock)
    contents = {
        name: next(iter(facts().contents[(name, of.pins[name], of.series, of.arch)]))
        for name in ("tensorflow", "tensorflow-metal", "tensorflow-macos")
        if name in of.pins
    }
    figures = copy.deepcopy(FIGURES)
    gpu = device == "gpu"
    listed = ["/physical_device:GPU:0"] if "tensorflow-metal" in of.pins else []
    figures["devices"] = {"gpus": listed, "used": device}
    place = f"/job:localhost/replica:0/task:0/device:{device.upper()}:0"
    figures["matmul"] = {"relative_error": 1e-6, "device": place}
    stages = [
        {
            "name": stage.name,
            "status": "passed",
            "seconds": round(25.0 if stage.name == "train" else seconds + 0.013 * place_, 3),
            "figures": figures[stage.name],
            "error": "",
            "last_lines": [],
        }
        for place_, stage in enumerate((*train_mnist.PROOF_STAGES, *train_mnist.FAULT_STAGES))
    ]
    begins = started + (timedelta(minutes=5) if gpu else timedelta())
    return sealed(
        {
            "schema_version": 1,
            "kind": "tfmac-lock-mnist",
            "run": uuid.uuid5(uuid.NAMESPACE_URL, f"{device}{chip}{macos}{started}{seconds}").hex,
            "trainer": min(facts().trainers),
            "started": begins.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "finished": (begins + timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "passed": True,
            "device": device,
            "device_used": device,
            "data": "mnist",
            "optimizer": "adam",
            "python": f"{of.series}.9",
            "implementation": "CPython",
            "host": {
                "system": "Darwin",
                "release": macos,
                "machine": of.arch,
                "chip": chip,
                "cores": "10",
            },
            "packages": {**of.pins, "pip": "25.0"},
            "contents": contents,
            "stages": stages,
        }
    )


def mac(**how: Any) -> dict[str, Any]:
    """What one Mac hands in: the CPU's report and the GPU's."""
    return document_of([mac_report("cpu", **how), mac_report("gpu", **how)])


def relu_left_out(report: dict[str, Any]) -> dict[str, Any]:
    """The same run on a Mac whose GPU leaves the ReLU out."""
    report = copy.deepcopy(report)
    for stage in report["stages"]:
        if stage["name"] == "relu":
            stage |= {"status": "failed", "figures": {}}
            stage["error"] = "Dense with relu: differs from the CPU by 0.41"
    return sealed({**report, "passed": False})


def failed(report: dict[str, Any], stage: str, error: str) -> dict[str, Any]:
    """The same run, ended at that stage."""
    return sealed(fail(copy.deepcopy(report), stage, error))
