"""What is made of the parsers: completion, the man page, the table of options."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import Said, run
from tfmac_lock.cli import COMMANDS, reference
from tfmac_lock.cli.completion import script
from tfmac_lock.cli.words import commands

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

ROOT = Path(__file__).parents[2]


def names_of(name: str) -> set[str]:
    (found,) = [one for one in commands() if one.name == name]
    return {flag for word in found.words for flag in word.flags}


def test_every_command_and_part_is_there_with_its_options() -> None:
    found = [one.name for one in commands()]
    assert found[0] == ""
    assert set(COMMANDS) <= set(found)
    assert "matrix pair" in found
    assert {"--python", "--chip", "-r", "--quiet", "--color"} <= names_of("")
    assert {"--arch", "--json", "-v"} <= names_of("matrix pair")
    assert all(one.help for one in commands()[1:])


def fish(given: str, tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "tfmac-lock.fish"
    path.write_text(script("fish"))
    done = subprocess.run(
        ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', str(path), given],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stderr == ""
    rows = [line.partition("\t") for line in done.stdout.splitlines()]
    return {word: text for word, _, text in rows}


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
def test_fish_offers_commands_options_and_choices(tmp_path: Path) -> None:
    assert set(fish("tfmac-lock ", tmp_path)) >= set(COMMANDS)
    assert fish("tfmac-lock up", tmp_path) == {"update": COMMANDS["update"]}
    assert set(fish("tfmac-lock --os ", tmp_path)) == {"macos", "linux"}
    assert "--python" in fish("tfmac-lock --py", tmp_path)
    options = fish("tfmac-lock update --", tmp_path)
    assert {"--dry-run", "--check"} <= set(options)
    assert "--python" not in options
    assert "pair" in fish("tfmac-lock matrix ", tmp_path)
    assert "--arch" in fish("tfmac-lock matrix pair --", tmp_path)
    (tmp_path / "lock.json").touch()
    assert "lock.json" in fish("tfmac-lock tree ", tmp_path)


def test_powershell_has_every_command_with_its_options() -> None:
    """No PowerShell is there to run it, so that its texts are well formed is all that is seen."""
    text = script("powershell")
    keys = re.findall(r"^        '([a-z -]*)' = @\($", text, re.MULTILINE)
    assert keys == [one.name for one in commands()]
    rows = re.findall(r"^            @\('(?:[^']|'')+', '(?:[^']|'')+'\),?$", text, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^            @\(", text, re.MULTILINE))
    assert "@('--dry-run', 'say what would change, write nothing')" in text


@pytest.mark.parametrize("shell", ["fish", "powershell"])
def test_a_script_is_printed(run: Callable[..., Said], folder: Path, shell: str) -> None:
    said = run("--print-completion", shell)
    assert (said.status, said.out) == (0, script(shell))


def test_the_man_page_is_current() -> None:
    made = (ROOT / "docs" / "tfmac-lock.1").read_text("utf-8")
    assert made == reference.man_page(), "tfmac-lock publish reference"


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="there is no mandoc here")
def test_the_man_page_is_one(tmp_path: Path) -> None:
    path = tmp_path / "tfmac-lock.1"
    path.write_text(reference.man_page())
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "error", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    shown = subprocess.run(
        ["mandoc", "-T", "ascii", str(path)], capture_output=True, text=True, check=True
    ).stdout
    text = re.sub(r".\x08", "", shown)
    assert "tfmac-lock --python 3.9 --chip m1" in text
    assert "1    the answer is no" in text


def test_the_table_stands_between_its_marks() -> None:
    before = f"# Reference\n\n{reference.BEGIN}\nold\n{reference.END}\n\nafter\n"
    made = reference.placed(before)
    assert made is not None
    assert made.startswith("# Reference\n")
    assert made.endswith(f"{reference.END}\n\nafter\n")
    assert "| `--macos VERSION` |" in made
    assert "### `tfmac-lock matrix pair`" in made
    assert "\nold\n" not in made
    assert reference.placed(made) == made
    assert reference.placed("# Reference\n") is None


def test_publish_reference_tells_what_is_stale(run: Callable[..., Said]) -> None:
    said = run("publish", "reference", "--check")
    assert (said.status, said.out) == (0, "stale: nothing\n")
