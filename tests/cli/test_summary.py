from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.facts import shipped
from tests.support.locks import PACKAGES, lock
from tfmac_lock.cli.observer import TerminalObserver
from tfmac_lock.cli.summary import MEANING, summary
from tfmac_lock.lock.published import Index
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.companions import CompanionVerdict
from tfmac_lock.matrix.reasons import Grade, Reason, Status
from tfmac_lock.matrix.recipes import RecipeVerdict
from tfmac_lock.publish.locks import Slot, slots
from tfmac_lock.target import Arch, Os

FILES = {name: Path("out") / name for name in ("lock.json", "pylock.toml", "requirements.txt")}


def test_it_says_what_was_locked_and_what_comes_next() -> None:
    text = summary([lock()], FILES, color=False)
    assert text.startswith("tensorflow 2.18.1 with tensorflow-metal 1.2.0, 3 packages in all\n")
    assert "Python 3.11 on m1 (arm64), macOS 12.3 or newer" in text
    assert "works: it installs and trains, and no fault of it is known." in text
    assert "Written: out/lock.json, out/pylock.toml, out/requirements.txt" in text
    assert "-r out/requirements.txt" in text
    assert "--metal none" in text
    assert max(map(len, text.splitlines())) <= 80


def test_reasons_are_told_on_request_alone() -> None:
    assert "it trained" not in summary([lock()], FILES, color=False)
    told = summary([lock()], FILES, color=False, why=True)
    assert "twin:        it trained [https://example.org]" in told
    assert "--why" not in told


def test_a_fault_of_the_plugin_is_told_with_its_switch_and_what_has_none() -> None:
    text = summary([lock(status="caution")], FILES, color=False)
    told = text.partition("caution: ")[2].partition("\n\n")[0].splitlines()
    assert told == [
        "it runs, with a fault. A Dense layer's ReLU is left out on the GPU.",
        "  To avoid it and keep the GPU, before the model is built:",
        "  tf.config.optimizer.set_experimental_options({'disable_meta_optimizer': True})",
        "  Without the fault: tfmac-lock --python 3.10 --chip m1 (TensorFlow 2.10.0)",
    ]


def test_another_fault_is_told_with_its_way_out() -> None:
    reason = Reason(
        kind="defect",
        text="Adam fails: in fit. Way out: the legacy optimizers",
        source="https://example.org",
        against=True,
    )
    faulty = lock(status="caution", metal="0.7.0", tensorflow="2.11.0")
    faulty = replace(faulty, verdict=replace(faulty.verdict, reasons=(reason,)))
    text = summary([faulty], FILES, color=False)
    assert "caution: it runs, with a fault. Adam fails.\n  Way out: the legacy optimizers" in text


def test_a_lock_without_a_plugin_says_what_would_have_one() -> None:
    on_313 = lock(PACKAGES[:2], metal=None, tensorflow="2.21.0")
    on_313 = replace(on_313, combo=replace(on_313.combo, python="3.13"))
    text = summary([on_313], FILES, color=False)
    assert "With the GPU:\n  tfmac-lock --python 3.10 --chip m1 (TensorFlow 2.10.0)" in text
    assert "tfmac-lock matrix roads" in text
    no_gpu = replace(on_313, combo=replace(on_313.combo, chip="intel", arch=Arch.X86_64))
    assert "With the GPU" not in summary([no_gpu], FILES, color=False)


@pytest.mark.parametrize("slot", slots(shipped()), ids=str)
def test_no_published_lock_takes_more_than_fifteen_lines(slot: Slot) -> None:
    index = Index.within(loading.locks_folder(), *slot)
    here = {name: Path(name) for name in FILES}
    for one in index.locks() if index.exists() else ():
        text = summary([one], here, color=False)
        assert len(text.splitlines()) <= 15, one.combo.id
        assert max(map(len, text.splitlines())) <= 80, one.combo.id


def test_every_command_that_is_offered_gets_what_it_names() -> None:
    for arch in Arch:
        for row in shipped().platforms.pythons:
            found = loading.advice(arch, row.series)
            for offer in (found.sound, found.newer):
                if offer is None:
                    continue
                index = Index.within(loading.locks_folder(), offer.python, arch)
                got = index.find(
                    package=None if offer.first else offer.package,
                    version=None if offer.first else offer.tensorflow,
                    metal="auto" if offer.first else offer.metal,
                    gpu=True,
                    macos=None,
                )
                assert got is not None
                assert (got.combo.tensorflow, got.combo.metal) == (offer.tensorflow, offer.metal)
                assert got.verdict.status == ("works" if offer is found.sound else "caution")


@pytest.mark.parametrize("status", sorted(MEANING))
def test_the_status_is_coloured_only_where_asked(status: str) -> None:
    assert "\x1b[1;3" in summary([lock(status=status)], FILES, color=True)
    assert "\x1b" not in summary([lock(status=status)], FILES, color=False)


def test_a_lock_for_linux_speaks_of_linux_and_of_no_plugin() -> None:
    linux = lock(PACKAGES[:2], metal=None, macos_min=None, os=Os.LINUX)
    text = summary([linux], FILES, color=False)
    assert "without a GPU plugin" in text
    assert "on m1 (arm64), Linux" in text
    assert "Next, there:" in text
    assert "--metal none" not in text


def test_a_path_with_a_space_is_one_word_of_the_command() -> None:
    text = summary([lock()], {"requirements.txt": Path("my locks/mac.txt")}, color=False)
    assert "-r 'my locks/mac.txt'" in text


def test_without_requirements_txt_no_pip_command_is_shown() -> None:
    assert "pip install" not in summary([lock()], {"pylock.toml": Path("pylock.toml")}, color=False)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["conda-lock.yml", "requirements.txt"], "micromamba create --name env --file"),
        (["explicit.txt"], "(and then the wheels, which --format requirements writes)"),
        (["explicit.txt", "requirements.txt"], "conda activate env"),
        (["environment.yml"], "PIP_NO_DEPS=1 conda env create --name env --file"),
    ],
)
def test_a_lock_of_both_conda_and_pip_is_never_installed_into_a_venv(
    files: list[str], told: str
) -> None:
    python = replace(PACKAGES[0], name="python", manager="conda")
    paths = {name: Path("out") / name for name in files}
    text = summary([lock((python, *PACKAGES))], paths, color=False)
    assert told in text
    assert "venv" not in text


def test_notes_and_retries_are_lines_and_answers_are_counted_only_on_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with TerminalObserver(show=False) as quiet:
        quiet.received("https://example.org", 10)
        quiet.note("a note")
        quiet.retrying("https://example.org", "no answer", 2.0)
    assert capsys.readouterr().err == (
        "note: a note\nhttps://example.org: no answer; trying again in 2 s\n"
    )
    with TerminalObserver(show=True) as counting:
        counting.received("https://example.org", 1_500_000)
        counting.note("a note")
    told = capsys.readouterr().err
    assert "reading the index: 1 answers, 1.5 MB" in told
    assert "\r\x1b[Knote: a note\n" in told
    assert told.endswith("\r\x1b[K")


def test_what_must_be_set_before_it_runs_stands_among_the_next_steps() -> None:
    with_setting = replace(lock(), environment={"TF_USE_LEGACY_KERAS": "1"})
    text = summary([with_setting], FILES, color=False)
    assert text.index("pip install") < text.index("  export TF_USE_LEGACY_KERAS=1")
    assert "export" not in summary([lock()], FILES, color=False)


def test_a_companion_that_nobody_tried_is_named_and_the_pairs_fault_is_told_too() -> None:
    untried = CompanionVerdict(
        name="extra", version="2.0", status=Status.UNPROVEN, grade=Grade.RESOLVES, reasons=()
    )
    defect = Reason(
        kind="defect",
        text="Sums are wrong: on the GPU. Way out: hide the GPU",
        source="https://example.org",
        against=True,
    )
    made = lock(metal=None, status="unproven")
    reasons = (*made.verdict.reasons, defect)
    made = replace(made, companions=(untried,), verdict=replace(made.verdict, reasons=reasons))
    text = " ".join(summary([made], FILES, color=False).split())
    assert "unproven: extra 2.0 was not tried beside these versions; it may fail." in text
    assert "Sums are wrong." in text
    assert "hide the GPU" in text


def test_a_pair_without_a_fault_is_not_offered_where_no_fault_was_told() -> None:
    sound = summary(
        [lock(metal="0.5.0", tensorflow="2.9.0", status="unproven")], FILES, color=False
    )
    assert "Without the fault" not in sound


def companion(name: str, status: Status, *reasons: Reason) -> CompanionVerdict:
    grade = Grade.TWIN if status is Status.WORKS else Grade.RESOLVES
    return CompanionVerdict(name=name, version="2.0", status=status, grade=grade, reasons=reasons)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (Status.WORKS, "works     ran beside these versions, on Linux with Python 3.11"),
        (Status.UNPROVEN, "unproven  not tried beside these versions, but with Python 3.11"),
    ],
)
def test_the_python_of_a_trial_is_named_where_it_is_not_the_locks(
    status: Status, line: str
) -> None:
    layers = replace(companion("layers", status), tried_on=("3.11",))
    text = summary([replace(lock(), companions=(layers,))], FILES, color=False)
    assert f"  layers 2.0  {line}\n" in text


def test_each_companion_has_a_line_and_the_weakest_comes_first() -> None:
    recipe = RecipeVerdict(name="finder", status=Status.WORKS, grade=Grade.TWIN, reasons=())
    limits = Reason(
        kind="reported", text="it is slow", source="https://example.org/slow", against=True
    )
    loads = replace(companion("loads", Status.UNPROVEN), grade=Grade.LOADS)
    made = replace(
        lock(status="unproven"),
        recipe=recipe,
        companions=(
            companion("runs", Status.WORKS),
            companion("slow", Status.CAUTION, limits),
            companion("untried", Status.UNPROVEN),
            loads,
        ),
    )
    text = summary([made], FILES, color=False)
    told = text.partition("Packages that touch TensorFlow:\n")[2].partition("\n\n")[0].splitlines()
    assert told == [
        "  untried 2.0    unproven  not tried beside these versions",
        "  loads 2.0      unproven  its binaries load; not tried beside these versions",
        "  slow 2.0       caution   it is slow",
        "  recipe finder  works     ran beside these versions, on Linux",
        "  runs 2.0       works     ran beside these versions, on Linux",
    ]
    colored = summary([made], FILES, color=True)
    assert "\x1b[33mcaution\x1b[0m" in colored
    assert "Packages that touch" not in summary([lock()], FILES, color=False)


def test_of_many_companions_the_rest_are_counted_and_every_line_fits() -> None:
    names = [f"a-package-with-a-name-that-is-{'very-' * 4}long-{number}" for number in range(11)]
    text = Reason(kind="reported", text="it " * 60, source="https://example.org", against=True)
    many = tuple(companion(name, Status.CAUTION, text) for name in names)
    told = summary([replace(lock(status="caution"), companions=many)], FILES, color=False)
    assert "  and 3 more, none of them worse: --why" in told
    short = tuple(companion(f"package-{number}", Status.CAUTION, text) for number in range(9))
    told = summary([replace(lock(status="caution"), companions=short)], FILES, color=False)
    assert max(map(len, told.splitlines())) <= 80


def test_a_recipe_that_nobody_tried_is_what_the_status_speaks_of() -> None:
    recipe = RecipeVerdict(name="finder", status=Status.UNPROVEN, grade=None, reasons=())
    made = replace(lock(status="unproven"), recipe=recipe)
    text = " ".join(summary([made], FILES, color=False).split())
    assert "unproven: recipe finder was not tried beside these versions; it may fail." in text


def test_a_long_command_is_broken_where_a_shell_joins_it_again() -> None:
    archives = tuple(
        replace(PACKAGES[0], name=f"compiled-{number}", filename=f"compiled-{number}-1.0.tar.gz")
        for number in range(4)
    )
    path = {"requirements.txt": Path("a folder/requirements.txt")}
    text = summary([lock((*PACKAGES, *archives))], path, color=False)
    command = text.partition("  python -m pip")[2].partition("\n\n")[0]
    assert command.replace(" \\\n   ", "").split("--no-deps ")[1] == (
        "--only-binary :all: --no-binary compiled-0,compiled-1,compiled-2,compiled-3 "
        "-r 'a folder/requirements.txt'"
    )
    assert max(map(len, text.splitlines())) <= 80
