"""Making what is published: the locks with their index."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from . import parse_shard

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def add_parser(subparsers: Any) -> None:
    """Register ``publish`` with its subcommands; alone it makes everything."""
    parser = subparsers.add_parser(
        "publish",
        help="make all published locks",
        description="Makes all that is published, in its order: the compiled matrix and the "
        "schemas, then the locks. With --check it says whether what is there is up to date. It "
        "needs a checkout of the project.",
    )
    _common(parser)
    parser.set_defaults(run=run_all, channel=[], conda=False)
    what = parser.add_subparsers(metavar="WHAT")
    locks = what.add_parser(
        "locks",
        help="every lock, and the index that the fast path reads",
        description="Makes one lock for every final TensorFlow release, Python and architecture "
        "that has wheels, with its best plugin and without one.",
    )
    _common(locks)
    locks.set_defaults(run=run_locks)
    site = what.add_parser(
        "site",
        help="the site with its API, as static files",
        description="Writes the site: pages, JSON, lockfiles. Any web server can carry the folder, "
        "under any path. Nothing but what this command made before is overwritten.",
    )
    site.add_argument("out", metavar="OUT", help="the folder to write to")
    site.add_argument(
        "--base", default="/", metavar="PATH", help="the path it will stand under (default: /)"
    )
    site.add_argument("--json", action="store_true", help="print the outcome as JSON")
    site.set_defaults(run=run_site)
    conda = what.add_parser(
        "conda",
        help="the same locks with a conda half: conda-lock.yml, and its own index",
        description="Makes the conda half of every published lock, and those locks that wheels "
        "alone cannot make. Each records what the channel offered.",
    )
    conda.add_argument(
        "--channel",
        metavar="NAME|URL|URL=MIRROR",
        action="append",
        default=[],
        help="a conda channel, first the most wanted (default: conda-forge)",
    )
    _common(conda)
    conda.set_defaults(run=run_locks, conda=True)


def run_all(args: argparse.Namespace) -> int:
    """The compiled matrix first, since the locks are made from it."""
    from .matrix import run_compile

    status = run_compile(args)
    return run_locks(args) or status


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 where something is stale"
    )
    parser.add_argument("--as-of", metavar="DATE", help="leave out files uploaded after that day")
    parser.add_argument("--shard", metavar="I/N", default="1/1", help="only the I-th of N parts")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side (default: 2)")
    parser.add_argument("--offline", action="store_true", help="only what is cached")
    parser.add_argument("--index-url", metavar="URL", help="the package index (default: pip's)")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run_locks(args: argparse.Namespace) -> int:
    """Make the locks, and write them or compare them with what is there."""
    from .. import data, publishing
    from ..lock.model import dump_json

    root = data.checkout()
    number, of = parse_shard(args.shard)
    chosen = publishing.shard(publishing.slots(data.matrix()), number, of)
    day = _day(args, root)
    results = _make(args, chosen, day)
    files = publishing.render_conda(results) if args.conda else publishing.render(results)
    own = publishing.CONDA_FILES if args.conda else publishing.OWN_FILES
    folder = root / "locks"
    if of == 1 and not args.conda:
        files["as_of.json"] = dump_json({"schema_version": 1, "as_of": day.isoformat()})
    if args.check:
        changed = publishing.stale(folder, files, chosen, own)
    else:
        changed = publishing.write(folder, files, chosen, own)
    count = sum(len(result.locks) for result in results)
    unpublished = [item for result in results for item in result.unpublished]
    if args.json:
        sys.stdout.write(
            dump_json(
                {
                    "schema_version": 1,
                    "as_of": day.isoformat(),
                    "locks": count,
                    "changed": changed,
                    "unpublished": [
                        {"combo": item.combo, "reason": item.reason} for item in unpublished
                    ],
                }
            )
        )
    else:
        word = "stale" if args.check else "written"
        print(  # noqa: T201 - the result
            f"{count} locks as of {day}, {len(changed)} files {word}, "
            f"{len(unpublished)} combos cannot be locked"
        )
        for name in changed[:20] if args.check else []:
            print(f"  {name}")  # noqa: T201
    return 1 if args.check and changed else 0


def run_site(args: argparse.Namespace) -> int:
    """Write the site."""
    from pathlib import Path

    from ..lock.model import dump_json
    from ..site.build import base_path, build_site

    count = build_site(Path(args.out), base=base_path(args.base))
    if args.json:
        sys.stdout.write(dump_json({"schema_version": 1, "out": args.out, "files": count}))
    else:
        print(f"{count} files in {args.out}")  # noqa: T201 - the result
    return 0


def _day(args: argparse.Namespace, root: Path) -> date:
    """The day that was asked for; with --check the one that is recorded; else today."""
    from ..shipped import guarded

    if args.as_of:
        try:
            return date.fromisoformat(args.as_of)
        except ValueError as error:
            raise UsageError(f"--as-of {args.as_of!r} is no date; write 2026-01-31") from error
    recorded = root / "locks" / "as_of.json"
    if args.check and recorded.exists():
        return guarded(recorded, 1, lambda data: date.fromisoformat(data["as_of"]))
    return datetime.now(tz=UTC).date()


def _make(args: argparse.Namespace, chosen: list[Any], day: date) -> list[Any]:
    """The result of each slot, made in several processes, with a bar over all combos."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    from rich.console import Console
    from rich.progress import Progress

    from .. import data, publishing

    matrix = data.matrix()
    total = sum(1 for slot in chosen for _ in publishing.wishes(matrix, slot))
    # Spawned, since a forked child would inherit the locks of the parent's threads.
    context = multiprocessing.get_context("spawn")
    ticks = context.Manager().Queue()
    channels = (args.channel or ["conda-forge"]) if args.conda else []
    settings = (args.index_url, args.offline, tuple(channels))
    with (
        Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress,
        ProcessPoolExecutor(max(1, args.jobs), mp_context=context) as pool,
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


def _work(
    slot: Any, day: date, settings: tuple[str | None, bool, tuple[str, ...]], ticks: Any
) -> Any:
    """Make one slot; runs in a process of its own."""
    from contextlib import ExitStack

    from .. import data, publishing
    from ..index.cache import Cache, default_folder
    from ..index.client import IndexClient
    from ..index.config import IndexConfig

    index_url, offline, channels = settings
    config = IndexConfig.load(index_url=index_url)
    with ExitStack() as stack:
        client = stack.enter_context(IndexClient(config, Cache(default_folder()), offline=offline))
        conda = None
        if channels:
            from ..conda.channels import Channel
            from ..conda.client import CondaClient

            parsed = [Channel.parse(text) for text in channels]
            conda = stack.enter_context(CondaClient(parsed, offline=offline))
        return publishing.make_slot(
            data.matrix(), client, slot, day, progress=lambda: ticks.put(None), conda=conda
        )
