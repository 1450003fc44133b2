"""The ten lines that find a GPU which leaves the ReLU of a Dense layer out."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tfmac_lock.__main__ import main
from tfmac_lock.prove.run import DETECTOR

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TENSORFLOW = """
import numpy as np
__version__ = "9.9"


class _Array(np.ndarray):
    def numpy(self):
        return np.asarray(self)


class _Model:
    def __init__(self):
        self.kernel = np.random.RandomState(2).randn(32, 16).astype("float32")

    def predict(self, x, verbose):
        product = x @ self.kernel
        return product if {fault} else np.maximum(product, 0)

    def __call__(self, x, training):
        return np.maximum(x @ self.kernel, 0).view(_Array)


class keras:
    Input = staticmethod(lambda shape: None)
    Sequential = staticmethod(lambda layers: _Model())

    class layers:
        Dense = staticmethod(lambda units, activation: None)


class config:
    get_visible_devices = staticmethod(lambda kind: [])


def constant(value):
    return value
"""


def run(folder: Path, *, fault: bool) -> subprocess.CompletedProcess[str]:
    text = TENSORFLOW.replace("{fault}", str(fault))
    (folder / "tensorflow.py").write_text(text)
    return subprocess.run(
        [sys.executable, str(DETECTOR)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )


def test_a_predict_that_differs_from_the_eager_call_ends_with_1(tmp_path: Path) -> None:
    done = run(tmp_path, fault=True)
    assert done.returncode == 1, done.stderr
    assert "WRONG: predict leaves the ReLU out" in done.stdout


def test_one_that_agrees_ends_with_0_and_names_the_device(tmp_path: Path) -> None:
    done = run(tmp_path, fault=False)
    assert done.returncode == 0, done.stderr
    assert "TensorFlow 9.9 on the CPU" in done.stdout
    assert "right: predict applies the ReLU" in done.stdout


def test_it_is_python_3_8_and_short() -> None:
    source = DETECTOR.read_text("utf-8")
    ast.parse(source, feature_version=(3, 8))
    code = source.rpartition('"""')[2]
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 14


def test_detect_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--detect"]) == 0
    assert capsys.readouterr().out == DETECTOR.read_text("utf-8")


def test_prove_runs_it_with_the_interpreter_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, fault=True)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert main(["prove", "--detect", "--environment", sys.executable]) == 1


def test_it_looks_at_an_environment_and_not_at_a_lock(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "--detect", "--lock", "x"]) == 2
    assert "leave --lock out" in capsys.readouterr().err
