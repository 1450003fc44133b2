"""Locks, reports and an index with a fake TensorFlow, for the tests of proofs."""

from __future__ import annotations

import copy
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import build_wheel
from tfmac_lock.prove import train_mnist
from tfmac_lock.prove.locked import LockedSet, locked_set

if TYPE_CHECKING:
    from collections.abc import Mapping

FAKE = Path(__file__).parent / "fake"
SERIES = ".".join(platform.python_version_tuple()[:2])
TENSORFLOW = "2.16.2"


def lock_content(
    *,
    name: str = "tensorflow-2.16.2-metal-1.2.0-py{series}-arm64",
    series: str = SERIES,
    metal: str | None = "1.2.0",
    pins: Mapping[str, str] | None = None,
    conda: Mapping[str, str] | None = None,
    arch: str = "arm64",
) -> dict[str, Any]:
    """The content of a lock.json."""
    pins = {"numpy": "1.26.4"} if pins is None else pins
    mine = {"tensorflow": TENSORFLOW, **pins}
    if metal:
        mine["tensorflow-metal"] = metal
    requires = {"tensorflow": [*pins, *(conda or {})]}

    def package(name: str, version: str, manager: str) -> dict[str, Any]:
        return {
            "name": name,
            "version": version,
            "manager": manager,
            "filename": f"{name}-{version}.whl",
            "url": f"https://example.org/{name}-{version}.whl",
            "sha256": "0" * 64,
            "requires": requires.get(name, []),
        }

    return {
        "schema_version": 1,
        "combo": {
            "id": name.format(series=series),
            "tensorflow": {"package": "tensorflow", "version": TENSORFLOW},
            "metal": {"package": "tensorflow-metal", "version": metal} if metal else None,
            "numpy": pins.get("numpy"),
            "h5py": None,
            "python": series,
            "chip": "m1",
            "arch": arch,
            "macos_min": "12.3",
        },
        "verdict": {"status": "works", "grade": "twin", "reasons": []},
        "packages": [package(n, v, "pip") for n, v in sorted(mine.items())]
        + [package(n, v, "conda") for n, v in sorted((conda or {}).items())],
        "files": [],
    }


def lock(**changes: Any) -> LockedSet:
    """The same as the program sees it."""
    return locked_set(lock_content(**changes), "test")


def report_content(**changes: Any) -> dict[str, Any]:
    """A report of a run that went well, on a Mac, of ``lock(series="3.11")``."""
    figures: dict[str, dict[str, Any]] = {
        "matmul": {"relative_error": 1e-6},
        "train": {"fit_seconds": 20.5, "losses": [0.3, 0.1]},
        "accuracy": {"accuracy": 0.977, "floor": 0.96},
        "predict": {"accuracy": 0.977, "sum_error": 1e-7},
        "load": {"difference": 0.0},
        "agreement": {"predict_eager": 1e-6, "predict_cpu": 1e-6, "predict_numpy": 1e-6},
    }
    content: dict[str, Any] = {
        "schema_version": 1,
        "kind": "tfmac-lock-mnist",
        "started": "2026-11-20T10:00:00Z",
        "passed": True,
        "device": "cpu",
        "device_used": "cpu",
        "data": "mnist",
        "optimizer": "adam",
        "python": "3.11.9",
        "implementation": "CPython",
        "host": {
            "system": "Darwin",
            "release": "15.5",
            "machine": "arm64",
            "chip": "Apple M1 (Virtual)",
            "cores": "3",
        },
        "packages": {
            "numpy": "1.26.4",
            "pip": "25.0",
            "tensorflow": TENSORFLOW,
            "tensorflow-metal": "1.2.0",
        },
        "stages": [
            {
                "name": stage.name,
                "status": "passed",
                "seconds": 1.0,
                "figures": figures.get(stage.name, {}),
                "error": "",
                "last_lines": [],
            }
            for stage in train_mnist.PROOF_STAGES
        ],
    }
    return copy.deepcopy(content | changes)


def fail(content: dict[str, Any], stage: str, error: str, status: str = "failed") -> dict[str, Any]:
    """The report of a run that failed at that stage and ended there."""
    reached = False
    for entry in content["stages"]:
        if entry["name"] == stage:
            entry |= {"status": status, "error": error, "last_lines": ["the last line"]}
            reached = True
        elif reached:
            entry |= {"status": "skipped", "error": f"needs {stage}", "figures": {}}
    content["passed"] = False
    return content


def publish(folder: Path) -> None:
    """An index folder with Linux wheels: the fake TensorFlow and a numpy that is the tests' own."""
    import numpy as np

    source = (FAKE / "tensorflow" / "__init__.py").read_bytes()
    build_wheel(folder, "tensorflow-cpu", TENSORFLOW, files={"tensorflow/__init__.py": source})
    # A wheel that leads to the numpy of the test environment, whatever version that is.
    home = str(Path(np.__file__).parents[1])
    shim = f"import sys\nsys.path.insert(0, {home!r})\ndel sys.modules['numpy']\nimport numpy\n"
    build_wheel(folder, "numpy", "1.26.4", files={"numpy/__init__.py": shim.encode()})
