"""Programs that are run: none outlives the run, and the run ends when it is called off."""

from __future__ import annotations

import subprocess
import sys

INTERRUPTED = """
import os, signal, sys
from tfmac_lock.prove.processes import Processes

def gone(*_):
    raise SystemExit(7)

signal.signal(signal.SIGTERM, gone)
child = f"import os, signal, sys; os.kill({os.getpid()}, signal.SIGTERM); sys.stdin.read()"
Processes().run([sys.executable, "-c", child], timeout=3600)
"""


def test_an_interrupted_run_does_not_wait_for_the_time_limit_of_its_program() -> None:
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], timeout=120)
    assert ended.returncode == 7
