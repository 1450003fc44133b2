"""Running other programs so that none of them outlives this one."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GRACE = 10.0
"""Seconds that a program gets to clean up after itself before it is killed."""


class Stopped(Exception):
    """The work was called off; not an error, and never shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A program that ran to its end; ``output`` is what it printed, both streams."""

    status: int
    output: str


class Processes:
    """Every program that is under way, each in a process group of its own.

    Threads share one of these. After ``stop`` nothing more is started and what runs is ended:
    first by SIGTERM, so that it can clean up, then by SIGKILL. Each program's standard input is
    a pipe that closes when this process dies in whatever way, which the proof watches.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout: float,
        folder: Path | None = None,
    ) -> Ended:
        """Run it to its end, in that folder.

        Raises ToolFailed if it cannot start or takes over ``timeout`` s.
        """
        with self._lock:
            if self._stopped:
                raise Stopped
            try:
                process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    env=dict(env) if env is not None else None,
                    cwd=folder,
                    start_new_session=True,
                )
            except OSError as error:
                raise ToolFailed(command[0], error.strerror or str(error)) from error
            self._running.add(process)
        watchdog = threading.Timer(timeout, _end, [process])
        try:
            # Not communicate(): that closes the standard input, which is the line of life.
            watchdog.start()
            assert process.stdout is not None
            output = process.stdout.read()
            status = process.wait()
            late = not watchdog.is_alive()
        finally:
            # A timer that still runs would keep this process from ending, Ctrl-C or not.
            watchdog.cancel()
            with self._lock:
                self._running.discard(process)
                stopped = self._stopped
            _end(process)
        if stopped:
            raise Stopped
        if late:
            raise ToolFailed(command[0], f"no end after {timeout:.0f} s")
        return Ended(status=status, output=output)

    @property
    def stopped(self) -> bool:
        """Whether all was called off."""
        return self._stopped

    def stop(self) -> None:
        """End everything; returns when nothing is left of it."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGTERM)
        for process in running:
            _end(process)


def _signal(process: subprocess.Popen[str], number: int) -> None:
    # The group may have gone, or (on macOS) be a zombie that nobody may signal.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _end(process: subprocess.Popen[str]) -> None:
    """Leave nothing of the process's group alive, and close its streams."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    _signal(process, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
