from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from tfmac_lock.cli.serve import run
from tfmac_lock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """The command at work, with its address."""
    command = [sys.executable, "-m", "tfmac_lock", "serve", "--port", "0", "--offline", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = None
        while not found:
            line = process.stderr.readline()
            assert line, "it ended before it served"
            found = re.search(r"running on (http://[\d.]+:(\d+))", json.loads(line)["event"])
        try:
            yield process, found[1], int(found[2])
        finally:
            process.kill()


@pytest.mark.slow
def test_it_serves_what_is_published_and_stops_when_told(tmp_path: Path) -> None:
    options = ["--base", "tf", "--cache", str(tmp_path / "cache")]
    with served(*options) as (process, address, _):
        assert process.stderr is not None
        grid = httpx2.get(f"{address}/tf/")
        lock = {"python": "3.11", "chip": "m1", "tensorflow": "2.18.0", "metal": "1.1.0"}
        refused = httpx2.post(f"{address}/tf/api/v1/lock", json=lock, timeout=60)
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read().splitlines()
        process.wait()

    assert "Which TensorFlow runs on your Mac?" in grid.text
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no-lock")
    assert process.returncode in (0, -signal.SIGTERM)
    assert any(json.loads(line)["event"] == "stopped" for line in rest)
    written = [name for _, _, names in os.walk(tmp_path) for name in names]
    assert written == []


@pytest.mark.slow
def test_a_request_that_is_under_way_is_answered_before_it_stops(tmp_path: Path) -> None:
    body = json.dumps({"text": "mutex lock failed: Invalid argument"}).encode()
    head = b"POST /api/v1/explain HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    with served("--cache", str(tmp_path / "cache")) as (process, address, port):
        assert process.stderr is not None
        while httpx2.get(f"{address}/readyz").status_code != 200:
            pass
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(head + body[:5])
            process.send_signal(signal.SIGTERM)
            while "Shutting down" not in (line := process.stderr.readline()):
                assert line, "it ended without finishing"
            while True:  # until nobody new is taken
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=60).close()
                except ConnectionRefusedError:
                    break
            connection.sendall(body[5:])
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        process.wait()

    assert answer.startswith(b"HTTP/1.1 200")
    assert process.returncode in (0, -signal.SIGTERM)


@pytest.mark.parametrize("option", [["--workers", "0"], ["--waiting", "-1"], ["--port", "99999"]])
def test_numbers_that_make_no_sense_are_refused(option: list[str]) -> None:
    from tfmac_lock.cli import parse

    with pytest.raises(UsageError, match="write a number"):
        run(parse(["serve", *option]))
