"""Which of many literal texts stand in a window: one pass, whatever their number.

Each literal is sought by its end: the part from a rare character on. The ends are one regular
expression in the form of a tree, so that the matcher skips over most of the text.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST_END = 5
_LONGEST_END = 9
_COMMON = {
    byte: share
    for characters, share in (
        (b".,etraoinspl", 50),
        (b"gczdu1bf02-yhx", 20),
        (b"=/3m:64w5_()8v97k", 8),
    )
    for byte in characters
}
"""How often a character stands in squeezed logs of installs and trainings, in tenths of a percent
and roughly; others are rarer than one."""


def _beginnings(literals: Iterable[bytes]) -> set[int]:
    """Few and rare characters, one of which stands early enough in every literal.

    The matcher has to stop at each of them wherever it stands in a text.
    """
    left = {literal: set(literal[: len(literal) - _SHORTEST_END + 1]) for literal in literals}
    chosen: set[int] = set()
    while left:
        counts = Counter(byte for bytes_ in left.values() for byte in bytes_)
        best = min(counts, key=lambda byte: (_COMMON.get(byte, 1) / counts[byte], byte))
        chosen.add(best)
        left = {literal: bytes_ for literal, bytes_ in left.items() if best not in bytes_}
    return chosen


def _start(literal: bytes, beginnings: set[int]) -> int:
    """Where the rarest of the beginnings stands in the literal."""
    starts = [
        at
        for at, byte in enumerate(literal[: len(literal) - _SHORTEST_END + 1])
        if byte in beginnings
    ]
    return min(starts, key=lambda at: (_COMMON.get(literal[at], 1), at))


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


@functools.lru_cache(maxsize=4)
def prefilter(literals: frozenset[bytes]) -> Prefilter:
    """The prefilter for these; every text begins with the same ones."""
    return Prefilter(literals)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Literals sought by one end, and how far they reach before and after where it begins."""

    literals: tuple[bytes, ...]
    before: int
    after: int


class Prefilter:
    """Looks for ``literals``, folded and squeezed, in squeezed text."""

    def __init__(self, literals: Iterable[bytes]) -> None:
        wanted = sorted(set(literals))
        beginnings = _beginnings(wanted)
        starts = {literal: _start(literal, beginnings) for literal in wanted}
        # As much of each as tells it from most texts.
        ends = {literal: literal[at : at + _LONGEST_END] for literal, at in starts.items()}
        known = set(ends.values())
        sought: dict[bytes, list[bytes]] = defaultdict(list)
        for literal, end in ends.items():
            # Of two ends, one of which begins with the other, the expression finds the shorter.
            lengths = range(_SHORTEST_END, len(end) + 1)
            sought[next(end[:n] for n in lengths if end[:n] in known)].append(literal)
        self._groups = {
            end: _Group(
                literals=tuple(alike),
                before=max(starts[literal] for literal in alike),
                after=max(len(literal) - starts[literal] for literal in alike),
            )
            for end, alike in sought.items()
        }
        self._regex = re.compile(_tree(self._groups)) if self._groups else None

    def present(self, squeezed: bytes) -> set[bytes]:
        """The literals that occur."""
        if self._regex is None:
            return set()
        # Texts repeat themselves, so what stands around an end is looked at once: a small part
        # of the whole.
        around: dict[bytes, set[bytes]] = defaultdict(set)
        at = 0
        # From the next place on, not from the end: ends may overlap.
        while found := self._regex.search(squeezed, at):
            start = found.start()
            group = self._groups[found[0]]
            around[found[0]].add(squeezed[max(0, start - group.before) : start + group.after])
            at = start + 1
        return {
            literal
            for end, texts in around.items()
            for together in (b" ".join(texts),)
            for literal in self._groups[end].literals
            if literal in together
        }
