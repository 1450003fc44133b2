"""The page of threats names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "threats.md").read_text("utf-8")
HEAD = re.compile(r"^\| .*held by \|$", re.MULTILINE)


def rows() -> list[list[str]]:
    """The cells of every row of the tables that say by what tests something is held."""
    found = []
    for table in HEAD.split(PAGE)[1:]:
        lines = table.split("\n\n")[0].strip().splitlines()[1:]
        found += [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return found


def test_every_claim_names_its_tests() -> None:
    assert len(rows()) > 20
    for row in rows():
        named = re.findall(r"`([^`]+)`", row[-1])
        assert named, row
        for name in named:
            path = TESTS.parent / name if name == ".ci/run" else TESTS / name
            assert path.exists(), f"{row[0]}: {name}"
            if path.is_dir():
                assert list(path.glob("test_*.py")), name
