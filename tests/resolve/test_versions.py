"""Sets of places beside Python's own sets, complements included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nab_resolver.types import RangeRelation

from tfmac_lock.resolve.versions import EMPTY, FULL, VersionSet

PLACES = range(6)
bits = st.integers(-64, 63)
"""Finite sets of the places, and the complements of such sets."""


def places(found: VersionSet) -> set[int]:
    """Which of the places are in it, with 9 for all others."""
    return {place for place in (*PLACES, 9) if place in found}


@given(bits, bits)
def test_sets_are_joined_and_compared_as_pythons_are(one: int, other: int) -> None:
    a, b = VersionSet(one), VersionSet(other)
    mine, theirs = places(a), places(b)
    assert places(a & b) == mine & theirs
    assert places(a | b) == mine | theirs
    assert places(a - b) == mine - theirs
    assert places(~a) == {*PLACES, 9} - mine
    assert a.is_subset(b) is (mine <= theirs)
    assert a.is_superset(b) is (mine >= theirs)
    assert a.is_disjoint(b) is mine.isdisjoint(theirs)
    assert a.is_empty is (not mine)
    assert (a == b) is (mine == theirs)
    assert (hash(a) == hash(b)) or a != b
    relation = a.relation(b)
    assert (relation.is_subset, relation.is_disjoint) == (mine <= theirs, mine.isdisjoint(theirs))


@given(st.sets(st.integers(0, 200)))
def test_the_places_of_a_finite_set_come_newest_first(numbers: set[int]) -> None:
    found = EMPTY
    for number in numbers:
        found |= VersionSet.singleton(number)
    assert list(found.places()) == sorted(numbers)


def test_nothing_and_everything() -> None:
    assert VersionSet.empty() is EMPTY
    assert VersionSet.full() is FULL
    assert list(EMPTY.places()) == []
    assert 10_000 in FULL
    assert 0 not in EMPTY
    assert ~EMPTY == FULL
    assert VersionSet(0b101) != 0b101
    assert repr(VersionSet(0b101)) == "VersionSet(0x5)"
    assert len({VersionSet(1), VersionSet(1), VersionSet(2)}) == 2


@pytest.mark.parametrize("relation", RangeRelation)
def test_each_relation_that_the_solver_knows_is_found(relation: RangeRelation) -> None:
    pairs = [(VersionSet(one), VersionSet(other)) for one in range(4) for other in range(4)]
    assert any(one.relation(other) is relation for one, other in pairs)
