"""Settings, the console, --check and --dry-run, and the commands that look at a lock."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import PAIR, Said, index, names, run, wheels
from tfmac_lock import cli
from tfmac_lock.cli import terminal
from tfmac_lock.cli.cache import limit, trim_to_limit
from tfmac_lock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support import HtmlIndex

__all__ = ["index", "run", "wheels"]

pytestmark = pytest.mark.usefixtures("folder")

MAC = ["--python", "3.11", "--chip", "m1"]


@pytest.fixture(autouse=True)
def console(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The console as it is without options; what they set goes away with the test."""
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("FORCE_COLOR", "")
    yield
    terminal.set_console(terminal.NORMAL, "auto")


# -- settings


def test_a_project_has_its_own_defaults(run: Callable[..., Said], folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.tfmac-lock]\npython = "3.11"\nchip = "m2"\nmetal = "none"\nformat = ["json"]\n'
    )
    assert run().status == 0
    assert names(folder) == {"pyproject.toml", "lock.json"}
    made = json.loads((folder / "lock.json").read_text())
    assert (made["combo"]["python"], made["combo"]["chip"]) == ("3.11", "m2")
    assert made["combo"]["metal"] is None
    assert made["request"] == "--python 3.11 --chip m2 --metal none --format json"


def test_what_is_typed_stands_over_a_variable_and_that_over_the_project(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.tfmac-lock]\npython = "3.9"\nchip = ["m1"]\nwith = ["pandas", "scipy<2"]\n'
        "offline = true\nfresh = false\n"
    )
    monkeypatch.setenv("TFMAC_LOCK_PYTHON", "3.10")
    args = cli.parse(["--chip", "m4"])
    assert (args.python, args.chips) == ("3.10", ["m4"])
    assert args.extra == ["pandas", "scipy<2"]
    assert (args.offline, args.fresh) == (True, False)
    monkeypatch.setenv("TFMAC_LOCK_WITH", "rich 'numpy>=1,<3'")
    monkeypatch.setenv("TFMAC_LOCK_OFFLINE", "no")
    monkeypatch.setenv("TFMAC_LOCK_NOTHING_OF_OURS", "x")
    args = cli.parse(["--python=3.12"])
    assert (args.python, args.extra) == ("3.12", ["rich", "numpy>=1,<3"])


def test_paths_of_a_project_are_from_its_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.tfmac-lock]\nrequirements = ["wants.in"]\noutput = "locks"\n'
    )
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    args = cli.parse([])
    assert args.requirements == [Path("../wants.in")]
    assert args.output == Path("../locks")
    assert cli.parse(["-o", "here"]).output.name == "here"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('pyhton = "3.11"', "unknown setting of [tool.tfmac-lock]"),
        ("python = 3.11", '[tool.tfmac-lock] python: write a text, as in python = "3.11"'),
        ("with = [1]", "write a text or a list of texts"),
        ('offline = "yes"', "write true or false"),
        ("upgrade = true", "unknown setting"),
        ('python = "3.11', "cannot be read as TOML"),
    ],
)
def test_a_wrong_setting_is_told_with_its_place(
    run: Callable[..., Said], folder: Path, text: str, part: str
) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.tfmac-lock]\n{text}\n")
    said = run(*MAC)
    assert said.status == 2
    assert part in said.err
    assert "pyproject.toml" in said.err


def test_a_pipe_in_the_place_of_a_project_is_not_waited_for(
    run: Callable[..., Said], folder: Path
) -> None:
    os.mkfifo(folder / "pyproject.toml")
    assert run(*MAC, "--format", "json").status == 0
    assert (folder / "lock.json").is_file()


def test_a_project_without_the_table_is_left_alone(
    run: Callable[..., Said], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    assert run(*MAC, "--dry-run").status == 0
    monkeypatch.setenv("TFMAC_LOCK_FRESH", "maybe")
    said = run(*MAC)
    assert (said.status, "TFMAC_LOCK_FRESH is 'maybe'; write true or false" in said.err) == (
        2,
        True,
    )


# -- --check and --dry-run


def test_a_dry_run_writes_nothing(run: Callable[..., Said], folder: Path) -> None:
    said = run(*MAC, "--dry-run")
    assert said.status == 0
    assert "Would be written: lock.json, pylock.toml, requirements.txt" in said.out
    assert names(folder) == set()


@pytest.mark.parametrize("option", ["--check", "--locked"])
def test_check_tells_whether_the_files_are_those_of_the_lock(
    run: Callable[..., Said], folder: Path, option: str
) -> None:
    said = run(*MAC, option)
    assert (said.status, said.out) == (1, "not current: lock.json, pylock.toml, requirements.txt\n")
    run(*MAC)
    assert run(*MAC, option).out == "current: lock.json, pylock.toml, requirements.txt\n"
    (folder / "pylock.toml").write_text("")
    said = run(*MAC, option, "--json")
    assert said.status == 1
    assert json.loads(said.out)["files"] == ["pylock.toml"]
    assert (folder / "pylock.toml").read_text() == ""


def test_another_day_alone_makes_no_lock_stale(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    asked = [*PAIR, "--index-url", index.url, "--fresh", "--accept-repacked"]
    run(*asked)
    for path in folder.iterdir():
        text = path.read_text()
        for before in ('"as_of": "20', 'as-of = "20', "index as of 20"):
            text = text.replace(before, before.replace("20", "19"))
        path.write_text(text)
    assert run(*asked, "--check").status == 0


# -- the console


def test_quiet_says_nothing_but_the_result(run: Callable[..., Said]) -> None:
    loud = run(*MAC, "--tensorflow", "2.20", "--dry-run")
    quiet = run(*MAC, "--tensorflow", "2.20", "--dry-run", "-q")
    assert "note: no plugin release fits" in loud.err
    assert quiet.err == ""
    assert quiet.out == loud.out
    assert "unknown chip" in run("--python", "3.11", "--chip", "m9", "-q").err


def test_verbose_says_what_was_chosen_and_asked(run: Callable[..., Said], index: HtmlIndex) -> None:
    said = run(*MAC, "--dry-run", "-v")
    assert "answered by the published lock tensorflow-2.18.1-metal-1.2.0-py3.11-arm64" in said.err
    asked = [*PAIR, "--index-url", index.url, "--fresh", "--accept-repacked"]
    said = run(*asked, "--dry-run", "-v")
    assert "no published lock answers, so it is resolved now" in said.err
    assert f"asks {index.url}tensorflow/" in said.err
    assert run(*asked, "--dry-run", "-v", "-q").status == 2


def test_colours_are_as_one_says(run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in run(*MAC, "--dry-run").out
    assert "\x1b[" in run(*MAC, "--dry-run", "--color", "always").out
    assert "\x1b[" not in run(*MAC, "--dry-run", "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run(*MAC, "--dry-run").out


@pytest.mark.parametrize(
    "lead", [["-q"], ["--lang", "ja"], ["--lang=ja", "-v"], ["--color", "never", "--quiet"]]
)
def test_the_consoles_options_may_stand_before_the_command(lead: list[str]) -> None:
    args = cli.parse([*lead, "tree", "there"])
    assert args == cli.parse(["tree", *lead, "there"])
    assert args.lock == Path("there")


@pytest.mark.parametrize("name", [*cli.COMMANDS])
def test_every_command_says_its_exit_statuses_and_has_the_console(
    run: Callable[..., Said], name: str
) -> None:
    said = run(name, "--help")
    assert said.status == 0
    assert "exit statuses:\n  0    done" in said.out
    assert "--color {auto,always,never}" in said.out
    assert max(map(len, said.out.splitlines())) <= 80


# -- looking at a lock


def test_tree_shows_who_requires_whom(run: Callable[..., Said]) -> None:
    run(*MAC)
    said = run("tree", "--depth", "0")
    assert said.out.startswith("tensorflow 2.18.1\n├── absl-py ")
    assert "│" not in said.out
    told = json.loads(run("tree", "--json").out)["branches"]
    assert {one["name"] for one in told} >= {"tensorflow", "tensorflow-metal", "numpy"}
    assert run("tree", "--depth", "many").status == 2


def test_why_tells_who_asks_and_which_bounds_there_are(run: Callable[..., Said]) -> None:
    run("--python", "3.9", "--chip", "m1", "--tensorflow", "2.10")
    said = run("why", "Protobuf")
    assert said.status == 0
    assert "required by:" in said.out
    assert "tensorflow-macos 2.10.0" in said.out
    told = json.loads(run("why", "numpy", "--json").out)
    assert told["required_by"]
    assert {bound["specifier"] for bound in told["bounds"]}
    assert all(bound["source"] for bound in told["bounds"])
    assert "it was asked for, by --python 3.9" in run("why", "tensorflow-macos").out
    said = run("why", "pandas")
    assert (said.status, "pandas is not in lock.json" in said.err) == (1, True)


@pytest.mark.slow
def test_outdated_tells_what_an_update_would_bring(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    asked = [*PAIR, "--index-url", index.url, "--fresh", "--accept-repacked"]
    run(*asked, "--with", "daily<1.1")
    record = (folder / "lock.json").read_text()
    (folder / "lock.json").write_text(record.replace("'daily<1.1'", "daily"))
    before = (folder / "lock.json").read_bytes()
    told = json.loads(run("outdated", "--json").out)
    assert told["outdated"] == [
        {"name": "daily", "locked": "1.0", "update": "1.1", "newest": "1.1"},
        {"name": "numpy", "locked": "2.0.2", "update": "2.0.2", "newest": "2.1.3"},
    ]
    said = run("outdated")
    assert said.out.splitlines()[0].split() == ["package", "locked", "update", "newest"]
    assert (folder / "lock.json").read_bytes() == before


# -- the cache


def test_the_cache_is_shown_and_cleaned(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    cache = folder.parent / "cache"
    assert run("cache", "dir").out == f"{cache}\n"
    run(*PAIR, "--index-url", index.url, "--fresh", "--accept-repacked")
    (cache / "environments").mkdir()
    (cache / "environments" / "mine").write_text("kept")
    told = json.loads(run("cache", "--json").out)
    assert told["files"] > 0
    assert told["bytes"] > 0
    told = json.loads(run("cache", "clean", "--json").out)
    assert (told["files"], told["bytes"]) == (0, 0)
    assert (cache / "environments" / "mine").read_text() == "kept"


@pytest.mark.parametrize(
    ("text", "size"), [("500 MB", 5e8), ("2GB", 2e9), ("10k", 1e4), ("77", 77), ("1 b", 1)]
)
def test_a_limit_is_read_as_people_write_it(
    monkeypatch: pytest.MonkeyPatch, text: str, size: float
) -> None:
    monkeypatch.setenv("TFMAC_LOCK_CACHE_LIMIT", text)
    assert limit() == size


@pytest.mark.slow
def test_a_resolution_keeps_the_cache_to_its_limit_once_a_day(
    run: Callable[..., Said], folder: Path, index: HtmlIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = folder.parent / "cache"
    asked = [*PAIR, "--index-url", index.url, "--fresh", "--accept-repacked"]
    monkeypatch.setenv("TFMAC_LOCK_CACHE_LIMIT", "0")
    run(*asked)
    assert json.loads(run("cache", "--json").out)["bytes"] == 0
    run(*asked)
    assert json.loads(run("cache", "--json").out)["bytes"] > 0
    os.utime(cache / "trimmed", (0, 0))
    run(*asked)
    assert json.loads(run("cache", "--json").out)["bytes"] == 0


def test_over_its_limit_the_cache_loses_the_oldest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = folder / "cache" / "pages"
    cache.mkdir(parents=True)
    for number in range(10):
        (cache / str(number)).write_bytes(b"x" * 100)
        os.utime(cache / str(number), (number, number))
    monkeypatch.setenv("TFMAC_LOCK_CACHE_LIMIT", "500")
    trim_to_limit(folder / "cache")
    assert names(cache) == {"5", "6", "7", "8", "9"}
    monkeypatch.setenv("TFMAC_LOCK_CACHE_LIMIT", "much")
    with pytest.raises(UsageError, match="write it like 500 MB"):
        limit()


def test_two_macs_share_one_pylock(run: Callable[..., Said], folder: Path) -> None:
    macs = ["--python", "3.11", "--chip", "m1", "--chip", "intel-amd"]
    said = run(*macs, "--format", "pylock")
    assert said.status == 0, said.err
    assert names(folder) == {"pylock.toml"}
    text = (folder / "pylock.toml").read_text()
    assert "platform_machine == 'arm64'" in text
    assert "[tool.tfmac-lock.macos-x86_64]" in text
    assert run(*macs, "--format", "requirements").status == 2
