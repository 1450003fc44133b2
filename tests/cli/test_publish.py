from __future__ import annotations

import argparse
import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tfmac_lock.__main__ import main
from tfmac_lock.cli.publish import _outcome
from tfmac_lock.matrix import loading
from tfmac_lock.publish import locks

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = "12/12"
"""The part of 12 that holds Python 3.13 on Intel, for which nobody made a TensorFlow."""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "matrix").mkdir()
    (tmp_path / "locks").mkdir()
    monkeypatch.setattr(loading, "checkout", lambda: tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    return main(["publish", "locks", *arguments, "--offline", "--jobs", "1"])


def test_the_part_without_wheels_is_the_last() -> None:
    (slot,) = locks.shard(locks.slots(shipped()), 12, 12)
    assert list(locks.pair_requests(shipped(), slot)) == []


@pytest.mark.slow
def test_a_part_is_made_and_found_up_to_date(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--shard", EMPTY, "--as-of", "2026-01-31", "--check") == 1
    assert "2 files stale" in capsys.readouterr().out
    assert run("--shard", EMPTY, "--as-of", "2026-01-31", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["locks"], told["as_of"]) == (0, "2026-01-31")
    assert told["changed"] == ["index/cp313-x86_64.json", "verdicts/cp313-x86_64.json"]
    assert run("--shard", EMPTY, "--check") == 0
    assert "0 files stale" in capsys.readouterr().out


@pytest.mark.slow
def test_conda_halves_are_made_for_the_day_of_the_locks(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conda = ["publish", "conda", "--shard", EMPTY, "--offline", "--jobs", "1"]
    assert main(conda) == 3, "there are no locks yet"
    assert "as_of.json" in capsys.readouterr().err
    (checkout / "locks" / "as_of.json").write_text('{"schema_version": 1, "as_of": "2026-01-31"}')
    assert run("--shard", EMPTY, "--as-of", "2026-01-31") == 0
    assert main([*conda, "--check"]) == 1
    assert main(conda) == 0
    capsys.readouterr()
    assert main([*conda, "--check", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["as_of"], told["changed"], told["moved"]) == ("2026-01-31", [], 0)


@pytest.mark.slow
def test_alone_it_is_about_everything(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--check", "--shard", EMPTY, "--offline", "--jobs", "1"]
    assert main(["publish", *arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [told[part]["changed"] for part in ("compiled", "locks", "conda")] == [[], [], []]
    assert main(["publish", *arguments]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("moved", [0, 2])
@pytest.mark.parametrize("changed", [[], ["index/conda-cp39-arm64.json"]])
def test_a_channel_that_moved_on_is_told_and_is_no_proof(changed: list[str], moved: int) -> None:
    args = argparse.Namespace(check=True)
    outcome = _outcome(args, date(2026, 1, 31), [], changed, moved)
    assert outcome.status == (1 if changed else 3 if moved else 0)
    assert ("cannot be compared" in outcome.note) is bool(moved)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--shard", "0/4"], "--shard '0/4'"),
        (["--shard", "5/4"], "--shard '5/4'"),
        (["--shard", "half"], "--shard 'half'"),
        (["--as-of", "yesterday"], "--as-of 'yesterday' is not a date"),
    ],
)
def test_bad_options_get_one_clear_line(
    checkout: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert run(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


@pytest.mark.parametrize("damage", ["", "{}", '{"schema_version": 1, "as_of": "soon"}'])
def test_a_damaged_record_of_the_day_is_told(
    checkout: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    (checkout / "locks" / "as_of.json").write_text(damage)
    assert run("--check") == 3
    assert "as_of.json" in capsys.readouterr().err


def test_an_installed_package_is_no_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loading, "PACKAGE", tmp_path / "site-packages" / "tfmac_lock")
    assert run() == 3
    assert "needs a checkout" in capsys.readouterr().err


@pytest.mark.slow
def test_render_needs_no_index_and_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", "render", "--check", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["changed"], "outdated" in told) == ([], False)
    assert told["locks"] > 400


@pytest.mark.slow
def test_render_tells_which_locks_the_index_must_make(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "locks" / "as_of.json").write_text('{"schema_version": 1, "as_of": "2026-01-31"}')
    assert main(["publish", "render"]) == 1
    assert "`tfmac-lock publish` makes them" in capsys.readouterr().err
