"""A worker process: jobs come through a pipe, memory is bounded, and it ends with the server."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import TfmacLockError
from ..files import escaped
from . import logs, work
from .problems import Refused, refused

if TYPE_CHECKING:
    from ctypes import c_double
    from multiprocessing.connection import Connection

    from .settings import Settings


def serve(pipe: Connection, settings: Settings, away: c_double) -> None:
    """Do the jobs that come through the pipe, until it is closed or this process grew too much.

    Each answer is JSON or Refused, and whether another job can come.
    """
    start(settings, away)
    pipe.send(None)
    usable = True
    while usable:
        try:
            do, message = pipe.recv()
        except (EOFError, OSError):
            return
        answer: bytes | Refused
        try:
            answer = _dump(do(message))
        except Refused as refusal:
            answer = refusal
            usable = refusal.code != "out-of-memory"
        except Exception as error:
            logs.fault(error)
            answer = refused(TfmacLockError())
        usable = usable and _memory() < settings.limits.grown
        pipe.send((answer, usable))


def start(settings: Settings, away: c_double) -> None:
    """Make ready a new worker process."""
    logs.set_up("warning")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # The parent decides when to stop; a Ctrl-C at the terminal reaches the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Of all data, those of threads included: mapped files do not count. macOS has no such limit.
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (settings.limits.memory, hard))
    work.use(settings, away)
    # What is only read comes first when the processor is short.
    os.nice(10)


def _end_with_parent() -> None:
    """End this process when the server is gone without having said so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _memory() -> int:
    """Bytes of this process's memory: now, or where the system does not say, at its greatest."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak << 10
    return pages * resource.getpagesize()


def _dump(document: dict[str, Any]) -> bytes:
    return escaped(json.dumps(document, ensure_ascii=False, separators=(",", ":"))).encode()
