"""Which of many literal texts stand in a window: one pass, whatever their number.

Each literal is sought by its rarest end: the part from its rarest character on. The ends are one
regular expression in the form of a tree, so that the matcher skips over most of the text.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST_END = 5
_RAREST_FIRST = b"!@#+~|jq]}[{<>k79v8)(_5w4x6:3mh=/y2-0f1bugdcnlzpisaort,e."
_RANK = {byte: rank for rank, byte in enumerate(_RAREST_FIRST)}


def _end(literal: bytes) -> bytes:
    """The literal from its rarest character on, long enough to be telling."""
    starts = range(max(1, len(literal) - _SHORTEST_END + 1))
    return literal[min(starts, key=lambda at: (_RANK.get(literal[at], 99), at)) :]


def _common(first: bytes, last: bytes) -> bytes:
    """What both begin with; for the first and last of sorted texts, what all begin with."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return bytes(byte for byte, _ in same)


def _tree(ends: Iterable[bytes]) -> bytes:
    """One expression for all ends; of two, one of which begins with the other, the shorter."""
    branches = []
    for _, group in itertools.groupby(sorted(ends), key=lambda end: end[:1]):
        alike = list(group)
        common = _common(alike[0], alike[-1])
        rest = [end[len(common) :] for end in alike]
        branches.append(re.escape(common) + (_tree(rest) if all(rest) else b""))
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"


class Prefilter:
    """Looks for ``literals``, folded and squeezed, in squeezed text."""

    def __init__(self, literals: Iterable[bytes]) -> None:
        self._by_end: dict[bytes, list[bytes]] = defaultdict(list)
        for literal in sorted(set(literals)):
            self._by_end[_end(literal)].append(literal)
        self._regex = re.compile(_tree(self._by_end)) if self._by_end else None

    def present(self, squeezed: bytes) -> set[bytes]:
        """The literals that occur."""
        if self._regex is None:
            return set()
        seen: set[bytes] = set()
        at = 0
        # From the next place on, not from the end: ends may overlap.
        while found := self._regex.search(squeezed, at):
            seen.add(found[0])
            at = found.start() + 1
        return {
            literal
            for end, literals in self._by_end.items()
            if any(end.startswith(beginning) for beginning in seen)
            for literal in literals
            if literal in squeezed
        }
