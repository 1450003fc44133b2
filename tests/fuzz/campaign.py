"""A run of a reader over many inputs, in a process of its own with bounds on time and memory.

An input is a number: reader, seed and number make the same bytes on every machine. So a process
that hangs or is killed still tells which input did it.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fuzz.mutations import mutated
from tests.fuzz.seeds import seeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.readers import Reader

SECONDS = 10
"""Of the processor, for one input."""

MEMORY = 1 << 30
"""Bytes over what the program has before it reads anything."""

PATIENCE = 1800
"""Seconds of the clock without an input, after which the process is taken for hung."""

ROOT = Path(__file__).parents[2]


class TooLongError(BaseException):
    """One input took more than its time; no reader catches it."""


@dataclass(slots=True)
class Failure:
    """What came out of a reader that may not; ``number`` makes the input again."""

    reader: str
    number: int
    kind: str
    text: str
    smallest: str


@dataclass(slots=True)
class Outcome:
    """What became of a reader's inputs. ``refused`` are those that got an error of ours.

    ``slowest`` is in seconds of the processor, ``memory`` in bytes over what there was before.
    """

    reader: str
    tried: int = 0
    refused: int = 0
    slowest: float = 0.0
    memory: int = 0
    failures: list[Failure] = field(default_factory=list)


def input_of(name: str, reader: Reader, seed: int, number: int) -> bytes:
    """The bytes of that number."""
    return mutated(random.Random(f"{name} {seed} {number}"), seeds(reader.seeds), reader.shape)


def run(name: str, seed: int, *, seconds: float = 0, inputs: int = 0, first: int = 0) -> Outcome:
    """The reader in another process, for so long or over so many inputs."""
    total = Outcome(reader=name)
    ends = time.monotonic() + seconds if seconds else None
    with tempfile.TemporaryDirectory(dir=_memory_disk()) as folder:
        place = Path(folder) / "place"
        place.write_bytes(bytes(8))
        number = first
        while True:
            left = max(0.0, ends - time.monotonic()) if ends else 0
            more = max(0, first + inputs - number) if inputs else 0
            if not left and not more:
                return total
            found = _one_process(name, seed, number, left, more, place)
            total.tried += found.tried
            total.refused += found.refused
            total.slowest = max(total.slowest, found.slowest)
            total.memory = max(total.memory, found.memory)
            total.failures += found.failures
            if not any(one.kind == "process" for one in found.failures):
                return total
            number = found.failures[-1].number + 1


def _one_process(
    name: str, seed: int, first: int, seconds: float, inputs: int, place: Path
) -> Outcome:
    command = [sys.executable, "-m", "tests.fuzz.campaign", name, str(seed), str(first)]
    command += [str(seconds), str(inputs), str(place)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    seen, since = -1, time.monotonic()
    while True:
        try:
            out, said = process.communicate(timeout=5)
            break
        except subprocess.TimeoutExpired:
            (now,) = struct.unpack("<q", place.read_bytes())
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                process.kill()
    if process.returncode == 0:
        data: dict[str, Any] = json.loads(out.splitlines()[-1])
        return Outcome(**{**data, "failures": [Failure(**one) for one in data["failures"]]})
    (number,) = struct.unpack("<q", place.read_bytes())
    text = f"the process ended with {process.returncode}: {said[-2000:]}"
    if number < first:
        raise RuntimeError(text)
    failure = Failure(name, number, "process", text, "")
    return Outcome(reader=name, tried=number - first + 1, failures=[failure])


def _memory_disk() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


# -- inside of the process


def work(name: str, seed: int, first: int, seconds: float, inputs: int, place: Path) -> Outcome:
    """All inputs in turn; only the first failure of each kind is kept, made as small as it goes."""
    from tests.fuzz.readers import READERS

    reader = READERS[name]
    outcome = Outcome(reader=name)
    known: set[str] = set()
    with tempfile.TemporaryDirectory(dir=_memory_disk()) as above, place.open("r+b") as file:
        attempt = Attempt(reader, Path(above))
        for data in seeds(reader.seeds):
            attempt(data)  # imports, and what is made once
        _bound_memory()
        before = _peak()
        at = mmap.mmap(file.fileno(), 8)
        ends = time.monotonic() + seconds
        number = first
        while (inputs and number < first + inputs) or (seconds and time.monotonic() < ends):
            at[:8] = struct.pack("<q", number)
            data = input_of(name, reader, seed, number)
            begun = time.process_time()
            error = attempt(data)
            outcome.slowest = max(outcome.slowest, time.process_time() - begun)
            outcome.tried += 1
            if error is not None and isinstance(error, reader.allowed):
                outcome.refused += 1
            elif error is not None and (kind := kind_of(error)) not in known:
                known.add(kind)
                text = "".join(traceback.format_exception(error, limit=-6))[-3000:]
                small = smallest(data, lambda one, kind=kind: _fails(attempt, reader, one, kind))
                outcome.failures.append(Failure(name, number, kind, text, repr(small[:5000])))
            number += 1
        outcome.memory = _peak() - before
    return outcome


class Attempt:
    """One reading in an empty folder, within its time; returns what was raised."""

    def __init__(self, reader: Reader, above: Path) -> None:
        self._reader = reader
        self._folder = above / "x"

    def __call__(self, data: bytes) -> BaseException | None:
        self._folder.mkdir()
        signal.signal(signal.SIGPROF, _too_long)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            self._reader.read(data, self._folder)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a panic of a library in Rust is no Exception
            return error
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            shutil.rmtree(self._folder, ignore_errors=True)
        return None


def _too_long(_number: int, _frame: object) -> None:
    raise TooLongError(f"more than {SECONDS} s")


def kind_of(error: BaseException) -> str:
    """The error's class and the innermost line of ours that it went through."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "tfmac_lock" in frame.filename or "/fuzz/readers" in frame.filename
    ]
    where = f"{Path(own[-1].filename).name}:{own[-1].name}" if own else "?"
    return f"{type(error).__name__} in {where}"


def _fails(attempt: Attempt, reader: Reader, data: bytes, kind: str) -> bool:
    error = attempt(data)
    return error is not None and not isinstance(error, reader.allowed) and kind_of(error) == kind


def smallest(data: bytes, fails: Callable[[bytes], bool], most: int = 500) -> bytes:
    """What is left when pieces are cut out as long as it still fails."""
    size = max(1, len(data) // 2)
    tries = 0
    while size and tries < most:
        at, cut = 0, False
        while at < len(data) and tries < most:
            tries += 1
            shorter = data[:at] + data[at + size :]
            if fails(shorter):
                data, cut = shorter, True
            else:
                at += size
        if not cut:
            size //= 2
    return data


def _bound_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    if pages:
        most = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def _peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    name_, seed_, first_, seconds_, inputs_, place_ = sys.argv[1:]
    found_ = work(name_, int(seed_), int(first_), float(seconds_), int(inputs_), Path(place_))
    print(json.dumps(asdict(found_)))  # noqa: T201 - its answer to the process above
