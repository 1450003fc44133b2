"""Answers that were given, by the content of the question: bounded in bytes and in age."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Answers:
    """A cache that also lets equal questions share one computation."""

    def __init__(
        self, most_bytes: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most_bytes
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._size = 0
        self._under_way: dict[str, asyncio.Future[bytes]] = {}

    @property
    def size(self) -> int:
        """Bytes of answers that are kept."""
        return self._size

    def get(self, key: str) -> bytes | None:
        """The answer to that question, if it is known and still fresh."""
        found = self._kept.get(key)
        if found is None:
            return None
        until, answer = found
        if until < self._clock():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return answer

    async def make(self, key: str, compute: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer, computed once however many ask at the same time."""
        shared = self._under_way.get(key)
        if shared is not None:
            return await asyncio.shield(shared)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._under_way[key] = future
        try:
            answer = await compute()
        except BaseException as error:
            shareable = error if isinstance(error, Exception) else RuntimeError("given up")
            future.set_exception(shareable)
            future.exception()  # marks it as seen, where nobody else was waiting
            raise
        else:
            self._keep(key, answer)
            future.set_result(answer)
            return answer
        finally:
            del self._under_way[key]

    def _keep(self, key: str, answer: bytes) -> None:
        if len(answer) > self._most:
            return
        self._kept[key] = (self._clock() + self._seconds, answer)
        self._size += len(answer)
        while self._size > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        self._size -= len(self._kept.pop(key)[1])
