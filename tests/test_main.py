"""The entry point in a process of its own, as a shell starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LOCK = ("--python", "3.11", "--chip", "m1")


def shell(line: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `sh -c LINE` does, with `"$@"` for the program and its arguments."""
    return subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-m", "tfmac_lock", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_closed_standard_output_is_said_and_the_files_are_written(tmp_path: Path) -> None:
    done = shell('"$@" >&-', *LOCK, "-o", str(tmp_path))

    assert done.returncode == 3
    assert "standard output: it is closed" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((tmp_path / "lock.json").read_text("utf-8"))["packages"]
    assert (tmp_path / "requirements.txt").read_text("utf-8").startswith("#")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_whatever_is_closed_no_file_gets_what_was_meant_for_it(tmp_path: Path, closed: str) -> None:
    done = shell(f'"$@" {closed}', *LOCK, "-o", str(tmp_path))

    assert done.returncode == (3 if ">&-" in closed.replace("2>&-", "") else 0)
    assert "Traceback" not in done.stderr
    assert json.loads((tmp_path / "lock.json").read_text("utf-8"))["packages"]


@pytest.mark.parametrize("arguments", [["--json"], ["--format", "pylock", "-o", "-"], []])
def test_an_encoding_that_lacks_characters_gets_them_escaped(
    tmp_path: Path, arguments: list[str]
) -> None:
    where = [] if "-o" in arguments else ["-o", str(tmp_path / "größe")]

    done = shell('"$@"', *LOCK, *where, *arguments, PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stdout.isascii()) == (0, True)
    assert "Traceback" not in done.stderr
    if "--json" in arguments:
        plain = shell('"$@"', *LOCK, *where, *arguments, "--force", PYTHONIOENCODING="utf-8")
        assert json.loads(done.stdout) == json.loads(plain.stdout)


def test_every_character_comes_back_from_its_escape() -> None:
    text = "… é \N{SNOWMAN} \N{GRINNING FACE}"
    code = (
        "import sys, tfmac_lock.cli.terminal as t; t.escape_unknown(sys.stdout); "
        f"print('\"' + {text!a} + '\"')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        encoding="ascii",
        check=True,
    )

    assert json.loads(done.stdout) == text


@pytest.mark.parametrize(
    "module", ["tfmac_lock.errors", "tfmac_lock.cli", "argparse", "tfmac_lock.cli.lock"]
)
def test_a_ctrl_c_while_it_starts_is_told_in_one_line(module: str) -> None:
    code = f"""
import sys
class Interrupts:
    def find_spec(self, name, *_):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.modules.pop({module!r}, None)
sys.meta_path.insert(0, Interrupts())
from tfmac_lock.__main__ import main
sys.exit(main(["--version"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False
    )

    assert done.returncode == 130
    assert done.stderr == "tfmac-lock: interrupted; nothing was left half written\n"
