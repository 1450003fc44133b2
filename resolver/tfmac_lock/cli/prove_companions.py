"""``tfmac-lock prove companions``: which companion runs beside which TensorFlow, tried on Linux."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .arguments import add_command, add_list
from .proving import PROOFS, add_run_options, bar, index_of, resolver_of, share_of, twins_in
from .terminal import print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from packaging.version import Version

    from ..lock.make import Resolver
    from ..matrix.companions import Trial
    from ..matrix.facts import Matrix
    from ..prove.errors import NotProvable
    from ..prove.twin import Twins
    from ..pypi.client import IndexClient
    from .arguments import Commands

CHIP = "m1"
"""Companions are tried with the packages of an Apple silicon lock, without the plugin."""

PYTHON = "3.11"
"""Beside a TensorFlow that has no wheel for it, the newest Python that has one."""

OLDEST = 8
"""The oldest minor release of TensorFlow 2 for Apple silicon whose packages are all wheels."""


ABOUT = """
Lock each companion beside each TensorFlow, install the lock's versions from their Linux wheels,
run the smoke tests, and write one file a trial. Where a release fails, older ones are tried until
one runs. What was tried already beside the same packages is skipped.
"""


def add_parser(commands: Commands) -> None:
    """Register the command beneath ``prove``."""
    summary = "try which companion runs beside which TensorFlow"
    parser = add_command(commands, "companions", run, ABOUT, help=summary)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="packages (default: all companions that are known); of one without a smoke test the "
        "modules are imported",
    )
    add_list(
        parser,
        "--tensorflow",
        metavar="MINOR",
        help="2.18; can be repeated (default: all from 2.8 on, newest first)",
    )
    parser.add_argument(
        "--python", metavar="3.X", help=f"(default: {PYTHON}, or the newest that TensorFlow has)"
    )
    add_run_options(parser, PROOFS / "companions", known="was tried")


@dataclass(slots=True, kw_only=True)
class Cell:
    """One companion beside one TensorFlow: what was tried, and why no more."""

    name: str
    minor: str
    trials: list[Trial] = field(default_factory=list)
    new: int = 0
    refused: str = ""
    untried: str = ""

    @property
    def outcome(self) -> str:
        """``runs``, ``fails``, ``no lock`` or ``not tried``."""
        if any(trial.outcome == "works" for trial in self.trials):
            return "runs"
        if self.trials:
            return "fails"
        return "no lock" if self.refused else "not tried"

    def __str__(self) -> str:
        tried = "; ".join(_line(trial) for trial in self.trials)
        why = self.refused or self.untried
        return f"{self.name} beside {self.minor}: " + "; ".join(filter(None, [tried, why]))


def run(args: argparse.Namespace) -> int:
    """Try them: 0 each one that could be locked has a release that runs, 1 not, 3 untried."""
    from ..matrix import loading
    from ..prove.processes import Processes

    matrix = loading.matrix()
    matrix = replace(matrix, companions=matrix.companions.untried())
    known = [fact.name for fact in matrix.companions.facts]
    index = index_of(args)
    names = [_there(name, known, index) for name in args.names] or known
    minors = args.tensorflow or _minors(matrix)
    todo = share_of([(name, minor) for minor in minors for name in names], args)
    cells = []
    with (
        twins_in(args.output, index, Processes()) as twins,
        bar(len(todo)) as tick,
        twins.workspace() as place,
    ):
        resolver = resolver_of(matrix, index)
        for name, minor in todo:
            cell = Cell(name=name, minor=minor)
            _fill(cell, args, twins, resolver, place)
            cells.append(cell)
            tick(str(cell))
    return _summary(args, cells)


def _there(given: str, known: Collection[str], index: IndexClient) -> str:
    """The name of a package that is known or on the index; raises UnknownChoice."""
    from packaging.utils import canonicalize_name

    from ..errors import UnknownChoice
    from ..pypi.errors import ProjectNotFound

    name = canonicalize_name(given)
    if name not in known:
        try:
            index.project(name)
        except (ProjectNotFound, ValueError):
            raise UnknownChoice("companion", given, known) from None
    return name


def _minors(matrix: Matrix) -> list[str]:
    """The minor releases of TensorFlow to try companions beside, newest first."""
    from ..matrix.base import METAL, minor_number
    from ..target import minor

    found = {minor(one.version) for one in matrix.releases if one.package != METAL}
    wanted = [one for one in found if minor_number(one) >= OLDEST]
    return sorted(wanted, key=minor_number, reverse=True)


def _fill(
    cell: Cell, args: argparse.Namespace, twins: Twins, resolver: Resolver, place: Path
) -> None:
    """Try releases of the companion beside the TensorFlow, from the newest down."""
    from packaging.version import Version

    from ..errors import Refusal, TfmacLockError
    from ..prove.companions import drop_stale
    from ..prove.errors import DiskFull
    from ..prove.older import next_try

    drop_stale(args.output, cell.name, resolver.matrix.companions)
    tried: dict[Version, bool] = {}
    releases = _releases(resolver, cell.name)
    while (limit := next_try(releases, tried)) is not None:
        try:
            for found in _try(args, twins, resolver, cell, limit, place):
                if isinstance(found, Exception):
                    cell.untried = str(found)
                elif found.companion == cell.name:
                    cell.trials.append(found)
                    tried[Version(found.version)] = found.outcome == "works"
        except Refusal as error:
            cell.refused = f"no lock{limit and f' of {limit}'}: {_short(error)}"
            return
        except DiskFull:
            raise
        except TfmacLockError as error:
            cell.untried = f"not tried: {_short(error)}"
        if cell.untried:
            return


def _releases(resolver: Resolver, name: str) -> Collection[Version]:
    from ..errors import TfmacLockError
    from ..prove.older import releases

    try:
        return releases(file.filename for file in resolver.source.project(name).files)
    except TfmacLockError:
        return ()  # it is reported when it is locked


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _try(
    args: argparse.Namespace,
    twins: Twins,
    resolver: Resolver,
    cell: Cell,
    limit: str,
    place: Path,
) -> Iterator[Trial | NotProvable]:
    """The trials of the companions in the lock of one beside a minor series of TensorFlow."""
    from ..lock.model import to_json
    from ..lock.request import Words, make_request
    from ..prove.companions import known_trial, trial_file, try_companions
    from ..prove.locked import locked_set
    from ..prove.programs import tasks

    matrix = resolver.matrix
    request, _ = make_request(
        Words(tensorflow=cell.minor, metal="none", packages=[cell.name + limit]),
        matrix.platforms,
        chip=matrix.platforms.chip(CHIP),
        python=matrix.platforms.python(args.python or _python(matrix, cell.minor)),
        macos=None,
        any_minor=False,
    )
    lock = resolver.lock(request).lock
    locked = locked_set(to_json(lock), lock.combo.id)
    todo = []
    for task in tasks(locked, matrix.companions):
        if not task.touches and task.name != cell.name:
            continue
        known = (
            None if args.again else known_trial(trial_file(args.output, task, locked), task, locked)
        )
        if known:
            yield known
        else:
            todo.append(task)
    if todo:
        for found in try_companions(twins, locked, todo, args.output, place):
            cell.new += 1
            yield found


def _python(matrix: Matrix, minor: str) -> str:
    """The Python to try beside that TensorFlow."""
    from ..matrix.base import METAL, minor_number
    from ..target import Arch

    series = {
        python
        for release in matrix.releases
        if release.package != METAL and release.version.startswith(f"{minor}.")
        for python in release.pythons(Arch.ARM64)
    }
    return PYTHON if PYTHON in series else max(series, key=minor_number, default=PYTHON)


def _summary(args: argparse.Namespace, cells: Sequence[Cell]) -> int:
    from ..matrix.plain import plain

    count = dict.fromkeys(("runs", "fails", "no lock", "not tried"), 0)
    for cell in cells:
        count[cell.outcome] += 1
    if args.json:
        rows = [
            {
                "companion": cell.name,
                "tensorflow": cell.minor,
                "outcome": cell.outcome,
                "reason": cell.refused or cell.untried,
                "trials": [plain(trial) for trial in cell.trials],
            }
            for cell in cells
        ]
        print_json({"schema_version": 1, "cells": rows})
    else:
        sys.stdout.write(
            f"{count['runs']} of {len(cells)} have a release that runs, {count['fails']} fail, "
            f"{count['no lock']} cannot be locked, {count['not tried']} not tried; "
            f"{sum(cell.new for cell in cells)} new trials\n"
        )
    return 1 if count["fails"] else 3 if count["not tried"] else 0


def _line(trial: Trial) -> str:
    ended = f": {trial.error}" if trial.error else ""
    return f"{trial.version} {trial.outcome} beside {trial.tensorflow}{ended}"
