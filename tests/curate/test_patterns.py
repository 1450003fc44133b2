"""The dialect of patterns: what it refuses, and what it proves."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.curate import patterns
from tfmac_lock.explain.text import squeeze


@pytest.mark.parametrize(
    "pattern",
    [
        r"a*",
        r"a+",
        r"(a)",
        r"(?P<x>a)",
        r"(?<=a)b",
        r"^a",
        r"a$",
        r"(?:a{1,3}){1,3}",
        r"(?:a){1,9}",
        r"a{1,5000}",
        r"a{3,1}",
        r"a{1,2}{1,2}",
        r"a{1,}",
        r"\p{L}",
        r"\1",
        r"\A",
        r"a\-b",
        r"[]a",
        r"[a",
        r"(?:a",
        r"a)",
        r"a\ ",
        r"\b{2}",
        r" {2}",
        "a{1,99999999999999999999}",
    ],
)
def test_what_could_be_slow_or_means_something_else_in_javascript_is_refused(pattern: str) -> None:
    with pytest.raises(patterns.PatternError):
        patterns.parse(pattern)


def test_a_space_stands_for_any_run_of_white_space() -> None:
    regex = re.compile(patterns.render(patterns.parse("not found")))
    assert regex.search("not\n    found")
    assert not regex.search("notfound")


def test_in_loose_form_a_space_may_be_missing() -> None:
    regex = re.compile(patterns.render(patterns.parse("not found"), least_space=0))
    assert regex.search("notfound")


def test_the_width_bounds_every_match() -> None:
    node = patterns.parse(r"ab(?:cd|e){1,3}f{0,9}")
    assert patterns.width(node) == 2 + 6 + 9


def test_alternatives_that_begin_differently_cost_the_dearest_of_them() -> None:
    one = patterns.steps(patterns.parse(r"x(?:abc|def)"))
    both = patterns.steps(patterns.parse(r"x(?:abc|abd)"))
    assert one < both


def test_two_wide_gaps_in_a_row_are_seen_to_be_expensive() -> None:
    assert patterns.steps(patterns.parse(r"a[\s\S]{0,500}b[\s\S]{0,500}c")) > 200_000


def test_an_optional_quote_or_hyphen_does_not_part_a_literal() -> None:
    node = patterns.parse(r"""No module named ['"]?tensorflow[-_]macos""")
    assert patterns.literals(node) == {
        "nomodulenamedtensorflow-macos",
        "nomodulenamedtensorflow_macos",
    }


def test_the_rarest_literals_are_found() -> None:
    node = patterns.parse(r"x{1,3}(?:first one|second) tail.{0,9}end")
    assert patterns.literals(node) == {"firstonetail", "secondtail"}
    assert patterns.literals(patterns.parse(r"\d{1,3}")) == frozenset()


_ATOMS = st.sampled_from(
    [
        "abcde",
        "wxyz",
        r"\d{1,3}",
        r"[a-f]{0,4}",
        " ",
        "(?:foobar|bazqux)",
        "é",
        "['\"]?",
        "[-_]",
        "(?:one|two|)",
        "(?:x y)?",
        "k{2,3}",
        "(?:ab|[0-9]{1,2}cdefg)",
        r"(?:\\|'){0,2}",
    ]
)


@given(st.lists(_ATOMS, min_size=1, max_size=6), st.data())
def test_one_of_the_literals_stands_in_whatever_matches(
    atoms: list[str], data: st.DataObject
) -> None:
    node = patterns.parse("".join(atoms))
    text = data.draw(st.from_regex(re.compile(patterns.render(node), re.ASCII), fullmatch=True))
    squeezed = squeeze(text.encode()).decode()
    literals = patterns.literals(node)
    assert not literals or any(literal in squeezed for literal in literals)
    assert len(text) <= patterns.width(node)
