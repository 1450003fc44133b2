"""Which locks CI proves on which Mac: the job matrix of validate.yml."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from .locked import VARIANT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .locked import LockedSet

MOST = 256
"""GitHub runs at most this many jobs of one matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A kind of hosted Mac: ``macos`` is the release it runs."""

    label: str
    arch: str
    macos: str


# https://github.com/actions/runner-images, read 2026-11-20. macos-14 was retired on 2026-11-02;
# the Intel machines stay until about August 2027.
RUNNERS = (
    Runner(label="macos-15", arch="arm64", macos="15.0"),
    Runner(label="macos-26", arch="arm64", macos="26.0"),
    Runner(label="macos-15-intel", arch="x86_64", macos="15.0"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One lock on one kind of machine.

    ``runs_on`` is a list of labels. ``gpu`` says that the lock has a plugin, so that the GPU run
    makes sense; ``decides`` that this machine's GPU is a real one and its run counts; ``conda``
    that conda-lock.yml is what there is to install, and brings the Python.
    """

    name: str
    lock: str
    python: str
    runs_on: tuple[str, ...]
    gpu: bool
    decides: bool
    conda: bool


def jobs(locks: Iterable[LockedSet], gpu_labels: Sequence[str] = ()) -> list[Job]:
    """The jobs, newest TensorFlow first; the caller takes the first ``MOST``.

    Of each minor of TensorFlow, Python, architecture and plugin or not, the newest patch release
    stands for all; broken locks and variants with conda's versions are left out. ``gpu_labels``
    are the labels of self-hosted Macs, which get the locks with a plugin.
    """
    newest: dict[tuple[object, ...], LockedSet] = {}
    for lock in locks:
        if lock.status == "broken" or lock.id.endswith(VARIANT):
            continue
        version = Version(lock.tensorflow)
        key = (version.release[:2], lock.series, lock.arch, lock.metal is None)
        if key not in newest or Version(newest[key].tensorflow) < version:
            newest[key] = lock
    found = [
        _job(lock, (runner.label,), decides=False)
        for lock in newest.values()
        for runner in RUNNERS
        if _fits(lock, runner)
    ]
    if gpu_labels:
        found += [
            _job(lock, tuple(gpu_labels), decides=True)
            for lock in newest.values()
            if lock.metal and lock.arch == "arm64"
        ]
    order = {lock.id: Version(lock.tensorflow) for lock in newest.values()}
    # Those on real GPUs tell most, and the newest are asked for most: both come first.
    found.sort(key=lambda job: (job.lock, job.runs_on))
    found.sort(key=lambda job: (job.decides, order[job.lock]), reverse=True)
    return found


def _fits(lock: LockedSet, runner: Runner) -> bool:
    if runner.arch != lock.arch or lock.macos_min is None:
        return False
    return Version(runner.macos) >= Version(lock.macos_min)


def _job(lock: LockedSet, runs_on: tuple[str, ...], *, decides: bool) -> Job:
    return Job(
        name=f"{lock.id} on {runs_on[-1]}",
        lock=lock.id,
        python=lock.series,
        runs_on=runs_on,
        gpu=lock.metal is not None,
        decides=decides,
        conda=bool(lock.from_conda),
    )


def document(found: Sequence[Job]) -> dict[str, Any]:
    """The job list as JSON takes it; GitHub's ``strategy.matrix.job`` takes its ``jobs``."""
    return {
        "schema_version": 1,
        "jobs": [asdict(job) | {"runs_on": list(job.runs_on)} for job in found],
    }
