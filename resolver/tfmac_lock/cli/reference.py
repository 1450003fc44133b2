"""All commands and options as a man page and as a table for the documents.

Source of the man page's macros: https://man.openbsd.org/man.7.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import __version__
from . import EXIT_STATUSES
from .terminal import print_json
from .words import commands

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from .words import Command

BEGIN = "[//]: # (options: made by tfmac-lock publish reference)"
END = "[//]: # (end of options)"
"""The lines between which the table stands in a document; Markdown shows nothing of them."""

CONSOLE = frozenset({"-h", "-q", "-v", "--color", "--lang"})
"""Options that every command has, which are listed once."""


def run(args: argparse.Namespace) -> int:
    """`publish reference`: write what is made of the parsers, or compare it with what is there."""
    from ..files import differing, write_whole
    from ..matrix import loading

    docs = loading.checkout() / "docs"
    table = docs / "reference.md"
    texts = {"tfmac-lock.1": man_page()}
    if table.exists() and (made := placed(table.read_text("utf-8"))) is not None:
        texts[table.name] = made
    names = sorted(differing(docs, texts))
    if not args.check:
        for name in names:
            write_whole(docs / name, texts[name])
    if args.json:
        print_json({"stale": names})
    else:
        print(f"{'stale' if args.check else 'written'}: {', '.join(names) or 'nothing'}")  # noqa: T201
    return 1 if args.check and names else 0


def man_page() -> str:
    """The text of tfmac-lock(1)."""
    main, *others = commands()
    lines = [
        f'.TH TFMAC\\-LOCK 1 "" "tfmac\\-lock {__version__}"',
        ".SH NAME",
        "tfmac\\-lock \\- lockfiles that install and run TensorFlow on a Mac",
        ".SH SYNOPSIS",
        ".B tfmac\\-lock",
        ".RI [ options ]",
        ".br",
        ".B tfmac\\-lock",
        ".I COMMAND",
        ".RI [ options ]",
        ".SH DESCRIPTION",
        _roff(main.description),
        ".SH OPTIONS",
        *_roff_options(main, everything=True),
        ".SH COMMANDS",
    ]
    for command in others:
        lines += [f".SS {_roff(f'tfmac-lock {command.name}')}", _roff(command.description)]
        lines += _roff_options(command, everything=False)
        if command.epilog:
            lines += [".PP", ".nf", *map(_roff, command.epilog.splitlines()), ".fi"]
    lines += [".SH EXIT STATUS", ".nf"]
    lines += [_roff(line.strip()) for line in EXIT_STATUSES.splitlines()[1:]]
    lines += [".fi", ".SH EXAMPLES", ".nf"]
    examples = main.epilog.partition("examples:")[2]
    lines += [_roff(line) for line in examples.splitlines() if line]
    lines += [".fi", ".SH ENVIRONMENT"]
    lines += [
        _roff(
            "TFMAC_LOCK_PYTHON, TFMAC_LOCK_CHIP and so on for every long option; "
            "TFMAC_LOCK_CACHE_DIR and TFMAC_LOCK_CACHE_LIMIT for the cache; NO_COLOR and "
            "FORCE_COLOR; pip's own, as PIP_INDEX_URL."
        )
    ]
    return "\n".join(lines) + "\n"


def _roff_options(command: Command, *, everything: bool) -> Iterator[str]:
    for word in command.words:
        if everything or not set(word.flags) & CONSOLE:
            yield ".TP"
            yield f".B {_roff(word.shown)}"
            yield _roff(word.help) or "\\&"


def _roff(text: str) -> str:
    r"""The text with roff's signs escaped; a line that begins with a dot or ``'`` is a macro."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def markdown() -> str:
    """The commands with their options, one table each."""
    lines = []
    for command in commands():
        title = f"tfmac-lock {command.name}".strip()
        lines += [f"### `{title}`", "", _one_line(command.description), ""]
        rows = [
            (word.shown, word.help)
            for word in command.words
            if not command.name or not set(word.flags) & CONSOLE
        ]
        if rows:
            lines += ["| option | does |", "|---|---|"]
            lines += [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in rows]
            lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _one_line(text).replace("|", "\\|")


def placed(document: str) -> str | None:
    """The document with the table of now between its marks; None where it has no marks."""
    found = re.search(rf"{re.escape(BEGIN)}\n.*?{re.escape(END)}", document, re.DOTALL)
    if found is None:
        return None
    made = f"{BEGIN}\n\n{markdown()}\n{END}"
    return document[: found.start()] + made + document[found.end() :]
