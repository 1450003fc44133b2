"""Twins: real environments from a loopback index with a fake TensorFlow."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.prove.support import SERIES, lock, lock_content, publish
from tests.prove.test_train_mnist import children_of
from tests.support import HtmlIndex, build_wheel

pytest.importorskip("pydantic", reason="evidence is checked with the extra `curate`")
pytest.importorskip("numpy", reason="the fake TensorFlow computes with numpy")
if platform.system() != "Linux":
    pytest.skip("twins run on Linux", allow_module_level=True)

from tfmac_lock.cli import parse_shard
from tfmac_lock.matrix.companions import Trial
from tfmac_lock.matrix.toml import read_file
from tfmac_lock.prove import interpreters
from tfmac_lock.prove.errors import NotProvable
from tfmac_lock.prove.evidence import read_evidence
from tfmac_lock.prove.linux import linux_tags, twin_of
from tfmac_lock.prove.processes import Processes
from tfmac_lock.prove.twin import shard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAIN = (
    "import argparse, sys\n"
    "from tfmac_lock.cli import prove\n"
    "from tfmac_lock.errors import TfmacLockError\n"
    "parser = argparse.ArgumentParser()\n"
    "prove.add_parser(parser.add_subparsers())\n"
    "args = parser.parse_args()\n"
    "try:\n"
    "    sys.exit(args.run(args))\n"
    "except TfmacLockError as error:\n"
    "    print(error, file=sys.stderr)\n"
    "    sys.exit(error.exit_status)\n"
)


class Lab:
    """A folder with locks, a cache and evidence, and an index to install from."""

    def __init__(self, root: Path, index: HtmlIndex) -> None:
        self.root = root
        self.evidence = root / "evidence"
        self.trials = root / "trials"
        self.cache = root / "cache"
        self.environ = os.environ | {
            "TFMAC_LOCK_CACHE_DIR": str(self.cache),
            "UV_CACHE_DIR": str(root / "uv"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": index.url,
            "OMP_NUM_THREADS": "1",
        }
        for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
            self.environ.pop(name, None)

    def lock(self, *, beside: Mapping[str, str] | None = None, **changes: Any) -> str:
        content = lock_content(**changes)
        for name, version in (beside or {}).items():
            requires = [] if name == "plain" else ["tensorflow"]
            row = {"name": name, "version": version, "requires": requires}
            content["packages"].append({**content["packages"][0], **row})
        path = self.root / f"{content['combo']['id']}.json"
        path.write_text(json.dumps(content))
        return str(path)

    def command(self, *arguments: str) -> list[str]:
        return [
            *(sys.executable, "-c", MAIN, "prove", "twin", "--jobs", "1"),
            *("--output", str(self.evidence), "--trials", str(self.trials), "--json", *arguments),
        ]

    def twin(self, *arguments: str, fault: str = "") -> tuple[int, Any, str]:
        environ = self.environ | {"FAKE_FAULT": fault}
        ended = subprocess.run(
            self.command(*arguments), env=environ, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.returncode, json.loads(ended.stdout or "null"), ended.stderr

    def environments(self) -> list[Path]:
        return list((self.cache / "environments").glob("*"))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HtmlIndex]:
    folder = tmp_path_factory.mktemp("index")
    publish(folder)
    good, bad = b"import tensorflow\n", b"import keras.engine\n"
    build_wheel(folder, "good-layers", "1.0", files={"good_layers/__init__.py": good})
    build_wheel(folder, "bad-layers", "2.0", files={"bad_layers/__init__.py": bad})
    build_wheel(folder, "plain", "3.0")
    with HtmlIndex(folder) as index:
        yield index


@pytest.fixture
def lab(tmp_path: Path, index: HtmlIndex) -> Lab:
    return Lab(tmp_path, index)


@pytest.mark.slow
def test_a_lock_that_trains_gives_evidence_and_is_not_proved_twice(lab: Lab) -> None:
    path = lab.lock()
    status, outcome, said = lab.twin(path)
    assert status == 0, said
    assert (outcome["works"], outcome["broken"], outcome["not_proved"]) == (1, 0, 0)
    (file,) = lab.evidence.iterdir()
    evidence = read_evidence(file)
    assert evidence.outcome == "works"
    assert evidence.grade == "twin"
    assert evidence.wheel == "tensorflow_cpu-2.16.2-py3-none-any.whl"
    assert (evidence.package, evidence.lock, evidence.metal) == ("tensorflow", "", None)
    assert "numpy" in evidence.pins
    assert not [name for name in evidence.pins if name.startswith("tensorflow")]
    assert lab.environments() == []

    before = file.read_bytes()
    status, outcome, _ = lab.twin(path, fault="does-not-learn")
    assert status == 0
    assert outcome["outcomes"][0]["known"] is True
    assert file.read_bytes() == before


@pytest.mark.slow
def test_a_lock_that_does_not_train_gives_evidence_of_that(lab: Lab) -> None:
    status, outcome, _ = lab.twin(lab.lock(), fault="segfault")
    assert status == 1
    assert outcome["broken"] == 1
    (file,) = lab.evidence.iterdir()
    evidence = read_evidence(file)
    assert (evidence.outcome, evidence.stage) == ("broken", "train")
    assert "SIGSEGV" in str(evidence.error)


@pytest.mark.slow
def test_locks_that_differ_in_the_plugin_alone_share_one_twin(lab: Lab) -> None:
    paths = [lab.lock(), lab.lock(name="cpu-{series}", metal=None)]
    status, outcome, said = lab.twin(*paths)
    assert status == 0, said
    assert outcome["works"] == 2
    assert len(list(lab.evidence.iterdir())) == 1


@pytest.mark.slow
def test_other_pins_are_proved_again(lab: Lab) -> None:
    lab.twin(lab.lock())
    (file,) = lab.evidence.iterdir()
    text = file.read_text()
    file.write_text(text.replace('numpy = "1.26.4"', 'numpy = "1.26.3"'))
    assert file.read_text() != text
    status, outcome, _ = lab.twin(lab.lock())
    assert status == 0
    assert outcome["outcomes"][0]["known"] is False
    assert file.read_text() != text.replace("1.26.4", "1.26.3")


@pytest.mark.slow
def test_each_package_beside_the_pair_is_tried_in_a_process_of_its_own(lab: Lab) -> None:
    path = lab.lock(beside={"bad-layers": "2.0", "good-layers": "1.0", "plain": "3.0"})
    status, outcome, said = lab.twin(path)
    assert status == 1, said
    (row,) = outcome["outcomes"]
    assert row["outcome"] == "broken"
    assert [(one["package"], one["outcome"]) for one in row["packages"]] == [
        ("bad-layers 2.0", "broken"),
        ("good-layers 1.0", "works"),
        ("plain 3.0", "works"),
    ]
    assert "No module named 'keras" in row["packages"][0]["error"]
    (proof,) = lab.evidence.iterdir()
    assert read_evidence(proof).outcome == "works", "the pair itself trains"
    trials = {path.parent.name: read_file(path, Trial) for path in lab.trials.glob("*/*.toml")}
    assert {name: trial.outcome for name, trial in trials.items()} == {
        "bad-layers": "broken",
        "good-layers": "works",
        "plain": "works",
    }
    assert trials["good-layers"].decisive == {"numpy": "1.26.4", "tensorflow": "2.16.2"}
    assert lab.environments() == []


def test_a_missing_interpreter_is_said_in_one_line_and_is_no_pass(lab: Lab) -> None:
    status, outcome, said = lab.twin(lab.lock(series="3.99"))
    assert status == 3
    assert outcome["not_proved"] == 1
    assert len(said.strip().splitlines()) == 1
    assert "no CPython 3.99 was found" in said
    assert not lab.evidence.exists()


@pytest.mark.slow
def test_a_pin_without_a_linux_wheel_is_dropped_and_listed(lab: Lab) -> None:
    lab.twin(lab.lock(pins={"numpy": "1.26.4", "appnope": "0.1.4"}))
    (file,) = lab.evidence.iterdir()
    assert read_evidence(file).dropped == {"appnope": "0.1.4"}


@pytest.mark.slow
def test_a_disk_that_fills_up_during_the_run_is_no_evidence(lab: Lab) -> None:
    status, _, said = lab.twin(lab.lock(), fault="no-space")
    assert status == 3
    assert "no space left on the disk" in said
    assert not lab.evidence.exists()
    assert lab.environments() == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_twin_that_is_ended_leaves_nothing_behind(lab: Lab, number: signal.Signals) -> None:
    process, proofs = hanging(lab)
    process.send_signal(number)
    process.wait()
    assert process.returncode != 0
    assert not any(alive(pid) for pid in proofs)
    assert lab.environments() == []
    assert not lab.evidence.exists()


def test_an_index_that_never_answers_does_not_hold_up_the_end(lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple/"
        environ = lab.environ | {"PIP_INDEX_URL": url, "PIP_TIMEOUT": "600"}
        process = subprocess.Popen(lab.command(lab.lock()), env=environ, stderr=subprocess.DEVNULL)
        with silent.accept()[0] as asked:
            asked.recv(1)  # the request is there, so the twin waits for its answer
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == -signal.SIGINT
    assert not lab.evidence.exists()


@pytest.mark.slow
def test_a_twin_that_is_killed_leaves_no_process_and_the_next_one_sweeps_its_folder(
    lab: Lab,
) -> None:
    process, proofs = hanging(lab)
    process.kill()
    process.wait()
    for pid in proofs:
        wait_for_end(pid)
    assert lab.environments() != []
    lab.twin(lab.lock())
    assert lab.environments() == []


def hanging(lab: Lab) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A twin whose proof hangs in its import, with the processes of that proof."""
    ready = lab.root / "hangs"
    os.mkfifo(ready)
    environ = lab.environ | {"FAKE_FAULT": "hang-at-import", "FAKE_READY": str(ready)}
    process = subprocess.Popen(
        lab.command(lab.lock()),
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ready.read_bytes()  # until the fake has opened it and hangs
    parents = children_of(process.pid)
    return process, [pid for parent in parents for pid in (parent, *children_of(parent))]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for_end(pid: int) -> None:
    """Return when that process, which is no child of ours, is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    import select

    assert select.select([descriptor], [], [], 60)[0]
    os.close(descriptor)


def test_tensorflow_without_a_linux_wheel_cannot_be_proved() -> None:
    def listing(name: str) -> Sequence[Any]:
        return ()

    with pytest.raises(NotProvable, match=r"no Linux wheel of TensorFlow 2\.16\.2"):
        twin_of(lock(), listing, linux_tags(SERIES))


def test_conda_packages_that_python_packages_require_are_pins_and_others_are_not() -> None:
    found = lock(pins={"wheel": "0.45"}, conda={"numpy": "1.19.5"})
    assert found.pins["numpy"] == "1.19.5"
    assert found.from_conda == {"numpy"}


def test_shards_are_disjoint_complete_and_keep_what_shares_a_wheel_together() -> None:
    locks = [
        replace(lock(name=f"lock-{number}-{metal}", metal=metal), tensorflow=f"2.{number}.0")
        for number in range(7)
        for metal in ("1.2.0", None)
    ]
    parts = [shard(locks, part, 3) for part in (1, 2, 3)]
    assert sorted(item.id for part in parts for item in part) == sorted(item.id for item in locks)
    assert all(len(part) % 2 == 0 for part in parts)


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/2"])
def test_a_shard_that_makes_no_sense_is_refused(text: str) -> None:
    from tfmac_lock.errors import UsageError

    with pytest.raises(UsageError, match="--shard"):
        parse_shard(text)


def test_an_interpreter_that_is_there_is_found_and_starts() -> None:
    found = interpreters.find_interpreter(SERIES, Processes())
    assert found is not None
    assert found.version.startswith(f"{SERIES}.")
