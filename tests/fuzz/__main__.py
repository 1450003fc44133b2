"""Fuzzing by hand, for as long as one likes.

    python -m tests.fuzz                         every reader for 5 seconds
    python -m tests.fuzz --seconds 600 --seed 7  longer, with other inputs
    python -m tests.fuzz --inputs 1000000        so many over all readers
    python -m tests.fuzz html json               only these
    python -m tests.fuzz html --number 4711      the bytes of one input, to look at
    python -m tests.fuzz html --atheris -max_total_time=600   guided by coverage, with atheris

It ends with status 1 where a reader let something out that it may not.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz import campaign
from tests.fuzz.readers import READERS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("readers", nargs="*", metavar="READER")
    parser.add_argument("--seconds", type=float, default=0, help="for each reader")
    parser.add_argument("--inputs", type=int, default=0, help="over all readers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--number", type=int, help="write that input to stdout, and end")
    parser.add_argument("--atheris", action="store_true", help="options after it are libFuzzer's")
    args, rest = parser.parse_known_args()
    names = args.readers or list(READERS)
    if unknown := set(names) - set(READERS):
        parser.error(f"no reader {', '.join(unknown)}; there are: {', '.join(READERS)}")
    if args.atheris:
        from tests.fuzz.guided import fuzz

        fuzz(names[0], rest)
    if rest:
        parser.error(f"unknown: {' '.join(rest)}")
    if args.number is not None:
        data = campaign.input_of(names[0], READERS[names[0]], args.seed, args.number)
        sys.stdout.buffer.write(data)
        return 0
    return report(names, args.seed, args.seconds, args.inputs)


def report(names: list[str], seed: int, seconds: float, inputs: int) -> int:
    shares = sum(READERS[name].share for name in names)
    failures, tried = [], 0
    print(f"{'reader':20} {'tried':>8} {'refused':>8} {'slowest':>8} {'memory':>8} failures")
    for name in names:
        share = READERS[name].share / shares
        begun = time.monotonic()
        found = campaign.run(
            name, seed, seconds=0 if inputs else seconds or 5, inputs=round(inputs * share)
        )
        failures += found.failures
        tried += found.tried
        took = time.monotonic() - begun
        print(
            f"{name:20} {found.tried:8} {found.refused:8} {found.slowest:7.2f}s "
            f"{found.memory / 1e6:6.0f}MB {len(found.failures)}  ({took:.0f} s)",
            flush=True,
        )
        for one in found.failures:
            print(f"\n  {one.kind}, input {one.number}\n{one.text}\n  {one.smallest}\n", flush=True)
    print(f"{tried} inputs, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
