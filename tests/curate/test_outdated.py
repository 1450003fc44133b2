"""What is due: told by the index, by the locks and by the calendar."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from tests.support.facts import evidence, shipped
from tfmac_lock import __main__
from tfmac_lock.cli.coverage import published_slots
from tfmac_lock.curate.outdated import Due, outdated
from tfmac_lock.matrix.companions import Companion, Companions, Tried
from tfmac_lock.matrix.reasons import Grade
from tfmac_lock.pypi.model import IndexFile

if TYPE_CHECKING:
    import pytest

    from tfmac_lock.matrix.facts import Matrix

TODAY = date(2026, 11, 26)


def offered(*filenames: str, yanked: str | None = None) -> tuple[IndexFile, ...]:
    return tuple(
        IndexFile(filename=name, url=f"https://files.example/{name}", yanked=yanked)
        for name in filenames
    )


def due(facts: Matrix, today: date = TODAY, **index: tuple[IndexFile, ...]) -> list[Due]:
    files = {name.replace("_", "-"): found for name, found in index.items()}
    slots = [locks for locks in published_slots() if locks and locks[0].combo.python == "3.10"]
    return list(outdated(facts, slots, today, lambda name: files.get(name, ())))


def bare() -> Matrix:
    return replace(shipped(), companions=Companions())


def test_a_new_wheel_for_the_mac_is_due_with_the_commands_that_lock_it() -> None:
    new = offered(
        "tensorflow-2.99.0-cp312-cp312-macosx_12_0_arm64.whl",
        "tensorflow-2.99.0-cp311-cp311-macosx_12_0_arm64.whl",
        "tensorflow-2.99.0-cp312-cp312-win_amd64.whl",
        "tensorflow-1.15.0-cp37-cp37m-macosx_10_11_x86_64.whl",
    )
    (found,) = due(bare(), tensorflow=new)
    assert found.subject == "tensorflow"
    assert "2.99.0 (2 wheels)" in found.text
    assert "tfmac-lock publish locks --new" in found.commands
    assert found.commands[-1] == "tfmac-lock publish render"


def test_what_is_read_already_or_yanked_is_not_due() -> None:
    known = shipped().releases_of("tensorflow")[-1].wheels[0].filename
    assert due(bare(), tensorflow=offered(known)) == []
    new = "tensorflow-2.99.0-cp312-cp312-macosx_12_0_arm64.whl"
    assert due(bare(), tensorflow=offered(new, yanked="broken")) == []


def companions(tried: str) -> Matrix:
    fact = next(one for one in shipped().companions.facts if one.name == "tf-keras")
    assert isinstance(fact, Companion)
    row = next(one for one in shipped().companions.trials if one.companion == "tf-keras")
    trials: tuple[Tried, ...] = (replace(row, version=tried),)
    return replace(shipped(), companions=Companions(facts=(fact,), trials=trials))


def test_a_companion_of_which_the_newest_was_not_tried_is_due_alone() -> None:
    files = offered("tf_keras-2.99.0-py3-none-any.whl", "tf_keras-3.0.0rc1-py3-none-any.whl")
    (found,) = due(companions("2.18.0"), tf_keras=files)
    assert found.subject == "companion-tf-keras"
    assert "2.99.0 is on the index; the newest one tried is 2.18.0" in found.text
    assert found.commands[0].startswith("tfmac-lock prove companions tf-keras --tensorflow 2.")
    assert due(companions("2.99.0"), tf_keras=files) == []


def test_a_lock_without_a_twin_is_due() -> None:
    facts = bare()
    twins = tuple(item for item in facts.evidence if item.grade is not Grade.TWIN)
    (found,) = due(replace(facts, evidence=twins))
    assert found.subject == "twins"
    assert "more" in found.text


def test_a_run_on_a_mac_is_due_again_after_a_year_and_nothing_else_is_by_age() -> None:
    run = evidence(
        Grade.TRAINED_GPU, tensorflow="==2.10.0", metal="0.6.0", chip="Apple M1", date="2026-11-20"
    )
    facts = bare()
    facts = replace(facts, evidence=(*facts.evidence, run))
    assert due(facts) == []
    assert [one.subject for one in due(facts, date(2028, 1, 1))] == ["macs"]


def test_without_an_index_the_command_says_what_can_be_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = __main__.main(["matrix", "outdated", "--offline", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert status == (1 if told["due"] else 0)
    assert told["as_of"] == shipped().as_of


def test_an_index_that_cannot_be_asked_is_the_outside(capsys: pytest.CaptureFixture[str]) -> None:
    unreachable = ["--index-url", "http://127.0.0.1:1/simple"]
    assert __main__.main(["matrix", "outdated", *unreachable]) == 3
    assert "127.0.0.1" in capsys.readouterr().err
