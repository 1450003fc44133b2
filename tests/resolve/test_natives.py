"""What the binaries say of a companion decides what is locked, and is told where nothing can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.lock.test_make import TAG, facts, index, lock, pins  # noqa: F401 - a fixture
from tests.support.natives import ALLOC, CONCAT, LIBRARY, Rows
from tfmac_lock.matrix.companions import Tried
from tfmac_lock.matrix.ranking import NoCombo

if TYPE_CHECKING:
    from tests.support.universe import Universe
    from tfmac_lock.matrix.facts import Matrix

NAME = "tensorflow-io"


def rows(*, copies: tuple[str, ...] = ()) -> Rows:
    """0.36.0 loads into 2.18.1 alone, 0.37.1 into 2.17.1 alone, 0.38.0 into none."""
    made = Rows()
    made.companion("0.36.0", {LIBRARY: [ALLOC]}, copies=copies)
    made.companion("0.37.1", {LIBRARY: [CONCAT]}, copies=copies)
    made.companion("0.38.0", {LIBRARY: [ALLOC, CONCAT]})
    made.tensorflow("2.17.1", {"tensorflow/libtensorflow_framework.2.dylib": [CONCAT]})
    made.tensorflow("2.18.1", {"tensorflow/libtensorflow_framework.2.dylib": [ALLOC]})
    return made


def known(made: Rows | None = None) -> Matrix:
    return replace(facts(), natives=(made or rows()).matrix_rows())


@pytest.fixture(autouse=True)
def packages(index: Universe) -> None:  # noqa: F811
    for version in ("0.36.0", "0.37.1", "0.38.0"):
        index.add(NAME, version, tag=TAG.format("12_0"))


def test_the_version_that_loads_is_taken_and_not_the_newest(
    index: Universe,  # noqa: F811
) -> None:
    made = lock(index, None, f"{NAME}<0.37", known=known())

    assert (pins(made)[NAME], made.lock.combo.tensorflow) == ("0.36.0", "2.18.1")


def test_a_newer_version_of_what_is_asked_for_comes_before_a_newer_tensorflow(
    index: Universe,  # noqa: F811
) -> None:
    made = lock(index, None, NAME, known=known())

    assert (pins(made)[NAME], made.lock.combo.tensorflow) in {
        ("0.37.1", "2.17.1"),
        ("0.36.0", "2.18.1"),
    }


def test_a_version_that_loads_into_another_tensorflow_leads_to_that_pair(
    index: Universe,  # noqa: F811
) -> None:
    made = lock(index, None, f"{NAME}==0.37.1", known=known())

    assert made.lock.combo.tensorflow == "2.17.1"


def test_a_version_that_loads_into_none_is_refused_with_what_is_missing(
    index: Universe,  # noqa: F811
) -> None:
    with pytest.raises(NoCombo) as caught:
        lock(index, None, f"{NAME}==0.38.0", known=known())
    text = " ".join(str(caught.value).split())

    assert f"binaries: {NAME} 0.38.0 does not load into TensorFlow 2.17.1 and 2.18.1" in text
    assert "1 symbol missing" in text
    assert f"matrix/binaries/companions/{NAME}/0.38.0.toml" in text


def test_where_nothing_that_fits_loads_the_files_for_other_systems_are_told(
    index: Universe,  # noqa: F811
) -> None:
    index.add(NAME, "0.35.0", tag="cp310-cp310-win_amd64")
    nothing = Rows()
    for version in ("0.36.0", "0.37.1", "0.38.0"):
        nothing.companion(version, {LIBRARY: [ALLOC]})
    for version in ("2.17.1", "2.18.1"):
        nothing.tensorflow(version, {"tensorflow/libtensorflow_framework.2.dylib": [CONCAT]})

    with pytest.raises(NoCombo) as caught:
        lock(index, None, NAME, known=known(nothing))
    text = " ".join(str(caught.value).split())

    assert f"binaries: {NAME} 0.36.0, 0.37.1 and 0.38.0 do not load into TensorFlow" in text
    assert "of its other versions no file fits (left out: 1 for other systems" in text


def test_without_rows_the_metadata_alone_decide(index: Universe) -> None:  # noqa: F811
    assert pins(lock(index, None, NAME))[NAME] == "0.38.0"


def test_a_companion_that_loads_and_that_nobody_tried_leaves_the_lock_unproven(
    index: Universe,  # noqa: F811
) -> None:
    made = lock(index, None, f"{NAME}==0.37.1", known=known())
    (one,) = made.lock.companions

    assert (one.name, one.status, one.grade) == (NAME, "unproven", "loads")
    assert "find all that they need in TensorFlow 2.17.1" in one.reasons[-1].text


def tried(matrix: Matrix) -> Matrix:
    """The facts, with 0.37.1 run on Linux beside 2.17.1."""
    trial = Tried(
        companion=NAME,
        version="0.37.1",
        outcome="works",
        python="3.11",
        text="its smoke test ran",
        source="matrix/proofs/companions/x.toml",
        pins={"tensorflow": "2.17.1", "numpy": "2.1.3"},
    )
    return replace(matrix, companions=replace(matrix.companions, trials=(trial,)))


def test_a_trial_on_linux_proves_what_loads_on_the_mac(index: Universe) -> None:  # noqa: F811
    (one,) = lock(index, None, f"{NAME}==0.37.1", known=tried(known())).lock.companions

    assert (one.status, one.grade) == ("works", "twin")


def test_a_copy_of_tensorflows_library_makes_the_best_of_it_a_caution(
    index: Universe,  # noqa: F811
) -> None:
    copy = "tensorflow_io/.dylibs/libtensorflow_framework.2.dylib"
    matrix = tried(known(rows(copies=(copy,))))
    (one,) = lock(index, None, f"{NAME}==0.37.1", known=matrix).lock.companions

    assert one.status == "caution"
    assert "its own copy of libtensorflow_framework.2.dylib" in one.reasons[-1].text
