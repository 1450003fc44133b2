"""``tfmac-lock prove standin``: what TensorFlow does beside a plugin, tried on Linux."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from .arguments import add_command, add_list
from .proving import (
    PROOFS,
    add_run_options,
    bar,
    index_of,
    published_locks,
    share_of,
    stopping,
    workplace,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..matrix.switches import StandInRun
    from .arguments import Commands


ABOUT = """
Build a small plugin in C against a TensorFlow's Linux wheel, try every switch that may keep its
graph optimizer from a model, and write one evidence file a TensorFlow. It shows TensorFlow's side
of the contract, and nothing of Metal's. What is known already is skipped.
"""


def add_parser(commands: Commands) -> None:
    """Register the command beneath ``prove``."""
    summary = "try which switches stop a plugin's graph optimizer, with a stand-in on Linux"
    standin = add_command(commands, "standin", run, ABOUT, help=summary)
    add_list(
        standin,
        "--tensorflow",
        metavar="VERSION",
        help="beside this TensorFlow; may be given again (default: each minor's newest since 2.8)",
    )
    add_run_options(standin, PROOFS / "standin", known="is known")


def run(args: argparse.Namespace) -> int:
    """Try them: 0 all were tried, 3 one could not be."""
    from ..errors import TfmacLockError
    from ..prove.chosen import select
    from ..prove.errors import DiskFull
    from ..prove.processes import Processes
    from ..prove.standin.run import StandIns, locks_for

    locks = share_of(locks_for(select([], published_locks), args.tensorflow), args)
    processes = Processes()
    index = index_of(args)
    runs, failed = [], []
    with stopping(processes), index, bar(len(locks)) as tick:
        standins = workplace(StandIns, args.output, index, processes)
        for lock in locks:
            try:
                known = None if args.again else standins.done(lock)
                runs.append(known or standins.prove(lock))
                tick(runs[-1].text + (" (known)" if known else ""))
            except DiskFull:
                raise
            except TfmacLockError as error:
                failed.append((lock.tensorflow, str(error)))
                tick(f"TensorFlow {lock.tensorflow}: not tried: {error}")
    _summary(args, runs, failed)
    return 3 if failed else 0


def _summary(
    args: argparse.Namespace, runs: Sequence[StandInRun], failed: Sequence[tuple[str, str]]
) -> None:
    from ..matrix.plain import plain

    if args.json:
        document = {
            "schema_version": 1,
            "runs": [plain(run) for run in runs],
            "not_tried": [{"tensorflow": name, "reason": reason} for name, reason in failed],
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    for run in runs:
        sys.stdout.write(f"TensorFlow {run.tensorflow}, CPython {run.python}\n")
        for switch in run.switches:
            kept = "" if switch.keeps_device else ", not on the plugin's device"
            sys.stdout.write(f"  {switch.code}: fit {switch.fit}, predict {switch.predict}{kept}\n")
    sys.stdout.write(f"{len(runs)} tried, {len(failed)} not\n")
