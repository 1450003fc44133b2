from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.locks import PACKAGES, lock
from tfmac_lock.cli.summary import MEANING, summary
from tfmac_lock.cli.talk import Talk
from tfmac_lock.target import Os

FILES = {name: Path("out") / name for name in ("lock.json", "pylock.toml", "requirements.txt")}


def test_it_says_what_was_locked_why_it_is_believed_and_what_comes_next() -> None:
    text = summary([lock()], FILES, color=False)
    assert text.startswith("tensorflow 2.18.1, tensorflow-metal 1.2.0\n")
    assert "Python 3.11 on m1 (arm64), macOS 12.3 or newer" in text
    assert "works: nothing is known against it" in text
    assert "twin:        it trained [https://example.org]" in text
    assert "Written: out/lock.json, out/pylock.toml, out/requirements.txt" in text
    assert "-r out/requirements.txt" in text
    assert "--metal none" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("status", sorted(MEANING))
def test_the_status_is_coloured_only_where_asked(status: str) -> None:
    assert "\x1b[1;3" in summary([lock(status=status)], FILES, color=True)
    assert "\x1b" not in summary([lock(status=status)], FILES, color=False)


def test_a_lock_for_linux_speaks_of_linux_and_of_no_plugin() -> None:
    linux = lock(PACKAGES[:2], metal=None, macos_min=None, os=Os.LINUX)
    text = summary([linux], FILES, color=False)
    assert "no GPU plugin" in text
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
    with Talk(show=False) as quiet:
        quiet.received("https://example.org", 10)
        quiet.note("a note")
        quiet.retrying("https://example.org", "no answer", 2.0)
    assert capsys.readouterr().err == (
        "note: a note\nhttps://example.org: no answer; trying again in 2 s\n"
    )
    with Talk(show=True) as talk:
        talk.received("https://example.org", 1_500_000)
        talk.note("a note")
    told = capsys.readouterr().err
    assert "reading the index: 1 answers, 1.5 MB" in told
    assert "\r\x1b[Knote: a note\n" in told
    assert told.endswith("\r\x1b[K")
