"""Threads for work that nobody has to wait for.

The standard library's pool joins its threads when the interpreter ends. One of them may sit in
a ``recv`` or ``connect`` that no other thread can end, for as long as the time limit of a
request; whoever pressed Ctrl-C would wait for that. These threads are daemons, which die with
the program.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Workers:
    """At most so many threads, started as they are needed; usable from many threads.

    What is submitted must not raise.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stopped = False
        self._lock = threading.Lock()

    def submit(self, work: Callable[[], object]) -> None:
        """Have it done when a thread is free; once they were stopped, never."""
        with self._lock:
            if self._stopped:
                return
            self._waiting.put(work)
            if len(self._threads) < self._most:
                thread = threading.Thread(target=self._go_on, name="worker", daemon=True)
                self._threads.append(thread)
                thread.start()

    def stop(self, patience: float) -> bool:
        """Drop what waits, and say whether all threads ended within so many seconds."""
        with self._lock:
            self._stopped = True
        try:
            while True:
                self._waiting.get_nowait()
        except queue.Empty:
            pass
        for _ in self._threads:
            self._waiting.put(None)
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _go_on(self) -> None:
        while (work := self._waiting.get()) is not None:
            work()
