"""What companions need beyond their metadata decides what is locked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from tests.lock.test_make import facts, index, lock, pins  # noqa: F401 - a fixture
from tests.support.facts import companion_needing, target
from tfmac_lock.matrix.companions import Companions
from tfmac_lock.matrix.ranking import NoCombo
from tfmac_lock.resolve.conflict import Fact, Unsatisfiable

if TYPE_CHECKING:
    from tests.support.universe import Universe
    from tfmac_lock.matrix.facts import Matrix


SOME = canonicalize_name("some")


def needing(requires: str, *, versions: str = "", tensorflow: str = "") -> Matrix:
    companion = companion_needing(requires, versions=versions, tensorflow=tensorflow)
    return replace(facts(), companions=Companions(facts=(companion,)))


@pytest.fixture(autouse=True)
def packages(index: Universe) -> None:  # noqa: F811
    index.add("extra", "1.0")
    index.add("extra", "2.0")
    index.add("helper", "1.0")
    index.add("helper", "2.0")


def test_what_the_metadata_forget_comes_in_and_stands_among_the_requirements(
    index: Universe,  # noqa: F811
) -> None:
    made = lock(index, None, "extra", known=needing("helper<2"))
    assert pins(made)["helper"] == "1.0"
    (extra,) = [one for one in made.lock.packages if one.name == "extra"]
    assert extra.requires == ("helper<2",)


@pytest.mark.parametrize(
    "elsewhere", [{"tensorflow": "<2.16"}, {"versions": "<2"}], ids=["tensorflow", "version"]
)
def test_a_need_of_other_versions_or_beside_another_tensorflow_brings_nothing_in(
    index: Universe,  # noqa: F811
    elsewhere: dict[str, str],
) -> None:
    made = lock(index, None, "extra", known=needing("helper", **elsewhere))
    assert "helper" not in pins(made)


def test_a_need_of_tensorflow_leads_to_another_pair(index: Universe) -> None:  # noqa: F811
    made = lock(index, None, "extra", known=needing("tensorflow<2.18"))
    assert made.lock.combo.tensorflow == "2.17.1"
    assert pins(made)["extra"] == "2.0"


def test_a_need_beside_a_pair_that_is_asked_for_is_not_passed_over(
    index: Universe,  # noqa: F811
) -> None:
    index.add("old", "1.0", "tensorflow<2.18")
    known = needing("helper>=9", tensorflow="<2.18")
    assert lock(index, None, "extra", known=known).lock.combo.tensorflow == "2.18.1"
    with pytest.raises(NoCombo):
        lock(index, None, "extra", "old", known=known)


def test_a_need_that_a_version_cannot_have_leads_to_another_version(
    index: Universe,  # noqa: F811
) -> None:
    made = lock(index, None, "extra", known=needing("helper>=9", versions=">=2"))
    assert pins(made)["extra"] == "1.0"


def test_a_need_that_nothing_meets_is_told_with_its_reason_and_source(
    index: Universe,  # noqa: F811
) -> None:
    with pytest.raises(NoCombo) as caught:
        lock(index, None, "extra", known=needing("helper>=9"))
    assert "its metadata forget it" in " ".join(str(caught.value).split())
    assert "https://example.org/need" in str(caught.value)


def test_needs_that_the_solver_takes_together_are_each_named(index: Universe) -> None:  # noqa: F811
    known = needing("tensorflow<2", versions=">=2")
    (companion,) = known.companions.facts
    (need,) = companion.needs
    older = replace(need, id="b", versions="<2", reason="it cannot be built")
    both = replace(companion, needs=(need, older))
    with pytest.raises(NoCombo) as caught:
        lock(index, None, "extra", known=replace(known, companions=Companions(facts=(both,))))
    text = " ".join(str(caught.value).split())
    assert "extra >=2 needs tensorflow<2" in text
    assert "its metadata forget it" in text
    assert "extra <2 needs tensorflow<2" in text
    assert "it cannot be built" in text


@pytest.mark.parametrize("bounds", [0, 1, 3])
def test_a_long_conflict_leaves_out_what_decides_least(bounds: int) -> None:
    some = [
        Fact(kind="asked", about=SOME, text="you ask for some"),
        *(Fact(kind="requires", about=SOME, text=f"some {n} requires other") for n in range(12)),
        *(Fact(kind="bound", about=SOME, text=f"other {n} needs more") for n in range(bounds)),
        Fact(kind="fault", about=SOME, text="some 0 cannot be read"),
    ]
    lines = str(Unsatisfiable(target("3.11", "m1"), lambda: some)).splitlines()
    kept = 9 - bounds
    assert lines[1:] == [
        "  you ask for some",
        *(f"  some {n} requires other" for n in range(kept)),
        *(f"  other {n} needs more" for n in range(bounds)),
        f"  and {13 - kept} more facts; --json lists all",
    ]
    assert len(lines) == 12


def test_a_lock_with_a_companion_that_nobody_tried_is_unproven(
    index: Universe,  # noqa: F811
) -> None:
    made = lock(index, None, "extra", known=needing("helper"))
    assert made.lock.verdict.status == "unproven"
    (one,) = made.lock.companions
    assert (one.name, one.version, one.status) == ("extra", "2.0", "unproven")
    assert [reason.kind for reason in made.lock.verdict.reasons].count("companion") == 1
