#!/usr/bin/env python3
"""How many locks train: ours, and uv's for the same TensorFlow and plugin.

    python benchmarks/train_rate.py [--every N] [--jobs N] [--recorded]

For each published lock with the newest patch release of a TensorFlow minor, uv resolves the same
TensorFlow and plugin for the same Mac out of the packages' metadata, and both sets of versions
are proved by their twins on Linux. Needs uv, the index, and CPythons 3.8 to 3.13; takes some 20 s
a lock on two cores. `--every 5` takes a fifth of the locks; with `--recorded` our own proofs of
these very pins are taken from matrix/proofs/, which halves the time.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from tfmac_lock.cli.proving import index_config, published_locks, twins_in
from tfmac_lock.matrix import loading
from tfmac_lock.prove.locked import LockedSet, locked_set
from tfmac_lock.prove.processes import Processes
from tfmac_lock.prove.twin import Outcome, prove_all, side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

PLATFORMS = {"arm64": "aarch64-apple-darwin", "x86_64": "x86_64-apple-darwin"}


def newest_of_each_minor() -> list[LockedSet]:
    """One lock a TensorFlow minor, Python and architecture, with the plugin where one fits."""

    def rank(lock: LockedSet) -> tuple[object, ...]:
        plugin = Version(lock.metal) if lock.metal else Version("0")
        return Version(lock.tensorflow), plugin, lock.package

    newest: dict[tuple[object, ...], LockedSet] = {}
    for name, content in published_locks().items():
        lock = locked_set(content, name)
        if lock.from_conda:  # uv has no way to what no wheel brings
            continue
        key = (Version(lock.tensorflow).release[:2], lock.series, lock.arch)
        if key not in newest or rank(lock) > rank(newest[key]):
            newest[key] = lock
    return [newest[key] for key in sorted(newest)]


def uv_lock(lock: LockedSet) -> LockedSet | None:
    """What uv makes of the same pair; None where it finds no solution in wheels."""
    wanted = f"{lock.package}=={lock.tensorflow}\n"
    if lock.metal:
        wanted += f"tensorflow-metal=={lock.metal}\n"
    ended = subprocess.run(
        [
            *("uv", "--no-config", "--no-python-downloads", "pip", "compile", "--quiet"),
            *("--only-binary", ":all:", "--python-platform", PLATFORMS[lock.arch]),
            *("--python-version", lock.series, "--no-header", "--no-annotate", "-"),
        ],
        input=wanted,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        return None
    pins = {
        canonicalize_name(name): version
        for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", ended.stdout)
    }
    return replace(lock, pins=dict(sorted(pins.items())), from_conda=frozenset())


def prove(locks: Sequence[LockedSet], folder: Path, jobs: int) -> list[Outcome]:
    found = []
    with twins_in(folder, index_config(None, ()), Processes()) as twins:
        for outcome in prove_all(twins, locks, jobs):
            said = outcome.evidence.text if outcome.evidence else outcome.reason
            print(f"  {outcome.lock.id}: {said[:150]}", file=sys.stderr)
            found.append(outcome)
    return found


def count(outcomes: Sequence[Outcome], result: str) -> int:
    return sum(1 for o in outcomes if o.evidence is not None and o.evidence.outcome == result)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--jobs", type=int, default=side_by_side(), metavar="N")
    parser.add_argument("--recorded", action="store_true", help="do not prove ours again")
    args = parser.parse_args()
    ours = newest_of_each_minor()[:: args.every]
    theirs = [found for lock in ours if (found := uv_lock(lock)) is not None]
    with tempfile.TemporaryDirectory() as folder:
        if args.recorded:
            shutil.copytree(loading.checkout() / "matrix/proofs/twin", Path(folder) / "ours")
        mine = prove(ours, Path(folder) / "ours", args.jobs)
        uv = prove(theirs, Path(folder) / "uv", args.jobs)
    for name, outcomes in (("tfmac-lock", mine), ("uv", uv)):
        print(
            f"{name}: {count(outcomes, 'works')} of {len(ours)} train, "
            f"{count(outcomes, 'broken')} do not, {len(ours) - len(outcomes)} have no solution, "
            f"{sum(1 for o in outcomes if o.evidence is None)} not proved"
        )


if __name__ == "__main__":
    main()
