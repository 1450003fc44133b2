"""`tfmac-lock diff`: what changed between two locks, the verdict first."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_flag
from .terminal import has_color, print_json, printable, wrapped

if TYPE_CHECKING:
    import argparse

    from ..lock.difference import Difference, Headline
    from ..lock.model import Lock
    from .arguments import Commands

EXAMPLES = """\
A lock is a lock.json, a folder with one, or REVISION:PATH of this git repository.

examples:
  tfmac-lock diff HEAD:lock.json lock.json
      what the working copy changes
  tfmac-lock diff old/ new/ --markdown
      as the text of a pull request
"""

COLORS = {"worse": "31", "better": "32", "other": "36"}
SIGNS = {"worse": "-", "better": "+", "other": "*"}


ABOUT = """
Says what changed between two locks: first what it means (the GPU, the verdict, bounds, macOS),
then every version.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(commands, "diff", run, ABOUT, epilog=EXAMPLES, json="")
    parser.add_argument("before", metavar="A", help="the lock before")
    parser.add_argument("after", metavar="B", help="the lock after")
    how = parser.add_mutually_exclusive_group()
    add_flag(how, "--json", "print it as JSON")
    add_flag(how, "--markdown", "print it for a pull request")


def run(args: argparse.Namespace) -> int:
    """Compare, and print what changed."""
    from ..lock.difference import difference
    from ..matrix import loading

    before, after = read_side(args.before), read_side(args.after)
    found = difference(before, after, loading.matrix())
    if args.json:
        print_json(document(found))
    elif args.markdown:
        sys.stdout.write(markdown(found))
    else:
        sys.stdout.write(text(found, color=has_color()))
    return 0


def read_side(given: str) -> Lock:
    """The lock of a file, a folder or ``REVISION:PATH``; raises InputFileError."""
    from ..errors import InputFileError
    from ..lock.reading import lock_path, parse_lock, read_lock

    path = Path(given)
    revision, colon, inside = given.partition(":")
    if path.exists() or not colon or len(revision) < 2 or revision.startswith("-"):
        return read_lock(lock_path(path))
    import subprocess

    tries = [inside, f"{inside.rstrip('/')}/lock.json"] if inside else ["./lock.json"]
    for name in tries:
        place = name if name.startswith((".", "/")) else f"./{name}"
        shown = subprocess.run(
            ["git", "show", "--end-of-options", f"{revision}:{place}"],
            capture_output=True,
            check=False,
        )
        if shown.returncode == 0 and not shown.stdout.startswith(b"tree "):
            return parse_lock(shown.stdout, given)
    raise InputFileError(given, "is neither a file nor a revision and path that git knows")


def document(found: Difference) -> dict[str, Any]:
    """The difference as ``--json`` prints it."""
    return {
        "same": not found,
        "worse": found.is_worse,
        "headlines": [
            {"turn": line.turn.value, "text": line.text, "source": line.source}
            for line in found.headlines
        ],
        "changes": [
            {"name": one.name, "before": one.before, "after": one.after, "kind": one.kind}
            for one in found.changes
        ],
    }


def text(found: Difference, *, color: bool) -> str:
    """The difference for a terminal of 80 columns."""
    if not found:
        return "The locks are the same.\n"
    lines = [one for line in found.headlines for one in _headline(line, color=color)]
    if lines and found.changes:
        lines.append("")
    width = max((len(one.name) for one in found.changes), default=0)
    for one in found.changes:
        arrow = str(one).removeprefix(one.name).lstrip(" :")
        lines.append(printable(f"  {one.name:<{width}}  {arrow}"))
    count = len(found.changes)
    lines += ["", f"{count} package{'' if count == 1 else 's'} changed."]
    return "\n".join(lines) + "\n"


def _headline(line: Headline, *, color: bool) -> list[str]:
    sign = SIGNS[line.turn]
    sign = f"\x1b[{COLORS[line.turn]}m{sign}\x1b[0m" if color else sign
    first, *rest = wrapped(printable(line.text), 78)
    return [f"{sign} {first}", *(f"  {one}" for one in rest)]


def markdown(found: Difference) -> str:
    """The difference as Markdown, for the text of a pull request."""
    if not found:
        return "The locks are the same.\n"
    marks = {"worse": "\N{WARNING SIGN} ", "better": "", "other": ""}
    lines = []
    for line in found.headlines:
        plain = re.fullmatch(r"https://[\w.~:/?#@!$&*+,;=%-]+", line.source, re.ASCII)
        source = f" ([source]({line.source}))" if plain else ""
        lines.append(f"- {marks[line.turn]}{_escaped(line.text)}{source}")
    if found.changes:
        lines += ["", "| package | before | after |", "|---|---|---|"]
        lines += [
            f"| {_escaped(one.name)} | {_escaped(one.before) or '-'} | "
            f"{_escaped(one.after) or '-'}{' (another file)' if one.kind == 'file' else ''} |"
            for one in found.changes
        ]
    return "\n".join(lines).lstrip("\n") + "\n"


def _escaped(text: str) -> str:
    """The text on one line, with what Markdown would take for its own escaped."""
    line = printable(" ".join(text.split()))
    return "".join(f"\\{char}" if char in r"\`*_[]<>|#&~!" else char for char in line)
