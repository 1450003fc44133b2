"""From a published lock to a run with the stand-in: environment, plugin, probes, evidence."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from packaging.version import Version

from ...errors import UsageError
from .. import train_mnist
from ..environment import Workplace, clean_environ, workspace
from ..errors import NotProvable, ToolFailed
from ..linux import linux_tags, twin_of
from ..report import read_report
from . import build
from .evidence import evidence_name, mnist_of, read_run, run_of, write_run
from .results import read_costs, read_probe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ...matrix.switches import Mnist, StandInRun
    from ..locked import LockedSet

OLDEST = Version("2.8")
"""The first that is tried unasked. Apple's plugins have a graph optimizer from 0.8.0 on, which
is for TensorFlow 2.12; some older minors show whether TensorFlow itself has changed."""

NEWEST_PYTHON = (3, 12)
"""Plugins for the Mac exist up to this one."""

PROBE_TIMEOUT = 1800.0
STAGE_LIMIT = 300


class StandIns(Workplace):
    """Tries the stand-in beside TensorFlows."""

    def evidence_file(self, tensorflow: str) -> Path:
        """Where the evidence about that TensorFlow lies."""
        return self.folder / evidence_name(tensorflow)

    def done(self, lock: LockedSet) -> StandInRun | None:
        """The run that is there already, if the pins and the stand-in are still the same."""
        path = self.evidence_file(lock.tensorflow)
        if not path.is_file():
            return None
        run = read_run(path)
        same = run.pins == dict(lock.pins) and run.fingerprint == build.fingerprint()
        return run if same else None

    def prove(self, lock: LockedSet) -> StandInRun:
        """Make the environment and the plugin, try everything, write the evidence.

        Raises NotProvable without an interpreter, a wheel or a compiler, and ToolFailed.
        """
        compiler = build.compiler()
        if compiler is None:
            raise NotProvable(lock.id, "there is no C compiler (gcc or cc) on PATH")
        twin = twin_of(lock, self.listing, linux_tags(lock.series))
        with workspace(self.cache) as folder:
            interpreter = self.interpreter(lock)
            python = self.installer.create(interpreter, folder, twin.requirements(), twin.built)
            probe, costs = self._probe(python, folder)
            library = folder / "stand_in.so"
            build.settle(python, library)
            run = run_of(
                lock,
                twin,
                probe=read_probe(probe),
                costs=read_costs(costs),
                mnist=self._mnist(python, folder, fault=False),
                mnist_with_fault=self._mnist(python, folder, fault=True),
                machine={
                    "fingerprint": build.fingerprint(),
                    "system": f"{platform.system()} {platform.machine()}",
                    "compiler": build.compiler_version(compiler, self.processes),
                },
            )
        write_run(run, self.evidence_file(lock.tensorflow))
        return run

    def _probe(self, python: Path, folder: Path) -> tuple[Path, Path]:
        """Build both plugins and run the probes; where their reports are."""
        full = build.build_plugin(python, folder / "stand_in.so", self.processes)
        plain = build.build_plugin(python, folder / "plain.so", self.processes, plain=True)
        costs = folder / "costs.json"
        self._run([str(python), str(build.COSTS), "--report", str(costs)], folder, costs)
        build.answer_as_on_a_mac(python)
        probe = folder / "probe.json"
        command = [str(python), str(build.PROBE), "--library", str(full), "--plain", str(plain)]
        self._run([*command, "--report", str(probe)], folder, probe)
        return probe, costs

    def _mnist(self, python: Path, folder: Path, *, fault: bool) -> Mnist:
        """The MNIST proof on the plugin's device."""
        report = folder / f"mnist-{int(fault)}.json"
        command = [str(python), train_mnist.__file__, "--synthetic", "--device", "gpu"]
        command += [] if fault else ["--core"]
        command += ["--report", str(report), "--limit", str(STAGE_LIMIT), "--tied", "--quiet"]
        self._run(command, folder, report, {"STAND_IN_FAULT": str(int(fault))})
        return mnist_of(read_report(report))

    def _run(
        self, command: list[str], folder: Path, report: Path, more: dict[str, str] | None = None
    ) -> None:
        environ = clean_environ() | {"TMPDIR": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"}
        environ |= {"STAND_IN_OFF": "1"} | (more or {})
        ended = self.processes.run(command, env=environ, timeout=PROBE_TIMEOUT)
        if not report.is_file():
            name = os.path.basename(command[1])  # noqa: PTH119 - of a string
            raise ToolFailed(name, ended.output.strip()[-600:] or "no report")


def locks_for(locks: Iterable[LockedSet], versions: Sequence[str]) -> list[LockedSet]:
    """A lock without plugin for each of these TensorFlows, for the newest Python that has one.

    Without versions: for the newest patch of every minor since 2.8. Raises UsageError.
    """
    best: dict[str, LockedSet] = {}
    for lock in locks:
        if lock.metal or lock.from_conda or _series(lock) > NEWEST_PYTHON:
            continue
        known = best.get(lock.tensorflow)
        if known is None or (_series(lock), lock.id) > (_series(known), known.id):
            best[lock.tensorflow] = lock
    for version in versions:
        if version not in best:
            some = ", ".join(sorted(best, key=Version)[-4:])
            raise UsageError(f"no published lock has TensorFlow {version!r}; some are: {some}")
    unasked = newest_patches(v for v in best if Version(v) >= OLDEST)
    return [best[version] for version in versions or unasked]


def newest_patches(versions: Iterable[str]) -> list[str]:
    """Of each minor the newest release, in order."""
    ordered = sorted(versions, key=Version)
    return list({Version(text).release[:2]: text for text in ordered}.values())


def _series(lock: LockedSet) -> tuple[int, ...]:
    return tuple(int(part) for part in lock.series.split("."))
