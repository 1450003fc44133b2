"""The worker processes: each does one job after another and is replaced when it has to be."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

from . import process
from .problems import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from ctypes import c_double

    from .settings import Settings
    from .work import Job

GRACE = 2.0
"""Seconds that a worker has to end a job by its own clock before it is ended from outside."""
START_SECONDS = 120.0
LOOK_SECONDS = 0.25
"""How often it is looked whether a process has ended, or was stopped."""


class Workers:
    """``count`` processes that run the jobs of :mod:`.work`, for as many callers at a time."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._settings = settings
        self._count = count
        # Waiting for a process blocks a thread, one each.
        self._threads = ThreadPoolExecutor(count)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._stopping = threading.Event()
        self._away: c_double = multiprocessing.get_context("spawn").Value("d", 0.0, lock=False)
        self.ready = False

    async def warm_up(self) -> None:
        """Start the processes, so that the first request finds them ready."""
        await asyncio.gather(*(self._in_thread(self._start) for _ in range(self._count)))
        self.ready = True
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def index_away(self) -> bool:
        """Whether the processes do without the index, since it could not be asked."""
        return bool(time.monotonic() < self._away.value)

    async def run(self, do: Job, message: Any, seconds: float) -> bytes:
        """The function's result as JSON; raises Refused, also after ``seconds``."""
        answer: bytes = await self._in_thread(self._ask, do, message, seconds)
        return answer

    async def stop(self) -> None:
        """End the processes."""
        self._stopping.set()
        for worker in (*self._idle, *self._busy):
            worker.end()
        # Threads that wait for a process see that it has ended.
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    async def _in_thread(self, do: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, do, *given)

    def _start(self) -> None:
        worker = _Worker(self._settings, self._away)
        self._busy.add(worker)  # so that stop() finds it
        try:
            worker.wait_until_ready()
        finally:
            self._busy.discard(worker)
        self._idle.append(worker)

    def _replace(self, worker: _Worker) -> None:
        worker.end()
        # Before the next job, which this thread or another one takes from the same list.
        with suppress(RuntimeError):  # when stopping
            self._threads.submit(self._start)

    def _watch(self) -> None:
        """Replace idle workers that are lost, and end busy ones, so that their caller hears it."""
        while not self._stopping.wait(LOOK_SECONDS):
            for worker in list(self._idle):
                if worker.is_lost():
                    with suppress(ValueError):  # a caller took it, and will see the same
                        self._idle.remove(worker)
                        self._replace(worker)
            for worker in list(self._busy):
                if worker.is_lost():
                    worker.kill()

    def _ask(self, do: Job, message: Any, seconds: float) -> bytes:
        worker = self._take()
        self._busy.add(worker)
        try:
            return worker.ask(do, message, seconds)
        finally:
            self._busy.discard(worker)
            if worker.usable:
                self._idle.append(worker)
            else:
                self._replace(worker)

    def _take(self) -> _Worker:
        """An idle worker that lives, a new one where there is none."""
        while True:
            if not self._idle:
                self._start()
            worker = self._idle.pop()
            if not worker.is_lost():
                return worker
            self._replace(worker)


class _Worker:
    """One process and the pipe to it. Spawned: a fork would copy the loop and its sockets."""

    def __init__(self, settings: Settings, away: c_double) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=process.serve, args=(theirs, settings, away), daemon=True
        )
        self._process.start()
        theirs.close()
        self.usable = True

    def wait_until_ready(self) -> None:
        """Block until it says that it can work; raises Refused where it ends instead."""
        self._receive(START_SECONDS)

    def ask(self, do: Job, message: Any, seconds: float) -> bytes:
        """The answer; raises Refused. Afterwards ``usable`` tells whether it can go on."""
        try:
            self._pipe.send((do, message))
        except OSError:
            raise self._lost() from None
        answer, self.usable = self._receive(seconds + GRACE)
        if isinstance(answer, Refused):
            raise answer
        return answer  # type: ignore[no-any-return]  # what a pipe gives is Any

    def _receive(self, seconds: float) -> Any:
        try:
            if self._pipe.poll(seconds):
                return self._pipe.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        self.usable = False
        raise Refused(504, "out-of-time", f"it took more than {seconds - GRACE:g} seconds")

    def _lost(self) -> Refused:
        self.usable = False
        return Refused(503, "restarting", "a worker was lost; come again", 5)

    def is_lost(self) -> bool:
        """Whether the process has ended, or was stopped and hears nothing any more."""
        return bool(connection.wait([self._process.sentinel], 0)) or _is_stopped(self._process.pid)

    def kill(self) -> None:
        """Have the process end, which whoever waits for it notices."""
        self._process.kill()

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()


def _is_stopped(pid: int | None) -> bool:
    """Whether a signal stopped that child, where the system can tell without waiting for it."""
    if pid is None or not hasattr(os, "waitid"):
        return False
    try:
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False
