from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tfmac_lock.cli.tables import SIGNS, combos_table, grid_table, pair_text, show
from tfmac_lock.lock import published
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.grid import OnPython, find_pair, make_grid, pair_verdict, release_rows
from tfmac_lock.matrix.reasons import Status
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from tfmac_lock.matrix.grid import Grid


@pytest.fixture(scope="module")
def grid() -> Grid:
    facts = shipped()
    rows = [row for row in release_rows(facts, Arch.ARM64) if row[0].version in ("2.18.1", "2.9.0")]
    return make_grid(
        facts,
        Arch.ARM64,
        rows=rows,
        plugins=["0.5.0", "1.2.0"],
        judged=lambda pair: OnPython(pair=pair, verdict=pair_verdict(facts, pair)),
    )


def test_the_grid_has_a_sign_a_cell_and_fits_a_terminal(
    grid: Grid, capsys: pytest.CaptureFixture[str]
) -> None:
    show(grid_table(grid))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    row = next(line for line in lines if line.startswith("tensorflow 2.18.1"))
    signs = {sign for sign, _ in SIGNS.values()}
    assert row.split()[2] == SIGNS[Status.BROKEN][0]
    assert set(row.split()[2:]) <= signs
    assert "tfmac-lock matrix pair 2.18.0 1.1.0 --arch arm64" in " ".join(" ".join(lines).split())


def test_every_status_has_a_sign_of_its_own() -> None:
    assert SIGNS.keys() == set(Status)
    assert len({sign for sign, _ in SIGNS.values()}) == len(Status)


def test_combos_stand_on_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    index = published.Index.within(loading.locks_folder(), "3.11", Arch.ARM64)
    locks = list(index.locks())[:3]
    show(combos_table(locks))
    lines = capsys.readouterr().out.splitlines()
    for lock in locks:
        assert sum(lock.combo.tensorflow in line for line in lines) >= 1
    assert len(lines) == len(locks) + 2


def test_a_pair_that_does_not_load_is_told_with_what_is_missing() -> None:
    facts = shipped()
    pair = find_pair(facts, "2.18.0", "1.1.0", Arch.ARM64, None)
    text = pair_text(facts, pair, pair_verdict(facts, pair), color=False)
    assert "\x1b" not in text
    assert "broken" in text.splitlines()[1]
    assert "binaries:" in text
    assert "__ZN3tsl8internal10LogMessageC1EPKcii" in text
    assert "tsl::internal::LogMessage::LogMessage(char const*, int, int)" in text


def test_a_status_is_coloured_where_colours_are_wanted() -> None:
    facts = shipped()
    pair = find_pair(facts, "2.18.1", "1.2.0", Arch.ARM64, None)
    assert "\x1b[1;" in pair_text(facts, pair, pair_verdict(facts, pair), color=True)
