"""Sets of a project's versions, as the solver handles them.

The files that a target can take of a project are known and few, so a version is its place in
that list (0 is the newest), and a set of versions is a row of bits. Python's negative integers
have endless ones to the left: they are the complements, which the solver needs as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nab_resolver.types import RangeRelation

if TYPE_CHECKING:
    from collections.abc import Iterator

RELATIONS = {(one.is_subset, one.is_disjoint): one for one in RangeRelation}


class VersionSet:
    """A finite set of places, or the complement of one; nab-resolver's ``RangeProtocol``."""

    __slots__ = ("bits",)

    def __init__(self, bits: int) -> None:
        self.bits = bits

    @classmethod
    def empty(cls) -> VersionSet:
        """No version."""
        return EMPTY

    @classmethod
    def full(cls) -> VersionSet:
        """Every version."""
        return FULL

    @classmethod
    def singleton(cls, version: int) -> VersionSet:
        """The version at that place."""
        return cls(1 << version)

    @property
    def is_empty(self) -> bool:
        """Whether no version is in it."""
        return not self.bits

    def places(self) -> Iterator[int]:
        """The places in a finite set, the newest version's first."""
        bits = self.bits
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest

    def __contains__(self, version: int) -> bool:
        return bool(self.bits >> version & 1)

    def __and__(self, other: object) -> VersionSet:
        return VersionSet(self.bits & _bits(other))

    def __or__(self, other: object) -> VersionSet:
        return VersionSet(self.bits | _bits(other))

    def __sub__(self, other: object) -> VersionSet:
        return VersionSet(self.bits & ~_bits(other))

    def __invert__(self) -> VersionSet:
        return VersionSet(~self.bits)

    def is_subset(self, other: VersionSet) -> bool:
        """Whether the other set has all of this one's versions."""
        return not self.bits & ~other.bits

    def is_superset(self, other: VersionSet) -> bool:
        """Whether this set has all of the other one's versions."""
        return other.is_subset(self)

    def is_disjoint(self, other: VersionSet) -> bool:
        """Whether no version is in both."""
        return not self.bits & other.bits

    def relation(self, other: VersionSet) -> RangeRelation:
        """Both of the questions at once."""
        return RELATIONS[not self.bits & ~other.bits, not self.bits & other.bits]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionSet) and self.bits == other.bits

    def __hash__(self) -> int:
        return hash(self.bits)

    def __repr__(self) -> str:
        return f"VersionSet({self.bits:#x})"


def _bits(other: object) -> int:
    assert isinstance(other, VersionSet)
    return other.bits


EMPTY = VersionSet(0)
FULL = VersionSet(-1)
