"""How long requests with companions take, beside uv on the same requests.

    python -m pip install uv && python benchmarks/solve.py [--cold] [--offline] [CASE...]

Each case is solved in a process of its own with a cache that an earlier run of the same case has
filled (``--cold``: with an empty one). uv gets the same packages for the same Python and Mac,
``tensorflow`` and ``tensorflow-metal`` beside them, and the source archives that it would build
anyway are left to it. Neither answers the other's question: uv knows no pair, so it shows what a
solver takes, and not what it should say. Prints a line a case and the medians, in seconds of the
clock and, behind the bar, of the processor, which a busy machine does not stretch; exits with 1
where a case took longer than it may, or ended in neither an answer nor a refusal.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PLATFORM = "aarch64-apple-darwin"
MEDIAN, LONGEST, COLD = 3.0, 15.0, 60.0
"""Seconds: the median and the longest of the warm cases, and the longest of the cold ones."""


@dataclass(frozen=True, slots=True)
class Case:
    """A request: what goes in besides the pair, and the TensorFlow where it is given."""

    name: str
    packages: tuple[str, ...]
    tensorflow: str = ""

    @property
    def ours(self) -> list[str]:
        given = ["--tensorflow", self.tensorflow] if self.tensorflow else []
        return [*given, *(word for one in self.packages for word in ("--with", one))]

    @property
    def uvs(self) -> str:
        pin = f"=={self.tensorflow}.*" if self.tensorflow else ""
        return "\n".join((f"tensorflow{pin}", "tensorflow-metal", *self.packages))


ALONE = (
    "tensorflow-decision-forests",
    "tensorflow-datasets",
    "spleeter",
    "rasa",
    "ddsp",
    "tf-models-official",
    "deeplabcut",
    "tensorflow-recommenders",
    "gpflow",
    "basic-pitch[tf]",
    "keras-cv",
    "tensorflowjs",
)
CASES = (
    *(Case(name, (name,)) for name in ALONE),
    Case("tensorflow-decision-forests, 2.18", ("tensorflow-decision-forests",), "2.18"),
    Case("tensorflow-text, 2.13", ("tensorflow-text",), "2.13"),
    Case("four at once", ("transformers", "datasets", "tf2onnx", "spleeter")),
    Case("a desk", ("pandas", "scikit-learn", "matplotlib", "jupyterlab")),
)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the whole process and of the processor, its exit status and first line."""

    seconds: float
    busy: float
    status: int
    said: str


def run(command: list[str], environment: dict[str, str], folder: Path) -> Took:
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    text = done.stdout if done.returncode == 0 else done.stderr
    lines = [line for line in text.splitlines() if line and not line.startswith(("note:", "#"))]
    return Took(seconds, busy, done.returncode, lines[0] if lines else "")


def ours(case: Case, cache: Path, folder: Path, *, offline: bool) -> Took:
    tool = Path(sys.executable).with_name("tfmac-lock")
    words = ["--python", "3.10", "--chip", "m1", "--fresh", "-U", "--force", "-o", "out"]
    command = [str(tool), *words, *case.ours, *(["--offline"] if offline else [])]
    (folder / "out").mkdir(exist_ok=True)
    return run(command, {"TFMAC_LOCK_CACHE_DIR": str(cache)}, folder)


def uvs(case: Case, cache: Path, folder: Path, *, offline: bool) -> Took:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if uv is None:
        return Took(float("nan"), float("nan"), 2, "uv is not installed")
    (folder / "in.txt").write_text(f"{case.uvs}\n")
    command = [
        *(uv, "pip", "compile", "in.txt", "--python-version", "3.10", "--python-platform"),
        *(PLATFORM, "--no-config", "--quiet", "--cache-dir", str(cache)),
        *(["--offline"] if offline else []),
    ]
    took = run(command, {}, folder)
    return Took(took.seconds, took.busy, took.status, "")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cold", action="store_true", help="begin each case with an empty cache")
    options.add_argument("--offline", action="store_true", help="no network in the measured runs")
    options.add_argument("cases", nargs="*", metavar="CASE", help="only these")
    args = options.parse_args()
    chosen = [case for case in CASES if not args.cases or case.name in args.cases]
    times: list[tuple[Took, Took]] = []
    wrong = 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for number, case in enumerate(chosen):
            took = []
            for solve in (ours, uvs):
                cache = folder / f"cache-{number if args.cold else 'warm'}-{solve.__name__}"
                if not args.cold:
                    solve(case, cache, folder, offline=False)
                took.append(solve(case, cache, folder, offline=args.offline and not args.cold))
            mine, other = took
            times.append((mine, other))
            wrong += mine.status not in (0, 1) or mine.seconds > (COLD if args.cold else LONGEST)
            print(
                f"{case.name:<36} {mine.seconds:6.2f} |{mine.busy:6.2f} s ({mine.status})  "
                f"uv {other.seconds:6.2f} |{other.busy:6.2f} s ({other.status})  {mine.said[:60]}",
                flush=True,
            )
    median = statistics.median(mine.seconds for mine, _ in times)
    busy = statistics.median(mine.busy for mine, _ in times)
    print(
        f"median {median:.2f} |{busy:.2f} s, "
        f"uv {statistics.median(other.seconds for _, other in times):.2f} "
        f"|{statistics.median(other.busy for _, other in times):.2f} s"
    )
    return 1 if wrong or (not args.cold and median > MEDIAN) else 0


if __name__ == "__main__":
    sys.exit(main())
