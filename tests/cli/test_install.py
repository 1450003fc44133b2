"""`install` on a fake Mac: fake uv and Pythons that note what they are asked, a fake TensorFlow."""

from __future__ import annotations

import json
import shlex
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_lock import PAIR, Said, names, run, wheels
from tests.prove.support import fail, report_content
from tests.support import HtmlIndex, build_wheel
from tfmac_lock import host
from tfmac_lock.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run", "wheels"]

pytestmark = pytest.mark.usefixtures("folder")

FAKE = Path(__file__).parents[1] / "prove" / "fake"

# As an interpreter: notes its words, makes environments, and runs scripts with the fake TensorFlow.
PYTHON = f"""#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
case "$1 $2" in
  "-I -c") echo CPython 3.11.9 ;;
  "-m venv"|"venv --python")
    for folder; do :; done
    mkdir -p "$folder/bin"
    cp "$0" "$folder/bin/python"
    echo "version = ${{FAKE_VERSION:-3.11.9}}" > "$folder/pyvenv.cfg" ;;
  "-m ipykernel"|"-m pip"|"pip install") exit "${{FAKE_INSTALL:-0}}" ;;
  *)
    if [ -n "$REPORT" ]; then
      while [ "$1" != --report ]; do shift; done
      cp "$REPORT" "$2" && exit 0
    fi
    PYTHONPATH={shlex.quote(str(FAKE))} exec {shlex.quote(sys.executable)} "$@" ;;
esac
"""


@pytest.fixture
def log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Mac with Python 3.11 and uv; the file that they note in."""
    tools = folder.parent / "tools"
    tools.mkdir()
    for name in ("uv", "python3.11"):
        (tools / name).write_text(PYTHON)
        (tools / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(folder.parent / "none"))
    monkeypatch.setenv("LOG", str(folder.parent / "log"))
    on_a(monkeypatch)
    reports(monkeypatch, folder, report_content())
    return folder.parent / "log"


def reports(monkeypatch: pytest.MonkeyPatch, folder: Path, content: dict[str, Any]) -> None:
    """Let the proof find that."""
    figures = {stage["name"]: stage["figures"] for stage in content["stages"]}
    figures["import"] |= {"version": "2.18.1"}
    figures["devices"] |= {"used": "gpu", "gpus": ["/physical_device:GPU:0"]}
    figures["matmul"] |= {"device": "/job:localhost/device:GPU:0"}
    figures["train"] |= {"epochs": 5}
    path = folder.parent / "report.json"
    path.write_text(json.dumps(content))
    monkeypatch.setenv("REPORT", str(path))


def on_a(monkeypatch: pytest.MonkeyPatch, chip: str = "Apple M1", macos: str = "14.5") -> None:
    mac = Host(chip=chip, macos=macos, rosetta=False)
    monkeypatch.setattr(host, "detect", lambda: mac)


def lines(log: Path) -> list[str]:
    """What the tools were asked, in order, without the proof's own child."""
    return [line for line in log.read_text().splitlines() if "--child" not in line]


def test_two_words_install_and_try_it(run: Callable[..., Said], folder: Path, log: Path) -> None:
    said = run("install")
    assert said.status == 0, said.err
    assert lines(log)[:2] == [
        "uv venv --python cpython-3.11-macos-aarch64-none .venv",
        "uv pip install --python .venv/bin/python --require-hashes --no-deps -r requirements.txt",
    ]
    assert "train_mnist.py --device gpu --core --synthetic" in lines(log)[2]
    assert names(folder) == {".venv", "lock.json", "pylock.toml", "requirements.txt"}
    assert "[1/3] make .venv with Python 3.11\n  $ uv venv" in said.err
    told = said.out.splitlines()
    assert told[0] == "tensorflow 2.18.1, tensorflow-metal 1.2.0, Python 3.11 (arm64): caution"
    assert "  ok      device             gpu, GPUs listed: /physical_device:GPU:0" in told
    assert "  ok      matmul             right to 1.0e-06, on /job:localhost/device:GPU:0" in told
    assert "  ok      agreement          predict and eager differ by 1.0e-06" in told
    assert told[-1] == "  . .venv/bin/activate"
    assert max(map(len, told)) <= 80


def test_without_uv_it_is_venv_and_pip(run: Callable[..., Said], log: Path) -> None:
    said = run("install", "--installer", "pip", "--no-proof")
    assert said.status == 0, said.err
    made, installed = lines(log)[1:]
    assert made == "python3.11 -m venv .venv"
    assert installed == "python -m pip install --require-hashes --no-deps -r requirements.txt"


def test_a_lock_that_is_there_is_the_one_that_is_installed(
    run: Callable[..., Said], folder: Path, log: Path
) -> None:
    run("--python", "3.11", "--chip", "m1", "--metal", "none")
    before = (folder / "lock.json").read_bytes()
    said = run("install", "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert told["lock"] == "tensorflow-2.18.1-cpu-py3.11-arm64" or "cpu" in told["lock"]
    assert told["passed"] is True
    assert {one["name"]: one["passed"] for one in told["found"]}["agreement"] is True
    assert (folder / "lock.json").read_bytes() == before
    again = run("install", "--no-proof")
    assert again.status == 0
    assert "[1/1] install" in again.err


def test_a_named_lock_brings_its_own_pins(
    run: Callable[..., Said], folder: Path, log: Path
) -> None:
    run("--python", "3.11", "--chip", "m1", "-o", "team", "--format", "json")
    assert run("install", "team", "--no-proof").status == 0
    assert lines(log)[-1].endswith("-r .venv/tfmac-lock.txt")
    assert "tensorflow==2.18.1" in (folder / ".venv" / "tfmac-lock.txt").read_text()


def test_the_known_fault_of_the_lock_is_no_surprise(
    run: Callable[..., Said], folder: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "relu does not clip in predict: lowest value -2.1"
    reports(monkeypatch, folder, fail(report_content(), "agreement", text))
    said = run("install")
    assert "FAILED  agreement          relu does not clip in predict" in said.out
    assert "The lock says so: A Dense layer's ReLU is left out on the GPU" in said.out
    assert said.status == 0


def test_a_fault_that_nobody_foretold_is_a_no(
    run: Callable[..., Said], folder: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "matmul is wrong: relative error 0.3"
    reports(monkeypatch, folder, fail(report_content(), "matmul", text))
    said = run("install")
    assert said.status == 1
    assert "FAILED  matmul             matmul is wrong: relative error" in said.out
    assert "not run agreement" in said.out
    assert "tfmac-lock explain" in said.out


def test_a_gpu_that_is_not_listed_is_told(
    run: Callable[..., Said], folder: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a GPU was demanded and TensorFlow lists none"
    reports(monkeypatch, folder, fail(report_content(), "devices", text))
    said = run("install")
    assert said.status == 1
    assert "FAILED  device             a GPU was demanded and TensorFlow lists none" in said.out


def test_a_step_that_fails_ends_it(
    run: Callable[..., Said], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_INSTALL", "2")
    said = run("install")
    assert said.status == 3
    assert "this step failed, with exit status 2: uv pip install" in said.err
    assert "train_mnist" not in log.read_text()


def test_an_environment_of_another_python_is_not_touched(
    run: Callable[..., Said], folder: Path, log: Path
) -> None:
    (folder / ".venv").mkdir()
    said = run("install")
    assert (said.status, ".venv is there and is not an environment" in said.err) == (2, True)
    (folder / ".venv" / "pyvenv.cfg").write_text("version_info = 3.9.1.final.0\n")
    said = run("install")
    assert said.status == 2
    assert ".venv is an environment of Python 3.9.1" in said.err
    assert not log.exists()


def test_a_mac_that_cannot_run_the_lock_is_told(
    run: Callable[..., Said], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--python", "3.11", "--chip", "m1")
    on_a(monkeypatch, macos="12.0")
    said = run("install")
    assert said.status == 1
    assert "this Mac has macOS 12.0, and the lock needs 12.3 or newer" in said.err
    on_a(monkeypatch, chip="intel")
    said = run("install", "lock.json")
    assert said.status == 1
    assert "this Mac is intel (x86_64), and the lock is for arm64" in said.err


def test_off_the_mac_it_says_what_it_would_run(
    run: Callable[..., Said], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run("install")
    assert said.status == 2
    command = said.err.rpartition(": ")[2].strip()
    said = run(*shlex.split(command)[1:])
    assert said.status == 0
    assert "[2/3] install 39 packages, each by its hash" in said.out
    assert "  $ uv pip install --python .venv/bin/python" in said.out
    assert names(folder) == set()
    told = json.loads(run("install", "--chip", "intel-amd", "--dry-run", "--json").out)
    assert told["steps"][0]["command"][3].endswith("-macos-x86_64-none")


def test_a_mixed_lock_is_for_conda_to_install(run: Callable[..., Said]) -> None:
    run("--python", "3.11", "--chip", "m1", "--format", "conda-lock,json")
    said = run("install", "--dry-run")
    assert said.status == 2
    assert "micromamba create --name tensorflow --file conda-lock.yml" in said.err


def test_python_without_a_plugin_gives_way_to_one_that_has(
    run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfmac_lock.prove import installing

    monkeypatch.setattr(installing, "own_python", lambda: "3.13")
    said = run("install", "--chip", "m2", "--dry-run")
    assert "tensorflow-metal" in said.out.partition("\n")[0], said.err
    said = run("install", "--chip", "m2", "--metal", "none", "--dry-run")
    assert "Python 3.13" in said.out.splitlines()[0]


@pytest.mark.slow
def test_the_trainer_itself_is_run(
    run: Callable[..., Said], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REPORT")
    monkeypatch.setenv("FAKE_GPU", "1")
    said = run("install", "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert told["passed"] is True
    assert told["found"][1]["text"] == "gpu, GPUs listed: /physical_device:GPU:0"


def test_jupyter_gets_a_kernel(
    run: Callable[..., Said], log: Path, wheels: Path, tmp_path: Path
) -> None:
    served = tmp_path / "served"
    shutil.copytree(wheels, served)
    build_wheel(served, "ipykernel", "7.0")
    with HtmlIndex(served) as index:
        made = run(*PAIR, "--index-url", index.url, "--fresh", "--accept-repacked")
        assert made.status == 0, made.err
        said = run("install", "--jupyter", "--no-proof")
    assert said.status == 0, said.err
    assert lines(log)[-1] == (
        "python -m ipykernel install --user --name tensorflow-2.18.1-metal "
        "--display-name TensorFlow 2.18.1 (Metal, Python 3.11)"
    )
    assert "ipykernel==7.0" in Path("requirements.txt").read_text()


def test_jupyter_needs_the_kernel_in_a_named_lock(run: Callable[..., Said], log: Path) -> None:
    run("--python", "3.11", "--chip", "m1", "-o", "team")
    said = run("install", "team", "--jupyter")
    assert said.status == 2
    assert "the lock has no ipykernel; make it with --with ipykernel" in said.err
