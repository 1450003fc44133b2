"""Which failure of a companion on Linux says something of the Mac."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.prove.support import lock
from tfmac_lock.matrix.companions import Trial
from tfmac_lock.prove.companions import trials_in
from tfmac_lock.prove.errors import NotProvable
from tfmac_lock.prove.processes import Ended
from tfmac_lock.prove.programs import Task

if TYPE_CHECKING:
    from pathlib import Path

TASK = Task(name="layers", version="2.0", program="import layers", environment={})


def tried(folder: Path, output: str, dropped: dict[str, str]) -> Trial | NotProvable:
    """What becomes of a program that fails with that output."""
    twins: Any = SimpleNamespace(run=lambda *_, **__: Ended(status=1, output=output))
    wheel = SimpleNamespace(filename="tensorflow_cpu-2.18.1-cp311-cp311-manylinux1_x86_64.whl")
    twin: Any = SimpleNamespace(tensorflow=wheel, dropped=dropped, without_cuda={})
    place = folder / "place"
    place.mkdir()
    (found,) = trials_in((place / "python", twin, place), twins, lock(), [TASK], folder / "proofs")
    return found


@pytest.mark.parametrize(
    "output",
    [
        "ImportError: cannot import name 'layers'",
        "RuntimeError: CHECK failed: GeneratedDatabase()->Add(encoded_file_descriptor, size):",
        "AttributeError: module 'numpy' has no attribute 'bool'",
    ],
)
def test_a_failure_of_the_package_is_filed(tmp_path: Path, output: str) -> None:
    found = tried(tmp_path, f"Traceback (most recent call last):\n{output}\n", {})
    assert isinstance(found, Trial)
    assert (found.outcome, found.error) == ("broken", output)
    assert len([*(tmp_path / "proofs" / "layers").iterdir()]) == 1


@pytest.mark.parametrize(
    ("output", "dropped", "reason"),
    [
        ("ImportError: no", {"gone": "1.0"}, "Linux has no wheel of gone"),
        ("urllib.error.URLError: <urlopen error>", {}, "it asked for the network"),
        (
            "NotFoundError: /env/tensorflow_text/_ops.so: undefined symbol: _ZN6tflite4TestEv",
            {},
            "a library of its wheel for Linux does not load",
        ),
        (
            "ImportError: /env/_C.cpython-311-x86_64-linux-gnu.so: undefined symbol: _ZN2at4TestEv",
            {},
            "a library of its wheel for Linux does not load",
        ),
    ],
)
def test_a_failure_of_linux_is_not_filed(
    tmp_path: Path, output: str, dropped: dict[str, str], reason: str
) -> None:
    found = tried(tmp_path, output, dropped)
    assert isinstance(found, NotProvable)
    assert reason in found.reason
    assert not (tmp_path / "proofs").exists()
