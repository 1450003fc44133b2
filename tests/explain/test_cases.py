"""What an answer makes of the facts in a text: cases of a symptom, pins, files, tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.symptoms import SYMPTOMS
from tfmac_lock.curate import symptom_files
from tfmac_lock.errors import DataError
from tfmac_lock.explain import conflicts
from tfmac_lock.explain.answer import IN_A_TOOL, Answer, explain
from tfmac_lock.explain.mentions import Collector
from tfmac_lock.explain.recognise import recognise_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfmac_lock.explain.symptoms import Symptom
    from tfmac_lock.matrix.facts import Matrix


def first(text: str, known: Sequence[Symptom], matrix: Matrix) -> Answer:
    return explain(recognise_text(text, known), matrix, on_mac=False).answers[0]


def commands(answer: Answer) -> list[str]:
    return [step.command for step in answer.cures if step.command]


TORN = (
    "ImportError: dlopen(/v/site-packages/tensorflow/python/_pywrap_tensorflow_internal.so, 10): "
)
CASES = {
    "keras.legacy_tf_layers": (
        "ModuleNotFoundError: No module named 'keras.legacy_tf_layers'",
        "Keras is newer than the TensorFlow beside it",
    ),
    "keras.engine": (
        "import tensorflow\nModuleNotFoundError: No module named 'keras.engine'",
        "The code imports a module of Keras that only Keras up to 2.12 has",
    ),
    "batch_shape": (
        "load_model\nTypeError: Unrecognized keyword arguments: ['batch_shape']",
        "The model file is of Keras 3, and Keras 2 opens it",
    ),
    "groups": (
        "Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 1}",
        "The model file is of Keras 2, and Keras 3 opens it",
    ),
    "CUDA": (
        f"{TORN}Library not loaded: @rpath/libcublas.8.0.dylib",
        "This TensorFlow was built for NVIDIA's CUDA, which a Mac has no more",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_line_says_what_it_is_in_this_text(
    case: str, known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text, title = CASES[case]
    assert first(text, known, matrix).title == title


def test_a_case_that_stands_alone_leaves_the_general_cures_out(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = "import tensorflow\nModuleNotFoundError: No module named 'distutils'"
    told = first(text, known, matrix)
    assert commands(told)[0] == 'python -m pip install "setuptools<81"'
    assert not any("wrapt" in command for command in commands(told))


def test_the_first_case_that_holds_counts_and_facts_decide_too(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = "AttributeError: module 'tensorflow' has no attribute 'estimator'"
    assert "2.16 removed" in first(text, known, matrix).title
    old = f'  File "/v/lib/python3.6/site-packages/x.py", line 1\n{text}'
    assert "should have it" in first(old, known, matrix).title


def test_a_case_needs_something_to_be_told_by(tmp_path: Path) -> None:
    folder = tmp_path / "symptoms"
    folder.mkdir()
    text = (SYMPTOMS / "zsh-brackets.toml").read_text("utf-8").replace("leads_to =", "tried =")
    (folder / "zsh-brackets.toml").write_text(f'{text}\n[[cases]]\ntitle = "x"\n', "utf-8")
    with pytest.raises(DataError, match="neither"):
        symptom_files.compile_symptoms(folder)


PIP = (
    "pydantic 2.3.0 requires typing-extensions>=4.6.1, but you have typing-extensions 4.5.0 which "
    "is incompatible.\ntensorflow-macos 2.13.0 requires typing-extensions<4.6.0,>=3.6.6, but you "
    "have typing-extensions 4.7.1 which is incompatible.\n"
)


def test_of_pins_that_exclude_one_another_both_are_told_and_the_tensorflow_that_goes_with_them(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    told = first(PIP, known, matrix)
    facts = " ".join(fact.text for fact in told.facts)
    assert "pydantic 2.3.0 wants >=4.6.1" in facts
    assert "No version serves them all" in facts
    assert "tensorflow-macos 2.14.0 wants typing-extensions >=3.6.6" in facts
    assert "tfmac-lock --python 3.11 --chip m1 --with pydantic" in commands(told)


def test_a_pin_that_can_be_met_is_met_by_one_command(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = (
        "tensorflow 2.13.0 has requirement keras<2.14,>=2.13.1, but you'll have keras 3.0.0 which "
        "is incompatible."
    )
    told = first(text, known, matrix)
    assert 'python -m pip install "keras<2.14,>=2.13.1"' in commands(told)


@pytest.mark.parametrize(
    ("specifiers", "served"),
    [
        (("<2", ">=1.26"), True),
        (("<4.6", ">=4.6.1"), False),
        ((">4.5", "<4.6"), True),
        (("==1.24.*", ">=1.24.3"), True),
        (("!=4.7.0", "==4.7.0"), False),
        (("<3.20",), True),
    ],
)
def test_whether_one_version_serves_all(specifiers: tuple[str, ...], served: bool) -> None:
    lines = (f"p{n} 1.0 requires x{one}, but you have x 1.0" for n, one in enumerate(specifiers))
    rows = list(conflicts.found_in("\n".join(lines)))
    assert len(rows) == len(specifiers)
    assert (conflicts.wanted(rows) is not None) is served


def test_what_an_installer_can_see_is_told_of_the_package_that_was_asked_for(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = (
        "Name: tensorflow-macos\nVersion: 2.11.0\n"
        "ERROR: No matching distribution found for tensorflow (from versions: none)"
    )
    facts = [fact.text for fact in first(text, known, matrix).facts]
    assert any(fact.startswith("`tensorflow` has files on arm64 Macs: 2.13.0 to") for fact in facts)


@pytest.mark.parametrize("python", ["3.6", "3.7"])
def test_of_a_python_from_before_the_facts_nothing_is_claimed(
    python: str, known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = f"Python {python}.9\nModuleNotFoundError: No module named 'tensorflow'"
    facts = " ".join(fact.text for fact in first(text, known, matrix).facts)
    assert "there is no TensorFlow" not in facts
    assert "3.8 and newer" in facts


def test_the_name_of_a_refused_wheel_is_read_and_is_not_the_users_python(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = (
        "ERROR: tensorflow_macos-2.9.0-cp39-cp39-macosx_11_0_arm64.whl is not a supported wheel on "
        "this platform."
    )
    told = first(text, known, matrix)
    wanted = "is for CPython 3.9 on arm64 Macs with macOS 11.0 and newer"
    assert any(wanted in fact.text for fact in told.facts)
    assert not any("--python 3.9" in command for command in commands(told))


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("creating build/lib.macosx-12-arm64-3.9/h5py", "3.9"),
        ("build/lib.macosx-10.13-x86_64-cpython-310/h5py", "3.10"),
    ],
)
def test_the_python_of_a_build_is_read_from_its_folder(text: str, python: str) -> None:
    collector = Collector()
    collector.feed(text)
    assert collector.finish().python == python


@pytest.mark.parametrize(
    ("text", "tool", "then"),
    [
        ("$ poetry install\n", "poetry", "tfmac-lock apply --tool poetry"),
        ("$ uv sync\n", "uv", "tfmac-lock apply --tool uv"),
        ("Error in py_call_impl(callable, dots$args) : \n", "R", "python3.11 -m venv ~/tf"),
        ("$ conda env create -f tf.yml\n", "conda", "conda create -n tf python=3.11"),
    ],
)
def test_who_works_with_another_tool_is_told_what_to_do_with_the_lock_there(
    text: str, tool: str, then: str, known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    told = first(f"{text}could not find registered platform with id: 0x1", known, matrix)
    place = next(n for n, step in enumerate(told.cures) if step.command.startswith("tfmac-lock --"))
    assert told.cures[place + 1].text == IN_A_TOOL[tool][0]
    assert told.cures[place + 1].command.startswith(then)


def test_an_intel_python_on_an_m_chip_is_not_told_to_make_an_intel_lock(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = (
        '$ python -c "import platform; print(platform.machine())"\nx86_64\nIllegal instruction: 4\n'
    )
    told = commands(first(text, known, matrix))
    assert "tfmac-lock --python 3.11 --chip m1" in told
    assert not any("--chip intel" in command for command in told)


@pytest.mark.slow
def test_a_tensorflow_of_before_is_asked_for_by_its_series_where_another_package_holds_it(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    told = first("ERROR: No matching distribution found for tensorflow==2.9.1", known, matrix)
    assert any("that is tensorflow-macos 2.9.2 there" in fact.text for fact in told.facts)
    assert commands(told)[0] == "tfmac-lock --python 3.10 --chip m1 --tensorflow 2.9"


def test_a_cure_for_texts_that_do_not_name_a_fact_is_left_out_where_they_do(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = "ModuleNotFoundError: No module named 'tf_keras'"
    assert commands(first(text, known, matrix))[0].endswith("-c here.txt tf-keras")
    named = first(f"tensorflow==2.18.1\n{text}", known, matrix)
    assert commands(named)[0] == 'python -m pip install "tf-keras==2.18.*"'
    assert not any("here.txt" in command for command in commands(named))


def test_no_command_is_printed_twice(known: tuple[Symptom, ...], matrix: Matrix) -> None:
    text = "libmetal_plugin.dylib, 6): Symbol not found: __ZN3tsl8internal10LogMessageC1EPKcii"
    told = commands(first(text, known, matrix))
    assert len(told) == len(set(told))
