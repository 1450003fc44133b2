"""One pass finds what a search for each literal finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.explain.prefilter import Prefilter

_WORDS = st.lists(st.sampled_from([b"ab", b"ba", b"x", b"metal", b"(", b"e"]), max_size=12).map(
    b"".join
)


@given(st.sets(_WORDS.filter(lambda word: len(word) >= 5), max_size=12), _WORDS, _WORDS, _WORDS)
def test_one_pass_finds_what_a_search_for_each_finds(
    literals: set[bytes], one: bytes, two: bytes, three: bytes
) -> None:
    text = one + two * 3 + three + b"".join(sorted(literals)[:3]) + one
    wanted = {literal for literal in literals if literal in text}
    assert Prefilter(literals).present(text) == wanted


def test_nothing_is_found_by_nothing() -> None:
    assert Prefilter(()).present(b"anything") == set()
