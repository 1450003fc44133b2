"""Checks of the trials of companions, and of the bounds that follow from them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..matrix.companions import OF_TRIALS, Companions, digest_of
from ..matrix.tried_bounds import is_current
from ..prove.companions import trial_name
from ..prove.programs import program_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .folder import MatrixFolder


def stale_trials(folder: MatrixFolder) -> Iterator[tuple[str, str]]:
    """Where a trial lies that says nothing any more, and why."""
    companions = Companions(facts=folder.companions)
    for path, trial in folder.trials:
        where = path.relative_to(folder.root).as_posix()
        series = ".".join(trial.tensorflow.split(".")[:2])
        again = f"tfmac-lock prove companions {trial.companion} --tensorflow {series}"
        if trial.program != digest_of(program_of(trial.companion, companions)):
            yield where, f"its smoke test is another one now: {again}"
        elif not is_current(trial, companions):
            yield where, f"the settings that it needs are others now: {again}"
        elif (path.parent.name, path.name) != (trial.companion, trial_name(trial)):
            yield where, f"it should be {trial.companion}/{trial_name(trial)}"


def needs_with_taken_ids(folder: MatrixFolder) -> Iterator[tuple[str, str]]:
    """Where a need or a defect stands whose id is not its own, and why."""
    for fact in folder.companions:
        where = f"companions/{fact.name}.toml"
        for rows in (fact.needs, fact.defects):
            for name, count in Counter(row.id for row in rows).items():
                if count > 1:
                    yield where, f"{name} stands there {count} times"
        for need in fact.needs:
            if need.is_of_trials:
                yield where, f"{need.id}: {OF_TRIALS} is how the ids of bounds from trials begin"
