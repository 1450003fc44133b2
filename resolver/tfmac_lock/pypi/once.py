"""Answers that are worked out once, in the background where they were asked for early."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from .workers import Workers

T = TypeVar("T")


class Once(Generic[T]):
    """Answers by key. Usable from many threads; whoever comes second waits for the first.

    A fault is an answer, too: it is raised to everyone who asks, and never before.
    """

    def __init__(self) -> None:
        self._done: dict[str, T] = {}
        self._faults: dict[str, Exception] = {}
        self._turns: dict[str, threading.Lock] = {}

    def get(self, key: str, work: Callable[[], T]) -> T:
        """The answer: known, under way, or worked out now."""
        if key not in self._done:
            self._work_out(key, work)
        if key in self._faults:
            raise self._faults[key]
        return self._done[key]

    def start(self, key: str, work: Callable[[], T], pool: Workers) -> None:
        """Begin on an answer, unless somebody did."""
        if key not in self._turns:
            self._turns[key] = threading.Lock()
            pool.submit(partial(self._work_out, key, work))

    def _work_out(self, key: str, work: Callable[[], T]) -> None:
        with self._turns.setdefault(key, threading.Lock()):
            if key not in self._done and key not in self._faults:
                try:
                    self._done[key] = work()
                except Exception as fault:  # kept for whoever asks
                    self._faults[key] = fault
