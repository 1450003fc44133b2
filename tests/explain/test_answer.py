"""From a log to an answer in the matrix's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tfmac_lock.explain.answer import Explanation, document, explain
from tfmac_lock.explain.recognise import recognise_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfmac_lock.explain.symptoms import Symptom
    from tfmac_lock.matrix.facts import Matrix

PAIR_2_18 = (
    "Successfully installed tensorflow-2.18.0 tensorflow-metal-1.1.0\n"
    "NotFoundError: dlopen(/v/lib/python3.11/site-packages/tensorflow-plugins/"
    "libmetal_plugin.dylib, 0x0006): Symbol not found: __ZN3tsl8internal10LogMessageC1EPKcii\n"
)


def told(text: str, known: Sequence[Symptom], matrix: Matrix) -> Explanation:
    return explain(recognise_text(text, known), matrix)


def facts(text: str, known: Sequence[Symptom], matrix: Matrix) -> str:
    return "\n".join(fact.text for fact in told(text, known, matrix).answers[0].facts)


@pytest.mark.slow
def test_a_pair_is_judged_by_its_binaries_and_another_plugin_is_named(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    answer = facts(PAIR_2_18, known, matrix)
    assert "tensorflow 2.18.0 with tensorflow-metal 1.1.0 does not load" in answer
    assert "tsl::internal::LogMessage::LogMessage(char const*, int, int)" in answer
    assert "tensorflow-metal 1.2.0 loads" in answer


def test_the_command_names_what_the_text_names(known: tuple[Symptom, ...], matrix: Matrix) -> None:
    text = "Apple M1 Pro\n" + PAIR_2_18
    steps = told(text, known, matrix).answers[0].cures
    assert steps[0].command == "tfmac-lock --python 3.11 --chip m1-pro --tensorflow 2.18.0"


def test_what_the_text_does_not_name_is_left_out_of_the_command(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = "could not find registered platform with id: 0x1"
    commands = [step.command for step in told(text, known, matrix).answers[0].cures]
    assert "tfmac-lock" in commands
    assert not any("{" in command for command in commands)


def test_a_tensorflow_without_any_plugin_is_told_with_the_newest_that_has_one(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = (
        " + tensorflow==2.20.0\n + tensorflow-metal==1.2.0\n"
        "dlopen(/v/lib/python3.11/site-packages/tensorflow-plugins/libmetal_plugin.dylib, 6): "
        "Library not loaded: @rpath/_pywrap_tensorflow_internal.so"
    )
    answer = facts(text, known, matrix)
    assert "no release of tensorflow-metal loads with tensorflow 2.20.0" in answer
    assert "the newest TensorFlow with one is 2.19.1, with 1.2.0" in answer


def test_without_versions_the_missing_symbol_tells_which_pairs_it_may_be(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = "libmetal_plugin.dylib, 6): Symbol not found: __ZN3tsl8internal10LogMessageC1EPKcii"
    assert "2.18.0 to 2." in facts(text, known, matrix)


def test_wheels_are_told_for_the_python_that_was_named(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = (
        "Python 3.12.1\nERROR: Could not find a version that satisfies the requirement "
        "tensorflow-macos==2.15.0 (from versions: none)"
    )
    answer = facts(text, known, matrix)
    assert "has wheels for Python 3.9, 3.10, 3.11 on arm64 Macs, and none for Python 3.12" in answer


def test_a_bound_is_told_with_what_is_installed(known: tuple[Symptom, ...], matrix: Matrix) -> None:
    text = (
        "tensorflow-macos==2.9.0\nA module that was compiled using NumPy 1.x cannot be run in\n"
        "NumPy 2.0.2 as it may crash."
    )
    assert "numpy <2" in facts(text, known, matrix)
    assert "here it is 2.0.2" in facts(text, known, matrix)


@pytest.mark.parametrize(("version", "cured"), [("2.12.0", True), ("2.18.0", False)])
def test_a_cure_that_holds_for_some_versions_is_given_for_those(
    version: str, cured: bool, known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = f"tensorflow-macos=={version}\ncould not find registered platform with id: 0x1"
    steps = told(text, known, matrix).answers[0].cures
    assert any("model.compile" in step.command for step in steps) is cured


@pytest.mark.slow
def test_every_symptom_can_be_explained_from_its_own_example(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    from tests.support.symptoms import SYMPTOMS
    from tfmac_lock.curate import symptom_files

    for entry in symptom_files.read(SYMPTOMS).values():
        for example in entry.examples:
            answer = told(example.text, known, matrix).answers[0]
            assert answer.symptom == entry.id
            assert answer.cures
            assert answer.sources
            assert not any(
                "{" in step.command and "{*" not in step.command for step in answer.cures
            )


OPENMP = "OMP: Error #15: Initializing libiomp5.dylib, but found libomp.dylib already initialized."


@pytest.mark.parametrize(
    ("text", "ours", "unsure"),
    [
        (OPENMP, False, True),
        (f">>> import tensorflow as tf\n{OPENMP}", True, False),
        ("all is well", False, False),
        ("Library not loaded: @rpath/libhdf5.103.dylib", False, False),
    ],
)
def test_it_says_that_a_text_which_any_program_may_print_does_not_name_tensorflow(
    text: str, ours: bool, unsure: bool, known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    said = told(text, known, matrix)
    assert (said.ours, said.unsure) == (ours, unsure)
    assert document(said)["names_tensorflow"] is ours


def test_the_document_has_the_promised_fields(known: tuple[Symptom, ...], matrix: Matrix) -> None:
    match = document(told(PAIR_2_18, known, matrix))["matches"][0]
    assert match["symptom"] == "plugin-symbol-missing"
    assert {"title", "cause", "cure", "sources", "matched"} <= set(match)
    assert all(isinstance(line, str) for line in match["cure"] + match["sources"])
