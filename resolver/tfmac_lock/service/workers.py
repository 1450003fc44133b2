"""The pool of worker processes, made anew when one of them dies."""

from __future__ import annotations

import asyncio
import multiprocessing
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from . import work
from .problems import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from .settings import Settings

JOBS_A_PROCESS = 500
"""After that many a worker is replaced, so that whatever leaks in it stays small."""


class Workers:
    """``count`` processes that run the functions of :mod:`.work`."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._settings = settings
        self._count = count
        self._pool = self._make()
        self.ready = False

    def _make(self) -> ProcessPoolExecutor:
        # Spawned: a fork would copy the event loop, its sockets and the threads' locks.
        return ProcessPoolExecutor(
            self._count,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=work.start,
            initargs=(self._settings,),
            max_tasks_per_child=JOBS_A_PROCESS,
        )

    async def warm_up(self) -> None:
        """Start the processes, so that the first request finds them ready."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(self._pool, work.ping) for _ in range(self._count))
        )
        self.ready = True

    async def run(
        self, do: Callable[[Any], dict[str, Any]], message: Any, seconds: float
    ) -> dict[str, Any]:
        """The function's result; raises Refused, also after ``seconds`` of waiting and working."""
        loop = asyncio.get_running_loop()
        pool = self._pool
        try:
            async with asyncio.timeout(seconds):
                return await loop.run_in_executor(pool, do, message)
        except TimeoutError:
            raise Refused(504, "out-of-time", f"it took more than {seconds:g} seconds") from None
        except BrokenExecutor:
            if pool is self._pool:
                self._pool = self._make()
                pool.shutdown(wait=False)
            raise Refused(503, "restarting", "a worker was lost; come again", 5) from None

    async def stop(self) -> None:
        """End the processes; what is waiting is given up, what runs is ended by its own clock.

        They are waited for: the server ends itself by the signal that it got, after which nobody
        would tell them to end.
        """
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
