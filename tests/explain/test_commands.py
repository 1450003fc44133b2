"""The commands that explain prints: each is typed, or given to the parser that would read it."""

from __future__ import annotations

import ast
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.support.symptoms import SYMPTOMS
from tfmac_lock import cli
from tfmac_lock.__main__ import main
from tfmac_lock.curate import symptom_files
from tfmac_lock.explain.answer import cures_for, explain, particular
from tfmac_lock.explain.commands import fill
from tfmac_lock.explain.lookups import Named
from tfmac_lock.explain.recognise import Match, recognise_text
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfmac_lock.explain.answer import Step
    from tfmac_lock.explain.symptoms import Cure, Symptom
    from tfmac_lock.matrix.facts import Matrix

pytestmark = pytest.mark.slow  # every symptom is explained for several machines first

VERSIONS = (
    Named(),
    Named(
        package="tensorflow", tensorflow="2.18.1", metal="1.2.0", python="3.12", companion="h5py"
    ),
    Named(package="tensorflow-macos", tensorflow="2.12.0", python="3.13", macos="12.6"),
    Named(package="tensorflow", tensorflow="2.16.2", arch=Arch.X86_64, arch_is_certain=True),
    Named(package="tensorflow-macos", tensorflow="2.9.0", python="3.9", python_command="python3"),
)
WORDS = ("missing", "companion", "numpy_is")


def advice(symptom: Symptom, names: Named, matrix: Matrix) -> Iterator[tuple[Step, ...]]:
    """What is said of a symptom, on the Mac and off it, in each of its cases and in none."""
    seen = [frozenset[str]()]
    if names in VERSIONS[:2]:
        texts = (text for case in symptom.cases for text in case.seen[:1])
        seen += [frozenset({text.pattern}) for text in texts]
    for near in seen:
        match = Match(symptom=symptom, line="", weak=False, at=(0, 0), near=near)
        for on_mac in (True, False):
            yield cures_for(particular(match, names), names, matrix, on_mac=on_mac)


def printed(known: tuple[Symptom, ...], matrix: Matrix) -> Iterator[str]:
    """Every command of every symptom, for several machines, those of particular cases too."""
    for symptom in known:
        for names in VERSIONS:
            for steps in advice(symptom, names, matrix):
                yield from (step.command for step in steps)
        for cure in every_cure(symptom):
            if any(fact in WORDS for fact, _ in cure.when):
                asked = dict(cure.when)
                names = Named(companion=asked.get("companion", "tensorflow-io"))
                yield fill(cure.command, names, matrix, on_mac=False) or ""


def every_cure(symptom: Symptom) -> Iterator[Cure]:
    yield from symptom.cures
    for case in symptom.cases:
        yield from case.cures


@pytest.fixture(scope="module")
def commands(known: tuple[Symptom, ...], matrix: Matrix) -> list[str]:
    return sorted({command for command in printed(known, matrix) if command})


def of_tfmac_lock(commands: list[str]) -> list[list[str]]:
    parts = [part.strip() for command in commands for part in command.split("|")]
    parts = [one.strip() for part in parts for one in part.split("&&")]
    return [shlex.split(part)[1:] for part in parts if part.startswith("tfmac-lock")]


def test_no_command_holds_a_placeholder(commands: list[str]) -> None:
    assert len(commands) > 60
    assert [command for command in commands if "{" in command and "f'{" not in command] == [
        command for command in commands if "{*" in command
    ]


def test_every_tfmac_lock_command_is_accepted_by_its_parser(commands: list[str]) -> None:
    for words in of_tfmac_lock(commands):
        assert cli.parse(words).run is not None, words


def test_every_command_that_a_published_lock_can_answer_gives_a_lock(
    commands: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    needs_an_index = {"-r", "--with", "--native", "--os", "--macos"}
    typed = {
        tuple(words)
        for words in of_tfmac_lock(commands)
        if "--chip" in words and "--python" in words and needs_an_index.isdisjoint(words)
    }
    assert len(typed) > 8
    for number, words in enumerate(sorted(typed)):
        assert main([*words, "--offline", "-o", str(tmp_path / str(number))]) == 0, words


def test_off_the_mac_every_lock_command_says_python_and_chip(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    for symptom in known:
        for cure in every_cure(symptom):
            command = fill(cure.command, Named(), matrix, on_mac=False) or ""
            if command.startswith("tfmac-lock --"):
                assert "--chip " in command, command
                assert "--python " in command, command


def test_a_shell_reads_every_command(commands: list[str]) -> None:
    entries = symptom_files.read(SYMPTOMS).values()
    parts = [part for entry in entries for part in (entry, *entry.cases)]
    in_python = {cure.command for part in parts for cure in part.cures if is_python(cure.command)}
    for command in commands:
        if command in in_python:
            ast.parse(command if not command.endswith(":") else f"{command}\n    pass")
        else:
            subprocess.run(["bash", "-n", "-c", command], check=True)


def is_python(command: str) -> bool:
    return command.startswith(("tf.", "with tf", "model.", "import "))


def test_every_requirement_in_a_pip_command_is_one(commands: list[str]) -> None:
    from pip._internal.commands import create_command

    for command in commands:
        for part in command.split("&&"):
            words = shlex.split(part.replace("$(brew --prefix hdf5)", "x"))
            if "pip" not in words or "install" not in words or "|" in words:
                continue
            options, given = create_command("install").parse_args(
                words[words.index("install") + 1 :]
            )
            assert options is not None
            for requirement in given:
                if not requirement.endswith((".txt", ".whl", ".in", ".")):
                    assert Requirement(requirement).name


def test_a_python_that_has_no_pair_is_replaced_by_one_that_has(matrix: Matrix) -> None:
    names = Named(python="3.13", chip="m2")
    command = fill("tfmac-lock {options} --tensorflow 2.15", names, matrix)
    assert command == "tfmac-lock --python 3.11 --chip m2 --tensorflow 2.15"


def test_a_command_for_which_no_pair_exists_is_not_printed(matrix: Matrix) -> None:
    names = Named(python="3.12", arch=Arch.X86_64, arch_is_certain=True)
    assert fill("tfmac-lock {options} --tensorflow 2.19", names, matrix, on_mac=False) is None


def test_the_python_of_poetry_is_not_taken_for_the_users(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = (
        "  Unable to find installation candidates for tensorflow (2.18.0)\n  at ~/Library/"
        "Application Support/pypoetry/venv/lib/python3.13/site-packages/poetry/installation/"
        "chooser.py:86\n"
    )
    told = explain(recognise_text(text, known), matrix)
    assert "python" not in dict(told.named)


def test_who_types_python3_is_told_python3(known: tuple[Symptom, ...], matrix: Matrix) -> None:
    text = "$ pip3 install tensorflow\nAttributeError: _ARRAY_API not found\n"
    told = explain(recognise_text(text, known), matrix)
    assert any(step.command.startswith("python3 -m pip") for step in told.answers[0].cures)


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("tensorflow-intel", "Windows half"),
        ("tensorflow-cpu", "Linux and Windows"),
        ("tensorflow-addons", "ended in May 2024"),
        ("tensorflow-text", "from 2.17 on"),
    ],
)
def test_the_package_that_was_not_found_decides_the_advice(
    package: str, said: str, known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = f"ERROR: No matching distribution found for {package}==2.15.0"
    answer = explain(recognise_text(text, known), matrix).answers[0]
    assert said in answer.cures[0].text


@pytest.mark.parametrize(
    ("needed", "installed", "said"),
    [("0x10", "0xf", "numpy is too old"), ("0x1000009", "0x2000000", "numpy is too new")],
)
def test_the_two_numbers_of_numpy_say_which_is_too_old(
    needed: str, installed: str, said: str, known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = f"module compiled against API version {needed} but this version of numpy is {installed}"
    answer = explain(recognise_text(text, known), matrix).answers[0]
    assert said in answer.cures[0].text


def test_no_fact_is_told_of_a_tensorflow_that_nobody_named(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.0.2"
    assert explain(recognise_text(text, known), matrix).answers[0].facts == ()


def test_advice_never_begins_with_or_and_never_lacks(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    for symptom in known:
        for names in VERSIONS:
            for steps in advice(symptom, names, matrix):
                assert steps, symptom.id
                assert not steps[0].text.startswith(("Or ", "Then ")), symptom.id


@pytest.mark.parametrize("symptom", ["plugin-macos-too-old", "relu-wrong", "mutex-deadlock"])
def test_a_text_without_versions_gets_no_list_of_all_of_them(
    symptom: str, known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = {
        "plugin-macos-too-old": "libmetal_plugin.dylib, 6): Symbol not found: "
        "_OBJC_CLASS_$_MPSGraphCompilationDescriptor",
        "relu-wrong": "import tensorflow\nmodel.predict(x) differs from the eager call model(x)",
        "mutex-deadlock": "system_error: mutex lock failed: Invalid argument",
    }[symptom]
    answer = explain(recognise_text(text, known), matrix).answers[0]
    assert (answer.symptom, answer.facts) == (symptom, ())


def test_a_release_from_before_the_matrix_begins_is_not_called_missing(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = "ERROR: No matching distribution found for tensorflow==1.4.1"
    facts = explain(recognise_text(text, known), matrix).answers[0].facts
    assert not any("there is no tensorflow 1.4.1" in fact.text for fact in facts)


def test_a_weak_answer_says_that_it_may_be_and_what_would_tell(
    known: tuple[Symptom, ...], matrix: Matrix
) -> None:
    text = "The kernel appears to have died. It will restart automatically."
    answer = explain(recognise_text(text, known), matrix).answers[0]
    assert not answer.certain
    assert "terminal" in answer.ask
