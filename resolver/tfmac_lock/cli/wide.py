"""Lines of text in which characters take two columns, as those of Chinese and Japanese do.

Source: Unicode Standard Annex 11 (East Asian Width), and of Annex 14 (Line Breaking) the classes
that these texts need.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSING, OPENING = ("Pe", "Pf", "Po"), ("Ps", "Pi")
"""Categories of punctuation that begins no line (classes CL, EX, NS), and that ends none (OP)."""

SMALL = frozenset("ーっゃゅょぁぃぅぇぉッャュョァィゥェォ々")
"""Small kana and marks of repetition, which begin no line either (classes CJ, NS)."""

COLOUR = re.compile(r"\x1b\[[\d;]*m")


def columns_wide(text: str) -> int:
    """How many columns of a terminal the text takes; colours take none."""
    return sum(map(_columns, COLOUR.sub("", text)))


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
    if after in SMALL or unicodedata.category(after) in CLOSING:
        return False
    return unicodedata.category(before) not in OPENING and (_is_wide(before) or _is_wide(after))
