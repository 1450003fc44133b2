from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from tests.lock.test_make import TAG, facts, index, lock, pins  # noqa: F401 - a fixture
from tests.support.facts import bound
from tfmac_lock.lock.newest import is_old
from tfmac_lock.lock.verify import pins_of
from tfmac_lock.matrix.companions import Companions, Tried
from tfmac_lock.matrix.ranking import NoCombo

if TYPE_CHECKING:
    from tests.support.universe import Universe


@pytest.mark.parametrize(
    ("version", "newest", "old"),
    [
        ("0.1.0", "0.87.0", True),
        ("0.4.0", "2.1.4", True),
        ("0.7.0", "0.9.0", False),
        ("1.11.0", "1.12.0", False),
        ("1.1.0", "1.12.0", True),
        ("2.18.1", "2.21.1", False),
        ("4.57.6", "5.20.2", True),
        ("9.0", "1!1.0", True),
        ("2.0", "2.0", False),
    ],
)
def test_a_major_release_behind_is_old_and_so_are_many_minors(
    version: str, newest: str, old: bool
) -> None:
    assert is_old(Version(version), Version(newest)) is old


def test_a_lower_pair_with_a_current_version_comes_before_an_old_one(
    index: Universe,  # noqa: F811
) -> None:
    index.add("federated", "0.1.0")
    index.add("federated", "0.87.0", "tensorflow<2.18")
    made = lock(index, None, "federated")
    assert made.lock.combo.tensorflow == "2.17.1"
    assert pins(made)["federated"] == "0.87.0"
    assert all(one.kind != "older" for one in made.lock.verdict.reasons)


def test_an_old_version_that_nothing_else_can_replace_is_told_and_leaves_the_lock_unproven(
    index: Universe,  # noqa: F811
) -> None:
    index.add("cv", "0.4.0")
    index.add("cv", "0.9.0", "numpy>=2.2")
    made = lock(index, None, "cv").lock
    assert made.verdict.status == "unproven"
    (text,) = [one.text for one in made.verdict.reasons if one.kind == "older"]
    assert text.startswith("cv 0.4.0 was taken although 0.9.0 exists: cv 0.9.0 requires numpy>=2.2")


def test_a_current_version_does_not_make_another_named_package_old(
    index: Universe,  # noqa: F811
) -> None:
    index.add("images", "12.3")
    index.add("images", "13.0")
    index.add("pages", "3.36", "images")
    index.add("pages", "6.31", "images<13")
    made = lock(index, None, "pages", "images")
    assert (pins(made)["pages"], pins(made)["images"]) == ("6.31", "12.3")
    (text,) = [one.text for one in made.lock.verdict.reasons if one.kind == "older"]
    assert text == (
        "images 12.3 was taken although 13.0 exists: the newest beside a current one is pages 3.36"
    )


@pytest.mark.parametrize(("tried", "status"), [("works", "works"), ("nothing", "unproven")])
def test_an_old_version_that_was_tried_beside_these_versions_is_what_its_trial_says(
    index: Universe,  # noqa: F811
    tried: str,
    status: str,
) -> None:
    index.add("cv", "0.4.0", "keras")
    index.add("cv", "0.9.0", "keras", "numpy>=2.2")
    index.add("keras", "3.0")
    trial = Tried(
        companion="cv",
        version="0.4.0",
        outcome="works",
        python="3.11",
        text="its smoke test ran",
        source="matrix/proofs/companions/cv/0.4.0.toml",
        pins={"tensorflow": "2.18.1", "keras": "3.0", "numpy": "2.1.3"},
    )
    trials = (trial,) if tried == "works" else ()
    known = replace(facts(), companions=Companions(trials=trials))
    made = lock(index, None, "cv", known=known).lock
    assert made.verdict.status == status
    assert pins_of(made.packages)["cv"] == "0.4.0"
    assert any(one.kind == "older" for one in made.verdict.reasons)


def test_what_only_others_need_may_be_old(index: Universe) -> None:  # noqa: F811
    index.add("tool", "1", "helper")
    index.add("helper", "1.0")
    index.add("helper", "3.0", "tensorflow<2.18")
    made = lock(index, None, "tool")
    assert (made.lock.combo.tensorflow, pins(made)["helper"]) == ("2.18.1", "1.0")


def test_a_version_that_the_user_pins_is_no_old_one(index: Universe) -> None:  # noqa: F811
    index.add("cv", "0.4.0")
    index.add("cv", "0.9.0")
    made = lock(index, None, "cv==0.4.0").lock
    assert made.verdict.status == "works"


def test_the_macos_is_not_raised_for_a_current_version(index: Universe) -> None:  # noqa: F811
    index.add("cv", "1.0")
    index.add("cv", "2.0", tag=TAG.format("15_0"))
    assert pins(lock(index, None, "cv"))["cv"] == "1.0"


def test_a_bound_holds_for_current_versions_too(index: Universe) -> None:  # noqa: F811
    index.add("cv", "1.0")
    index.add("cv", "2.0")
    known = facts(bounds=(bound("cv", "<2", tensorflow=">=2.18"),))
    made = lock(index, None, "cv", known=known)
    assert (made.lock.combo.tensorflow, pins(made)["cv"]) == ("2.17.1", "2.0")


def test_a_current_source_archive_comes_before_a_wheel_that_is_years_old(
    index: Universe,  # noqa: F811
) -> None:
    index.add("trainer", "0.1.2")
    index.add("trainer", "0.41.4", sdist=True)
    assert pins(lock(index, None, "trainer"))["trainer"] == "0.41.4"


def test_a_wheel_that_is_not_old_comes_before_a_source_archive(
    index: Universe,  # noqa: F811
) -> None:
    index.add("trainer", "0.40.0")
    index.add("trainer", "0.41.4", sdist=True)
    assert pins(lock(index, None, "trainer"))["trainer"] == "0.40.0"


def test_where_the_only_wheels_cannot_be_had_newer_source_archives_are_taken(
    index: Universe,  # noqa: F811
) -> None:
    index.add("pitch", "0.0.0", "numpy<1")
    index.add("pitch", "0.0.16", sdist=True)
    assert pins(lock(index, None, "pitch"))["pitch"] == "0.0.16"


def test_where_archives_give_no_lock_either_the_conflict_of_the_wheels_is_told(
    index: Universe,  # noqa: F811
) -> None:
    index.add("pitch", "0.0.0", "numpy<1")
    index.add("pitch", "0.0.16", "numpy<0.5", sdist=True)
    with pytest.raises(NoCombo, match=r"pitch 0\.0\.0 requires numpy<1"):
        lock(index, None, "pitch")
