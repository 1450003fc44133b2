"""What the matrix says of a companion that a text names, beside the TensorFlow that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.facts import shipped
from tfmac_lock.explain.answer import explain
from tfmac_lock.explain.companion_facts import of_companion
from tfmac_lock.explain.lookups import Named
from tfmac_lock.explain.recognise import recognise_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfmac_lock.explain.symptoms import Symptom
    from tfmac_lock.matrix.facts import Matrix


def told(companion: str, tensorflow: str = "", **installed: str) -> list[str]:
    versions = tuple((name.replace("_", "-"), version) for name, version in installed.items())
    names = Named(companion=companion, tensorflow=tensorflow, installed=versions)
    return [text for text, _ in of_companion(shipped(), names)]


def test_what_is_not_a_companion_has_no_facts() -> None:
    assert told("requests", "2.18.1") == []


def test_without_versions_only_what_it_is_and_whether_it_ended() -> None:
    (text,) = told("tensorflow-addons")
    assert text.startswith("tensorflow-addons: ")
    assert "Its last release is of 2" in text


def test_the_installed_version_names_its_own_need_and_what_is_here() -> None:
    found = told("tensorflow-io", "2.18.1", tensorflow_io="0.37.1")
    assert any(
        text.startswith("tensorflow-io 0.37.1 needs tensorflow >=2.16,<2.18: ")
        and text.endswith("here it is 2.18.1")
        for text in found
    )


def test_a_tensorflow_alone_names_the_release_that_goes_with_it() -> None:
    found = told("tensorflow-io", "2.17.1")
    assert any(
        text.startswith("with TensorFlow 2.17 goes tensorflow-io ==0.37.*") for text in found
    )
    assert not any("goes" in text for text in told("tensorflow-io", "2.18.1"))


def test_a_need_beside_some_tensorflows_is_told_beside_those_alone() -> None:
    wanted = "tensorflow-probability >=0.24 needs tf-keras beside TensorFlow 2.18"
    assert any(text.startswith(wanted) for text in told("tensorflow-probability", "2.18.1"))
    assert not any(wanted[:-3] in text for text in told("tensorflow-probability", "2.15.1"))


def test_a_release_without_tensorflow_is_said_to_have_none() -> None:
    found = told("transformers", "2.18.1", transformers="5.0.0")
    assert "transformers 5.0.0: release 5 has no TensorFlow classes any more" in found


def test_what_only_refuses_an_older_tensorflow_is_not_said_to_go_with_a_newer() -> None:
    found = told("tensorflow-probability", "2.18.1")
    assert not any("==0.15.*" in text for text in found)


def test_of_one_that_follows_tensorflow_the_same_minor_release_is_told() -> None:
    wanted = "with TensorFlow 2.18.1 goes tensorflow-text==2.18.*; here it is 2.16.0"
    assert wanted in told("tensorflow-text", "2.18.1", tensorflow_text="2.16.0")
    assert "with TensorFlow 2.16.2 goes tf-keras==2.16.*" in told("tf-keras", "2.16.2")


def test_an_answer_holds_the_facts_of_the_companion_of_its_text(
    known: Sequence[Symptom], matrix: Matrix
) -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/x/site-packages/transformers/modeling_tf_utils.py", line 1, in <module>\n'
        "ValueError: Your currently installed version of Keras is Keras 3, but this is not yet "
        "supported in Transformers. Please install the backwards-compatible tf-keras package "
        "with `pip install tf-keras`.\n"
    )
    recognition = recognise_text(text, known)
    (found, *_) = explain(recognition, matrix).answers
    assert any(fact.text.startswith("transformers: ") for fact in found.facts)
