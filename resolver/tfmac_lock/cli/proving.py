"""What `prove` touches of the world: locks, the index, installers, signals, the bar."""

from __future__ import annotations

import functools
import signal
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from . import parse_shard
from .arguments import add_flag, add_folder, add_index, add_shard
from .terminal import has_bars, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType
    from typing import Any

    from ..lock.make import Resolver
    from ..matrix.companions import Companions
    from ..matrix.facts import Matrix
    from ..prove.environment import Installer, Workplace
    from ..prove.handing import Locks
    from ..prove.locked import LockedSet
    from ..prove.processes import Processes
    from ..prove.twin import Twins
    from ..pypi.client import IndexClient
    from ..pypi.config import IndexConfig
    from ..pypi.model import IndexFile
    from .arguments import Options

T = TypeVar("T")
W = TypeVar("W", bound="Workplace")

ASKED_AT_ONCE = 4
"""Threads that wait for the index; there are seldom more twins side by side."""

POLL = 0.1
"""Seconds after which a thread that waits for the index looks whether it still should."""

PROOFS = Path("matrix") / "proofs"
"""Where evidence lies in a checkout."""


def add_run_options(options: Options, folder: Path, *, known: str) -> None:
    """The options that every command has which tries many things and files what came of each.

    ``folder`` is the default for the results, and ``known`` says what is not tried again.
    """
    add_shard(options)
    add_flag(options, "--again", f"also what {known} already")
    add_folder(options, "where the files of evidence lie", folder)
    add_index(options)


def index_of(args: argparse.Namespace) -> IndexClient:
    """The index that the options name."""
    from ..pypi import open_index

    return open_index(index_url=args.index_url, extra_index_urls=args.extra_index_url)


def share_of(items: Sequence[T], args: argparse.Namespace) -> Sequence[T]:
    """Those of the items that are in the share of ``--shard``; raises UsageError."""
    part, parts = parse_shard(args.shard)
    return items[part - 1 :: parts]


def resolver_of(matrix: Matrix, index: IndexClient, *, keep_proven: bool = True) -> Resolver:
    """The resolver of locks that are tried: as of the day of the facts."""
    from ..lock.make import Resolver
    from ..matrix import loading

    return Resolver(
        matrix=matrix,
        source=index,
        as_of=matrix.as_of,
        published=loading.locks_folder(),
        keep_proven=keep_proven,
    )


def published_locks() -> Mapping[str, Mapping[str, Any]]:
    """The content of every published lock that is to be proved, by its id.

    Where a mixed lock has other versions than the lock of wheels, it is another set to prove; its
    id ends in ``-conda`` then.
    """
    from ..lock import published
    from ..lock.model import to_json
    from ..matrix import loading
    from ..prove.locked import VARIANT, locked_set

    indexes = published.Index.all_within(loading.locks_folder())
    found = {lock.combo.id: to_json(lock) for index in indexes for lock in index.locks()}
    for index in indexes:
        mixed = index.with_conda()
        for lock in mixed.locks() if mixed.exists() else ():
            content, name = to_json(lock), lock.combo.id
            if name in found:
                if locked_set(content, name).pins == locked_set(found[name], name).pins:
                    continue
                name += VARIANT
                content["combo"]["id"] = name
            found[name] = content
    return found


def one_lock(name: str) -> tuple[Mapping[str, Any], LockedSet]:
    """The lock of that name or in that file: its content, and what a proof needs of it."""
    from ..prove.chosen import content_of
    from ..prove.locked import locked_set

    content = content_of(name, published_locks)
    return content, locked_set(content, name)


def known_locks() -> Locks:
    """The published locks by Python series and architecture, each slot read once."""
    from ..lock import published
    from ..lock.model import to_json
    from ..matrix import loading
    from ..prove.locked import locked_set
    from ..target import Arch

    @functools.cache
    def locks(series: str, arch: str) -> tuple[LockedSet, ...]:
        index = published.Index.within(loading.locks_folder(), series, Arch(arch))
        found = index.locks() if index.exists() else []
        return tuple(locked_set(to_json(lock), lock.combo.id) for lock in found)

    return locks


def environments() -> Path:
    """Where environments are made: beside the cache, so that installers can link files."""
    from ..pypi.cache import default_folder

    return default_folder() / "environments"


def installer_for(config: IndexConfig, processes: Processes) -> Installer:
    """An installer from that index."""
    from ..prove.environment import Installer, with_credentials

    return Installer(processes, with_credentials(config))


@contextmanager
def twins_in(
    folder: Path,
    index: IndexClient,
    processes: Processes,
    companions: Companions | None = None,
    trials: Path | None = None,
) -> Iterator[Twins]:
    """Twins whose evidence goes to ``folder``; what they run ends when this is left.

    With ``companions`` they also try what is in a lock beside the pair; that goes to ``trials``.
    """
    from ..prove.twin import Twins

    with stopping(processes), index:
        yield workplace(Twins, folder, index, processes, companions=companions, trials=trials)


def workplace(
    kind: type[W], folder: Path, index: IndexClient, processes: Processes, **more: Any
) -> W:
    """Twins or stand-ins from that index, whose evidence goes to ``folder``."""
    return kind(
        listing=listing_of(index, processes),
        installer=installer_for(index.config, processes),
        processes=processes,
        folder=folder,
        cache=environments(),
        **more,
    )


def listing_of(index: IndexClient, processes: Processes) -> Callable[[str], Sequence[IndexFile]]:
    """The files of a project; raises Stopped when all is called off, whatever the index does."""
    import threading

    from ..errors import TfmacLockError
    from ..prove.processes import Stopped
    from ..pypi.errors import ProjectNotFound
    from ..pypi.workers import Workers

    asking = Workers(ASKED_AT_ONCE)

    def ask(name: str, answered: threading.Event) -> None:
        with suppress(TfmacLockError):  # the index keeps it, and tells it once more below
            index.project(name)
        answered.set()

    def listing(name: str) -> Sequence[IndexFile]:
        answered = threading.Event()
        asking.submit(partial(ask, name, answered))
        while not answered.wait(POLL):
            if processes.stopped:
                raise Stopped
        try:
            return index.project(name).files
        except ProjectNotFound:
            return ()

    return listing


@contextmanager
def stopping(processes: Processes) -> Iterator[None]:
    """End everything that ``processes`` runs when this is left by a signal or an error."""
    with ends_cleanly():
        try:
            yield
        finally:
            processes.stop()


@contextmanager
def ends_cleanly() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exit through every clean-up, as Ctrl-C already is."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _exit) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def bar(total: int) -> Iterator[Callable[[str], object]]:
    """A function to call with a line for every lock that is through."""
    if not has_bars():
        yield say
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("locks", total=total)

        def tick(line: str) -> None:
            progress.console.print(line, markup=False, highlight=False)
            progress.advance(task)

        yield tick
