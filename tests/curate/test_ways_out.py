"""Each switch that is offered because the stand-in showed it was seen to do what it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from tfmac_lock.matrix.facts import Matrix
    from tfmac_lock.matrix.switches import Tried

SWITCHES = loading.switches()


def offered(matrix: Matrix) -> dict[str, set[str]]:
    """What is offered on that ground, with the ranges of TensorFlow that it is offered for."""
    found: dict[str, set[str]] = {}
    for defect in matrix.defects:
        for switch in defect.switches:
            if switch.basis == "stand-in":
                found.setdefault(switch.do, set()).add(str(defect.tensorflow))
    return found


def test_something_is_offered_on_the_ground_of_the_stand_in(matrix: Matrix) -> None:
    assert offered(matrix)


@pytest.mark.parametrize("one", SWITCHES.tried, ids=lambda one: one.tensorflow)
def test_what_is_offered_was_seen_on_every_minor_that_was_tried(matrix: Matrix, one: Tried) -> None:
    for do, ranges in offered(matrix).items():
        if not any(SpecifierSet(told).contains(one.tensorflow) for told in ranges):
            continue
        seen = [switch for switch in one.switches if switch.code.replace("..., ", "") == do]
        assert seen, f"{do} was not tried with TensorFlow {one.tensorflow}"
        assert seen[0].avoids
        assert seen[0].keeps_device
