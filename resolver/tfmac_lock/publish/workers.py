"""Making all locks side by side, for `publish`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path


def make(
    args: argparse.Namespace, chosen: list[Any], day: date, channels: Sequence[str] = ()
) -> list[Any]:
    """The result of each slot, made in several processes, with a bar over all combos."""
    import multiprocessing
    import signal
    from concurrent.futures import ProcessPoolExecutor

    from rich.console import Console
    from rich.progress import Progress

    from ..matrix import loading
    from . import locks

    matrix = loading.matrix()
    total = sum(1 for slot in chosen for _ in locks.pair_requests(matrix, slot))
    # Spawned, since a forked child would inherit the locks of the parent's threads.
    context = multiprocessing.get_context("spawn")
    ticks = context.Manager().Queue()
    settings = _Settings(
        index_url=args.index_url,
        offline=args.offline,
        channels=tuple(channels),
        folder=loading.checkout() / "locks",
        check=args.check,
        keep=args.check or getattr(args, "new", False),
    )
    with (
        Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress,
        # Ctrl-C ends a worker; as an exception it would end one slot and begin with the next.
        ProcessPoolExecutor(
            max(1, args.jobs),
            mp_context=context,
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_DFL),
        ) as pool,
    ):
        bar = progress.add_task("locks", total=total)
        futures = [pool.submit(_work, slot, day, settings, ticks) for slot in chosen]
        try:
            while not all(future.done() for future in futures):
                _drain(ticks, progress, bar)
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _drain(ticks: Any, progress: Any, bar: Any) -> None:
    import queue

    try:
        ticks.get(timeout=0.2)
        progress.advance(bar)
    except queue.Empty:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """What a worker needs besides its slot; ``folder`` has the locks that are there already."""

    index_url: str | None
    offline: bool
    channels: tuple[str, ...]
    folder: Path
    check: bool
    keep: bool


def _work(slot: Any, day: date, settings: _Settings, ticks: Any) -> Any:
    """Make one slot; runs in a process of its own."""
    from contextlib import ExitStack

    from ..matrix import loading
    from ..pypi import open_index
    from . import locks

    matrix, folder, offline = loading.matrix(), settings.folder, settings.offline
    with ExitStack() as stack:
        client = stack.enter_context(open_index(index_url=settings.index_url, offline=offline))
        conda = None
        if settings.channels:
            from ..conda.channels import Channel
            from ..conda.client import CondaClient

            parsed = [Channel.parse(text) for text in settings.channels]
            conda = stack.enter_context(CondaClient(parsed, offline=offline))
        made = locks.make_slot(
            matrix,
            client,
            slot,
            day,
            progress=lambda: ticks.put(None),
            conda=conda,
            recorded=locks.recorded_locks(folder, slot, conda=conda is not None),
            keep=settings.keep,
        )
        if conda is None or not settings.check:
            return made
        return replace(made, same_channels=locks.same_channels(matrix, conda, slot, folder))
