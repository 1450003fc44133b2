"""How fast `explain` reads, and how much memory it takes: python benchmarks/explain.py [MB].

Each log is made while it is read. The figures are those of this machine; the bar is 20 MB/s at
the same memory for 10 MB and for 100 MB.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LOGS = ROOT / "tests" / "explain" / "logs" / "healthy"

PLUGIN = b"libmetal_plugin.dylib, 6): Symbol not found: __ZN3tsl8internal10LogMessageC1EPKcii\n"


class ResolvedLock:
    """A stream of ``size`` bytes out of repeated pieces."""

    def __init__(self, pieces: Iterator[bytes], size: int) -> None:
        self.pieces = pieces
        self.left = size

    def read1(self, _size: int = -1, /) -> bytes:
        if self.left <= 0:
            return b""
        piece = next(self.pieces)[: self.left]
        self.left -= len(piece)
        return piece


def chunked(text: bytes, size: int = 65536) -> Iterator[bytes]:
    whole = text * (-(-size // len(text)))
    return itertools.repeat(whole)


def healthy() -> bytes:
    """Real logs of pip, uv and two trainings."""
    kinds = ("pip-*.log", "uv-*.log", "training*.log")
    return b"".join(path.read_bytes() for kind in kinds for path in sorted(LOGS.glob(kind)))


def foreign() -> bytes:
    """Errors of other programs, in every window: near misses all the way."""
    return (LOGS / "unrelated-tracebacks.log").read_bytes() + healthy()


KINDS = {
    "healthy logs": lambda: chunked(healthy()),
    "healthy logs with others' errors": lambda: chunked(foreign()),
    "the same failure again and again": lambda: chunked(PLUGIN + b"x" * 200 + b"\n"),
    "nearly a failure, everywhere": lambda: chunked(b"symbol not found in flat namespace "),
    "Keras progress with carriage returns": lambda: chunked(
        b"\r\x1b[1m 938/1875\x1b[0m \x1b[32m----\x1b[0m 1ms/step - accuracy: 0.9 - loss: 0.1"
    ),
    "random bytes": lambda: iter(lambda: os.urandom(65536), b""),
    "one line without end": lambda: chunked(b"x" * 1000),
}


def measure(kind: str, megabytes: int) -> dict[str, object]:
    import resource

    from tfmac_lock.explain.recognise import recognise
    from tfmac_lock.explain.symptoms import shipped

    known = shipped()
    stream = ResolvedLock(KINDS[kind](), megabytes * 1_000_000)
    start, cpu = time.perf_counter(), time.process_time()
    found = recognise(stream, known)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "kind": kind,
        "megabytes": megabytes,
        "MB/s": round(megabytes / seconds, 1),
        "MB/s of processor time": round(megabytes / cpu, 1),
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "found": [match.symptom.id for match in found.matches],
    }


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for kind in KINDS:
        for megabytes in (largest // 10, largest):
            # A process of its own each, since a peak of memory never falls.
            pid = os.fork()
            if pid == 0:
                print(json.dumps(measure(kind, megabytes)), flush=True)
                os._exit(0)
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
