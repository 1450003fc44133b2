"""Every command that the program prints, in whatever text, is typed here.

They are collected from the sources, so that a new one is typed as soon as somebody writes it. The
cures of symptoms and of check have tests of their own, with the machines that they depend on.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.printed import printed, texts
from tests.test_docs import ELSEWHERE, project
from tfmac_lock import cli
from tfmac_lock.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["project"]

FILLED = {
    "name": "protobuf",
    "pin.name": "protobuf",
    "fact.name": "tensorflow-text",
    "trial.companion": "tensorflow-text",
    "beside": "--tensorflow 2.18",
    "series": "2.18",
    "combo.python": "3.11",
    "pair.python": "3.11",
    "self.python": "3.11",
    "target.python.series": "3.11",
    "combo.chip": "m1",
    "chip": "m1",
    "machine": "--chip m1",
    "request.pair.machine": "--chip m1",
    "target.chip.id": "m1",
    "self.target.chip.id": "m1",
    "grid.arch.value": "arm64",
    "package": "",
    "pair.tensorflow": "2.18.1",
    "pair.metal or 'none'": "1.2.0",
    "fixed": "2.18.1",
    "wanted": " --tensorflow 2.18.1",
    "asked": " --tensorflow 2.18.1",
    "lock.command": "--python 3.11 --chip m1",
    "old.command": "--python 3.11 --chip m1",
    "on_one_line(lock.command)": "--python 3.11 --chip m1",
    "lock.id": "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
    "row.lock": "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
    "believed.submission.id": "0123abcd",
    "believed.submission.id[:8]": "0123abcd",
    "recipe.name": "spleeter",
    "shlex.quote(file.name)": "requirements.in",
    "path": "pyproject.toml",
    "tool": "uv",
    "args.output": "pyproject.toml",
}
"""What stands for what is filled in; a test fails for an expression that is not here."""

WORDS = {
    "PATH": "python3",
    "FILE": "train.log",
    "THIS_FILE": "requirements.in",
    "LOCK": "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
    "NAME": "spleeter",
    "PACKAGE": "protobuf",
}
"""What a reader writes for the words in capitals."""

NO_COMMAND = re.compile(r"\{(?:__version__|command\.name)\}.*|--|-r|>.*")
"""The name of the program with its version, a heading of the manual, the beginning of others."""

ON_A_MAC = {("--python", "3.11"): ("--chip", "m1")}
"""What a Mac knows by itself, for commands that are printed on one only."""

BY_CURATORS = {"matrix"}
"""Further commands that only parse here: some of them write the facts of this checkout."""


def words_of(text: str) -> list[str]:
    """The command as a shell would hand it over, with everything filled in."""

    def fill(found: re.Match[str]) -> str:
        return FILLED.get(found[1], found[0])

    line = re.sub(r"\{([^}]*)\}", fill, text)
    return [WORDS.get(word, word) for word in shlex.split(line + "'" * (line.count("'") % 2))]


TYPED = sorted(
    {tuple(words_of(one.words)) for one in printed() if not NO_COMMAND.fullmatch(one.words)}
)


@pytest.mark.slow
def test_there_is_something_for_all_that_is_filled_in() -> None:
    named = {name for one in printed() for name in re.findall(r"\{([^}]*)\}", one.words)}
    left_out = {"__version__", "command.name"}
    assert named - left_out == FILLED.keys()


def test_a_command_in_a_sentence_stands_in_backticks() -> None:
    called = re.compile(rf"tfmac-lock (?:{'|'.join(cli.COMMANDS)})\b")
    loose = [
        where
        for where, text in texts()
        for found in called.finditer(re.sub(r"`[^`]*`", "", text))
        if not re.search(r"(?:^|\n|: |# |\| |&& |by )[ #]*$", text_before(text, found))
    ]
    assert loose == []


def text_before(text: str, found: re.Match[str]) -> str:
    """What stands before a match, without what is in backticks."""
    return re.sub(r"`[^`]*`", "", text)[: found.start()]


def test_many_commands_are_collected() -> None:
    assert len(TYPED) > 60
    assert {words[0] for words in TYPED} >= {
        "update",
        "why",
        "install",
        "fetch",
        "migrate",
        "apply",
    }


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_each_is_one_that_the_program_takes(words: tuple[str, ...]) -> None:
    assert cli.parse(list(words)).run is not None


@pytest.mark.parametrize(
    "words",
    [words for words in TYPED if words[0] not in {*ELSEWHERE, *BY_CURATORS}],
    ids=" ".join,
)
def test_each_does_what_it_says(
    words: tuple[str, ...],
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(project, folder)
    shutil.copytree(folder / "old", folder / "mac")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("TFMAC_LOCK_CACHE_DIR", str(tmp_path / "cache"))
    pasted = io.TextIOWrapper(io.BytesIO((folder / "train.log").read_bytes()))
    monkeypatch.setattr("sys.stdin", pasted)
    # 3: what is asked for must be resolved anew, and there is no index here.
    assert main([*words, *ON_A_MAC.get(words, ())]) in (0, 1, 3), capsys.readouterr().err
    assert "Traceback" not in capsys.readouterr().err
