"""``tfmac-lock matrix outdated``: what is due in the matrix, one subject a small change."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

from .arguments import add_command, add_flag, add_index
from .coverage import published_slots
from .terminal import print_json

if TYPE_CHECKING:
    import argparse

    from ..pypi.model import IndexFile
    from .arguments import Commands


ABOUT = """
Asks the index for what the matrix does not have, and says what to type. Exit status 1: something
is due.
"""


def add_parser(commands: Commands) -> None:
    """Register it among the commands of ``matrix``."""
    summary = "what is due: new releases, companions not tried, locks without a twin"
    parser = add_command(commands, "outdated", run, ABOUT, help=summary)
    add_flag(parser, "--offline", "ask no index")
    parser.add_argument("--subject", metavar="NAME", help="only that one")
    add_index(parser, extra=False)


def run(args: argparse.Namespace) -> int:
    """Say what is due; 0 nothing, 1 something."""
    from contextlib import ExitStack
    from datetime import UTC, datetime

    from ..curate.outdated import outdated
    from ..matrix import loading
    from ..matrix.plain import plain
    from ..pypi import open_index
    from ..pypi.errors import ProjectNotFound

    matrix = loading.matrix()
    with ExitStack() as stack:
        files = None
        if not args.offline:
            client = stack.enter_context(open_index(index_url=args.index_url, revalidate=True))

            def files(name: str) -> tuple[IndexFile, ...]:
                try:
                    return tuple(client.project(name).files)
                except ProjectNotFound:
                    return ()

        found = [
            due
            for due in outdated(matrix, published_slots(), datetime.now(UTC).date(), files)
            if args.subject in (None, due.subject)
        ]
    if args.json:
        print_json({"schema_version": 1, "as_of": matrix.as_of, "due": plain(tuple(found))})
    else:
        for due in found:
            sys.stdout.write(textwrap.fill(due.text, 79, subsequent_indent="  ") + "\n")
            sys.stdout.writelines(f"    {command}\n" for command in due.commands)
        if not found:
            sys.stdout.write(f"nothing is due; the index was read on {matrix.as_of}\n")
    return 1 if found else 0
