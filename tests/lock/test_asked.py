from __future__ import annotations

from dataclasses import replace

import pytest

from tests.lock.test_make import TAG, facts, lock, pins, wish
from tests.support.facts import loads, release
from tests.support.universe import Universe
from tfmac_lock.matrix.facts import Matrix, PackageRow
from tfmac_lock.matrix.ranking import NoCombo

VERSIONS = ("2.17.1", "2.18.0", "2.18.1")


@pytest.fixture
def index() -> Universe:
    found = Universe()
    for version in VERSIONS:
        found.add("tensorflow", version, tag=TAG.format("12_0"))
    found.add("tensorflow-metal", "1.2.0", tag=TAG.format("12_0"))
    found.add("tensorflow-metal", "1.1.0", tag=TAG.format("12_0"))
    return found


@pytest.fixture
def known() -> Matrix:
    made = facts(
        releases=(
            *(release("tensorflow", version) for version in VERSIONS),
            release("tensorflow-metal", "1.1.0"),
            release("tensorflow-metal", "1.2.0"),
        ),
        pair_loads=tuple(
            loads(True, tensorflow=version, metal=metal)
            for version in VERSIONS
            for metal in ("1.1.0", "1.2.0")
        ),
    )
    return replace(
        made,
        packages=(
            PackageRow(
                name="tensorflow-cpu",
                versions="",
                kind="gone",
                title="TensorFlow without CUDA",
                text="On a Mac plain TensorFlow has no CUDA in it anyway.",
                instead="",
                sources=("https://example.org/cpu",),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("asked", "tensorflow"),
    [
        ("tensorflow==2.17.*", "2.17.1"),
        ("tensorflow-macos<2.18.1", "2.18.0"),
        ("tensorflow-intel==2.18.0", "2.18.0"),
        ("tensorflow-gpu==2.18.0", "2.18.0"),
        ("tensorflow[and-cuda]", "2.18.1"),
    ],
)
def test_a_requirement_of_tensorflow_chooses_the_pair(
    index: Universe, known: Matrix, asked: str, tensorflow: str
) -> None:
    combo = lock(index, None, asked, known=known).lock.combo
    assert (combo.tensorflow, combo.metal) == (tensorflow, "1.2.0")


def test_a_constraint_on_tensorflow_does_too(index: Universe, known: Matrix) -> None:
    assert lock(index, known=known, constraints=("tensorflow<2.18",)).lock.combo.tensorflow == (
        "2.17.1"
    )


def test_a_requirement_of_the_plugin_chooses_the_plugin(index: Universe, known: Matrix) -> None:
    made = lock(index, None, "tensorflow-metal<1.2", known=known)
    assert pins(made)["tensorflow-metal"] == "1.1.0"


def test_tensorflow_cpu_is_taken_for_tensorflow_without_the_plugin_and_that_is_told(
    index: Universe, known: Matrix
) -> None:
    made = lock(index, None, "tensorflow-cpu==2.18.0", known=known).lock
    assert (made.combo.tensorflow, made.combo.metal) == ("2.18.0", None)
    (told,) = [reason for reason in made.verdict.reasons if reason.kind == "asked"]
    assert told.text.startswith("tensorflow-cpu==2.18.0 was taken for tensorflow==2.18.0, without")
    assert told.text.endswith("On a Mac plain TensorFlow has no CUDA in it anyway.")
    assert told.source == "https://example.org/cpu"


def test_an_option_and_a_file_that_contradict_each_other_are_told_with_their_place(
    index: Universe, known: Matrix
) -> None:
    with pytest.raises(NoCombo) as caught:
        lock(index, wish(tensorflow="2.18"), "tensorflow-macos==2.17.1", known=known)
    told = str(caught.value)
    assert "no wheel of TensorFlow 2.18.*,==2.17.1" in told
    assert "you ask for tensorflow-macos==2.17.1 [--with tensorflow-macos==2.17.1]" in told


def test_a_plugin_that_is_asked_for_and_ruled_out_is_no_lock(
    index: Universe, known: Matrix
) -> None:
    with pytest.raises(NoCombo, match="you ask for tensorflow-metal"):
        lock(index, wish(metal="none"), "tensorflow-metal", known=known)
