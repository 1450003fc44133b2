"""What was tried of each lock, and which runs on a Mac are wanted."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import evidence, shipped
from tfmac_lock import __main__
from tfmac_lock.cli.coverage import published_slots
from tfmac_lock.lock.coverage import MOST_WANTED, Covered, _points, coverage
from tfmac_lock.matrix.reasons import Grade
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from tfmac_lock.matrix.facts import Evidence

TODAY = date(2026, 11, 26)
LOCK = "tensorflow-macos-2.10.0-metal-0.6.0-py3.10-arm64"


def on(chip: str, day: str, grade: Grade = Grade.TRAINED_GPU) -> Evidence:
    return evidence(grade, tensorflow="==2.10.0", metal="0.6.0", chip=chip, macos="15", date=day)


def found(*more: Evidence, today: date = TODAY) -> tuple[Covered, list[str]]:
    from dataclasses import replace

    facts = shipped()
    facts = replace(facts, evidence=(*facts.evidence, *more))
    slots = [
        locks
        for locks in published_slots()
        if locks and (locks[0].combo.python, locks[0].combo.arch) == ("3.10", Arch.ARM64)
    ]
    told = coverage(facts, slots, today)
    row = next(row for row in told.locks if row.lock == LOCK)
    return row, [wanted.lock for wanted in told.wanted]


def test_a_lock_that_no_mac_has_run_says_when_its_twin_trained_and_is_wanted() -> None:
    row, wanted = found()
    assert (row.macs, row.gpu, row.newest_run) == ((), (), "")
    assert row.twin == "2026-11-20"
    assert row.reports > 0
    assert row.days == 6
    assert wanted[0] == LOCK


def test_two_macs_are_counted_once_each_and_enough() -> None:
    row, wanted = found(
        on("Apple M1", "2026-11-24"), on("Apple M1", "2026-11-25"), on("Apple M2", "2026-11-25")
    )
    assert row.macs == ("Apple M1, macOS 15", "Apple M2, macOS 15")
    assert (row.newest_run, row.days) == ("2026-11-25", 1)
    assert wanted[0] != LOCK


def test_where_one_mac_ran_it_the_second_is_wanted_most() -> None:
    _, wanted = found(on("Apple M1", "2026-11-25"))
    assert wanted[0] == LOCK


def test_after_a_year_a_run_helps_again() -> None:
    row, _ = found(on("Apple M1", "2026-11-24"), on("Apple M2", "2026-11-24"))
    young = _points(row, chosen=False, today=TODAY)
    assert _points(row, chosen=False, today=date(2028, 1, 1)) > young


@pytest.mark.parametrize("day", ["2023", "2023-05", None])
def test_a_report_with_half_a_date_has_an_age_all_the_same(day: str | None) -> None:
    said = evidence(Grade.REPORTED, tensorflow="==2.10.0", metal="0.6.0", date=day)
    row, _ = found(said)
    assert row.reports > 1
    assert row.days == 6


def test_the_command_names_ten_runs_that_can_be_typed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert __main__.main(["matrix", "coverage", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["locks"] == len(told["locks"]) == 437
    assert told["counts"]["twin"] == 437
    assert len(told["wanted"]) == MOST_WANTED
    known = {row["lock"] for row in told["locks"]}
    for wanted in told["wanted"]:
        assert wanted["command"] == f"tfmac-lock prove --lock {wanted['lock']} --share"
        assert wanted["lock"] in known


def test_on_a_terminal_it_fits_eighty_columns_but_for_commands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert __main__.main(["matrix", "coverage"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines if "tfmac-lock prove" not in line)
