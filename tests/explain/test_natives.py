"""Which TensorFlow a companion was built for, told from the text of its failure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import matrix, release, shipped
from tests.support.natives import CONCAT, LIBRARY, Rows
from tfmac_lock.explain.lookups import Named, look_up
from tfmac_lock.explain.natives import runs

if TYPE_CHECKING:
    from tfmac_lock.matrix.facts import Matrix

FRAMEWORK = "tensorflow/libtensorflow_framework.2.dylib"


@pytest.fixture
def known() -> Matrix:
    rows = Rows()
    rows.companion("0.36.0", {LIBRARY: ["__ZN10tensorflow3OldEv"]})
    rows.companion("0.37.1", {"": [CONCAT]})
    for version in ("2.15.1", "2.16.2", "2.17.1"):
        rows.tensorflow(version, {FRAMEWORK: [CONCAT]})
    rows.tensorflow("2.18.0", {})
    releases = (release("tensorflow", "2.17.1"), release("tensorflow", "2.18.0"))
    return replace(matrix(releases=releases), natives=rows.matrix_rows(), symbols=shipped().symbols)


def texts(known: Matrix, **names: object) -> list[str]:
    named = Named(package="tensorflow", companion="tensorflow-io", **names)  # type: ignore[arg-type]
    return [fact.text for fact in look_up(known, named, ["companion"], "companion-abi")]


def test_with_both_versions_the_load_check_is_told_and_where_it_would_load(known: Matrix) -> None:
    found = texts(known, tensorflow="2.18.0", installed=(("tensorflow-io", "0.37.1"),))

    assert found[0].startswith(
        "tensorflow-io 0.37.1 does not load into TensorFlow 2.18.0: 1 symbol missing "
        "(`tensorflow::tensor::Concat("
    )
    assert found[1] == "tensorflow-io 0.37.1 loads into TensorFlow 2.15.1 to 2.17.1"


@pytest.mark.parametrize("symbol", [CONCAT, CONCAT[1:]], ids=["macOS", "Linux"])
def test_a_symbol_alone_tells_which_tensorflow_the_companion_was_built_for(
    known: Matrix, symbol: str
) -> None:
    (text,) = texts(known, symbols=(symbol,))

    assert text.startswith("`tensorflow::tensor::Concat(")
    assert text.endswith(
        "` is what tensorflow-io 0.37.1 wants, and TensorFlow 2.15.1 to 2.17.1 offer it"
    )


def test_a_symbol_that_no_companion_wants_tells_nothing(known: Matrix) -> None:
    assert texts(known, symbols=("_TF_AllocateOutput",)) == []


def test_a_package_without_rows_tells_nothing(known: Matrix) -> None:
    named = Named(companion="h5py", symbols=(CONCAT,))

    assert look_up(known, named, ["companion"], "companion-load") == ()


def test_releases_are_told_as_runs() -> None:
    every = ["2.14", "2.15", "2.16", "2.17", "2.18"]

    assert runs(every, ["2.14", "2.15", "2.17"]) == "2.14 to 2.15, 2.17"
    assert runs(every, []) == ""
