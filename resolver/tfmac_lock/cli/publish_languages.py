"""`tfmac-lock publish languages`: the catalogues, and what the program reads of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MissingExtra
from .arguments import add_check, add_command
from .terminal import print_json, say

if TYPE_CHECKING:
    import argparse

    from .arguments import Commands

ABOUT = """
Brings languages/*.po up to date with what the code, the templates and the facts say, compiles
them, and tells what share of each is translated. A message without a translation, or with one
marked fuzzy, stays English. Exit status 1 says that a translation lacks a value or a tag of its
original.
"""


def add_parser(commands: Commands) -> None:
    """Register the command beneath ``publish``."""
    summary = "the catalogues of translations, and what is compiled of them"
    add_check(
        add_command(
            commands, "languages", run, ABOUT, help=summary, json="print the outcome as JSON"
        )
    )


def run(args: argparse.Namespace) -> int:
    """Write the catalogues, or compare them with what is there."""
    try:
        from ..curate import catalogues
    except ImportError as error:
        raise MissingExtra("making the catalogues", "curate") from error
    from ..files import differing, write_whole
    from ..matrix import loading

    root = loading.checkout()
    made = catalogues.catalogues(root)
    changed = differing(root, made.files)
    if not args.check:
        for path in changed:
            write_whole(root / path, made.files[path])
    for one in made.wrong:
        say(str(one))
    if args.json:
        coverage = {
            one.code: {"share": round(one.share(), 4), "done": one.done, "messages": one.every}
            for one in made.coverage
        }
        print_json({"changed": changed, "wrong": made.wrong, "coverage": coverage})
    else:
        for line in catalogues.coverage_lines(made.coverage):
            print(line)  # noqa: T201 - the result
        word = "stale" if args.check else "written"
        print(f"{word}: {', '.join(changed) or 'nothing'}")  # noqa: T201 - the result
    return 1 if made.wrong or (args.check and changed) else 0
