"""A pattern each of whose matches begins with one of a few words, looked for by these words.

Where a pattern begins with a choice, the matcher tries it at every character. A search for a word
is an order of magnitude faster, and most words stand in few places.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def places(text: str, words: Iterable[str]) -> list[int]:
    """Where any of the words begins in the text, in order."""
    found: set[int] = set()
    for word in words:
        at = text.find(word)
        while at >= 0:
            found.add(at)
            at = text.find(word, at + 1)
    return sorted(found)


def matches(pattern: re.Pattern[str], text: str, starts: Iterable[int]) -> Iterator[re.Match[str]]:
    """The matches that begin at one of the ``starts``, which are in order, and do not overlap."""
    end = 0
    for start in starts:
        if start >= end and (found := pattern.match(text, start)):
            yield found
            end = found.end()


class Sought:
    """``pattern``, each of whose matches begins with one of ``words`` as they stand here."""

    def __init__(self, words: Iterable[str], pattern: str) -> None:
        self._words = tuple(words)
        self._regex = re.compile(pattern)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """The matches that do not overlap, from left to right, as of a regular expression."""
        return matches(self._regex, text, places(text, self._words))

    def search(self, text: str) -> re.Match[str] | None:
        """The first match."""
        return next(self.finditer(text), None)
