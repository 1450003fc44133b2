"""Making what is published: the locks with their index."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import OutsideError, UsageError
from . import parse_shard, publish_hashes, publish_languages
from .arguments import (
    add_check,
    add_command,
    add_flag,
    add_index,
    add_list,
    add_repository,
    add_shard,
)
from .reference import run as run_reference
from .terminal import print_json, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from ..publish.locks import Slot
    from .arguments import Commands, Options


ABOUT = """
Makes all that is published, in its order: the compiled matrix and the schemas, then the locks,
then the mixed ones. With --check it says whether what is there is up to date. It needs a checkout
of the project.
"""

ABOUT_LOCKS = """
Makes one lock for every final TensorFlow release, Python and architecture that has wheels, with
its best plugin and without one.
"""

ABOUT_RENDER = """
Judges the recorded locks by the facts of now, and writes their verdicts, files and README. Run it
after `matrix compile` when a report, a defect or a text has changed. Where the facts ask for other
locks than the recorded ones it says so, with status 1; `publish locks` makes those.
"""

ABOUT_CONDA = """
Makes a mixed lock of every published one, and of the combos that wheels alone cannot serve. Each
records what the channel offered; with --check only those are compared for which the channel still
offers the same.
"""

ABOUT_DATA = """
Writes the source of a package with all facts; `python -m build OUT` makes the package of it.
"""

ABOUT_REFERENCE = """
Writes docs/tfmac-lock.1 and, between its marks, the options of all commands in docs/reference.md,
from the parsers themselves.
"""

ABOUT_SITE = """
Writes the site: pages, JSON, lockfiles. Any web server can carry the folder, under any path.
Nothing but what this command made before is overwritten.
"""


def add_parser(commands: Commands) -> None:
    """Register ``publish`` with its subcommands; alone it makes everything."""
    parser = add_command(commands, "publish", run_all, ABOUT)
    below = parser.add_subparsers(metavar="WHAT")

    def part(
        name: str, run: Callable[[argparse.Namespace], int], about: str, line: str
    ) -> argparse.ArgumentParser:
        return add_command(below, name, run, about, help=line)

    locks = part(
        "locks",
        partial(_run, _locks),
        ABOUT_LOCKS,
        "every lock, and the index that the fast path reads",
    )
    render = part(
        "render",
        partial(_run, _render),
        ABOUT_RENDER,
        "the verdicts, the files and the table anew, without asking any index",
    )
    conda = part(
        "conda",
        partial(_run, _conda),
        ABOUT_CONDA,
        "the mixed locks: Python, pip and natives without a wheel from conda",
    )
    data = part(
        "data", run_data, ABOUT_DATA, "the facts as a package of their own, tfmac-lock-data"
    )
    publish_languages.add_parser(below)
    publish_hashes.add_parser(below)
    reference = part(
        "reference",
        run_reference,
        ABOUT_REFERENCE,
        "the man page, and the table of all options in docs/reference.md",
    )
    site = part("site", run_site, ABOUT_SITE, "the site with its API, as static files")
    for made in (parser, locks, render, conda, reference):
        add_check(made)
    for made in (parser, locks, conda):
        _add_making(made)
    for made in (parser, locks):
        made.add_argument("--as-of", metavar="DATE", help="leave out files uploaded after that day")
    for made in (parser, conda):
        add_list(
            made,
            "--channel",
            metavar="NAME|URL|URL=MIRROR",
            help="a conda channel, first the most wanted (default: conda-forge)",
        )
    add_flag(
        locks,
        "--new",
        "only what has no lock yet; the others stay as they are, and are judged anew",
    )
    for made in (data, site):
        made.add_argument("out", metavar="OUT", help="the folder to write to")
    data.add_argument("--build", type=int, default=0, metavar="N", help="the N-th one of that day")
    site.add_argument(
        "--base",
        default="/",
        metavar="PATH|URL",
        help="the path it will stand under (default: /), or its whole address",
    )
    add_repository(site)
    site.add_argument(
        "--service",
        default="",
        metavar="URL",
        help="where `tfmac-lock serve` answers, with --allow-origin for this site: the pages ask "
        "it for locks that are not published",
    )


def _add_making(options: Options) -> None:
    """How locks are made: which share, by how many processes, from where."""
    add_shard(options)
    options.add_argument("--jobs", type=int, default=2, help="processes side by side (default: 2)")
    add_flag(options, "--offline", "only what is cached")
    add_index(options, extra=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one part of publishing did: its exit status, JSON, text and message."""

    status: int
    document: dict[str, Any]
    text: str
    note: str = ""


def run_all(args: argparse.Namespace) -> int:
    """The compiled matrix first, since the locks are made from it, and those before conda's."""
    statuses, documents = [], {}
    for name, make in (("compiled", _compiled), ("locks", _locks), ("conda", _conda)):
        outcome = make(args)
        _say_note(outcome)
        statuses.append(outcome.status)
        documents[name] = outcome.document
        if not args.json:
            print(outcome.text, end="", flush=True)  # noqa: T201 - the result
    if args.json:
        print_json(documents)
    return 1 if 1 in statuses else max(statuses)


def _run(make: Callable[[argparse.Namespace], Outcome], args: argparse.Namespace) -> int:
    """Do one part alone."""
    outcome = make(args)
    _say_note(outcome)
    if args.json:
        print_json(outcome.document)
    else:
        sys.stdout.write(outcome.text)
    return outcome.status


def _say_note(outcome: Outcome) -> None:
    if outcome.note:
        say(outcome.note)


def _compiled(args: argparse.Namespace) -> Outcome:
    from .matrix import generate

    files, changed = generate(args)
    return Outcome(
        status=int(bool(args.check and changed)),
        document={"files": files, "changed": changed},
        text=_lines(args, f"{len(files)} generated files", changed),
    )


def _checkout(args: argparse.Namespace) -> Path:
    """The checkout; unless it is only looked at, after what a killed run has left to do there."""
    from ..matrix import loading
    from ..publish.locks import finish

    root = loading.checkout()
    if not args.check:
        finish(root / "locks")
    return root


def _locks(args: argparse.Namespace) -> Outcome:
    """The locks of wheels, written or compared with what is there."""
    from ..files import dump_json
    from ..matrix import loading
    from ..publish import locks as publishing
    from ..publish.workers import make

    root = _checkout(args)
    number, of = parse_shard(args.shard)
    chosen = publishing.shard(publishing.slots(loading.matrix()), number, of)
    day = _day(args, root)
    results = make(args, chosen, day)
    files = publishing.render(results)
    if of == 1:
        files["as_of.json"] = dump_json({"schema_version": 1, "as_of": day.isoformat()})
    changed = _change(args, root, files, chosen, publishing.OWN_FILES)
    return _outcome(args, day, results, changed)


def _conda(args: argparse.Namespace) -> Outcome:
    """The mixed locks, likewise."""
    from ..matrix import loading
    from ..publish import locks as publishing
    from ..publish.workers import make

    root = _checkout(args)
    chosen = publishing.shard(publishing.slots(loading.matrix()), *parse_shard(args.shard))
    day = _recorded_day(root)  # of the locks that the mixed ones belong to
    made = make(args, chosen, day, channels=args.channel or ["conda-forge"])
    results = [result for result in made if result.same_channels] if args.check else made
    files = publishing.render_mixed(
        results, lambda slot: publishing.recorded_locks(root / "locks", slot)
    )
    slots = [result.slot for result in results]
    changed = _change(args, root, files, slots, publishing.CONDA_FILES)
    return _outcome(args, day, results, changed, moved=len(made) - len(results))


def _render(args: argparse.Namespace) -> Outcome:
    """What is recorded, judged anew: the verdicts, the files and the table."""
    from ..matrix import loading
    from ..publish import locks as publishing
    from ..publish.judged import judged_slot

    root, matrix = _checkout(args), loading.matrix()
    slots = publishing.slots(matrix)
    wheels = {slot: judged_slot(matrix, slot, root / "locks") for slot in slots}
    mixed = [judged_slot(matrix, slot, root / "locks", conda=True) for slot in slots]
    files = publishing.render(one.result for one in wheels.values())
    files |= publishing.render_mixed(
        (one.result for one in mixed), lambda slot: wheels[slot].result.locks
    )
    own = publishing.OWN_FILES | publishing.CONDA_FILES
    changed = _change(args, root, files, slots, own)
    outdated = sorted({key for one in (*wheels.values(), *mixed) for key in one.outdated})
    results = [one.result for one in wheels.values()]
    outcome = _outcome(args, _recorded_day(root), results, changed)
    if not outdated:
        return outcome
    return replace(
        outcome,
        status=1,
        document={**outcome.document, "outdated": outdated},
        note=f"the facts ask for other files in {len(outdated)} locks, which were left out: "
        f"{', '.join(outdated[:5])}. `tfmac-lock publish` makes them from the package index",
    )


def _change(
    args: argparse.Namespace,
    root: Path,
    files: dict[str, str],
    slots: Sequence[Slot],
    own: Collection[str],
) -> list[str]:
    """Write the files and the table of all locks, or tell which are stale."""
    from ..matrix import loading
    from ..publish import locks as publishing
    from ..publish.readme import readme

    folder = root / "locks"
    every = publishing.slots(loading.matrix())
    change = publishing.stale if args.check else publishing.write
    changed = change(folder, files, slots, own)
    if (folder / "as_of.json").exists() and len(slots) == len(every):
        day = _recorded_day(root).isoformat()
        changed += change(folder, {"README.md": readme(folder, every, day)}, (), own)
    return changed


def _outcome(
    args: argparse.Namespace, day: date, results: list[Any], changed: list[str], moved: int = 0
) -> Outcome:
    """What to tell of locks; ``moved`` parts could not be compared, as their channel moved on."""
    count = sum(len(result.locks) for result in results)
    unpublished = [item for result in results for item in result.unpublished]
    return Outcome(
        status=1 if args.check and changed else OutsideError.exit_status if moved else 0,
        document={
            "as_of": day.isoformat(),
            "locks": count,
            "changed": changed,
            "unpublished": [one._asdict() for one in unpublished],
            "moved": moved,
        },
        text=_lines(
            args,
            f"{count} locks as of {day}, {len(unpublished)} combos cannot be locked",
            changed,
        ),
        note=f"{moved} of {len(results) + moved} parts were made when the channel offered "
        "something else and cannot be compared; `publish conda` makes them anew"
        if moved
        else "",
    )


def _lines(args: argparse.Namespace, what: str, changed: list[str]) -> str:
    """What was made, how much of it is new, and with --check the first names of that."""
    word = "stale" if args.check else "written"
    names = changed[:20] if args.check else []
    return "".join(
        f"{line}\n" for line in (f"{what}; {len(changed)} files {word}", *(f"  {n}" for n in names))
    )


def run_site(args: argparse.Namespace) -> int:
    """Write the site."""
    from pathlib import Path

    from ..site.build import base_path, build_site, repository_address, service_address

    count = build_site(
        Path(args.out),
        base=base_path(args.base),
        repository=repository_address(args.repository),
        service=service_address(args.service),
    )
    if args.json:
        print_json({"out": args.out, "files": count})
    else:
        print(f"{count} files in {args.out}")  # noqa: T201 - the result
    return 0


def run_data(args: argparse.Namespace) -> int:
    """Write the source of tfmac-lock-data."""
    from pathlib import Path

    from ..matrix import loading
    from ..matrix.dated import NAME, read_dated
    from ..site.data_package import version_of, write_data_package

    if args.build < 0:
        raise UsageError("--build: write a number from 0")
    files = write_data_package(Path(args.out), args.build)
    version = version_of(read_dated(loading.COMPILED).date, args.build)
    if args.json:
        print_json({"out": args.out, "version": version, "files": len(files)})
    else:
        print(f"{NAME} {version}, {len(files)} files in {args.out}")  # noqa: T201 - the result
    return 0


def _day(args: argparse.Namespace, root: Path) -> date:
    """The day that was asked for; with --check the one that is recorded; else today."""
    if args.as_of:
        try:
            return date.fromisoformat(args.as_of)
        except ValueError as error:
            raise UsageError(
                f"--as-of {args.as_of!r} is not a date; write it like 2026-01-31"
            ) from error
    if args.check and (root / "locks" / "as_of.json").exists():
        return _recorded_day(root)
    return datetime.now(tz=UTC).date()


def _recorded_day(root: Path) -> date:
    """The day of the locks that are there; raises DataError where there are none."""
    from ..files import guarded

    recorded = root / "locks" / "as_of.json"
    return guarded(recorded, 1, lambda data: date.fromisoformat(data["as_of"]))
