"""Resolving anew for the main command: the index, the files that the user names, the request."""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..conda.mixed import without_wheel
from ..errors import InputFileError
from ..lock import published
from ..lock.beside import KINDS
from ..lock.make import Resolver
from ..lock.make_beside import lock_beside
from ..lock.reading import lock_path, read_lock
from ..lock.recipes import as_proved
from ..lock.request import Words, make_request
from ..matrix import loading
from ..matrix.facts import specifier
from ..matrix.ranking import NoCombo
from ..pypi import open_index
from ..pypi.cache import default_folder
from ..resolve.conflict import Unsatisfiable
from ..resolve.pairs import PAIR_NAMES, TENSORFLOW_NAMES
from ..target import Os
from .observer import TerminalObserver
from .outputs import folder_of, wants_conda
from .terminal import has_bars

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..lock.model import Lock
    from ..lock.request import LockRequest
    from ..matrix.ranking import PairRequest
    from .lock import Machine


def make(args: argparse.Namespace, machine: Machine, *, with_conda: Lock | None = None) -> Lock:
    """The lock for the options, resolved now.

    ``with_conda`` is a published lock that answers the same request as a mixed lock, for
    where wheels alone cannot.
    """
    try:
        return _make(args, machine)
    except NoCombo as error:
        if with_conda is not None:
            raise OnlyWithConda(error, with_conda) from error
        conflict = error.__cause__
        if wants_conda(args) or not isinstance(conflict, Unsatisfiable):
            raise
        if names := " and ".join(without_wheel(conflict)):
            error.text += f"\nconda-forge may well have {names} for it: add --format conda-lock"
        raise


class OnlyWithConda(NoCombo):
    """Wheels alone cannot serve the request, and a published mixed lock does."""

    def __init__(self, refusal: NoCombo, lock: Lock) -> None:
        super().__init__(refusal.text, refusal.nearest, refusal.machine, refusal.options)
        self.command = f"tfmac-lock {lock.command}"

    @property
    def commands(self) -> list[str]:
        """The command lines that have an answer, the one with conda first."""
        return [self.command, *super().commands]

    def __str__(self) -> str:
        with_conda = f"{self.text}\nWith conda it is available:\n  {self.command}"
        return str(NoCombo(with_conda, self.nearest, self.machine, self.options))


def _make(args: argparse.Namespace, machine: Machine) -> Lock:
    with (
        resolving(args, machine) as (resolver, request, observer),
        _with_conda(args, resolver, observer) as complete,
    ):
        if args.prove:
            from .prove_lock import proved

            return proved(args, resolver, request)
        return complete.lock(request).lock


def make_beside(
    args: argparse.Namespace, machine: Machine, mac: Lock, names: list[str]
) -> list[Lock]:
    """The locks of the same request for machines with Linux."""
    made = []
    for name in names:
        chip = machine.platforms.chip(KINDS[name][0])
        there = machine.with_chip(chip)
        asked = copy(args)
        asked.os, asked.macos, asked.metal, asked.tensorflow = "linux", None, "none", None
        asked.upgrade = True  # the versions to keep are the Mac's
        with (
            resolving(asked, there) as (resolver, request, observer),
            _with_conda(asked, resolver, observer) as complete,
        ):
            made.append(lock_beside(complete, request, mac, name))
    return made


@contextmanager
def _with_conda(
    args: argparse.Namespace, resolver: Resolver, observer: TerminalObserver
) -> Iterator[Resolver]:
    """The resolver, for mixed locks where the options ask for one."""
    if not wants_conda(args):
        yield resolver
        return
    from ..conda.channels import Channel
    from ..conda.client import CondaClient
    from ..lock.mixed import with_conda

    channels = [Channel.parse(text) for text in args.channels or ["conda-forge"]]
    with CondaClient(channels, offline=args.offline, observer=observer) as conda:
        yield with_conda(resolver, conda, specs=args.conda_specs, native=bool(args.native))


@contextmanager
def resolving(
    args: argparse.Namespace, machine: Machine
) -> Iterator[tuple[Resolver, LockRequest, TerminalObserver]]:
    """The resolver with an open index, the request that the options make, and the observer."""
    matrix = loading.matrix()
    words = Words(
        tensorflow=args.tensorflow,
        metal=args.metal,
        packages=args.extra,
        requirements=args.requirements,
        constraints=args.constraints,
        extras=args.extras,
        groups=args.groups,
        allow_source=args.allow_source,
        exclude_newer=args.exclude_newer,
        accept_repacked=args.accept_repacked,
        attested=args.require_attestations,
        recipe=matrix.recipes.named(args.recipe) if args.recipe else None,
    )
    request, said = make_request(
        words,
        machine.platforms,
        chip=machine.chip,
        python=machine.python,
        macos=machine.macos or machine.running,
        any_minor=bool(args.macos) and "." not in args.macos,
        system=Os(args.os),
    )
    request = replace(request, preferred=_preferred(args, request.pair))
    if not args.upgrade or getattr(args, "as_proved", False):
        request = as_proved(request, matrix.recipes)
    as_of = args.exclude_newer or datetime.now(tz=UTC).date().isoformat()
    with (
        TerminalObserver(show=has_bars()) as observer,
        open_index(
            index_url=args.index_url,
            extra_index_urls=args.extra_index_url,
            index_for=args.index_for,
            offline=args.offline,
            observer=observer,
        ) as client,
    ):
        for text in said.notes:
            observer.note(text)
        resolver = Resolver(
            matrix=matrix,
            source=client,
            as_of=as_of,
            ahead=not args.offline,
            likely=frozenset() if args.offline else _likely(request.pair),
            published=loading.locks_folder(),
            keep_proven=not args.fresh,
        )
        yield resolver, request, observer
    from .cache import keep_to_limit

    keep_to_limit(default_folder())


def _preferred(args: argparse.Namespace, asked: PairRequest) -> dict[NormalizedName, Version]:
    """The versions of the lock.json that is there already, but those that are to be upgraded."""
    if args.upgrade or str(args.output) == "-":
        return {}
    try:
        lock = read_lock(lock_path(folder_of(args.output)))
    except InputFileError:
        return {}  # there is none, or it is somebody else's
    if (lock.combo.python, lock.combo.arch) != (asked.python.series, asked.arch):
        return {}
    upgraded = {canonicalize_name(name) for name in args.upgrade_package}
    if upgraded & TENSORFLOW_NAMES:
        upgraded |= PAIR_NAMES
    return {name: version for name, version in lock.versions.items() if name not in upgraded}


def _likely(request: PairRequest) -> frozenset[NormalizedName]:
    """The packages of the best published lock near the request, most of which it will need too."""
    index = published.Index.within(loading.locks_folder(), request.python.series, request.arch)
    if not index.exists():
        return frozenset()
    locks = index.locks()
    wanted = specifier(request.tensorflow.specifier)
    near = [lock for lock in locks if wanted.contains(lock.combo.tensorflow)] or locks
    # An index can be empty: no TensorFlow exists for Intel Macs and Python 3.13.
    return frozenset(
        canonicalize_name(package.name) for lock in near[:1] for package in lock.packages
    )
