"""How long a lock with a conda half takes, against rattler's own solve of the same specs.

    python benchmarks/conda.py conda-forge [--index-url URL]
    python benchmarks/conda.py conda-forge=file:///srv/mirror/conda-forge

Every figure is the median over new processes with warm caches (rattler's, and that of the
package index), best first where both are told: the whole of a process from its start to the
written conda-lock.yml, and the conda half alone within it. `conda-lock lock` needs a conda,
mamba or micromamba executable; it is measured where one is on PATH, and left out, saying so,
where none is.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 5
CASES = {
    "default, 3.11 m1": ("3.11", "m1", "2.18.1", False, []),
    "--native conda, 3.10 m1": ("3.10", "m1", "tensorflow-macos==2.10.0", True, []),
    "numpy 1.19.5, 3.9 m1": ("3.9", "m1", "tensorflow-macos==2.5.0", False, []),
    "--conda jupyterlab, 3.11 m1": ("3.11", "m1", "2.18.1", False, ["jupyterlab"]),
    "default, 3.11 intel": ("3.11", "intel-amd", "2.12.0", False, []),
}


def ours(case: str, channel: str, index_url: str | None, out: Path) -> dict[str, float]:
    """Solve and write; seconds of the parts."""
    start = time.perf_counter()
    from tfmac_lock.conda import mixed as halves
    from tfmac_lock.conda.channels import Channel
    from tfmac_lock.conda.client import CondaClient
    from tfmac_lock.lock.formats import conda_lock_yml
    from tfmac_lock.lock.make import Resolver
    from tfmac_lock.lock.mixed import lock_with_conda
    from tfmac_lock.lock.request import LockRequest
    from tfmac_lock.matrix import loading
    from tfmac_lock.matrix.ranking import PairRequest, TensorFlowRequest
    from tfmac_lock.pypi import open_index

    python, chip, tensorflow, native, specs = CASES[case]
    matrix = loading.matrix()
    wish = PairRequest(
        python=matrix.platforms.python(python),
        chip=matrix.platforms.chip(chip),
        tensorflow=TensorFlowRequest.parse(tensorflow),
    )
    solving = [0.0]
    solve_conda = halves.solve_conda

    def timed(*args: object, **fields: object) -> object:
        begin = time.perf_counter()
        try:
            return solve_conda(*args, **fields)  # type: ignore[arg-type]
        finally:
            solving[0] += time.perf_counter() - begin

    halves.solve_conda = timed  # type: ignore[assignment]
    with (
        open_index(index_url=index_url) as index,
        CondaClient([Channel.parse(channel)]) as client,
    ):
        resolver = Resolver(matrix=matrix, source=index, as_of="2026-01-01", ahead=False)
        request = LockRequest(pair=wish)
        made = lock_with_conda(resolver, request, client, native=native, specs=specs)
        out.write_text(conda_lock_yml.render([made.lock]))
    return {"all": time.perf_counter() - start, "conda half": solving[0]}


def bare(case: str, channel: str) -> dict[str, float]:
    """rattler alone: the specs of the case, and nothing else."""
    import asyncio

    from rattler import (
        Channel,
        Gateway,
        GenericVirtualPackage,
        MatchSpec,
        PackageName,
        Subdir,
        Version,
        solve,
    )
    from rattler.package import BuildString

    python, chip, _, native, specs = CASES[case]
    subdir = "osx-arm64" if chip == "m1" else "osx-64"
    virtual = [
        GenericVirtualPackage(PackageName(name), Version(version), BuildString("0"))
        for name, version in (("__unix", "0"), ("__osx", "12.3"))
    ]
    names = ["numpy", "h5py", "grpcio", "protobuf"] if native else []
    names = ["numpy=1.19", "h5py=3.1"] if "1.19.5" in case else names
    served = channel.partition("=")[2] or channel

    async def run() -> object:
        return await solve(
            sources=[Channel(served)],
            specs=[MatchSpec(spec) for spec in (f"python={python}", "pip", *names, *specs)],
            gateway=Gateway(),
            platforms=[Subdir(subdir), Subdir("noarch")],
            virtual_packages=virtual,
        )

    start = time.perf_counter()
    asyncio.run(run())
    took = time.perf_counter() - start
    time.sleep(0.1)  # its threads end a moment later, and crash a process that ends before them
    return {"solve": took}


def _cpu() -> float:
    """Processor seconds of all children so far, which other work on the machine does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def once(mode: str, case: str, args: argparse.Namespace) -> dict[str, float]:
    """The figures of one new process."""
    command = [sys.executable, __file__, args.channel, "--run", mode, "--case", case]
    command += ["--index-url", args.index_url] if args.index_url else []
    start, used = time.perf_counter(), _cpu()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took, cpu = time.perf_counter() - start, _cpu() - used
    if done.returncode:
        sys.exit(f"{case}: {done.stderr[-2000:]}")
    return {**json.loads(done.stdout), "process": took, "cpu": cpu}


def measure(case: str, args: argparse.Namespace) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of ours and of rattler's, taken in turn, so that both see the same machine.

    The first round warms the caches and does not count.
    """
    rounds = [(once("ours", case, args), once("bare", case, args)) for _ in range(ROUNDS + 1)][1:]
    ours, bare = zip(*rounds, strict=True)
    return _medians(ours), _medians(bare)


def _medians(found: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: median(one[key] for one in found) for key in found[0]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("channel")
    parser.add_argument("--index-url")
    parser.add_argument("--run", choices=("ours", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run == "ours":
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "conda-lock.yml"
            print(json.dumps(ours(args.case, args.channel, args.index_url, out)))
        return 0
    if args.run == "bare":
        print(json.dumps(bare(args.case, args.channel)))
        return 0
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, median of {ROUNDS}, seconds")
    print(f"{'':30}{'process':>9}{'cpu':>7}{'conda half':>12}{'rattler':>9}{'ratio':>7}")
    slow = False
    for case in CASES:
        mine, theirs = measure(case, args)
        ratio = mine["conda half"] / theirs["solve"]
        slow |= mine["process"] > 1.5 or ratio > 2
        print(
            f"{case:30}{mine['process']:9.2f}{mine['cpu']:7.2f}{mine['conda half']:12.3f}"
            f"{theirs['solve']:9.3f}{ratio:7.2f}"
        )
    if not any(shutil.which(name) for name in ("conda", "mamba", "micromamba")):
        print("conda-lock lock: not measured, since there is no conda, mamba or micromamba here")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
