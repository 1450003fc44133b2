"""The twin: a lock's versions, installed on Linux from their Linux wheels, must train.

Its results are evidence: one file for a TensorFlow, a Python and the pins beside it, under
matrix/proofs/twin/. A lock whose file is there is done, so a run that was cut short goes on where
it stopped, and runs on several machines (``--shard``) merge by putting their files into one folder.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TfmacLockError
from . import train_mnist
from .companions import trials_in
from .environment import Workplace, clean_environ, workspace
from .errors import DiskFull, NotProvable, ToolFailed
from .evidence import evidence_of_twin, read_evidence, twin_file, write_evidence
from .linux import linux_tags, twin_of
from .processes import Ended, Stopped
from .programs import tasks
from .report import read_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ..matrix.companions import Companions, Trial
    from ..matrix.proofs import Proof
    from .linux import Twin
    from .locked import LockedSet
    from .programs import Task

STAGE_LIMIT = 300
"""Seconds for each stage of the proof; on two slow cores the longest takes 20."""

PROOF_TIMEOUT = 1800.0

MEMORY_EACH = 2_500_000_000
"""Bytes that one twin is given; training takes about 1 GB, installing a large wheel as much."""

CORES_EACH = 1
"""The proof's small network keeps little more than one core busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """What a twin gave: evidence of its training, and what came of each of its other packages.

    A package of which nothing could be learned here is there with the reason.
    """

    evidence: Proof
    others: tuple[Trial | NotProvable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one lock: evidence, or the reason why there is none."""

    lock: LockedSet
    evidence: Proof | None
    others: tuple[Trial | NotProvable, ...] = ()
    reason: str = ""
    kept: bool = False

    @property
    def holds(self) -> bool:
        """Whether it trains, and each package that was tried runs."""
        trains = self.evidence is not None and self.evidence.outcome == "works"
        return trains and not self.failed

    @property
    def failed(self) -> list[Trial]:
        """The packages that do not run beside what trains."""
        return [one for one in self.tried if one.outcome == "broken"]

    @property
    def tried(self) -> list[Trial]:
        """The packages of which something was learned."""
        return [one for one in self.others if not isinstance(one, NotProvable)]

    @property
    def untried(self) -> list[NotProvable]:
        """The packages of which nothing could be learned here."""
        return [one for one in self.others if isinstance(one, NotProvable)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Twins(Workplace):
    """Proves locks one by one; threads may share it.

    With ``companions`` the packages beside the pair are tried too, and ``trials`` is where that
    goes: by default a folder beside the evidence.
    """

    companions: Companions | None = None
    trials: Path | None = None

    def evidence_file(self, lock: LockedSet) -> Path:
        """Where the evidence about that lock lies."""
        return self.folder / twin_file(lock)

    def done(self, lock: LockedSet) -> Proof | None:
        """The evidence that is there already, if it is about the same pins."""
        path = self.evidence_file(lock)
        if not path.is_file() or self._tasks(lock):
            return None
        evidence = read_evidence(path)
        return evidence if evidence.pins == lock.others else None

    def prove(self, locks: Sequence[LockedSet]) -> Proved:
        """Make the twin that these locks share, run the proof in it, and write the evidence.

        Then each package beside the pair that somebody asked for, or that touches TensorFlow, is
        tried in it. Raises NotProvable where there is no interpreter or no wheel, ToolFailed and
        DiskFull.
        """
        lock = locks[0]
        with self.environment(lock) as made:
            evidence, todo = self.train(lock, made), self._tasks(lock)
            to = self.trials or self.folder / "companions"
            others = tuple(trials_in(made, self, lock, todo, to))
            return Proved(evidence=evidence, others=others)

    def train(self, lock: LockedSet, made: tuple[Path, Twin, Path]) -> Proof:
        """Run the proof in an environment that is there, and write the evidence.

        Raises NotProvable, ToolFailed and DiskFull.
        """
        python, twin, folder = made
        report_path = folder / "report.json"
        report_path.unlink(missing_ok=True)  # another lock's, where the place is used again
        command = [str(python), train_mnist.__file__, "--synthetic", "--device", "cpu", "--core"]
        command += ["--report", str(report_path), "--limit", str(STAGE_LIMIT), "--tied"]
        environ = clean_environ() | {"TMPDIR": str(folder)}
        ended = self.processes.run(command, env=environ, timeout=PROOF_TIMEOUT)
        if not report_path.is_file():
            raise ToolFailed("the proof", ended.output.strip()[-300:] or "no report")
        evidence = evidence_of_twin(lock, twin, read_report(report_path))
        write_evidence(evidence, self.evidence_file(lock))
        return evidence

    def _tasks(self, lock: LockedSet) -> list[Task]:
        return list(tasks(lock, self.companions)) if self.companions is not None else []

    @contextmanager
    def environment(
        self, lock: LockedSet, place: Path | None = None
    ) -> Iterator[tuple[Path, Twin, Path]]:
        """An environment with the twin of the lock: its Python, the twin, a folder to work in.

        The folder is ``place``, or one that is gone afterwards.
        Raises NotProvable where there is no interpreter or no wheel, ToolFailed and DiskFull.
        """
        interpreter = self.interpreter(lock)
        twin = twin_of(lock, self.listing, linux_tags(lock.series))
        with nullcontext(place) if place else self.workspace() as folder:
            python = self.installer.create(interpreter, folder, twin.requirements(), twin.built)
            if lock.package not in twin.files:
                name_as_on_the_mac(python, lock)
            yield python, twin, folder

    def workspace(self) -> AbstractContextManager[Path]:
        """A folder beside the environments that is gone afterwards."""
        return workspace(self.cache)

    def run(
        self, command: list[str], environ: dict[str, str], timeout: float, *, folder: Path
    ) -> Ended:
        """Run a program in a folder; it ends with this one. Raises ToolFailed where it does not."""
        return self.processes.run(command, env=environ, timeout=timeout, folder=folder)

    def stop(self) -> None:
        """End what is under way; nothing of it is left when this returns."""
        self.processes.stop()


def name_as_on_the_mac(python: Path, lock: LockedSet) -> None:
    """Let the environment tell its TensorFlow by the Mac's name, for packages that ask for it.

    What stands in has another one, and some look for the distribution and not for the module.
    """
    site = python.parents[1] / "lib" / f"python{lock.series}" / "site-packages"
    info = f"{lock.package.replace('-', '_')}-{lock.tensorflow}.dist-info"
    (site / info).mkdir(exist_ok=True)
    head = f"Metadata-Version: 2.1\nName: {lock.package}\nVersion: {lock.tensorflow}\n"
    (site / info / "METADATA").write_text(head, "utf-8")
    (site / info / "RECORD").write_text(f"{info}/METADATA,,\n{info}/RECORD,,\n", "utf-8")


def prove_all(
    twins: Twins, locks: Iterable[LockedSet], jobs: int, *, again: bool = False
) -> Iterator[Outcome]:
    """Prove the locks, ``jobs`` side by side, in whatever order they end.

    What is done already is yielded first, marked ``kept``, unless ``again``. What cannot be
    proved is yielded with its reason; a full disk ends everything by raising DiskFull.
    """
    todo: dict[tuple[object, ...], list[LockedSet]] = {}
    for lock in locks:
        evidence = None if again else twins.done(lock)
        if evidence is None:
            todo.setdefault(lock.twin_key, []).append(lock)
        else:
            yield Outcome(lock=lock, evidence=evidence, kept=True)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        running: dict[Future[Proved], list[LockedSet]] = {}
        try:
            # One after the other for each wheel, so that it is fetched once even on a small disk.
            for group in sorted(todo.values(), key=_wheel):
                running[pool.submit(twins.prove, group)] = group
            while running:
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield from _outcomes(future, running.pop(future))
        except BaseException:
            twins.stop()
            for future in running:
                future.cancel()
            raise


def _wheel(group: list[LockedSet]) -> tuple[str, str]:
    return group[0].tensorflow, group[0].series


def _outcomes(future: Future[Proved], locks: list[LockedSet]) -> list[Outcome]:
    try:
        found = future.result()
    except (DiskFull, Stopped):
        raise
    except NotProvable as error:
        return [Outcome(lock=lock, evidence=None, reason=error.reason) for lock in locks]
    except TfmacLockError as error:
        return [Outcome(lock=lock, evidence=None, reason=str(error)) for lock in locks]
    return [Outcome(lock=lock, evidence=found.evidence, others=found.others) for lock in locks]


def shard(locks: Iterable[LockedSet], part: int, parts: int) -> list[LockedSet]:
    """The ``part``-th of ``parts``, from 1; locks with the same TensorFlow wheel stay together."""
    chosen = list(locks)
    wheels = sorted({(lock.series, lock.tensorflow) for lock in chosen})
    mine = set(wheels[part - 1 :: parts])
    return [lock for lock in chosen if (lock.series, lock.tensorflow) in mine]


def side_by_side() -> int:
    """How many twins the cores and the free memory of this machine carry; at least one."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(cores // CORES_EACH, _free_memory() // MEMORY_EACH))


def _free_memory() -> int:
    """Bytes of memory that can be had without swapping; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else 0
