"""``tfmac-lock matrix coverage``: what was tried of each lock, and which runs would help most."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_flag
from .terminal import print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..lock.coverage import Coverage
    from ..lock.model import Lock
    from .arguments import Commands


ABOUT = """
Counts what was run of the published locks: twins, reports, Macs. Then the ten runs on a Mac that
would help most, with the command to type there.
"""


def add_parser(commands: Commands) -> None:
    """Register it among the commands of ``matrix``."""
    summary = "what was tried of each lock, how long ago, and which runs are wanted"
    parser = add_command(commands, "coverage", run, ABOUT, help=summary)
    add_flag(parser, "--all", "every lock with what was tried of it")


def run(args: argparse.Namespace) -> int:
    """Show it."""
    from datetime import UTC, datetime

    from ..lock.coverage import coverage
    from ..matrix import loading

    found = coverage(loading.matrix(), published_slots(), datetime.now(UTC).date())
    if args.json:
        print_json(document(found))
    else:
        sys.stdout.write(text(found, everything=args.all))
    return 0


def published_slots() -> list[Sequence[Lock]]:
    """The published locks of each Python and architecture, best first."""
    from ..lock import published
    from ..matrix import loading

    return [index.locks() for index in published.Index.all_within(loading.locks_folder())]


def document(found: Coverage) -> dict[str, Any]:
    """The result for programs."""
    from ..matrix.plain import plain

    return {"schema_version": 1, "counts": found.counts, **plain(found)}


def text(found: Coverage, *, everything: bool) -> str:
    """The result for people, within 80 columns but for commands."""
    counts = found.counts
    lines = [
        f"{counts['locks']} published locks: {counts['twin']} trained in a twin,",
        (
            f"{counts['reported']} with a report, {counts['one_mac']} run on one Mac, "
            f"{counts['two_macs']} on two or more."
        ),
        "",
    ]
    if everything:
        for row in found.locks:
            tried = [f"twin {row.twin}" if row.twin else "no twin"]
            tried += [f"{row.reports} reports, newest {row.newest_report}"] if row.reports else []
            tried += [f"{'; '.join(row.macs)}, newest {row.newest_run}"] if row.macs else []
            lines += [f"{row.lock}: {row.status}", f"  {', '.join(tried)}"]
        return "\n".join(lines) + "\n"
    lines.append("The runs that would help most, each on a Mac of that architecture:")
    for place, wanted in enumerate(found.wanted, 1):
        lines += [f"{place:>2}. {wanted.command}", f"    {wanted.arch}, {wanted.why}"]
    return "\n".join(lines) + "\n"
