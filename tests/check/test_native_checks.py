"""Pinned companions that do not load into the TensorFlow beside them, by their binaries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import matrix, release
from tests.support.natives import ALLOC, CONCAT, LIBRARY, Rows
from tfmac_lock.check.judge import check
from tfmac_lock.check.reading import read_for_target
from tfmac_lock.matrix.companions import Companion, Companions, Needed

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.check.findings import Finding
    from tfmac_lock.matrix.facts import Matrix

FRAMEWORK = "tensorflow/libtensorflow_framework.2.dylib"


@pytest.fixture
def known() -> Matrix:
    """0.37.1 loads into 2.17.1 and 0.38.0 into 2.18.1."""
    rows = Rows()
    rows.companion("0.37.1", {"": [CONCAT]})
    rows.companion("0.38.0", {LIBRARY: [ALLOC]})
    rows.companion("0.40.0", {LIBRARY: [ALLOC]}, pythons=["cp312"])
    rows.tensorflow("2.17.1", {FRAMEWORK: [CONCAT]})
    rows.tensorflow("2.18.1", {FRAMEWORK: [ALLOC]})
    releases = tuple(release("tensorflow", version) for version in ("2.16.2", "2.17.1", "2.18.1"))
    return replace(matrix(releases=releases), natives=rows.matrix_rows())


def findings(folder: Path, known: Matrix, *lines: str) -> list[Finding]:
    path = folder / "requirements.txt"
    path.write_text("\n".join(lines))
    file, target, macos = read_for_target(path, known, python="3.11", chip="m1")
    return [
        found
        for found in check(file, target, known, macos=macos).findings
        if found.code == "companion"
    ]


def test_a_companion_that_does_not_load_is_found_with_the_version_that_does(
    tmp_path: Path, known: Matrix
) -> None:
    (found,) = findings(tmp_path, known, "tensorflow==2.18.1", "tensorflow-io==0.37.1")

    assert found.text == (
        "tensorflow-io 0.37.1 does not load into TensorFlow 2.18.1: 1 symbol missing"
    )
    assert (found.cure, found.line) == ("tensorflow-io==0.38.0", 2)
    assert found.source == "matrix/binaries/companions/tensorflow-io/0.37.1.toml"


def test_one_that_loads_is_left_alone(tmp_path: Path, known: Matrix) -> None:
    assert findings(tmp_path, known, "tensorflow==2.17.1", "tensorflow-io==0.37.1") == []


def test_where_no_version_loads_the_cure_is_another_tensorflow(
    tmp_path: Path, known: Matrix
) -> None:
    natives = known.natives.get()
    last = natives.binaries[0]
    alone = replace(natives, binaries=(last,))
    rows = type(known.natives)({last.package}, rows=alone)
    only = replace(known, natives=rows)
    (found,) = findings(tmp_path, only, "tensorflow==2.18.1", "tensorflow-io==0.37.1")

    assert found.cure == (
        "tfmac-lock --python 3.11 --chip m1 --tensorflow 2.17.1 --with tensorflow-io==0.37.1"
    )


def test_what_a_person_wrote_of_it_is_not_said_a_second_time(tmp_path: Path, known: Matrix) -> None:
    need = Needed(
        id="one",
        requires="tensorflow <2.18",
        reason="it ends with 2.17",
        source="https://example.org/thread",
    )
    companion = Companion(
        name="tensorflow-io",
        couples="binary",
        text="It binds.",
        modules=("tensorflow_io",),
        needs=(need,),
        sources=("https://example.org",),
    )
    told = replace(known, companions=Companions(facts=(companion,)))
    (found,) = findings(tmp_path, told, "tensorflow==2.18.1", "tensorflow-io==0.37.1")

    assert "it ends with 2.17" in found.text


def test_a_tensorflow_that_was_not_read_is_not_judged(tmp_path: Path, known: Matrix) -> None:
    assert findings(tmp_path, known, "tensorflow==2.16.2", "tensorflow-io==0.37.1") == []


@pytest.mark.parametrize(
    "lines",
    [
        ("tensorflow", "tensorflow-io==0.37.1"),
        ("tensorflow==2.18.1", "tensorflow-io===1.0-x"),
        ("tensorflow==2.18.1", "tensorflow-io>=0.37"),
    ],
    ids=["no TensorFlow", "no version", "a range"],
)
def test_what_is_not_pinned_is_not_judged(
    tmp_path: Path, known: Matrix, lines: tuple[str, ...]
) -> None:
    assert findings(tmp_path, known, *lines) == []
