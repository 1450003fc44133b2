"""How bytes come over the network: one GET after another, tried again where that may help.

The library is ``httpx2`` (2.16 of 2026), the maintained continuation of ``httpx``, whose last
release, 0.28.1, is of December 2024. It is imported when the first request goes out, since
loading it takes 70 ms and working from the cache never needs it.

A request has a connection to itself, of HTTP/1.1: when one answer stalls or breaks off, no other
request suffers, and no state is shared between threads. HTTP/2 is not spoken. httpcore2 (2.16.2)
uses one such connection from many threads without a lock, ends all of its requests with the first
that goes wrong, and never resets the stream of an answer that nobody reads, which fills the window
of all others. Sixteen connections were measured to be as fast.

Nothing is unlimited: each answer has a largest size and a longest time, from the connection to
its last byte, redirects a number, and the wait that a server may ask for an upper end.

Where a request goes is read off the client's own URL object, and it goes nowhere that
``urls.read``, by which credentials and trust are decided, reads differently.
"""

from __future__ import annotations

import math
import random
import re
import ssl
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from .. import __version__
from .errors import BadIndexAnswer, IndexUnreachable
from .urls import BadAddress, read, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx2

    from .config import IndexConfig
    from .model import Observer

T = TypeVar("T")

CONNECTIONS = 16  # at once to one server, besides that of the thread that waits for answers

_TRY_AGAIN = {408, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_REDIRECTS = 10
_LONGEST_WAIT = 30.0  # seconds that a server may make a user wait by Retry-After
_CHUNK = 1 << 16
_KEPT = 30.0  # seconds that a connection without a request is kept
_FIRST_PATIENCE = 15.0
"""Seconds of silence after which the first try is given up, each further one after twice as many.

A longer time limit of the user's is the last one's: an answer that got lost is asked for again
soon, and a server that is slow in earnest gets its time.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest and longest answers that are taken, in bytes and seconds.

    The largest page of the public index has 4 MB, the largest project JSON 12 MB, the largest
    wheel for a Mac 0.3 GB.
    """

    page_bytes: int = 32 << 20
    wheel_bytes: int = 4 << 30
    page_seconds: float = 120.0
    wheel_seconds: float = 1800.0


class Reply:
    """An answer whose head is here and whose body can be read once."""

    def __init__(
        self,
        response: httpx2.Response,
        url: str,
        stopped: threading.Event,
        allow: Callable[[float], None],
    ) -> None:
        self.allow = allow
        """Gives the whole answer so many seconds from now on, if it had fewer left."""
        self.status = response.status_code
        self.url = url
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._stopped = stopped
        self.size = 0
        """Bytes of the body read so far."""

    def read(self, limit: int) -> bytes:
        """The whole body, decompressed; ``BadIndexAnswer`` over ``limit`` bytes."""
        return b"".join(self._chunks(self._response.iter_bytes(_CHUNK), limit))

    def raw(self, limit: int) -> Iterator[bytes]:
        """The body as it was sent, piece by piece; ``BadIndexAnswer`` over ``limit`` bytes."""
        return self._chunks(self._response.iter_raw(_CHUNK), limit)

    def _chunks(self, chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
        promised = self.headers.get("content-length", "")
        if promised.isdecimal() and int(promised) > limit:
            raise BadIndexAnswer(self.url, f"it promises {promised} bytes, over {limit}")
        for chunk in chunks:
            self.size += len(chunk)
            if self.size > limit:
                raise BadIndexAnswer(self.url, f"it goes on after {limit} bytes")
            if self._stopped.is_set():
                raise IndexUnreachable(self.url, "it is no longer needed")
            yield chunk


class Transport:
    """Sends requests. To be closed; usable from many threads."""

    def __init__(
        self,
        config: IndexConfig,
        observer: Observer,
        *,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._config = config
        self._observer = observer
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._clients: dict[bool, httpx2.Client] = {}
        self._lock = threading.Lock()
        self._now = threading.local()
        """Of the request that the thread has under way: its ``deadline``, and its ``patience``,
        the seconds of silence after which this try is given up."""

    def stop(self) -> None:
        """Give up what is under way: at the next piece of an answer, or the next try."""
        self._closing.set()

    def close(self) -> None:
        """Drop all connections."""
        self.stop()
        with self._lock:
            for client in self._clients.values():
                client.close()

    def fetch(
        self,
        url: str,
        take: Callable[[Reply], T],
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        seconds: float,
    ) -> T:
        """What ``take`` makes of the answer to a request, all tries in at most ``seconds``.

        ``take`` sees every status but redirects, refusals of credentials and those that a
        later try may cure; it is called again when the body breaks off. Raises
        ``IndexUnreachable`` when no try brings an answer.
        """
        tries = self._config.retries + 1
        self._now.deadline = time.monotonic() + seconds
        for attempt in range(tries):
            self._now.patience = self._config.timeout
            if attempt + 1 < tries:
                self._now.patience = min(self._config.timeout, _FIRST_PATIENCE * 2**attempt)
            try:
                return self._once(method, url, headers or {}, take)
            except _TryAgainError as fault:
                if time.monotonic() > self._now.deadline:
                    raise IndexUnreachable(url, "the answer takes too long") from None
                pause = _pause(attempt) if fault.pause is None else fault.pause
                if self._closing.is_set():
                    raise IndexUnreachable(url, "it is no longer needed") from None
                if pause > min(_LONGEST_WAIT, self._now.deadline - time.monotonic()):
                    raise IndexUnreachable(
                        url, str(fault), f"It asks to wait {pause:.0f} seconds."
                    ) from None
                reason = str(fault) if tries == 1 else f"{fault}, {attempt + 1} times"
                if attempt + 1 == tries:
                    raise IndexUnreachable(url, reason) from None
                self._observer.retrying(redact(url), str(fault), pause)
                self._wait(pause)
                if self._closing.is_set():
                    raise IndexUnreachable(url, "it is no longer needed") from None
        raise AssertionError("the last try returns or raises")

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], take: Callable[[Reply], T]
    ) -> T:
        import httpx2

        for _ in range(_MAX_REDIRECTS + 1):
            self._observer.requested(redact(url))
            try:
                response = self._send(method, url, headers)
                try:
                    if response.status_code in _REDIRECTS and "location" in response.headers:
                        url = self._follow(response)
                        continue
                    _refuse(response, url)
                    reply = Reply(response, url, self._closing, self._allow)
                    result = take(reply)
                finally:
                    response.close()
            except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, BadAddress) as fault:
                raise BadIndexAnswer(url, f"not an address that can be fetched ({fault})") from None
            except (httpx2.TransportError, httpx2.DecodingError) as fault:
                raise _transport_fault(url, fault) from fault
            self._observer.received(redact(url), reply.size)
            return result
        raise BadIndexAnswer(url, f"it redirects more than {_MAX_REDIRECTS} times")

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> httpx2.Response:
        import httpx2

        there, address = httpx2.URL(url), read(url)
        if (there.scheme, there.raw_host.decode(), there.port) != address.origin:
            raise BadAddress("it is not clear which host it names")
        if not self._config.is_secure(url):
            raise BadAddress(
                "it is plain http, which anybody on the way can change, and PIP_TRUSTED_HOST "
                "does not name its host"
            )
        # Looked up for each address anew, so that a redirect never carries them elsewhere.
        credentials = self._config.credentials_for(url)
        client = self._client(trusted=self._config.is_trusted(url))
        request = client.build_request(
            method,
            there,
            headers=headers,
            extensions={"trace": self._trace},
            timeout=max(0.0, min(self._now.patience, self._now.deadline - time.monotonic())),
        )
        return client.send(request, stream=True, auth=credentials, follow_redirects=False)

    def _follow(self, response: httpx2.Response) -> str:
        import httpx2

        here = str(response.request.url)
        try:
            location = response.headers["location"]
            if "\\" in location:
                raise BadAddress("some programs take a backslash for a slash")
            url = str(response.request.url.join(location))
            scheme = read(url).scheme
        except (httpx2.InvalidURL, BadAddress) as fault:
            raise BadIndexAnswer(here, f"it redirects to no clear address ({fault})") from None
        if scheme not in {"http", "https"}:
            raise BadIndexAnswer(here, f"it redirects to {redact(url)}")
        if not self._config.is_secure(url):
            raise BadIndexAnswer(here, f"it redirects to plain http, {redact(url)}")
        return url

    def _allow(self, seconds: float) -> None:
        self._now.deadline = max(self._now.deadline, time.monotonic() + seconds)

    def _trace(self, event: str, about: Mapping[str, Any]) -> None:
        """Have every wait on a new connection end with the deadline of whoever reads.

        The client's own limit is for each piece of an answer, and a server that sends its head
        byte by byte never reaches that. It tells of its connections by this callback (the
        extension "trace"), and passes the seconds to wait to ``read`` of each.
        """
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            stream = about["return_value"]
            stream.read = partial(self._read, stream.read)

    def _read(
        self, receive: Callable[[int, float], bytes], size: int, timeout: float = math.inf
    ) -> bytes:
        import httpcore2

        left: float = self._now.deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the answer takes too long")
        return receive(size, min(timeout, left))

    def _client(self, *, trusted: bool) -> httpx2.Client:
        with self._lock:
            client = self._clients.get(trusted)
            if client is None:
                client = self._clients[trusted] = _open_client(self._config, trusted=trusted)
            return client


class _TryAgainError(Exception):
    """A fault that may pass; ``pause`` is how long the server asks to be left alone."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def _refuse(response: httpx2.Response, url: str) -> None:
    status = response.status_code
    said = f"the server answers {status} {response.reason_phrase}".rstrip()
    if status in {401, 403}:
        raise IndexUnreachable(
            url,
            said,
            "Give it credentials: in a netrc file, or in the index address as "
            "https://user:password@host/…",
        )
    if status == 407:
        raise IndexUnreachable(
            url, said, "The proxy wants credentials: http://user:password@proxy:port"
        )
    if status in _TRY_AGAIN:
        raise _TryAgainError(said, _retry_after(response.headers.get("retry-after")))


def _transport_fault(url: str, fault: Exception) -> Exception:
    text = " ".join(str(fault).split()).rstrip(".")
    reason = re.sub(r"^\[Errno -?\d+\] ", "", text) or type(fault).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return IndexUnreachable(
            url,
            f"its certificate is not trusted ({reason})",
            "If your network puts its own certificate in between, name its CA bundle in "
            "PIP_CERT or SSL_CERT_FILE.",
        )
    return _TryAgainError(reason)


def _pause(attempt: int) -> float:
    """Seconds before the next try: at random, up to a bound that doubles.

    At random so that many clients that failed together do not come back together.
    """
    return random.uniform(0.1, 0.25 * 2**attempt)  # noqa: S311  # no secret


def _retry_after(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        if value.strip().isdecimal():
            return float(value[:20])
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _open_client(config: IndexConfig, *, trusted: bool) -> httpx2.Client:
    import httpx2

    tls = _tls(config, trusted=trusted)
    try:
        return httpx2.Client(
            verify=tls,
            proxy=config.proxy,
            limits=httpx2.Limits(
                max_connections=None,  # who asks waits for its answer, so threads limit them
                max_keepalive_connections=4 * CONNECTIONS,
                keepalive_expiry=_KEPT,
            ),
            headers={"User-Agent": f"tfmac-lock/{__version__}"},
        )
    except (ValueError, ImportError, httpx2.InvalidURL):
        # Their texts show the address, and with it its credentials.
        raise IndexUnreachable(
            config.indexes[0],
            "the proxy that is set is not an http:// or https:// address",
            "Check PIP_PROXY, HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.",
        ) from None


def _tls(config: IndexConfig, *, trusted: bool) -> ssl.SSLContext:
    try:
        if trusted:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif config.cert is None:
            import httpx2

            context = httpx2.create_ssl_context()  # the system's store, by truststore
        elif config.cert.is_dir():
            context = ssl.create_default_context(capath=str(config.cert))
        else:
            context = ssl.create_default_context(cafile=str(config.cert))
        if config.client_cert is not None:
            context.load_cert_chain(str(config.client_cert))
    except OSError as fault:  # ssl.SSLError is one
        where = config.cert or config.client_cert or "the system's certificates"
        raise IndexUnreachable(
            config.indexes[0],
            f"{where} cannot be used as certificates ({fault})",
            "Check PIP_CERT.",
        ) from None
    return context
