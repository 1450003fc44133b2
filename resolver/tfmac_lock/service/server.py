"""Running the service under uvicorn, with the limits that uvicorn lacks."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import logs
from .proxies import BehindProxies
from .proxies import trusted as trusted_by
from .turns import client_key

if TYPE_CHECKING:
    import asyncio

    from .app import Service
    from .proxies import Trusted
    from .settings import Limits

NEVER = math.inf
SWEEP = 0.5
"""Seconds between two looks for connections whose time is over: cheaper than a timer for each."""
PIECE = 8192
"""Bytes that are parsed at a time, and by which the limit of headers may be passed over."""
PIPELINED = 8
"""Requests that may be sent ahead on a connection."""
GOODBYE = 10.0
"""Seconds in which a client must take the rest of the last answer on a connection."""
TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


def protocol(limits: Limits, trusts: Trusted) -> type[asyncio.Protocol]:
    """Make uvicorn's protocol one whose connections are bounded in number, bytes and time.

    Of the addresses of trusted proxies there may be as many connections as of all others together.
    """
    clients: dict[str, dict[Guarded, None]] = defaultdict(dict)
    whole = limits.body_seconds + limits.wait_seconds + 2 * limits.lock_seconds

    def sweep(loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        over = [one for own in clients.values() for one in own if one.until < now]
        for one in over:
            one.transport.abort()
        if clients:
            loop.call_later(SWEEP, sweep, loop)

    class Guarded(HttpToolsProtocol):
        """A connection that is watched."""

        until = NEVER
        """When the connection is ended, by the loop's clock."""
        _around = 0

        # -- how many

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            address = self.client[0] if self.client else ""
            self._key = client_key(address)
            if not clients:
                self.loop.call_later(SWEEP, sweep, self.loop)
            own = clients[self._key]
            if len(own) >= limits.connections_per_client and not trusts(address):
                _drop_one(own)
            elif len(self.connections) > limits.connections:
                _drop_one(max(clients.values(), key=len))
            own[self] = None
            self._watch(limits.header_seconds)

        def connection_lost(self, exc: Exception | None) -> None:
            own = clients[self._key]
            own.pop(self, None)
            if not own:
                del clients[self._key]
            super().connection_lost(exc)

        # -- how many bytes

        def data_received(self, data: bytes) -> None:
            if self.until == NEVER:  # uvicorn's own limit ends with the first byte
                self._watch(limits.header_seconds)
            if len(data) <= PIECE:
                self._feed(data)
                return
            for start in range(0, len(data), PIECE):
                if self.transport.is_closing():
                    return
                self._feed(data[start : start + PIECE])

        def _feed(self, piece: bytes) -> None:
            self._around += len(piece)
            super().data_received(piece)
            if self._around > limits.header_bytes:
                self._refuse()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._around = 0
            if self.idle == 2:
                self._watch(limits.header_seconds)

        def on_body(self, body: bytes) -> None:
            # The sizes of small chunks may take as much as the chunks.
            self._around = max(-PIECE, self._around - 2 * len(body))
            super().on_body(body)

        def _refuse(self) -> None:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(TOO_LONG)
                self.transport.close()
                self._watch(GOODBYE)
            else:
                self.transport.abort()

        # -- how long

        def on_headers_complete(self) -> None:
            self._watch(whole)
            super().on_headers_complete()
            if len(self.pipeline) > PIPELINED:
                self.transport.abort()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.transport.is_closing():
                self._watch(GOODBYE)
            else:  # the next of those that were sent ahead, or uvicorn's keep-alive
                self._watch(NEVER if self.idle == 2 else whole)

        def timeout_keep_alive_handler(self) -> None:
            super().timeout_keep_alive_handler()
            self._watch(GOODBYE)

        def _watch(self, seconds: float) -> None:
            """End the connection after so many seconds, which stand in for those set before."""
            self.until = self.loop.time() + seconds

        @property
        def idle(self) -> int:
            """How little is lost with it: 2 without a request, 1 while its body comes in."""
            if self.cycle is None or self.cycle.response_complete:
                return 2
            return int(self.cycle.more_body)

    def _drop_one(connections: dict[Guarded, None]) -> None:
        """End the one with which least is lost, the oldest of equals."""
        if connections:
            one = max(connections, key=lambda connection: connection.idle)
            del connections[one]
            one.transport.abort()

    return Guarded


def config(service: Service, *, host: str, port: int, proxies: str = "") -> uvicorn.Config:
    """How uvicorn is to run the service.

    ``proxies`` are the addresses whose X-Forwarded-For is believed; raises UsageError.
    """
    trusts = trusted_by(proxies)
    limits = service.settings.limits
    return uvicorn.Config(
        BehindProxies(service, trusts) if proxies else service,
        host=host,
        port=port,
        http=protocol(limits, trusts),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # its own middleware believes the first address where all are trusted
        backlog=2048,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(limits.lock_seconds) + 5,
    )


def run(service: Service, *, host: str, port: int, proxies: str) -> None:
    """Serve until a signal says to stop; what is under way is finished first."""
    logs.event("serving", files=len(service.site), as_of=service.as_of)
    uvicorn.Server(config(service, host=host, port=port, proxies=proxies)).run()
