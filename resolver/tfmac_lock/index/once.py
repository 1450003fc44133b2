"""Answers that are worked out once, in the background where they were asked for early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

T = TypeVar("T")


class Once(Generic[T]):
    """Answers by key. Usable from many threads, at worst working an answer out twice."""

    def __init__(self) -> None:
        self._done: dict[str, T] = {}
        self._started: dict[str, Future[T]] = {}

    def get(self, key: str, work: Callable[[], T]) -> T:
        """The answer: a known one, one under way, or a new one. Faults are not remembered."""
        if key not in self._done:
            started = self._started.pop(key, None)
            self._done[key] = work() if started is None else started.result()
        return self._done[key]

    def start(self, key: str, work: Callable[[], T], pool: Executor) -> None:
        """Begin on an answer, unless it is known or under way."""
        if key not in self._done and key not in self._started:
            self._started[key] = pool.submit(work)
