"""What is decided first: the answer does not change by it, but how soon it comes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.facts import target
from tests.support.universe import Universe, asked_for, rules
from tfmac_lock.resolve.provider import PAIR, TROUBLE, Facts, Provider
from tfmac_lock.resolve.versions import VersionSet

ONE, TWO, HIGH = VersionSet(0b1), VersionSet(0b11), VersionSet(0b1000)


@pytest.fixture
def provider() -> Provider:
    made = rules(Universe(), target=target())
    return Provider(Facts(made, asked_for("wanted", target=target())), order=["early", "late"])  # type: ignore[list-item]


def first(provider: Provider, *rows: tuple[str, VersionSet], conflicts: str = "") -> str:
    """Which of the packages with these versions left is decided."""
    counts = Counter({conflicts: TROUBLE})
    return min(rows, key=lambda row: provider.prioritize(row[0], row[1], counts))[0]


def test_the_pair_is_decided_before_what_was_asked_for_and_that_before_the_rest(
    provider: Provider,
) -> None:
    assert first(provider, ("wanted", ONE), (PAIR, TWO)) == PAIR
    assert first(provider, ("another", ONE), ("wanted", TWO)) == "wanted"


def test_what_is_in_trouble_comes_before_what_was_asked_for(provider: Provider) -> None:
    assert first(provider, ("wanted", ONE), ("another", TWO), conflicts="another") == "another"
    assert first(provider, (PAIR, TWO), ("another", ONE), conflicts="another") == PAIR


def test_what_has_one_version_left_comes_before_what_has_several(provider: Provider) -> None:
    assert first(provider, ("a", TWO), ("b", ONE)) == "b"
    assert first(provider, ("a", TWO), ("b", HIGH)) == "b"
    assert first(provider, ("late", ONE), ("early", TWO)) == "late"


def test_of_equals_whoever_requires_comes_before_what_it_requires_and_then_the_name_decides(
    provider: Provider,
) -> None:
    assert first(provider, ("late", TWO), ("early", TWO)) == "early"
    assert first(provider, ("unknown", TWO), ("late", TWO)) == "late"
    assert first(provider, ("b", TWO), ("a", TWO)) == "a"


def test_an_extra_is_where_its_package_is(provider: Provider) -> None:
    assert first(provider, ("another", ONE), ("wanted[x]", TWO)) == "wanted[x]"
