"""Whether uv, given the matrix's bounds and waivers, resolves to what is published.

    python -m pip install uv && python benchmarks/agree_with_uv.py

For every published lock uv gets the same pair, the same target, the bounds as constraints and the
waivers as overrides. Where the versions differ, uv is asked whether any package could have been
newer with all the others at least as new as they are: then the lock is older than need be.
Prints each lock that differs; exits with 1 if one is older than need be, or differs without an
explanation in ``EXPLAINED``. The index moves on, so run it after ``tfmac-lock publish --check``.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from tfmac_lock.lock import published
from tfmac_lock.matrix import loading
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tfmac_lock.lock.model import Lock
    from tfmac_lock.matrix.facts import Matrix

PLATFORM = {Arch.ARM64: "aarch64-apple-darwin", Arch.X86_64: "x86_64-apple-darwin"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why locks whose id the pattern matches may differ in just these packages."""

    locks: str
    packages: frozenset[str]
    why: str


EXPLAINED = (
    Explanation(
        locks=r"tensorflow(-macos)?-2\.9\.0-.*",
        packages=frozenset({"protobuf", "tensorboard"}),
        why="tensorboard 2.9.1 asks for protobuf <3.20 and 2.9.0 does not, so that only one of "
        "the two can be its newest: the lock has tensorboard's, uv protobuf's",
    ),
)


@dataclass(frozen=True, slots=True)
class Uv:
    """uv as it resolves for published locks, with its files in a folder."""

    program: str
    work: Path
    matrix: Matrix

    def versions(self, lock: Lock, more: Iterable[str] = ()) -> dict[str, str] | str:
        """Name and version of every package, or the error; ``more`` are further constraints."""
        combo = lock.combo
        bounds = self.matrix.bounds_for(combo.tensorflow, combo.python)
        waivers = self.matrix.waivers_for(combo.package, combo.tensorflow, combo.arch)
        python = self.matrix.platforms.python_for(
            self.matrix.platforms.python(combo.python), combo.arch
        )
        pair = [f"{combo.package}=={combo.tensorflow}"]
        pair += [f"tensorflow-metal=={combo.metal}"] if combo.metal else []
        request = self._file("request.in", pair)
        limits = [f"{one.package}{one.specifier}" for one in bounds]
        constraints = self._file("constraints.txt", [*limits, *more])
        overrides = self._file(
            "overrides.txt", [f"{one.package}{one.specifier}" for one in waivers]
        )
        done = subprocess.run(
            [
                *(self.program, "pip", "compile", "--no-config", "--quiet", "--no-header"),
                *("--no-annotate", "--no-python-downloads", "--only-binary", ":all:"),
                *("--python-platform", PLATFORM[combo.arch], "--python-version", str(python)),
                *("--constraint", constraints, "--override", overrides, request),
            ],
            capture_output=True,
            text=True,
            check=False,
            # uv's own default is macOS 13 for x86_64 and arm64; ours is the lock's floor.
            env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": str(combo.macos_min)},
        )
        if done.returncode:
            return done.stderr.strip()
        return dict(re.findall(r"^([\w.-]+)==([\w.]+)", done.stdout, re.MULTILINE))

    def newer(self, lock: Lock, names: Iterable[str]) -> list[str]:
        """Those of the packages that could be newer with no other package older."""
        floors = [f"{package.name}>={package.version}" for package in lock.packages]
        ours = {package.name: package.version for package in lock.packages}
        return [
            name
            for name in names
            if isinstance(self.versions(lock, [*floors, f"{name}>{ours[name]}"]), dict)
        ]

    def _file(self, name: str, lines: Iterable[str]) -> str:
        path = self.work / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return str(path)


def explanation(lock: Lock, names: Iterable[str]) -> str | None:
    wanted = frozenset(names)
    for one in EXPLAINED:
        if one.packages == wanted and re.fullmatch(one.locks, lock.combo.id):
            return one.why
    return None


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    return sorted(n for n in ours.keys() | theirs.keys() if ours.get(n) != theirs.get(n))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--match", default="", help="only locks whose id contains this")
    args = parser.parse_args()
    program = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    locks = [
        lock
        for index in published.Index.all_within(loading.locks_folder())
        for lock in index.locks()
        if args.match in lock.combo.id
    ]
    told: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        uv = Uv(program, Path(folder), loading.matrix())
        for lock in locks:
            theirs = uv.versions(lock)
            if isinstance(theirs, str):
                print(f"{lock.combo.id}: uv finds nothing: {theirs}")
                told["uv finds nothing"] += 1
                continue
            ours = {package.name: package.version for package in lock.packages}
            names = differences(ours, theirs)
            if not names:
                told["the same versions"] += 1
                continue
            listed = ", ".join(f"{n} {ours.get(n)}, uv {theirs.get(n)}" for n in names)
            both = [name for name in names if name in ours and name in theirs]
            older = uv.newer(lock, [n for n in both if Version(theirs[n]) > Version(ours[n])])
            verdict = f"OLDER THAN NEED BE: {', '.join(older)}" if older else None
            verdict = verdict or explanation(lock, names) or "NOT EXPLAINED"
            print(f"{lock.combo.id}: {listed}: {verdict}", flush=True)
            told[verdict] += 1
    for verdict, count in told.most_common():
        print(f"{count} of {len(locks)}: {verdict}")
    good = {"the same versions", *(one.why for one in EXPLAINED)}
    return 0 if told.keys() <= good else 1


if __name__ == "__main__":
    sys.exit(main())
