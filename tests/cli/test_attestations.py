"""What the index says for and against files: attestations, yanked, quarantined, archived."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.pylock import Pylock

from tests.cli.test_lock import PAIR, Said, at, index, names, run, wheels
from tests.pypi.test_attestations import GITHUB, provenance, statement
from tfmac_lock.pypi import signatures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support import HtmlIndex

__all__ = ["index", "run", "wheels"]  # the fixtures of the main command

pytestmark = pytest.mark.usefixtures("folder", "unsigned")


@pytest.fixture
def unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra that checks signatures: nobody can sign for these tests' files."""
    monkeypatch.setattr(signatures, "find_spec", lambda _name: None)


def attest(index: HtmlIndex, *packages: str, wrong: str = "") -> None:
    """Have the index tell attestations of the packages; those of ``wrong`` are of another file."""
    told, answers = {}, {}
    for package in packages:
        for path in (index.folder / package).iterdir():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            about = statement(path.name, "0" * 64 if package == wrong else digest)
            where = f"/integrity/{path.name}"
            told[path.name] = index.root + where
            answers[where] = (200, "application/json", json.dumps(provenance(about)).encode())
    index.faults.provenance, index.faults.answers = told, answers


@pytest.mark.parametrize("form", ["html", "json"])
def test_who_published_the_files_is_told_everywhere(
    run: Callable[..., Said], folder: Path, index: HtmlIndex, form: str
) -> None:
    index.faults.json = form == "json"
    attest(index, "numpy", "six")
    asked = ["--require-attestations", "numpy", "--require-attestations", "six"]
    said = run(*PAIR, *at(index), *asked)
    assert said.status == 0, said.err
    assert "note: files with attestations: 2." in said.err
    assert "signatures were not checked" in said.err
    assert "pip install 'tfmac-lock[attestations]' brings what checks them" in said.err
    lock = json.loads((folder / "lock.json").read_text())
    told = {one["name"]: one.get("publishers") for one in lock["packages"]}
    assert told == {
        "numpy": [GITHUB],
        "six": [GITHUB],
        "tensorflow": None,
        "tensorflow-metal": None,
    }
    assert "--require-attestations numpy" in lock["request"]
    pylock = Pylock.from_dict(tomllib.loads((folder / "pylock.toml").read_text()))
    identities = {one.name: one.attestation_identities for one in pylock.packages}
    assert identities["numpy"] == [GITHUB]
    assert identities["tensorflow"] is None
    assert "numpy 2.0.2 (published by GitHub demo/demo release.yml)" in run("tree").out
    assert "published by GitHub demo/demo release.yml" in run("why", "six").out
    assert json.loads(run("why", "six", "--json").out)["publishers"] == [GITHUB]
    assert run("update").out == "Nothing is new, and no file was changed.\n"


def test_files_without_attestations_are_refused_by_name(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    attest(index, "numpy", "six")
    said = run(*PAIR, *at(index), "--require-attestations")
    assert said.status == 1
    assert said.err.splitlines() == [
        "tfmac-lock: the index has no attestations of these files:",
        "  tensorflow-2.18.1-cp311-cp311-macosx_12_0_arm64.whl",
        "  tensorflow_metal-1.2.0-cp311-cp311-macosx_12_0_arm64.whl",
        "No lock was written; --require-attestations NAME asks for single packages.",
    ]
    assert names(folder) == set()


def test_attestations_of_another_file_are_no_attestations(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    attest(index, "numpy", "six", wrong="six")
    said = run(*PAIR, *at(index), "--require-attestations", "six")
    assert said.status == 3
    assert "an attestation about another file" in said.err
    assert names(folder) == set()


@pytest.mark.slow
def test_with_the_extra_only_what_is_signed_is_attested(
    run: Callable[..., Said], folder: Path, index: HtmlIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    attest(index, "six")
    monkeypatch.setattr(signatures, "find_spec", importlib.util.find_spec)
    said = run(*PAIR, *at(index), "--require-attestations", "six")
    assert said.status == 3
    assert "a signature in the attestations of six-1.17.0-py2.py3-none-any.whl" in said.err
    assert names(folder) == set()
    checked: list[str] = []
    monkeypatch.setattr(signatures, "check", lambda *given: checked.append(given[2]))
    said = run(*PAIR, *at(index), "--require-attestations", "six")
    assert said.status == 0, said.err
    assert "note: files with attestations: 1. It was checked that they are about" in said.err
    assert "and signed by the publishers that the lock names" in said.err
    assert checked == ["six-1.17.0-py2.py3-none-any.whl"]


def test_a_package_that_is_not_in_the_lock_needs_no_attestation(
    run: Callable[..., Said], index: HtmlIndex
) -> None:
    assert run(*PAIR, *at(index), "--require-attestations", "absent").status == 0


@pytest.mark.parametrize("form", ["html", "json"])
def test_a_yanked_file_is_taken_only_where_it_is_pinned_and_that_is_said(
    run: Callable[..., Said], folder: Path, index: HtmlIndex, form: str
) -> None:
    index.faults.json = form == "json"
    index.faults.yanked = {"daily-1.1-py3-none-any.whl": "broke Mondays"}
    said = run(*PAIR, *at(index), "--with", "daily")
    assert said.status == 0
    assert "yanked" not in said.err
    assert "daily==1.0" in (folder / "requirements.txt").read_text()

    said = run(*PAIR, *at(index), "--with", "daily==1.1")
    assert said.status == 0
    told = "daily 1.1 is yanked, withdrawn by its makers: broke Mondays"
    assert f"note: {told}" in said.err
    reasons = json.loads((folder / "lock.json").read_text())["verdict"]["reasons"]
    assert [one["text"].startswith(told) for one in reasons if one["kind"] == "yanked"] == [True]


@pytest.mark.parametrize("form", ["html", "json"])
def test_a_quarantined_project_is_refused_and_an_archived_one_announced(
    run: Callable[..., Said], folder: Path, index: HtmlIndex, form: str
) -> None:
    index.faults.json = form == "json"
    index.faults.status = {"daily": "archived", "nightly": "quarantined"}
    said = run(*PAIR, *at(index), "--with", "daily")
    assert said.status == 0
    assert "note: the project daily is archived: no further release is expected" in said.err

    said = run(*PAIR, *at(index), "--with", "nightly", "-o", "other")
    assert said.status == 1
    assert "the index has nightly in quarantine, as unsafe to install" in said.err
    assert not (folder / "other").exists()
