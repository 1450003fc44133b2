"""``tfmac-lock prove requests``: whether what ``--with NAME`` locks does run, tried on Linux."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from .arguments import add_command, add_list
from .prove_lock import learned
from .proving import PROOFS, add_run_options, bar, index_of, resolver_of, share_of, twins_in
from .terminal import print_json

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from ..lock.make import Resolver
    from ..lock.model import Lock
    from ..prove.twin import Outcome, Twins
    from .arguments import Commands

CHIPS = ("m1", "intel")
"""One Mac of each architecture."""

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
"""The series that most people have."""

ROUNDS = 4
"""Locks that are made and tried for one request until one runs."""


ABOUT = """
Lock what `--with NAME` gives on each Mac and Python, with the pair and the versions that a user
gets, and try what such a lock calls unproven: train where no twin did, and run the smoke test of
each companion that was not tried beside these versions. After a failure it is locked once more,
without what failed. Each result is a file.
"""


class Request(NamedTuple):
    """What somebody may ask for."""

    name: str
    chip: str
    python: str

    def __str__(self) -> str:
        return f"{self.name} on {self.chip} with Python {self.python}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of a request: the status of its lock, or why there is none."""

    request: Request
    outcome: str
    text: str = ""


def add_parser(commands: Commands) -> None:
    """Register the command beneath ``prove``."""
    summary = "try whether what a request locks does run"
    parser = add_command(commands, "requests", run, ABOUT, help=summary)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="packages (default: all companions)"
    )
    add_list(parser, "--chip", metavar="CHIP", help="(default: m1 and intel)")
    add_list(parser, "--python", metavar="3.X", help="(default: 3.10 to 3.13)")
    add_run_options(parser, PROOFS, known="was tried")


def run(args: argparse.Namespace) -> int:
    """Try them: 0 no lock is left unproven, 1 one is, 3 something could not be tried."""
    from ..matrix import loading
    from ..prove.processes import Processes

    matrix = loading.matrix()
    names = args.names or [fact.name for fact in matrix.companions.facts]
    # The Python comes first, since environments of the same one share most of their files.
    every = [
        Request(name, chip, python)
        for python in args.python or PYTHONS
        for chip in args.chip or CHIPS
        for name in names
    ]
    todo = share_of(every, args)
    index = index_of(args)
    rows: list[Row] = []
    with (
        twins_in(args.output / "twin", index, Processes()) as twins,
        bar(len(todo)) as tick,
        twins.workspace() as place,
    ):
        tries = Tries(args, twins, resolver_of(matrix, index), place)
        for request in todo:
            row = tries.of(request)
            rows.append(row)
            tick(f"{row.request}: {row.outcome}{row.text and f': {row.text}'}")
    return _summary(rows, as_json=args.json)


class Tries:
    """Tries request after request; what one teaches counts for the next."""

    def __init__(
        self, args: argparse.Namespace, twins: Twins, resolver: Resolver, place: Path
    ) -> None:
        self._args, self._twins, self._resolver, self._place = args, twins, resolver, place

    def of(self, request: Request) -> Row:
        """What comes of one request."""
        from ..errors import Refusal, TfmacLockError
        from ..matrix.reasons import Status
        from ..prove.errors import DiskFull

        left = ""
        try:
            lock = self._lock(request)
            for turn in range(ROUNDS):
                again = self._args.again and turn == 0
                if lock.verdict.status is not Status.UNPROVEN and not again:
                    break
                outcome = self._try(lock, again=again)
                left = "; ".join(one.reason for one in outcome.untried)
                if outcome.evidence is None and not outcome.tried:
                    break
                matrix = learned(self._resolver.matrix, outcome)
                self._resolver = replace(self._resolver, matrix=matrix)
                lock = self._lock(request)
        except Refusal as error:
            return Row(request=request, outcome="no-lock", text=_short(error))
        except DiskFull:
            raise
        except TfmacLockError as error:
            return Row(request=request, outcome="not-tried", text=_short(error))
        return Row(request=request, outcome=lock.verdict.status.value, text=left)

    def _lock(self, request: Request) -> Lock:
        """The lock that a user gets."""
        from ..lock.request import Words, make_request

        platforms = self._resolver.matrix.platforms
        made, _ = make_request(
            Words(packages=[request.name]),
            platforms,
            chip=platforms.chip(request.chip),
            python=platforms.python(request.python),
            macos=None,
            any_minor=False,
        )
        return self._resolver.lock(made).lock

    def _try(self, lock: Lock, *, again: bool) -> Outcome:
        """What came of everything that was not tried of the lock, or of all of it ``again``."""
        from ..lock.model import to_json
        from ..matrix.reasons import Status
        from ..prove.companions import known_trial, trial_file, trials_in
        from ..prove.locked import locked_set
        from ..prove.programs import tasks
        from ..prove.recipes import is_trained
        from ..prove.twin import Outcome

        twins, locked = self._twins, locked_set(to_json(lock), lock.combo.id)
        untried = {one.name for one in lock.companions if again or one.status is Status.UNPROVEN}
        companions = self._resolver.matrix.companions
        folder = self._args.output / "companions"
        known, todo = [], []
        for task in tasks(locked, companions):
            if task.name not in untried:
                continue
            trial = known_trial(trial_file(folder, task, locked), task, locked)
            if trial is None or again:
                todo.append(task)
            else:
                known.append(trial)  # it was filed since the facts were compiled
        trained = is_trained(lock) and not again
        if trained and not todo:
            return Outcome(lock=locked, evidence=None, others=tuple(known))
        with twins.environment(locked, self._place) as made:
            evidence = None if trained else twins.train(locked, made)
            others = tuple(trials_in(made, twins, locked, todo, folder))
        others = (*known, *others)
        return Outcome(lock=locked, evidence=evidence, others=others)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _summary(rows: list[Row], *, as_json: bool) -> int:
    """Print what came out and return the exit status."""
    count = Counter(row.outcome for row in rows)
    if as_json:
        found = [
            {**row.request._asdict(), "outcome": row.outcome, "text": row.text} for row in rows
        ]
        print_json({"schema_version": 1, "outcomes": found})
    else:
        said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items()))
        sys.stdout.write(f"{len(rows)} requests: {said}\n")
    if any(row.text and row.outcome in ("unproven", "not-tried") for row in rows):
        return 3
    return 1 if count["unproven"] else 0
