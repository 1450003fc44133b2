"""The life of an HTTP server on loopback, which the tests' indexes and channels share."""

from __future__ import annotations

import http.server
import ssl
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self


class Loopback:
    """A server in a thread: a context manager. The handler finds it as its ``owner``."""

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        self._server = _Server(("127.0.0.1", 0), type("Handler", (handler,), {"owner": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(
            sys.exc_info()[1], (ConnectionError, ssl.SSLError)
        ):  # a client may leave early
            super().handle_error(request, client_address)  # type: ignore[arg-type]
