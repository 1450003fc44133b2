"""Answers that are worked out once, in the background where they were asked for early."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

T = TypeVar("T")


class Once(Generic[T]):
    """Answers by key. Usable from many threads; whoever comes second waits for the first."""

    def __init__(self) -> None:
        self._done: dict[str, T] = {}
        self._faults: dict[str, Exception] = {}
        self._turns: dict[str, threading.Lock] = {}

    def get(self, key: str, work: Callable[[], T]) -> T:
        """The answer; a fault met in the background is raised here, once."""
        if key not in self._done:
            with self._turns.setdefault(key, threading.Lock()):
                fault = self._faults.pop(key, None)
                if fault is not None:
                    raise fault
                if key not in self._done:
                    self._done[key] = work()
        return self._done[key]

    def start(self, key: str, work: Callable[[], T], pool: Executor) -> None:
        """Begin on an answer, unless somebody did."""
        if key not in self._turns:
            self._turns[key] = threading.Lock()
            pool.submit(self._work_out, key, work)

    def _work_out(self, key: str, work: Callable[[], T]) -> None:
        with self._turns[key]:
            if key not in self._done:
                try:
                    self._done[key] = work()
                except Exception as fault:  # kept for whoever asks
                    self._faults[key] = fault
