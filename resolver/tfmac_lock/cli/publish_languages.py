"""`tfmac-lock publish languages`: the catalogues, and what the program reads of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra
from .terminal import print_json, say

if TYPE_CHECKING:
    import argparse


def add_parser(what: Any) -> None:
    """Register it below ``publish``."""
    parser = what.add_parser(
        "languages",
        help="the catalogues of translations, and what is compiled of them",
        description="Brings languages/*.po up to date with what the code, the templates and the "
        "facts say, compiles them, and tells what share of each is translated. A message without "
        "a translation, or with one marked fuzzy, stays English. Exit status 1 says that a "
        "translation lacks a value or a tag of its original.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 where something is stale"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the catalogues, or compare them with what is there."""
    try:
        from ..curate import catalogues
    except ImportError as error:
        raise MissingExtra("making the catalogues", "curate") from error
    from ..files import write_whole
    from ..matrix import loading

    root = loading.checkout()
    made = catalogues.catalogues(root)
    changed = catalogues.stale(root, made)
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
