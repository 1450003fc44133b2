"""`tfmac-lock tree`: what a lock holds, as who requires whom."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_lock
from .terminal import print_json, printable

if TYPE_CHECKING:
    from ..lock.graph import Branch
    from .arguments import Commands

EXAMPLES = """\
examples:
  tfmac-lock tree
      the lock.json that is here
  tfmac-lock tree mac/ --depth 1
      what was asked for, and what that requires

(*) marks a package whose requirements stand further up.
"""


ABOUT = """
Shows a lock as a tree: what nothing else requires, and below it what it requires.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(
        commands, "tree", run, ABOUT, epilog=EXAMPLES, json="print the branches as JSON"
    )
    add_lock(parser, nargs="?")
    parser.add_argument("--depth", type=_depth, metavar="N", help="so many levels below the top")


def _depth(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of levels")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Show the tree."""
    from ..lock.graph import tree
    from ..lock.reading import lock_path, read_lock

    branches = list(tree(read_lock(lock_path(args.lock)), args.depth))
    if args.json:
        print_json({"branches": [_row(one) for one in branches]})
    else:
        sys.stdout.write("".join(f"{printable(_line(one))}\n" for one in branches))
    return 0


def _row(one: Branch) -> dict[str, Any]:
    return {
        "name": one.package.name,
        "version": one.package.version,
        "manager": one.package.manager,
        "level": len(one.last),
        "requirement": one.wanted or None,
        "seen": one.seen,
        "publishers": [who.to_json() for who in one.package.publishers],
    }


def _line(one: Branch) -> str:
    ascii_only = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    bar, fork, end = ("|   ", "|-- ", "`-- ") if ascii_only else ("│   ", "├── ", "└── ")
    lead = "".join("    " if done else bar for done in one.last[:-1])
    lead += (end if one.last[-1] else fork) if one.last else ""
    conda = " (conda)" if one.package.manager == "conda" else ""
    by = ", ".join(map(str, one.package.publishers)) if not one.seen else ""
    after = f"{conda}{' (*)' if one.seen else ''}{f' (published by {by})' if by else ''}"
    return f"{lead}{one.package.name} {one.package.version}{after}"
