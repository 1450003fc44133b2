"""The words of a verdict: status, grade, and the reasons that both rest on.

They stand apart from the facts, since a published lock is served with its verdict and without
reading any fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ranked(StrEnum):
    """Words in an order of their own, which is not the alphabet's: the earlier one is less."""

    @property
    def rank(self) -> int:
        """The place in the order, from 0."""
        return list(type(self)).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < type(self)(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= type(self)(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > type(self)(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= type(self)(other).rank


class Status(Ranked):
    """What to expect of a combo, best first; the order in which combos are offered."""

    WORKS = "works"
    CAUTION = "caution"
    UNPROVEN = "unproven"
    BROKEN = "broken"


class Grade(Ranked):
    """How much a piece of evidence says, weakest first (the order ranks combos)."""

    RESOLVES = "resolves"
    LOADS = "loads"
    TWIN = "twin"
    VENDOR = "vendor"
    REPORTED = "reported"
    TRAINED_CPU = "trained-cpu"
    TRAINED_GPU = "trained-gpu"


def strength(grade: Grade | None) -> int:
    """How much the grade says: 0 for none, 1 for the weakest."""
    return 0 if grade is None else grade.rank + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One fact behind a verdict.

    ``kind`` says what sort of fact it is: ``binaries``, ``floor``, ``defect``, ``twin`` and so on.
    ``grade`` is the grade that it gives, or takes where it speaks ``against`` the combo; None
    where it has to do with no grade. ``fatal`` ones are enough to call the combo broken.
    """

    kind: str
    text: str
    source: str
    grade: Grade | None = None
    against: bool = False
    fatal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Status, the strongest grade that speaks for the combo, and every fact behind them."""

    status: Status
    grade: Grade | None
    reasons: tuple[Reason, ...]
