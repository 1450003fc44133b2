"""What is published comes out the same from one commit, wherever and whenever it is made.

Two builds of the package are compared in ``test_release``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".github" / "scripts" / "make-twice"


@pytest.mark.slow
def test_site_data_and_locks_are_the_same_bytes_in_other_surroundings() -> None:
    """Another hash seed, time zone, locale, folder, umask and order of files."""
    done = subprocess.run(
        [SCRIPT],
        cwd=ROOT,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "both times the same bytes" in done.stdout


def test_a_release_is_not_made_before_that_was_tried() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    steps = workflow.split("\n  publish:\n")[0]
    assert ".github/scripts/build-twice" in steps
    assert ".github/scripts/make-twice" in steps
