"""The proof fails when it should, and says at which stage; a fake TensorFlow plays the culprit."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tfmac_lock.prove import train_mnist

pytest.importorskip("numpy", reason="the fake TensorFlow computes with numpy")

SCRIPT = Path(train_mnist.__file__)
FAKE = Path(__file__).parent / "fake"


def prove(tmp_path: Path, *options: str, fault: str = "", gpu: bool = False) -> tuple[int, Any]:
    """Run the proof with the fake TensorFlow; exit status and report."""
    report = tmp_path / "report.json"
    environ = os.environ | {"PYTHONPATH": str(FAKE), "FAKE_FAULT": fault, "OMP_NUM_THREADS": "1"}
    if gpu:
        environ["FAKE_GPU"] = "1"
    command = [sys.executable, str(SCRIPT), "--core", "--report", str(report), *options]
    if "--data" not in options:
        command.append("--synthetic")
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    return ended.returncode, json.loads(report.read_text()) if report.exists() else None


def stage(report: Any, name: str) -> Any:
    return next(entry for entry in report["stages"] if entry["name"] == name)


def test_a_tensorflow_that_works_passes_every_stage(tmp_path: Path) -> None:
    status, report = prove(tmp_path)
    assert status == 0
    assert report["passed"]
    assert {entry["status"] for entry in report["stages"]} == {"passed"}
    assert report["data"] == "synthetic"
    assert stage(report, "accuracy")["figures"]["accuracy"] > 0.95


def test_the_legacy_optimizer_can_be_asked_for(tmp_path: Path) -> None:
    status, report = prove(tmp_path, "--optimizer", "legacy-adam")
    assert status == 0
    assert report["optimizer"] == "legacy-adam"


@pytest.mark.parametrize(
    ("fault", "where", "says"),
    [
        ("wrong-matmul", "matmul", "matmul is wrong"),
        ("does-not-learn", "accuracy", "below the floor"),
        ("h5-does-not-load", "load", "No model config"),
        ("h5-loads-others", "load", "the loaded model"),
        ("relu-does-not-clip", "agreement", "relu does not clip"),
        ("exit-at-import", "import", "SystemExit"),
    ],
)
def test_a_fault_fails_at_its_stage(tmp_path: Path, fault: str, where: str, says: str) -> None:
    status, report = prove(tmp_path, fault=fault)
    assert status == 1
    assert not report["passed"]
    assert stage(report, where)["status"] == "failed"
    assert says in stage(report, where)["error"]


@pytest.mark.parametrize(("fault", "name"), [("segfault", "SIGSEGV"), ("abort", "SIGABRT")])
def test_a_stage_that_takes_the_interpreter_down_is_named_with_the_signal(
    tmp_path: Path, fault: str, name: str
) -> None:
    status, report = prove(tmp_path, fault=fault)
    assert status == 1
    assert stage(report, "train")["status"] == "died"
    assert name in stage(report, "train")["error"]
    assert stage(report, "agreement")["status"] == "skipped"
    if fault == "segfault":
        assert "about to fall" in stage(report, "train")["last_lines"]


def test_a_stage_that_hangs_is_ended_at_its_limit(tmp_path: Path) -> None:
    status, report = prove(tmp_path, "--limit", "1", fault="hang-at-import")
    assert status == 1
    assert stage(report, "import")["status"] == "died"
    assert stage(report, "import")["error"] == "took longer than 1 s"


def test_what_depends_on_a_failed_stage_is_skipped_and_not_passed(tmp_path: Path) -> None:
    _, report = prove(tmp_path, "--device", "gpu")
    assert stage(report, "devices")["status"] == "failed"
    assert "none" in stage(report, "devices")["error"]
    assert stage(report, "train")["status"] == "skipped"
    assert stage(report, "data")["status"] == "passed"
    assert not report["passed"]


def test_a_gpu_that_is_listed_and_not_used_fails(tmp_path: Path) -> None:
    status, report = prove(tmp_path, "--device", "gpu", fault="gpu-unused", gpu=True)
    assert status == 1
    assert "not on the GPU" in stage(report, "matmul")["error"]


def test_a_gpu_that_is_used_passes(tmp_path: Path) -> None:
    status, report = prove(tmp_path, "--device", "gpu", gpu=True)
    assert status == 0
    assert report["device_used"] == "gpu"


def test_asking_for_the_cpu_leaves_the_gpu_alone(tmp_path: Path) -> None:
    status, report = prove(tmp_path, "--device", "cpu", gpu=True)
    assert status == 0
    assert report["device_used"] == "cpu"


def test_data_that_cannot_be_read_are_an_outside_fault(tmp_path: Path) -> None:
    status, report = prove(tmp_path, "--data", str(tmp_path / "none.npz"))
    assert status == 3
    assert stage(report, "data")["status"] == "outside"
    assert not report["passed"]


def test_a_file_that_is_not_mnist_is_refused(tmp_path: Path) -> None:
    import numpy as np

    path = tmp_path / "other.npz"
    images, labels = np.zeros((20, 8, 8)), np.arange(20) % 10
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    status, report = prove(tmp_path, "--data", str(path))
    assert status == 3
    assert "not MNIST" in stage(report, "data")["error"]


def test_a_report_that_cannot_be_written_is_an_outside_fault(tmp_path: Path) -> None:
    status, _ = prove(tmp_path, "--report", str(tmp_path / "none" / "report.json"))
    assert status == 3


def test_sigterm_leaves_neither_child_nor_folder(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    environ = os.environ | {"PYTHONPATH": str(FAKE), "FAKE_FAULT": "hang-at-import"}
    command = [sys.executable, str(SCRIPT), "--synthetic"]
    with subprocess.Popen(
        command, env=environ | {"TMPDIR": str(folder)}, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stderr.read(6) == b"import"  # the child runs and hangs
        child = children_of(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
    assert child
    assert not [pid for pid in child if Path(f"/proc/{pid}").exists()]
    assert list(folder.iterdir()) == []


def children_of(pid: int) -> list[int]:
    """The processes whose parent is ``pid``; skips where the system has no /proc."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc")
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def test_bench_adds_the_workloads(monkeypatch: pytest.MonkeyPatch) -> None:
    options = train_mnist.parse(["--bench", "--device", "auto", "--synthetic"])
    names = [entry.name for entry in train_mnist.stages_of(options)]
    assert "bench-mnist-cpu" in names
    assert "bench-cifar-gpu" in names
    assert "bench-matmul-gpu" in names


def test_the_drawn_digits_are_the_same_every_time_and_have_ten_classes() -> None:
    import numpy as np

    images, labels = train_mnist.draw_digits(np, 100, 3)
    again, _ = train_mnist.draw_digits(np, 100, 3)
    assert images.shape == (100, 28, 28)
    assert (images == again).all()
    assert sorted(set(labels.tolist())) == list(range(10))


def test_it_is_python_3_8() -> None:
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 8))


def test_a_report_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    train_mnist.write_report(path, {"passed": True})
    before = path.read_bytes()
    write = Path.write_text

    def half(place: Path, text: str, **settings: Any) -> int:
        write(place, text[:5], **settings)
        raise OSError(28, "No space left on device", str(place))

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space"):
        train_mnist.write_report(path, {"passed": False})
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_a_report_goes_through_a_link_and_into_a_device(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real.json")
    train_mnist.write_report(tmp_path / "link", {"passed": True})
    assert json.loads((tmp_path / "real.json").read_text()) == {"passed": True}
    train_mnist.write_report(Path("/dev/null"), {"passed": True})
    assert Path("/dev/null").is_char_device()
