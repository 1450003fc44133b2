"""Running the service under uvicorn, with the one limit that uvicorn lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import logs

if TYPE_CHECKING:
    import asyncio

    from .app import Service


def protocol(seconds: float) -> type[asyncio.Protocol]:
    """Make uvicorn's protocol one that also drops clients whose headers take longer.

    Without it a few thousand clients that send one byte a minute hold all connections.
    """

    class Timed(HttpToolsProtocol):
        """Watches the time from the first byte of a request to the end of its headers."""

        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._watch()

        def on_headers_complete(self) -> None:
            self._unwatch()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._unwatch()
            super().connection_lost(exc)

        def _watch(self) -> None:
            self._unwatch()
            self._deadline = self.loop.call_later(seconds, self.transport.close)

        def _unwatch(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return Timed


def run(service: Service, *, host: str, port: int, proxies: str) -> None:
    """Serve until a signal says to stop; what is under way is finished first.

    ``proxies`` are the addresses whose X-Forwarded-For is believed.
    """
    limits = service.settings.limits
    config = uvicorn.Config(
        service,
        host=host,
        port=port,
        http=protocol(limits.header_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        limit_concurrency=limits.connections,
        backlog=2048,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(limits.lock_seconds) + 5,
    )
    logs.event("serving", files=len(service.site), as_of=service.as_of)
    uvicorn.Server(config).run()
