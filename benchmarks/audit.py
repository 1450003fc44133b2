"""How long reading binaries takes.

    python benchmarks/audit.py WHEELS [TF METAL]

WHEELS is a folder that wheels are kept in; what the grid needs and it lacks is fetched into it
first, which is not measured: the newest arm64 wheel of every TensorFlow release and every
plugin (about 6 GB). Each figure is of a new process: seconds by the clock, and seconds that the
processor worked, which other work on the machine does not change. "cold" reads by range
requests with an empty cache; what the network takes is in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

from tfmac_lock.check.binary_facts import read_plugin, read_tensorflow
from tfmac_lock.curate.binaries import PLUGIN, TENSORFLOWS, releases
from tfmac_lock.matrix.binaries import PluginBinary, TensorFlowBinary, load_folder
from tfmac_lock.matrix.load_check import check_pair
from tfmac_lock.pypi.cache import Cache
from tfmac_lock.pypi.client import IndexClient
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.pypi.wheels import IndexWheels
from tfmac_lock.wheels.archive import Wheel
from tfmac_lock.wheels.names import parse_name

FACTS = Path(__file__).parents[1] / "matrix" / "binaries"
ARCH = "arm64"
RUN = (
    "import argparse, sys; from tfmac_lock.cli import audit;"
    "parser = argparse.ArgumentParser(); audit.add_parser(parser.add_subparsers());"
    "args = parser.parse_args(sys.argv[1:]); sys.exit(args.run(args))"
)


def busy() -> float:
    """Processor seconds of the processes that this one started and saw end."""
    times = os.times()
    return times.children_user + times.children_system


def pair(tensorflow: str, metal: str, keep: Path | None) -> tuple[float, float, object]:
    """Seconds and processor seconds for ``audit --pair`` in a new process, and if it loads."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-c", RUN, "audit", "--json", "--pair", tensorflow, metal]
        command += ["--keep", str(keep)] if keep else []
        start, worked = time.perf_counter(), busy()
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TFMAC_LOCK_CACHE_DIR": cache},
        )
        seconds, worked = time.perf_counter() - start, busy() - worked
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return seconds, worked, json.loads(done.stdout)["pairs"][0]["loads"]


def fetch(folder: Path) -> tuple[list[Path], list[Path]]:
    """The wheels of the grid, fetched where they are missing: TensorFlows, and plugins."""
    found: dict[str, list[Path]] = {}
    with IndexClient(IndexConfig.load(), Cache(None)) as client:
        source = IndexWheels(client, folder)
        for package in (*TENSORFLOWS, PLUGIN):
            for _, files in releases(source, package):
                fitting = [f for f in files if ARCH in parse_name(f.filename).arches]
                if fitting:
                    newest = max(fitting, key=lambda f: parse_name(f.filename).newest_python)
                    source.open(newest).close()
                    found.setdefault(package, []).append(folder / newest.filename)
    return [path for name in TENSORFLOWS for path in found[name]], found[PLUGIN]


def plugin(path: Path) -> PluginBinary:
    with path.open("rb") as file:
        return read_plugin(Wheel(file, path.name), "", ARCH)


def part(paths: list[Path], asked: frozenset[str]) -> tuple[list[TensorFlowBinary], int]:
    """The facts of some wheels, and the peak memory of the process in bytes."""
    import resource

    binaries = []
    for path in paths:
        with path.open("rb") as file:
            binaries.append(read_tensorflow(Wheel(file, path.name), "", ARCH, asked))
    return binaries, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def grid(tensorflows: list[Path], plugins: list[Path]) -> tuple[float, int, int, int]:
    """Seconds, pairs, pairs that load, and the peak memory of both processes together."""
    start = time.perf_counter()
    metals = [plugin(path) for path in plugins]
    asked = frozenset(one.symbol for metal in metals for one in metal.imports)
    with ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(part, tensorflows[index::2], asked) for index in range(2)]
        parts = [job.result() for job in jobs]
    results = [
        check_pair(tensorflow, metal)
        for binaries, _ in parts
        for tensorflow in binaries
        for metal in metals
    ]
    loading = sum(result.loads is True for result in results)
    peak = sum(peak for _, peak in parts)
    return time.perf_counter() - start, len(results), loading, peak


def verdict(tensorflow: str, metal: str) -> float:
    """Seconds for one verdict from stored facts that are in memory."""
    binaries = [b for b in load_folder(FACTS) if b.arch == ARCH]
    one = next(
        b
        for b in binaries
        if isinstance(b, TensorFlowBinary) and b.version == tensorflow and b.payload
    )
    other = next(b for b in binaries if isinstance(b, PluginBinary) and b.version == metal)
    seconds = []
    for _ in range(200):
        start = time.perf_counter()
        check_pair(one, other)
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def main() -> None:
    folder = Path(sys.argv[1])
    tensorflow, metal = sys.argv[2:4] or ("2.19.1", "1.2.0")
    tensorflows, plugins = fetch(folder)

    name = f"pair {tensorflow} + {metal}"
    seconds, worked, loads = pair(tensorflow, metal, None)
    print(f"{name}, cold:         {seconds:8.2f} s, {worked:6.2f} worked   loads={loads}")
    seconds, worked, _ = min(pair(tensorflow, metal, folder) for _ in range(3))
    print(f"{name}, kept wheels:  {seconds:8.2f} s, {worked:6.2f} worked   best of 3")
    before = busy()
    seconds, pairs, loading, peak = grid(tensorflows, plugins)
    print(
        f"grid of {len(tensorflows)} x {len(plugins)}, kept wheels:   {seconds:8.2f} s, "
        f"{busy() - before:6.2f} worked   {pairs} pairs, {loading} load, "
        f"peak {peak / 1e9:.2f} GB in 2 processes"
    )
    print(f"verdict from stored facts:          {1000 * verdict(tensorflow, metal):8.3f} ms")


if __name__ == "__main__":
    main()
