"""``tfmac-lock … --prove``: a lock is tried by a twin on this computer before it is written.

What fails is learned as a fact like any other, and the lock is made once more without it, so
that what is written has run, or is said to be open.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..errors import Objected, UsageError
from .outputs import wants_conda
from .prove_twin import lines
from .proving import twins_in
from .terminal import say

if TYPE_CHECKING:
    import argparse

    from ..lock.make import Resolver
    from ..lock.model import Lock
    from ..lock.request import LockRequest
    from ..matrix.facts import Matrix
    from ..prove.twin import Outcome, Twins
    from ..pypi.client import IndexClient

ROUNDS = 5
"""Locks that are made and tried until one runs."""


class DoesNotRun(Objected):
    """What would have been written was tried, and it does not run."""

    template = "nothing was written: the twin of {subject} does not run"


def proved(args: argparse.Namespace, resolver: Resolver, request: LockRequest) -> Lock:
    """The first lock for the request that runs in a twin, with that as evidence.

    After each that does not, the matrix says so and a lock is made again. One of which this
    computer can prove nothing is given as it is. Raises DoesNotRun, UsageError.
    """
    from ..prove.processes import Processes

    if args.offline:
        raise UsageError("--prove installs packages, which --offline forbids: leave one out")
    if wants_conda(args):
        raise UsageError(
            "--prove tries wheels alone; prove a mixed lock with `tfmac-lock prove twin`"
        )
    index = cast("IndexClient", resolver.source)
    with (
        tempfile.TemporaryDirectory() as folder,
        twins_in(Path(folder), index, Processes(), resolver.matrix.companions) as twins,
    ):
        lock = resolver.lock(request).lock
        for _ in range(ROUNDS):
            outcome = _prove(twins, lock)
            for line in lines(outcome):
                say(line)
            if outcome.evidence is None:
                return lock
            failures = _without_remedy(lock, outcome)
            if failures:
                raise DoesNotRun(lock.combo.id, failures)
            resolver = replace(resolver, matrix=learned(resolver.matrix, outcome))
            again = resolver.lock(request).lock
            if again.packages == lock.packages:
                return again
            lock = again
    raise DoesNotRun(lock.combo.id, [f"{ROUNDS} sets of versions were tried, and none of them ran"])


def _prove(twins: Twins, lock: Lock) -> Outcome:
    """What the twin of the lock gives, or why there is none."""
    from ..lock.model import to_json
    from ..prove.locked import locked_set
    from ..prove.twin import prove_all

    (outcome,) = prove_all(twins, [locked_set(to_json(lock), lock.combo.id)], 1)
    return outcome


def _without_remedy(lock: Lock, outcome: Outcome) -> list[str]:
    """What fails, and of which the matrix can learn nothing that leads to another lock."""
    assert outcome.evidence is not None
    if outcome.evidence.outcome != "works":
        return [outcome.evidence.text]
    touching = {one.name for one in lock.companions}
    return [
        f"{one.companion} {one.version}: {one.error}"
        for one in outcome.failed
        if one.companion not in touching
    ]


def learned(matrix: Matrix, outcome: Outcome) -> Matrix:
    """The matrix with what the twin showed."""
    source = f"twin: on this computer, {datetime.now(UTC).date()}"
    companions = matrix.companions
    for trial in outcome.tried:
        companions = companions.with_trial(trial, source)
    evidence = matrix.evidence
    if outcome.evidence is not None:
        evidence += (outcome.evidence.evidence(source),)
    return replace(matrix, companions=companions, evidence=evidence)
