"""Stand-ins for the work, run in the real worker processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfmac_lock.errors import OutsideError, Refusal
from tfmac_lock.service import work

if TYPE_CHECKING:
    from tfmac_lock.service.messages import CheckRequest, LockRequest

LOCK: dict[str, Any] = {
    "schema_version": 1,
    "lock_id": "0123456789abcdef",
    "combo": {
        "id": "tensorflow-2.18.1-cpu-py3.11-arm64",
        "tensorflow": {"package": "tensorflow", "version": "2.18.1"},
        "metal": None,
        "numpy": "2.0.2",
        "h5py": None,
        "python": "3.11",
        "chip": "m1",
        "arch": "arm64",
        "os": "macos",
        "macos_min": "12.0",
    },
    "verdict": {"status": "works", "grade": "twin", "reasons": []},
    "as_of": "2026-11-20",
    "command": "--python 3.11 --chip m1",
    "packages": [],
    "files": [],
    "contents": [
        {"name": "requirements.txt", "text": "# nothing\n"},
        {"name": "pylock.toml", "text": 'lock-version = "1.0"\n'},
    ],
}
KEPT: list[bytes] = []


def lock(message: LockRequest) -> dict[str, Any]:
    """What a test asks for by the name of a package; else a lock, if the request makes sense."""

    def do() -> dict[str, Any]:
        work.request_of(message, work._matrix())
        wanted = message.packages[0] if message.packages else ""
        if wanted == "sleeps":
            while True:
                time.sleep(0.02)  # until the clock of the job ends it
        if wanted == "works-on":
            wait_for_go()
        if wanted == "deaf":
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            time.sleep(60)
        if wanted == "eats":
            return {"eaten": len(bytearray(4 << 30))}
        if wanted == "grows":
            KEPT.append(b"x" * (200 << 20))
        if wanted == "dies":
            os._exit(1)
        if wanted == "breaks":
            raise RuntimeError(f"a fault that nobody foresaw: {message.packages}")
        if wanted == "outside":
            raise OutsideError("https://user:secret@index.example/ does not answer")
        if wanted == "no":
            raise Refusal("numpy<1 and numpy>2 cannot both be had")
        if wanted == "long":
            return {**LOCK, "contents": [{"name": "requirements.txt", "text": "#\n" * 5000}]}
        return {**LOCK, "as_of": str(os.getpid())} if wanted == "pid" else LOCK

    seconds = work._settings.limits.lock_seconds
    return work._job(0.5 if message.packages == ["sleeps"] else seconds, do)


def check(message: CheckRequest) -> dict[str, Any]:
    """The real work, but for a text that takes long."""
    if message.text.startswith("works-on"):
        return work._job(work._settings.limits.read_seconds, wait_for_go)
    return work.check(message)


def wait_for_go() -> dict[str, Any]:
    """Work until the test lets it end, by a file that is named in the environment."""
    while not Path(os.environ["TFMAC_LOCK_TEST_GO"]).exists():
        time.sleep(0.02)
    return {}


JOBS = {"lock": lock, "explain": work.explain, "check": check}
"""Resolving is stood in for, since it asks an index."""
