"""The cures that check prints: each command is typed, each requirement can be read."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tfmac_lock import cli
from tfmac_lock.__main__ import main
from tfmac_lock.check.judge import check
from tfmac_lock.check.reading import read_for_target

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.check.findings import Finding
    from tfmac_lock.matrix.facts import Matrix

pytestmark = pytest.mark.slow  # many files are judged for several machines first

FILES = (
    "tensorflow==2.18.0\ntensorflow-metal==1.1.0\n",
    "tensorflow==2.20.0\ntensorflow-metal==1.2.0\nnumpy==2.1.0\n",
    "tensorflow-macos==2.15.1\ntensorflow-metal\n",
    "tensorflow-macos<2.16\n",
    "tensorflow-metal==1.2.0\n",
    "tensorflow\nkeras<3\n",
    "tensorflow==9.9\n",
    "tensorflow-macos==2.12.0\nnumpy==2.0.0\nprotobuf==5.0\nabsl-py==1.0\n",
    "tensorflow==2.16.2\ntensorflow-addons==0.23.0\ntensorflow-text==2.18.1\nkeras==3.5\n",
    "tensorflow==2.16.2 --hash=sha256:ab\nnumpy==1.26.4\n",
    "tensorflow-cpu==2.9\ntensorflow-deps==2.9\n",
    "tensorflow==2.16.1\ntensorflow-probability==0.24.0\n",
    "tensorflow==2.18.1\ntensorflow-io==0.37.1\ntransformers==5.0\n",
)
MACS = (("3.8", "m1"), ("3.11", "m1"), ("3.12", "m4"), ("3.10", "intel"), ("3.13", "m2-pro"))


@pytest.fixture(scope="module")
def findings(matrix: Matrix, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    folder = tmp_path_factory.mktemp("pins")
    found = []
    for text in FILES:
        for python, chip in MACS:
            path = folder / "requirements.txt"
            path.write_text(text)
            file, target, macos = read_for_target(path, matrix, python=python, chip=chip)
            for complete in (True, False):
                whole = replace(file, complete=complete)
                found += check(whole, target, matrix, macos=macos).findings
    return found


def typed(findings: list[Finding]) -> list[list[str]]:
    cures = {found.cure for found in findings if found.cure.startswith("tfmac-lock")}
    return sorted(shlex.split(cure)[1:] for cure in cures)


def test_every_command_is_accepted_by_its_parser(findings: list[Finding]) -> None:
    assert len(typed(findings)) > 10
    for words in typed(findings):
        assert cli.parse(words).run is not None, words
        assert words == ["prove"] or "--chip" in words, words


def test_every_command_for_a_pair_gives_a_lock(
    findings: list[Finding], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, words in enumerate(typed(findings)):
        if words != ["prove"]:
            status = main([*words, "--offline", "-o", str(tmp_path / str(number))])
            # Neither refused nor misunderstood; what is not published needs the index, which
            # alone knows whether a companion has files for that Python.
            assert status not in ((2,) if "--with" in words else (1, 2)), words


def test_every_requirement_to_add_is_one(findings: list[Finding]) -> None:
    added = {found.cure for found in findings if found.cure.startswith("add ")}
    assert added
    for cure in added:
        for text in cure.removeprefix("add ").split(" and "):
            Requirement(text)
