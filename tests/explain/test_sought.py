"""A search by the words that a pattern begins with finds what the pattern itself finds."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.explain.sought import Sought, places

_WORDS = ("ab", "abc", "ca")
_PATTERN = r"ab(?:c{1,3}|(?<=bab)d)?x?|ca{1,2}\b|abc"


@given(st.text("abcdx ", max_size=40))
def test_the_matches_are_those_of_the_pattern(text: str) -> None:
    sought = Sought(_WORDS, _PATTERN)
    expected = [found.span() for found in re.finditer(_PATTERN, text)]
    assert [found.span() for found in sought.finditer(text)] == expected
    first = sought.search(text)
    assert (first and first.span()) == (expected[0] if expected else None)


def test_places_are_in_order_and_named_once() -> None:
    assert places("abcab", ("abc", "ab", "b")) == [0, 1, 3, 4]
    assert places("xyz", ("a",)) == []
