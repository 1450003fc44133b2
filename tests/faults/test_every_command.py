"""Each command that writes is in the table of faults, and each other one writes nothing.

A new command, or a new option that writes, is in no table, and this fails.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import wheels
from tests.support import HtmlIndex
from tfmac_lock.cli import full_parser

from .commands import ASKED, COMMANDS, FIRST
from .runs import Runs, content

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["wheels"]

TESTS = Path(__file__).parents[1]

Words = tuple[str, ...]

READING: dict[str, Words] = {
    "a lock that is only printed": (*FIRST, "--json", "--dry-run"),
    "a lock that is compared": (*FIRST, "--check"),
    "what would be installed": ("install", *FIRST, "--dry-run"),
    "what an update would change": ("update", "--dry-run"),
    "diff": ("diff", "lock.json", "lock.json"),
    "outdated": ("outdated",),
    "tree": ("tree",),
    "why": ("why", "numpy"),
    "explain": ("explain", "train.log"),
    "check": ("check", "requirements.txt", *FIRST),
    "advisories": ("advisories", "lock.json", "--from", "advisories"),
    "doctor": ("doctor",),
    "what apply would change": ("apply", "--to", "pyproject.toml", "--check"),
    "matrix": ("matrix",),
    "matrix pair": ("matrix", "pair", "2.18.1", "1.2.0"),
    "matrix combos": ("matrix", "combos"),
    "matrix coverage": ("matrix", "coverage"),
    "matrix outdated": ("matrix", "outdated", "--offline"),
    "matrix roads": ("matrix", "roads"),
    "matrix lint": ("matrix", "lint"),
    "audit": ("audit", "daily==1.0"),
    "prove jobs": ("prove", "jobs"),
    "cache": ("cache",),
    "publish hashes": ("publish", "hashes", "--shard", "1/500"),
}
"""Run here, in a folder with a lock. What asks the index may write to the cache alone."""

ELSEWHERE: dict[Words, str] = {
    ("serve",): "cli/test_serve.py",  # what it keeps: service/test_reports.py
    ("prove",): "prove/test_train_mnist.py",
    ("prove", "twin"): "prove/test_twin.py",
    # These run in twins' environments, and write each file of evidence as twins do.
    ("prove", "companions"): "prove/test_twin.py",
    ("prove", "recipe"): "prove/test_twin.py",
    ("prove", "requests"): "prove/test_twin.py",
    ("prove", "standin"): "prove/test_twin.py",
}
"""What trains or serves, with the tests that kill and interrupt it."""

WRITING = re.compile(r"^(?!write nothing)(also )?(write|keep|register)\b")
"""How the help of an option begins that writes what the command does not write without it."""

OPTIONS_ELSEWHERE = {
    ("prove", "--report"): "prove/test_train_mnist.py",
    ("install", "--jupyter"): "cli/test_install.py",  # a program of Jupyter's writes
}


def commands(
    parser: argparse.ArgumentParser | None = None, words: Words = ()
) -> Iterator[tuple[Words, argparse.ArgumentParser]]:
    """Every command that does something, with its words."""
    parser = parser or full_parser()
    if parser.get_default("run"):
        yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from commands(below, (*words, name))


EVERY = dict(commands())


def command_of(typed: Words) -> Words:
    """The words of the command that is typed."""
    return max((words for words in EVERY if typed[: len(words)] == words), key=len)


WRITTEN = {name: one.arguments for name, one in COMMANDS.items()}


def test_every_command_is_in_a_table() -> None:
    tables = {command_of(typed) for typed in (*WRITTEN.values(), *READING.values())}
    assert sorted(EVERY.keys() - tables - ELSEWHERE.keys()) == []
    assert sorted(ELSEWHERE.keys() - EVERY.keys()) == []


def test_every_option_that_writes_is_typed_in_a_table() -> None:
    typed = {(command_of(one), word) for one in WRITTEN.values() for word in one}
    missing = [
        (*words, action.option_strings[-1])
        for words, parser in EVERY.items()
        for action in parser._actions
        if WRITING.search(action.help or "")
        and not any((words, option) in typed for option in action.option_strings)
    ]
    assert sorted(set(missing) - OPTIONS_ELSEWHERE.keys()) == []


@pytest.mark.parametrize("name", sorted({*ELSEWHERE.values()}))
def test_what_is_tested_elsewhere_is_killed_there(name: str) -> None:
    assert re.search(r"\bkill\b|killed|SIGTERM|send_signal", (TESTS / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def start(
    wheels: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Runs, Path, dict[str, str]]]:
    """A folder with a lock and what the commands read, and how they find a small index."""
    root = tmp_path_factory.mktemp("reading")
    folder = root / "here"
    (folder / "advisories").mkdir(parents=True)
    (folder / "train.log").write_text("ImportError: numpy.core.multiarray failed to import\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\n')
    with HtmlIndex(wheels) as index, Runs(root) as runs:
        made = runs.one(folder, *[one.format(index=index.url) for one in ASKED])
        assert made.status == 0, made.err
        yield runs, folder, {"PIP_INDEX_URL": index.url}


@pytest.mark.slow
@pytest.mark.parametrize("name", READING)
def test_a_command_that_reads_writes_nothing(
    start: tuple[Runs, Path, dict[str, str]], name: str
) -> None:
    runs, folder, environ = start
    before = content(folder.parent)
    ended = runs.one(folder, *READING[name], environ=environ)
    assert ended.status in (0, 1, 3), ended.err
    assert "Traceback" not in ended.err
    after = content(folder.parent)
    changed = {one for one in {*before, *after} if before.get(one) != after.get(one)}
    assert {one for one in changed if not one.startswith("cache/")} == set()
