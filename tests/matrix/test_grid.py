from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.facts import evidence, loads, matrix, release, shipped
from tfmac_lock.errors import UsageError
from tfmac_lock.matrix.grid import (
    OnPython,
    UnknownRelease,
    find_pair,
    make_grid,
    pair_verdict,
    payload_rows,
    plugin_releases,
    release_rows,
)
from tfmac_lock.matrix.reasons import Grade, Status
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from tfmac_lock.matrix.verdict import Pair

FACTS = matrix(
    releases=(
        release("tensorflow", "2.18.1", "3.9", "3.11"),
        release("tensorflow", "2.19.0rc0", "3.11"),
        release("tensorflow", "2.17.0", "3.9"),
        release("tensorflow-metal", "1.1.0", "3.9"),
        release("tensorflow-metal", "1.2.0", "3.9", "3.11"),
    ),
    pair_loads=(loads(True), loads(False, metal="1.1.0")),
    evidence=(evidence(Grade.TWIN, metal=None), evidence(Grade.VENDOR)),
)


def judged(pair: Pair) -> OnPython:
    return OnPython(pair=pair, verdict=pair_verdict(FACTS, pair))


def test_the_newest_tensorflow_comes_first_and_candidates_only_when_everything_is_asked_for() -> (
    None
):
    few = [row[0].version for row in release_rows(FACTS, Arch.ARM64)]
    all_of_them = [row[0].version for row in release_rows(FACTS, Arch.ARM64, everything=True)]
    assert few == ["2.18.1", "2.17.0"]
    assert all_of_them == ["2.19.0rc0", "2.18.1", "2.17.0"]
    assert release_rows(FACTS, Arch.X86_64) == []


def test_releases_with_the_same_binaries_share_a_row() -> None:
    rows = payload_rows(shipped(), Arch.ARM64)
    names = [[(one.package, one.version) for one in row] for row in rows]
    assert [("tensorflow", "2.15.0"), ("tensorflow-macos", "2.15.0")] in names
    assert [("tensorflow-macos", "2.9.2")] in names


def test_a_cell_knows_each_python_that_both_have_wheels_for() -> None:
    grid = make_grid(
        FACTS,
        Arch.ARM64,
        rows=release_rows(FACTS, Arch.ARM64),
        plugins=[one.version for one in plugin_releases(FACTS, Arch.ARM64)],
        judged=judged,
    )
    assert grid.plugins == ("1.1.0", "1.2.0")
    cells = {(cell.tensorflow, cell.metal): cell for row in grid.rows for cell in row.cells}
    works = cells["2.18.1", "1.2.0"]
    assert [pair.python for pair in works.pairs] == ["3.9", "3.11"]
    assert works.status is Status.WORKS
    assert works.newest.python == "3.11"
    assert works.id == "tensorflow-2.18.1-metal-1.2.0-arm64"
    assert cells["2.18.1", "1.1.0"].newest.verdict.status is Status.BROKEN
    assert [cell.metal for cell in grid.cells if cell.tensorflow == "2.17.0"] == ["1.1.0", "1.2.0"]


def test_a_cell_without_a_common_python_is_nowhere_to_install() -> None:
    facts = matrix(
        releases=(
            release("tensorflow", "2.18.1", "3.11"),
            release("tensorflow-metal", "1.2.0", "3.9"),
        )
    )
    grid = make_grid(
        facts,
        Arch.ARM64,
        rows=release_rows(facts, Arch.ARM64),
        plugins=["1.2.0"],
        judged=lambda pair: OnPython(pair=pair, verdict=pair_verdict(facts, pair)),
    )
    assert list(grid.cells) == []
    ((cell,),) = (row.cells for row in grid.rows)
    assert cell.status is None
    assert cell.newest.verdict.status is Status.BROKEN


def test_every_fact_of_a_cell_is_told_once_with_its_pythons() -> None:
    grid = make_grid(
        FACTS,
        Arch.ARM64,
        rows=release_rows(FACTS, Arch.ARM64),
        plugins=["1.2.0"],
        judged=judged,
    )
    first = next(iter(grid.cells))
    kinds = [(reason.kind, pythons) for reason, pythons in first.reasons]
    assert ("binaries", ("3.9", "3.11")) in kinds
    assert len(kinds) == len(set(kinds))


# -- a pair that somebody names


def test_a_pair_is_found_by_version_or_by_package_and_version() -> None:
    by_version = find_pair(FACTS, "2.18", "1.2.0", Arch.ARM64, None)
    by_package = find_pair(FACTS, "tensorflow==2.18.1", "1.2.0", Arch.ARM64, "3.9")
    assert (by_version.tensorflow, by_version.python) == ("2.18.1", "3.11")
    assert (by_package.package, by_package.python) == ("tensorflow", "3.9")
    assert find_pair(FACTS, "2.18.1", "none", Arch.ARM64, None).metal is None


def test_of_two_packages_the_one_with_the_payload_is_meant() -> None:
    assert find_pair(shipped(), "2.15.0", "1.1.0", Arch.ARM64, None).package == "tensorflow-macos"


@pytest.mark.parametrize(
    ("tensorflow", "metal", "said"),
    [
        ("3.0", "1.2.0", "no TensorFlow 3.0 for arm64"),
        ("2.18.1", "9.9", "no tensorflow-metal 9.9; there are 1.1.0, 1.2.0"),
    ],
)
def test_an_unknown_release_is_told_with_those_that_there_are(
    tensorflow: str, metal: str, said: str
) -> None:
    with pytest.raises(UnknownRelease, match=said):
        find_pair(FACTS, tensorflow, metal, Arch.ARM64, None)


@pytest.mark.parametrize(
    ("tensorflow", "metal", "python"),
    [("==2.18.x", "1.2.0", None), ("2.18.1", "latest", None), ("2.18.1", "1.2.0", "new")],
)
def test_what_is_no_version_is_told_with_what_to_write(
    tensorflow: str, metal: str, python: str | None
) -> None:
    with pytest.raises(UsageError, match="write"):
        find_pair(FACTS, tensorflow, metal, Arch.ARM64, python)
