"""What mail, pages, terminals and loggers do to a text before somebody pastes it."""

from __future__ import annotations

import html
import json
import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Dressing = Callable[[str], str]


def each_line(change: Callable[[str], str]) -> Dressing:
    """The same done to every line."""
    return lambda text: "\n".join(change(line) for line in text.rstrip("\n").split("\n")) + "\n"


def before(prefix: str) -> Dressing:
    """The prefix before every line."""
    return each_line(lambda line: prefix + line)


def cut(width: int) -> Dressing:
    """Lines cut at a width, as a terminal does."""
    return each_line(
        lambda line: "\n".join(
            line[start : start + width] for start in range(0, max(len(line), 1), width)
        )
    )


def wrapped(width: int, indent: str = "") -> Dressing:
    """Lines broken between words, as a mail program does."""
    return each_line(
        lambda line: "\n".join(
            textwrap.wrap(
                line,
                width,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
            or [""]
        )
    )


def one_after_the_other(*steps: Dressing) -> Dressing:
    """Several of them."""

    def change(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return change


def _curly(text: str) -> str:
    text = re.sub(r"'([^'\n]*)'", "\u2018\\1\u2019", text)
    return re.sub(r'"([^"\n]*)"', "\u201c\\1\u201d", text)


def _coloured(reset: str) -> Dressing:
    return lambda text: re.sub(
        r"(?i)error|warning|found", lambda word: f"{reset}[1;31m{word[0]}{reset}[0m", text
    )


DRESSINGS: dict[str, Dressing] = {
    "quoted": before("> "),
    "quoted twice": before(">> "),
    "quoted without a space": before(">"),
    "wrapped and quoted": one_after_the_other(wrapped(70), before("> ")),
    "cut and quoted": one_after_the_other(cut(78), before("> ")),
    "cut at 80 columns": cut(80),
    "wrapped and indented": wrapped(80, "    "),
    "HTML": html.escape,
    "HTML, escaped twice": lambda text: html.escape(html.escape(text)),
    "HTML with line breaks": lambda text: html.escape(text).replace("\n", "<br>\n"),
    "HTML with tags": lambda text: f"<pre><code>{html.escape(text)}</code></pre>",
    "Markdown, indented": before("    "),
    "Markdown, underscores escaped": lambda text: (
        text if ":\\" in text else text.replace("_", "\\_")
    ),
    "coloured words": _coloured("\x1b"),
    "coloured words that lost their escapes": _coloured(""),
    "a box": one_after_the_other(cut(90), each_line(lambda line: f"│ {line:<90} │")),
    "a log with times": before("2024-08-10 14:54:01,123 "),
    "docker compose": before("app-1  | "),
    "a cluster": before("2024-05-01T10:11:12.123456789Z stderr F "),
    "R's reprex": before("#> "),
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "curly quotes": _curly,
    "hard spaces": lambda text: text.replace(" ", "\u00a0"),
    "a JSON string": json.dumps,
    "a JSON log": lambda text: json.dumps({"stream": "stderr", "log": text}),
    "Python's bytes": lambda text: repr(text.encode()),
    "one line": lambda text: " ".join(line.strip() for line in text.split("\n") if line.strip()),
    "indentation lost": each_line(str.strip),
    "double spaced": lambda text: text.replace("\n", "\n\n"),
    "full-width colons": lambda text: text.replace(": ", "\uff1a "),
}
