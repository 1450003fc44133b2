"""Every command of the program that a page shows is one that the program takes."""

from __future__ import annotations

import html
import re
import shlex

import pytest

from tfmac_lock.cli import parse

CODE = re.compile(r"<pre[^>]*><code(?: [^>]*)?>([^<]+)</code>")
STARTS = re.compile(r"^(?:uvx --from \S+ |\.venv/bin/)?tfmac-lock(?: |$)")


def commands(site: dict[str, bytes]) -> set[str]:
    """All lines of code in all pages that begin with the program's name."""
    return {
        line.strip()
        for path, content in site.items()
        if path.endswith(".html") and not path.startswith("docs/")  # tests/test_docs.py has those
        for code in CODE.findall(content.decode())
        for row in html.unescape(code).splitlines()
        for line in row.split("&&")
        if STARTS.match(line.strip())
    }


@pytest.mark.slow
def test_every_command_that_a_page_shows_is_taken(site: dict[str, bytes]) -> None:
    found = commands(site)
    refused = []
    for line in found:
        words = shlex.split(STARTS.sub("", line), comments=True)
        try:
            parse(words)
        except (SystemExit, Exception) as error:  # argparse ends the program
            refused.append((line, str(error)))

    assert len(found) > 100
    assert refused == []
