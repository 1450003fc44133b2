"""``tfmac-lock prove companions``: which companion runs beside which TensorFlow, tried on Linux."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .proving import bar, twins_in

if TYPE_CHECKING:
    import argparse

    from ..lock.make import Resolver
    from ..matrix.companions import Trial
    from ..prove.twin import Twins

CHIP = "m1"
"""Companions are tried with the packages of an Apple silicon lock, without the plugin."""


def add_companions(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "companions",
        help="try which companion runs beside which TensorFlow",
        description="Lock each companion beside each TensorFlow, install the lock's versions from "
        "their Linux wheels, run the smoke tests, and write one file a trial. What was tried "
        "already with the same packages is skipped.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="companions (default: all known)")
    parser.add_argument(
        "--tensorflow", action="append", default=[], metavar="MINOR", help="2.18; can be repeated"
    )
    parser.add_argument("--python", default="3.11", metavar="3.X", help="(default: %(default)s)")
    parser.add_argument("--shard", metavar="I/N", help="only the I-th of N parts")
    parser.add_argument("--again", action="store_true", help="also what was tried already")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("matrix") / "proofs" / "companions",
        metavar="FOLDER",
        help="where the files lie (default: %(default)s)",
    )
    parser.add_argument("--index-url", metavar="URL", help="the package index")
    parser.add_argument("--extra-index-url", action="append", default=[], metavar="URL")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Try them: 0 all that could be locked ran, 1 one failed, 3 one could not be tried."""
    from ..errors import Refusal, TfmacLockError, UnknownChoice, UsageError
    from ..lock.make import Resolver
    from ..matrix import loading
    from ..prove.processes import Processes
    from ..pypi import open_index
    from . import parse_shard

    matrix = loading.matrix()
    known = [fact.name for fact in matrix.companions.facts]
    for name in args.names:
        if name not in known:
            raise UnknownChoice("companion", name, known)
    if not args.tensorflow:
        raise UsageError("say beside which TensorFlow: --tensorflow 2.18")
    todo = [(name, minor) for name in args.names or known for minor in args.tensorflow]
    part, parts = parse_shard(args.shard)
    todo = todo[part - 1 :: parts]
    index = open_index(index_url=args.index_url, extra_index_urls=args.extra_index_url)
    trials: list[Trial] = []
    untried = 0
    with twins_in(args.output, index, Processes()) as twins, bar(len(todo)) as tick:
        resolver = Resolver(matrix=matrix, source=index, as_of=matrix.as_of)
        for name, minor in todo:
            try:
                found = _try(args, twins, resolver, name, minor)
            except Refusal as error:
                tick(f"{name} beside {minor}: no lock: {' '.join(str(error).split())[:200]}")
                continue
            except TfmacLockError as error:
                untried += 1
                tick(f"{name} beside {minor}: not tried: {' '.join(str(error).split())[:200]}")
                continue
            trials += found
            tick(f"{name} beside {minor}: " + ("; ".join(map(_line, found)) or "known"))
    works = sum(trial.outcome == "works" for trial in trials)
    sys.stdout.write(f"{works} of {len(trials)} new trials ran, {untried} could not be made\n")
    return 1 if works < len(trials) else 3 if untried else 0


def _try(
    args: argparse.Namespace, twins: Twins, resolver: Resolver, name: str, minor: str
) -> list[Trial]:
    """The new trials of one companion beside the newest TensorFlow of a minor series."""
    from ..lock.model import to_json
    from ..lock.request import Words, make_request
    from ..prove.companions import is_done, tasks, trial_file, try_companions
    from ..prove.locked import locked_set

    platforms = resolver.matrix.platforms
    request, _ = make_request(
        Words(tensorflow=minor, metal="none", packages=[name]),
        platforms,
        chip=platforms.chip(CHIP),
        python=platforms.python(args.python),
        macos=None,
        any_minor=False,
    )
    lock = resolver.lock(request).lock
    locked = locked_set(to_json(lock), lock.combo.id)
    todo = [
        task
        for task in tasks(lock, resolver.matrix.companions)
        if args.again or not is_done(trial_file(args.output, task, locked), task, locked)
    ]
    return list(try_companions(twins, locked, todo, args.output)) if todo else []


def _line(trial: Trial) -> str:
    ended = f": {trial.error}" if trial.error else ""
    return f"{trial.companion} {trial.version} {trial.outcome}{ended}"
