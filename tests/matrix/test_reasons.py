from __future__ import annotations

from itertools import product

import pytest

from tfmac_lock.matrix.reasons import Grade, Status, strength


def test_grades_are_ordered_by_what_they_say_and_not_by_the_alphabet() -> None:
    assert max(Grade.TWIN, Grade.RESOLVES, Grade.TRAINED_CPU) is Grade.TRAINED_CPU
    assert Grade.VENDOR > Grade.TWIN >= Grade.TWIN > Grade.LOADS
    assert Grade.RESOLVES < Grade.REPORTED <= Grade.REPORTED
    assert max(Grade) is Grade.TRAINED_GPU


@pytest.mark.parametrize("ranked", [Grade, Status])
def test_words_are_compared_by_their_places_in_the_order(ranked: type[Grade | Status]) -> None:
    for (here, one), (there, other) in product(enumerate(ranked), repeat=2):
        assert (one < other, one <= other) == (here < there, here <= there)
        assert (one > other, one >= other) == (here > there, here >= there)
        assert (one < other.value, one.rank) == (here < there, here)


def test_no_grade_says_less_than_the_weakest() -> None:
    assert strength(None) < strength(Grade.RESOLVES) < strength(Grade.LOADS)


def test_statuses_are_ordered_best_first() -> None:
    assert min(Status) is Status.WORKS
    assert max(Status) is Status.BROKEN
