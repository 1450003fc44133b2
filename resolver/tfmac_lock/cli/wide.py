"""Lines of text in which characters take two columns, as those of Chinese and Japanese do.

Source: Unicode Standard Annex 11 (East Asian Width), and of Annex 14 (Line Breaking) the classes
that these texts need.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NEVER_FIRST = frozenset(
    "、。，．：；？！）」』】》〉〕｝”’ーっゃゅょぁぃぅぇぉッャュョァィゥェォ々・…"
)
"""No line begins with one of these (classes CL, EX, NS)."""

NEVER_LAST = frozenset("（「『【《〈〔｛“‘")
"""And none ends in one of these (class OP)."""

CODE = "\x1b"
"""Begins a colour, which takes no column up to its ``m``."""


def columns_wide(text: str) -> int:
    """How many columns of a terminal the text takes; colours take none."""
    plain = "".join(
        part.partition("m")[2] if place else part for place, part in enumerate(text.split(CODE))
    )
    return sum(map(_columns, plain))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def wrapped_wide(text: str, width: int, first: str, rest: str) -> list[str]:
    """The text in lines of so many columns; a word that is longer stays whole."""
    lines: list[str] = []
    line, room = first, width - columns_wide(first)
    used = 0
    for piece, spaced in _pieces(text):
        size = columns_wide(piece)
        gap = int(spaced and used > 0)
        if used and used + gap + size > room:
            lines.append(line)
            line, room, used, gap = rest, width - columns_wide(rest), 0, 0
        line += " " * gap + piece
        used += gap + size
    return [*lines, line] if used else lines


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """What no line break may part, each with whether a space stands before it."""
    for word in text.split():
        piece, spaced = "", True
        for char in word:
            if piece and _may_part(piece[-1], char):
                yield piece, spaced
                piece, spaced = "", False
            piece += char
        yield piece, spaced


def _may_part(before: str, after: str) -> bool:
    if after in NEVER_FIRST or before in NEVER_LAST:
        return False
    return _is_wide(before) or _is_wide(after)
