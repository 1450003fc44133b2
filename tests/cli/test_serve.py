from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest

from tfmac_lock.cli.serve import run
from tfmac_lock.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_it_serves_what_is_published_and_stops_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tfmac_lock", "serve", "--port", "0", "--offline"]
    command += ["--base", "tf", "--cache", str(tmp_path / "cache")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = ""
        while not address:
            line = process.stderr.readline()
            assert line, "it ended before it served"
            found = re.search(r"running on (http://[\d.:]+)", json.loads(line)["event"])
            address = found[1] if found else ""
        grid = httpx2.get(f"{address}/tf/")
        lock = {"python": "3.11", "chip": "m1", "tensorflow": "2.18.0", "metal": "1.1.0"}
        refused = httpx2.post(f"{address}/tf/api/v1/lock", json=lock, timeout=60)
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read().splitlines()

    assert "Which TensorFlow runs on your Mac?" in grid.text
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no-lock")
    assert process.returncode in (0, -signal.SIGTERM)
    assert any(json.loads(line)["event"] == "stopped" for line in rest)
    written = [name for _, _, names in os.walk(tmp_path) for name in names]
    assert written == []


@pytest.mark.parametrize("option", [["--workers", "0"], ["--waiting", "-1"], ["--port", "99999"]])
def test_numbers_that_make_no_sense_are_refused(option: list[str]) -> None:
    from tfmac_lock.cli import parse

    with pytest.raises(UsageError, match="write a number"):
        run(parse(["serve", *option]))
