"""New facts make new verdicts of the recorded locks, and no index is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.publish.test_locks import DAY, FACTS, SLOT, universe
from tests.support.facts import bound, evidence
from tests.support.universe import as_indexed
from tfmac_lock.lock.published import Index
from tfmac_lock.matrix.reasons import Grade
from tfmac_lock.publish import locks
from tfmac_lock.publish.judged import judged_slot
from tfmac_lock.publish.readme import readme
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.matrix.facts import Matrix
    from tfmac_lock.publish.locks import SlotResult

BEST = "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64"


def facts(**changed: object) -> Matrix:
    return replace(as_indexed(FACTS, universe()), **changed)  # type: ignore[arg-type]


def made(known: Matrix, folder: Path) -> SlotResult:
    """What `publish locks` gives, with what lies in the folder."""
    recorded = locks.recorded_locks(folder, SLOT)
    return locks.make_slot(known, universe(), SLOT, DAY, recorded=recorded)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    locks.write(tmp_path, locks.render([made(facts(), tmp_path)]), [SLOT])
    return tmp_path


def test_with_the_same_facts_nothing_changes(folder: Path) -> None:
    found = judged_slot(facts(), SLOT, folder)
    assert found.outdated == ()
    assert locks.stale(folder, locks.render([found.result]), [SLOT]) == []


def test_a_new_report_changes_verdicts_and_no_file_but_those_of_a_new_status(folder: Path) -> None:
    report = evidence(Grade.REPORTED, date="2026-01-30", text="it trained for a day")
    known = facts(evidence=(*FACTS.evidence, report))
    found = judged_slot(known, SLOT, folder)
    stale = locks.stale(folder, locks.render([found.result]), [SLOT])
    slug = "py3.11-arm64/tensorflow-2.18.1-metal-1.2.0"
    assert stale == [f"{slug}/pylock.toml", f"{slug}/requirements.txt", "verdicts/cp311-arm64.json"]
    (best,) = [lock for lock in found.result.locks if lock.combo.id == BEST]
    assert (best.verdict.status, best.verdict.grade) == ("works", "reported")


def test_a_text_alone_changes_the_verdicts_alone(folder: Path) -> None:
    other = tuple(replace(one, text="said otherwise") for one in FACTS.evidence)
    found = judged_slot(facts(evidence=other), SLOT, folder)
    stale = locks.stale(folder, locks.render([found.result]), [SLOT])
    assert stale == ["verdicts/cp311-arm64.json"]


@pytest.mark.parametrize("outcome", ["works", "broken"])
def test_what_render_writes_is_what_publish_locks_makes(folder: Path, outcome: str) -> None:
    report = evidence(Grade.REPORTED, outcome, date="2026-01-30", text="seen")
    known = facts(evidence=(*FACTS.evidence, report))
    rendered = locks.render([judged_slot(known, SLOT, folder).result])
    assert rendered == locks.render([made(known, folder)])
    best = "py3.11-arm64/tensorflow-2.18.1-metal-1.2.0/pylock.toml"
    assert (best in rendered) is (outcome == "works")


def test_a_bound_that_a_lock_does_not_meet_needs_the_index(folder: Path) -> None:
    known = facts(bounds=(bound("numpy", "<2", tensorflow=">=2.18"),))
    found = judged_slot(known, SLOT, folder)
    assert BEST in found.outdated
    assert {lock.combo.tensorflow for lock in found.result.locks} == {"2.17.1"}


def test_without_recorded_locks_all_need_the_index(tmp_path: Path) -> None:
    found = judged_slot(facts(), SLOT, tmp_path)
    assert BEST in found.outdated
    assert found.result.locks == ()


# -- locks that stand still


def test_a_lock_whose_files_are_the_same_keeps_its_day(folder: Path) -> None:
    later = DAY.replace(month=2, day=1)
    recorded = locks.recorded_locks(folder, SLOT)
    index = universe()
    index.files["numpy"] = [file for file in index.files["numpy"] if "2.1.0" not in file.filename]
    same = locks.make_slot(facts(), index, SLOT, later, recorded=recorded)  # type: ignore[arg-type]
    assert locks.stale(folder, locks.render([same]), [SLOT]) == []
    assert {lock.as_of for lock in same.locks} == {DAY.isoformat()}


def test_a_lock_with_new_files_has_the_day_of_now(folder: Path) -> None:
    later = DAY.replace(month=2, day=1)
    recorded = locks.recorded_locks(folder, SLOT)
    new = locks.make_slot(facts(), universe(), SLOT, later, recorded=recorded)  # type: ignore[arg-type]
    assert {lock.as_of for lock in new.locks} == {"2026-02-01"}
    assert {lock.combo.numpy for lock in new.locks} == {"2.1.0"}


def test_the_table_leads_to_every_lock_best_first(folder: Path) -> None:
    text = readme(folder, [SLOT], "2026-01-31")
    rows = [line for line in text.splitlines() if line.startswith("| [")]
    found = Index.within(folder, "3.11", Arch.ARM64).locks()
    assert len(rows) == len(found)
    assert rows[0].startswith(
        "| [tensorflow 2.18.1](py3.11-arm64/tensorflow-2.18.1-metal-1.2.0/) | 1.2.0 | 2.0.2 "
    )
    assert "works (vendor)" in rows[0]
