"""Whose turn it is: places to work, shared out fairly between clients."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .problems import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HALF_LIFE = 60.0
"""Seconds after which half of the time that a client used is forgotten."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request in the queue; ``called`` is done when it may start, or is refused."""

    client: str
    called: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Turns:
    """``places`` requests run at a time and ``waiting`` more may wait, up to ``seconds`` each.

    The next place goes to the waiting client that has fewest requests running, then to the one
    that used least time lately. No client gets the last of several places while it has another,
    and one client has at most ``per_client`` requests here. When the queue is full, the client
    with the most waiting requests loses its newest one.
    """

    def __init__(
        self,
        *,
        places: int,
        waiting: int,
        per_client: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = places
        self._room = waiting
        self._per_client = per_client
        self._seconds = seconds
        self._clock = clock
        self._running: Counter[str] = Counter()
        self._queue: list[_Waiting] = []
        self._used: dict[str, tuple[float, float]] = {}

    @property
    def inside(self) -> int:
        """How many requests run or wait."""
        return self._running.total() + len(self._queue)

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for a place and hold it; raises Refused where there is none in time."""
        waiting = self._enter(client)
        try:
            async with asyncio.timeout(self._seconds):
                await waiting.called
        except BaseException as error:
            self._leave_queue(waiting)
            if isinstance(error, TimeoutError):
                raise _busy() from None
            raise
        started = self._clock()
        try:
            yield
        finally:
            self._running[client] -= 1
            self._running += Counter()  # drops those that are zero
            self._charge(client, self._clock() - started)
            self._call_next()

    def _enter(self, client: str) -> _Waiting:
        queued = Counter(one.client for one in self._queue)
        if self._running[client] + queued[client] >= self._per_client:
            raise Refused(429, "too-many", "too many of your requests are under way", 2)
        waiting = _Waiting(client)
        self._queue.append(waiting)
        self._call_next()
        if not waiting.called.done() and len(self._queue) > self._room:
            queued[client] += 1
            most, _ = max(queued.items(), key=lambda item: (item[1], item[0] == client))
            newest = next(one for one in reversed(self._queue) if one.client == most)
            self._queue.remove(newest)
            newest.called.set_exception(_busy())
        return waiting

    def _leave_queue(self, waiting: _Waiting) -> None:
        if waiting in self._queue:
            self._queue.remove(waiting)
        elif not waiting.called.cancelled() and waiting.called.exception() is None:
            self._running[waiting.client] -= 1  # called and given up in the same moment
            self._call_next()

    def _call_next(self) -> None:
        most = max(1, self._places - 1)
        while self._running.total() < self._places:
            ready = [
                one
                for one in self._queue
                if self._running[one.client] < most and not one.called.done()
            ]
            if not ready:
                return
            # min() takes the first of equals, which has waited longest.
            chosen = min(ready, key=self._share)
            self._queue.remove(chosen)
            self._running[chosen.client] += 1
            chosen.called.set_result(None)

    def _share(self, one: _Waiting) -> tuple[int, float]:
        return self._running[one.client], self._spent(one.client)

    def _spent(self, client: str) -> float:
        seconds, at = self._used.get(client, (0.0, 0.0))
        return float(seconds * 0.5 ** ((self._clock() - at) / HALF_LIFE))

    def _charge(self, client: str, seconds: float) -> None:
        self._used[client] = (self._spent(client) + seconds, self._clock())
        if len(self._used) > 1000:
            self._used = {one: row for one, row in self._used.items() if self._spent(one) > 0.1}


def _busy() -> Refused:
    return Refused(503, "busy", "too many requests are waiting; come again", 5)


def client_key(address: str) -> str:
    """What counts as one client: an address, or for IPv6 the /64 that one household gets."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Daily:
    """How often each client may do something on one day."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._day = ""
        self._done: Counter[str] = Counter()

    def count(self, client: str) -> None:
        """Count one more; raises Refused where the client has had its share of today."""
        today = time.strftime("%Y-%m-%d", time.gmtime())
        if today != self._day:
            self._day, self._done = today, Counter()
        if self._done[client] >= self._most:
            raise Refused(429, "too-many", "you have handed in enough reports for today", 3600)
        self._done[client] += 1
