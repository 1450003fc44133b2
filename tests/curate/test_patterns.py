"""The patterns of symptoms: harmless ones pass, slow ones and riddles for JavaScript do not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.curate import patterns
from tfmac_lock.curate.patterns import MOST_STEPS, PatternError, compile_pattern, parse, steps
from tfmac_lock.explain.text import squeeze


@pytest.mark.parametrize(
    "pattern",
    [
        r"error \d+ in line \d+",
        r"tensorflow(?:\.\w+){1,9}: failed",
        r"version (?:\.\d{1,3}){1,3} is missing",
        r"symbol (not) found",
        r"loading.{0,50}? failed here",
        r"Abort trap: ?6 was raised",
        r"Abort trap: {2}6 was raised",
        r"line\x20endings \u00e9t\u00e9",
        r"(?:first|second){1,9} thing",
        r"exits \(?:code \d{1,}\)",
        r"numpy(?=[\w.]{1,40} is broken)",
    ],
)
def test_a_harmless_pattern_is_taken(pattern: str) -> None:
    found = compile_pattern(pattern)
    assert re.compile(found.regex)
    assert re.compile(found.loose)


@pytest.mark.parametrize(
    "pattern",
    [
        r"abcde(?:a+)+f",  # exponential in Python's matcher
        r"abcde(?:a|a)*f",
        r"abcde(?:a|ab|b)+f",
        r"abcde(?:\w+\s*)+:",
        r"abcde[\s\S]*b[\s\S]*c[\s\S]*d",  # a power of the length
        r"abcde.*b.*c.*d",
        r"abcde(?:\d*\d*){1,9}x",
    ],
)
def test_a_pattern_that_backtracks_without_measure_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="steps"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r".{1,3}thing broke", "begin"),
        (r"\wbroken", "begin"),
        (r"(?:thing broke)?", "literal"),
        (r"thin", "literal"),
        (r"thing.{0,4500}", "characters"),
        (r"thing(?:\.\w+)*: failed", "characters"),
    ],
)
def test_a_pattern_that_would_be_tried_everywhere_or_match_too_much_is_refused(
    pattern: str, why: str
) -> None:
    with pytest.raises(PatternError, match=why):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<x>a)",
        r"(?<=a)b",
        r"(?i)a",
        r"^a",
        r"a$",
        r"a++",
        r"a?+",
        r"a{3,1}",
        r"a{1,2}{1,2}",
        r"a{,3}",
        r"\p{L}",
        r"(a)\1",
        r"\A",
        r"a\-b",
        r"[]a",
        r"[a",
        r"[z-a]",
        r"(?:a",
        r"a)",
        r"a]",
        r"a{",
        r"a\ ",
        "a\\",
        r"\b{2}",
        r"(?=a){2}",
        r"a{1,99999999999999999999}",
    ],
)
def test_what_means_something_else_in_javascript_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        parse(pattern)


def test_a_space_stands_for_any_run_of_white_space() -> None:
    regex = re.compile(patterns.render("not found"))
    assert regex.search("not\n    found")
    assert not regex.search("notfound")


def test_in_loose_form_a_space_may_be_missing() -> None:
    regex = re.compile(patterns.render("not found", least_space=0))
    assert regex.search("notfound")


def test_a_space_in_a_class_or_after_a_backslash_is_itself() -> None:
    assert patterns.render(r"[- ]x\\ y") == r"[- ]x\\\s{1,24}y"


def test_repeats_without_an_end_get_one() -> None:
    assert patterns.render(r"a+b*c{3,}[+*]\+") == r"a{1,200}b{0,200}c{3,200}[+*]\+"


def test_the_width_bounds_every_match() -> None:
    assert patterns.width(parse(r"ab(?:cd|e){1,3}f{0,9}")) == 2 + 6 + 9


def test_alternatives_that_begin_differently_cost_the_dearest_of_them() -> None:
    assert steps(parse(r"x(?:\w{9}c|\d{9}f)")) > steps(parse(r"x(?:[a-z]{9}c|\d{9}f)"))


def test_a_repeat_that_ends_at_what_follows_it_costs_no_more_than_its_length() -> None:
    assert steps(parse(r"a\d{1,200}:\d{1,200}:b")) < 1000
    assert steps(parse(r"a[\s\S]{0,500}b[\s\S]{0,500}c")) > MOST_STEPS


def test_an_optional_quote_or_hyphen_does_not_part_a_literal() -> None:
    assert patterns.literals(parse(r"""No module named ['"]?tensorflow[-_]macos""")) == {
        "nomodulenamedtensorflow-macos",
        "nomodulenamedtensorflow_macos",
    }


def test_the_rarest_literals_are_found() -> None:
    found = patterns.literals(parse(r"x{1,3}(?:first one|second) tail.{0,9}end"))
    assert found == {"firstonetail", "secondtail"}
    assert patterns.literals(parse(r"\d{1,3}")) == frozenset()


def test_the_beginnings_of_a_choice_are_found() -> None:
    def openings(pattern: str) -> set[str]:
        return set(patterns.openings(parse(pattern)))

    assert openings(r"\b(?:zsh|Bash): killed") == {"zsh:", "bash:"}
    assert openings(r"(?:exit \d{1,3}|abort)ed") == {"exit", "abort"}
    assert openings(r"""['"]?numpy['"]? is""") == {"numpy", "'numpy", '"numpy'}
    assert openings(r"a\d{1,3} is broken") == set()


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
        r"(?:\.\d+)*",
    ]
)


@given(st.lists(_ATOMS, min_size=1, max_size=6), st.data())
def test_one_of_the_literals_stands_in_whatever_matches(
    atoms: list[str], data: st.DataObject
) -> None:
    written = "".join(atoms)
    node = parse(written)
    text = data.draw(st.from_regex(re.compile(patterns.render(written), re.ASCII), fullmatch=True))
    squeezed = squeeze(text.encode()).decode()
    literals = patterns.literals(node)
    assert not literals or any(literal in squeezed for literal in literals)
    openings = patterns.openings(node)
    assert not openings or any(text.lower().startswith(opening) for opening in openings)
    assert len(text) <= patterns.width(node)
