"""Whether uv, given the matrix's bounds as constraints, resolves to what is published.

    python -m pip install uv && python benchmarks/agree_with_uv.py

For every published lock uv gets the same pair, the same target and the bounds that hold for it.
Prints each lock that differs and every package in which it does; exits with 1 if any differ
without an explanation in ``EXPLAINED``.
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
from pathlib import Path
from typing import TYPE_CHECKING

from tfmac_lock import data, published
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from tfmac_lock.lock.model import Lock

PLATFORM = {Arch.ARM64: "aarch64-apple-darwin", Arch.X86_64: "x86_64-apple-darwin"}

EXPLAINED: dict[str, str] = {}
"""Package: why uv may take another version."""


def uv_versions(uv: str, lock: Lock, work: Path) -> dict[str, str] | str:
    """Name and version of every package that uv would lock, or its error."""
    combo = lock.combo
    request = work / "request.in"
    lines = [f"{combo.package}=={combo.tensorflow}"]
    lines += [f"tensorflow-metal=={combo.metal}"] if combo.metal else []
    request.write_text("\n".join(lines) + "\n")
    constraints = work / "constraints.txt"
    bounds = data.matrix().bounds_for(combo.tensorflow, combo.python)
    constraints.write_text("".join(f"{bound.package}{bound.specifier}\n" for bound in bounds))
    python = data.platforms().python_for(data.platforms().python(combo.python), combo.arch)
    done = subprocess.run(
        [
            *(uv, "pip", "compile", "--no-config", "--quiet", "--no-header", "--no-annotate"),
            *("--python-platform", PLATFORM[combo.arch], "--python-version", str(python)),
            *("--only-binary", ":all:", "-c", str(constraints), str(request)),
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--match", default="", help="only locks whose id contains this")
    args = parser.parse_args()
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    locks = [
        lock
        for index in published.Index.all_within(data.locks_folder())
        for lock in index.locks()
        if args.match in lock.combo.id
    ]
    differing: Counter[str] = Counter()
    same = 0
    with tempfile.TemporaryDirectory() as folder:
        for lock in locks:
            theirs = uv_versions(uv, lock, Path(folder))
            if isinstance(theirs, str):
                print(f"{lock.combo.id}: uv finds nothing: {theirs.splitlines()[0]}")
                differing["(no answer)"] += 1
                continue
            ours = {package.name: package.version for package in lock.packages}
            names = sorted(
                name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)
            )
            same += not names
            differing.update(names)
            for name in names:
                print(f"{lock.combo.id}: {name} {ours.get(name)}, uv {theirs.get(name)}")
    print(f"{same} of {len(locks)} locks hold the same versions as uv's")
    for name, count in differing.most_common():
        print(f"  {name} differs in {count}: {EXPLAINED.get(name, 'NOT EXPLAINED')}")
    return 1 if any(name not in EXPLAINED for name in differing) else 0


if __name__ == "__main__":
    sys.exit(main())
