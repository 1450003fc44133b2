"""Speed and size of the main job, as ratios to its peers measured in the same run.

    python -m pip install uv && python benchmarks/main_job.py

Every figure is the median of alternating runs (ours, theirs, ours, …) of whole processes, so
that a machine that slows down slows both. `uv` gets the same request: the same two packages,
the same target, hashes, wheels only. The cold runs need the package index.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PAIR = ("2.18.1", "1.2.0")
OURS = [sys.executable, "-m", "tfmac_lock", "--python", "3.9", "--chip", "m1"]
OURS_PAIR = [*OURS, "--tensorflow", PAIR[0], "--metal", PAIR[1], "--fresh"]


@dataclass(frozen=True)
class Run:
    """Wall and processor time in seconds, peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def run(command: list[str], environment: dict[str, str]) -> Run:
    started = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        talk = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{command} failed: {talk.decode(errors='replace')[-500:]}")
    factor = 1e6 if sys.platform == "darwin" else 1e3
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / factor)


def compare(
    name: str,
    bound: str,
    ours: list[list[str]],
    theirs: list[list[str]],
    environment: dict[str, str],
) -> None:
    """Print the median ratio of alternating runs; the lists are commands, one a run."""
    pairs = [(run(a, environment), run(b, environment)) for a, b in zip(ours, theirs, strict=True)]
    wall = statistics.median(a.wall / b.wall for a, b in pairs)
    cpu = statistics.median(a.cpu / b.cpu for a, b in pairs)
    seconds = [
        statistics.median(one) for one in zip(*((a.wall, b.wall) for a, b in pairs), strict=True)
    ]
    memory = max(a.memory for a, _ in pairs)
    print(
        f"{name:<44} {wall:5.2f}x wall {cpu:5.2f}x cpu  (bound {bound}; "
        f"{seconds[0]:.3f} s against {seconds[1]:.3f} s, peak {memory:.0f} MB, {len(pairs)} runs)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed and size of the main job.")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--cold-runs", type=int, default=3)
    parser.add_argument("--publish", action="store_true", help="also time all locks")
    args = parser.parse_args()
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        request = work / "request.in"
        request.write_text(f"tensorflow=={PAIR[0]}\ntensorflow-metal=={PAIR[1]}\n")
        out = ["-o", str(work / "out")]
        environment = {**os.environ, "TFMAC_LOCK_CACHE_DIR": str(work / "ours")}
        # A user's installation has compiled modules, whatever this shell asks for.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def uv_command(cache: str, *more: str) -> list[str]:
            return [
                uv,
                "pip",
                "compile",
                "--no-config",
                "--quiet",
                "--cache-dir",
                str(work / cache),
                "--python-platform",
                "aarch64-apple-darwin",
                "--python-version",
                "3.9",
                "--only-binary",
                ":all:",
                "--generate-hashes",
                *more,
                str(request),
            ]

        warm_uv = uv_command("uv-warm", "--offline")
        run(uv_command("uv-warm"), environment)
        run([*OURS_PAIR, *out], environment)
        compare(
            "published lock / uv, offline and warm",
            "0.2x",
            [[*OURS, *out]] * args.runs,
            [warm_uv] * args.runs,
            environment,
        )
        compare(
            "published lock / python -c pass",
            "6x",
            [[*OURS, *out]] * args.runs,
            [[sys.executable, "-c", "pass"]] * args.runs,
            environment,
        )
        compare(
            "--fresh --offline / uv, offline and warm",
            "1x",
            [[*OURS_PAIR, "--offline", *out]] * args.runs,
            [warm_uv] * args.runs,
            environment,
        )
        pairs = []
        for number in range(args.cold_runs):
            cold = {**environment, "TFMAC_LOCK_CACHE_DIR": str(work / f"ours-{number}")}
            pairs.append(
                (run([*OURS_PAIR, *out], cold), run(uv_command(f"uv-{number}"), environment))
            )
        wall = statistics.median(a.wall / b.wall for a, b in pairs)
        seconds = [
            statistics.median(one)
            for one in zip(*((a.wall, b.wall) for a, b in pairs), strict=True)
        ]
        print(
            f"{'--fresh, cold / uv, cold':<44} {wall:5.2f}x wall  (bound 0.3x; "
            f"{seconds[0]:.2f} s against {seconds[1]:.2f} s, {len(pairs)} runs)"
        )
        if args.publish:
            command = [sys.executable, "-m", "tfmac_lock", "publish", "locks", "--check"]
            warm = {**os.environ}
            subprocess.run(command, env=warm, check=False, stdout=subprocess.DEVNULL)
            started = time.perf_counter()
            subprocess.run(command, env=warm, check=False, stdout=subprocess.DEVNULL)
            passed = time.perf_counter() - started
            print(f"{'all locks, warm cache':<44} {passed:5.0f} s  (bound 180 s)")


if __name__ == "__main__":
    main()
