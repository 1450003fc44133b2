"""Which release of a companion is tried next."""

from __future__ import annotations

import pytest
from packaging.version import Version

from tfmac_lock.prove.older import MOST, next_try, releases

KNOWN = [f"1.{minor}.{patch}" for minor in range(12) for patch in (0, 1)]


def walk(first_bad: str, known: list[str] = KNOWN) -> dict[str, bool]:
    """Every release that is tried, with what came of it, where all from one on fail."""
    versions = [Version(text) for text in known]
    tried: dict[Version, bool] = {}
    while (limit := next_try(versions, tried)) is not None:
        taken = max(v for v in versions if _meets(v, limit))
        assert taken not in tried, "nothing is tried twice"
        tried[taken] = taken < Version(first_bad)
    return {str(version): ran for version, ran in tried.items()}


def _meets(version: Version, limit: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(limit).contains(version)


def test_where_the_newest_runs_no_other_is_tried() -> None:
    assert walk("2.0") == {"1.11.1": True}


def test_the_bound_is_found_between_neighbours() -> None:
    tried = walk("1.11.1")
    assert tried["1.11.1"] is False
    assert tried["1.11.0"] is True


@pytest.mark.parametrize("first_bad", ["1.10.0", "1.8.1", "1.5.0"])
def test_the_last_that_runs_and_the_first_that_fails_are_found_by_halving(first_bad: str) -> None:
    tried = walk(first_bad)
    assert tried[first_bad] is False
    before = KNOWN[KNOWN.index(first_bad) - 1]
    assert tried[before] is True
    assert len(tried) <= MOST


def test_steps_double_so_that_an_old_release_is_reached_in_few() -> None:
    assert list(walk("1.0.0"))[:4] == ["1.11.1", "1.10.1", "1.8.1", "1.4.1"]


def test_it_is_given_up_where_nothing_older_exists() -> None:
    assert walk("0.1", ["1.0.0", "1.1.0"]) == {"1.1.0": False, "1.0.0": False}


def test_final_releases_are_read_from_the_names_of_files() -> None:
    names = ["x-1.0-py3-none-any.whl", "x-1.1rc1-py3-none-any.whl", "x-1.2.tar.gz", "x-1.3.exe"]
    assert releases(names) == {Version("1.0"), Version("1.2")}
