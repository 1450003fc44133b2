"""``tfmac-lock prove twin``: a lock's versions on Linux must train, and its companions run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_flag
from .proving import PROOFS, add_run_options, bar, index_of, published_locks, twins_in
from .terminal import print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from ..matrix.companions import Trial
    from ..prove.twin import Outcome
    from .arguments import Commands

ABOUT = """
Install the versions of locks from their Linux wheels, train on drawn digits, and write what came
out, one file for all locks with the same pins. Each other package that was asked for, or that
touches TensorFlow, is then tried beside it: by its smoke test, or by the import of its modules.
What is proved already is skipped.
"""


def add_parser(commands: Commands) -> None:
    """Register the command beneath ``prove``."""
    summary = "install a lock's versions from Linux wheels and train"
    twin = add_command(commands, "twin", run, ABOUT, help=summary)
    twin.add_argument(
        "locks", nargs="*", metavar="LOCK", help="published locks, or lock.json files"
    )
    add_flag(twin, "--all", "all published locks")
    twin.add_argument("--jobs", type=int, metavar="N", help="how many side by side")
    twin.add_argument(
        "--trials",
        type=Path,
        default=PROOFS / "companions",
        metavar="DIR",
        help="where the trials of companions lie (default: %(default)s)",
    )
    add_run_options(twin, PROOFS / "twin", known="is proved")


def run(args: argparse.Namespace) -> int:
    """Prove by twins: 0 all hold, 1 one does not, 3 one could not be proved."""
    from ..errors import UsageError
    from ..matrix import loading
    from ..prove.chosen import select
    from ..prove.errors import DiskFull
    from ..prove.processes import Processes
    from ..prove.twin import prove_all, shard, side_by_side
    from . import parse_shard

    if args.all == bool(args.locks):
        raise UsageError("name locks, or say --all")
    if args.jobs is not None and args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs}: at least 1")
    locks = select(args.locks, published_locks)
    if args.shard:
        locks = shard(locks, *parse_shard(args.shard))
    processes = Processes()
    index = index_of(args)
    companions = loading.matrix().companions
    outcomes: list[Outcome] = []
    with (
        twins_in(args.output, index, processes, companions, args.trials) as twins,
        bar(len(locks)) as tick,
    ):
        try:
            for outcome in prove_all(twins, locks, args.jobs or side_by_side(), again=args.again):
                outcomes.append(outcome)
                tick("\n  ".join(lines(outcome)))
        except DiskFull:
            _summary(args, outcomes)
            raise
    return _summary(args, outcomes)


def lines(outcome: Outcome) -> Iterator[str]:
    """What to tell of a lock: its training, then each package that was tried beside it."""
    if outcome.evidence is None:
        yield f"{outcome.lock.id}: not proved: {outcome.reason}"
        return
    kept = " (known)" if outcome.kept else ""
    yield f"{outcome.lock.id}: {outcome.evidence.outcome}{kept}: {outcome.evidence.text}"
    for one in outcome.tried:
        failed = f": {one.error}" if one.error else ""
        yield f"{one.companion} {one.version}: {one.outcome} ({one.seconds} s){failed}"
    for left in outcome.untried:
        yield str(left)


def _summary(args: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    """Print what came out and return the exit status."""
    proved = [outcome for outcome in outcomes if outcome.evidence is not None]
    works = sum(1 for outcome in proved if outcome.holds)
    open_ones = len(outcomes) - len(proved)
    untried = sum(1 for outcome in proved if outcome.untried)
    if args.json:
        document = {
            "schema_version": 1,
            "works": works,
            "broken": len(proved) - works,
            "not_proved": open_ones,
            "outcomes": [_as_json(outcome) for outcome in sorted(outcomes, key=_lock_id)],
        }
        print_json(document)
    else:
        others = " and run what was asked for" if any(o.others for o in outcomes) else ""
        open_text = f", {untried} with packages that could not be tried here" if untried else ""
        sys.stdout.write(
            f"{works} of {len(outcomes)} locks train{others}, {len(proved) - works} do not, "
            f"{open_ones} not proved{open_text}\n"
        )
    return 1 if works < len(proved) else 3 if open_ones or untried else 0


def _lock_id(outcome: Outcome) -> str:
    return outcome.lock.id


def _as_json(outcome: Outcome) -> dict[str, Any]:
    evidence = outcome.evidence
    result = "works" if outcome.holds else "broken"
    return {
        "lock": outcome.lock.id,
        "outcome": result if evidence else "not-proved",
        "text": evidence.text if evidence else outcome.reason,
        "stage": (evidence.stage if evidence else None) or "",
        "known": outcome.kept,
        "packages": [
            *(_tried(one) for one in outcome.tried),
            *(
                {"package": one.lock, "outcome": "not-tried", "error": one.reason}
                for one in outcome.untried
            ),
        ],
    }


def _tried(one: Trial) -> dict[str, Any]:
    return {
        "package": f"{one.companion} {one.version}",
        "outcome": one.outcome,
        "error": one.error,
        "seconds": one.seconds,
    }
