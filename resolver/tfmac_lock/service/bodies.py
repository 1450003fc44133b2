"""Reading the body of a request: bounded in bytes and in time, and then in what it may say."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from .problems import Refused, first_fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from .app import Receive, Scope

M = TypeVar("M", bound=BaseModel)


class Held:
    """The bytes of bodies that are coming in, all together and by client.

    Slow bodies hold little, so their number alone is no reason to refuse others. Where all
    bodies together reach ``most`` bytes, clients that hold more than their share are refused.
    """

    def __init__(self, most: int, per_client: int) -> None:
        self._most = most
        self._per_client = per_client
        self._total = 0
        self._bytes: Counter[str] = Counter()
        self._bodies: Counter[str] = Counter()

    @contextmanager
    def admit(self, client: str) -> Iterator[Callable[[int], None]]:
        """Give what counts further bytes for the duration; both raise Refused."""
        if self._bodies[client] >= self._per_client:
            raise Refused(429, "too-many", "too many of your requests are under way", 2)
        held = 0

        def add(size: int) -> None:
            nonlocal held
            held += size
            self._total += size
            self._bytes[client] += size
            share = self._total / len(self._bodies)
            if self._total > self._most and self._bytes[client] >= share:
                raise Refused(503, "busy", "too many bodies are coming in; come again", 5)

        self._bodies[client] += 1
        try:
            yield add
        finally:
            self._total -= held
            self._bytes[client] -= held
            self._bodies[client] -= 1
            if not self._bodies[client]:
                del self._bodies[client], self._bytes[client]


class Body:
    """The body of one request. ``complete`` tells whether all of it was received."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self.media = self.length = b""
        self.complete = True
        for name, value in scope["headers"]:
            if name == b"content-type":
                self.media = value.partition(b";")[0].strip().lower()
            elif name == b"content-length":
                self.length = value
                self.complete = value == b"0"
            elif name == b"transfer-encoding":
                self.complete = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes; raises Refused where the client leaves before its end."""
        while not self.complete:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "incomplete-body", "the body ended early")
            self.complete = not message.get("more_body", False)
            yield message.get("body", b"")

    async def read(self, *, limit: int, seconds: float, add: Callable[[int], None]) -> bytes:
        """All of it; raises Refused where it is too large, too slow, or no JSON by its type.

        ``add`` is called with each piece, and may refuse it.
        """
        if self.media != b"application/json":
            raise Refused(415, "not-json", "send the body as application/json")
        if self.length.isdigit() and len(self.length) < 20 and int(self.length) > limit:
            raise _too_large(limit)
        content = bytearray()
        try:
            async with asyncio.timeout(seconds):
                async for piece in self.pieces():
                    add(len(piece))
                    content += piece
                    if len(content) > limit:
                        raise _too_large(limit)
        except TimeoutError:
            raise Refused(408, "too-slow", "the body came too slowly") from None
        return bytes(content)

    async def drain(self, seconds: float) -> None:
        """Take what still comes and drop it, for so long at most.

        A connection that is closed with unread bytes is reset, and the client may then lose the
        answer that it was sent.
        """
        with suppress(TimeoutError, Refused):
            async with asyncio.timeout(seconds):
                async for _ in self.pieces():
                    pass


def parse(content: bytes, model: type[M]) -> M:
    """The body as a message; raises Refused with the first fault."""
    try:
        # This parser bounds nesting, and refuses numbers and texts that are none.
        return model.model_validate_json(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise Refused(422, "bad-request", first_fault(faults)) from None  # type: ignore[arg-type]  # a TypedDict is a dict


def _too_large(limit: int) -> Refused:
    return Refused(413, "too-large", f"the body may have {limit} bytes")
