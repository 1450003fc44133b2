"""The service as an ASGI application: published files first, then what has to be computed.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import MissingExtra
from ..languages import TRANSLATED
from . import bodies, logs, work
from .answers import Answers
from .elsewhere import Elsewhere
from .files import ALWAYS, WORTH_COMPRESSING, Headers, Site, accepts_gzip, media_of
from .messages import computed
from .metrics import Metrics
from .problems import Refused, body
from .turns import Daily, Turns, client_key
from .workers import Workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from pydantic import BaseModel

    from .settings import Settings

    Scope: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Job: TypeAlias = "Callable[[Any], dict[str, Any]]"
Answer: TypeAlias = tuple[int, Headers, bytes]
"""Status, headers and body."""

JOBS: dict[str, Job] = {
    "lock": work.lock,
    "explain": work.explain,
    "check": work.check,
    "report": work.report,
}
"""Each operation's work."""

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
LINGER = 1.0
"""Seconds for a body that nobody wants, so that its sender can read why."""


class Service:
    """The application. ``files`` are the published ones, all of which are held in memory.

    ``jobs`` are what the worker processes run for each operation.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        settings: Settings,
        as_of: str,
        jobs: Mapping[str, Job] = JOBS,
    ) -> None:
        self.settings = settings
        self.jobs = jobs
        self.site = Site(files, base=settings.base, modified=time.time())
        self.metrics = Metrics()
        limits = settings.limits
        self.answers = Answers(limits.cached_bytes, limits.cached_seconds)
        self.held = bodies.Held(limits.bodies_bytes, limits.bodies_per_client)
        # Reading a log is quick and must not wait behind resolutions, so it has a queue and
        # processes of its own.
        self.lockers = Workers(settings, limits.workers)
        self.readers = Workers(settings, limits.readers)
        self.lock_turns = self._turns(limits.workers)
        self.read_turns = self._turns(limits.readers)
        self.as_of = as_of
        self.stopping = False
        base = settings.base
        self._own: dict[str, tuple[str, Callable[[], Answer]]] = {
            f"{base}healthz": ("health", self._health),
            f"{base}readyz": ("ready", self._ready),
            f"{base}metrics": ("metrics", self._metrics),
        }
        self._takes = computed(reports=settings.reports is not None).operations
        self._daily = Daily(settings.limits.reports_per_client)
        self._operations = {f"{base}api/v1/{name}": (name, "") for name in self._takes} | {
            f"{base}api/v1/{name}/{file}": (name, file)
            for name, operation in self._takes.items()
            for file in operation.files
        }
        self._elsewhere = Elsewhere(settings.origins)

    def _turns(self, places: int) -> Turns:
        limits = self.settings.limits
        return Turns(
            places=places,
            waiting=limits.waiting,
            per_client=limits.per_client,
            seconds=limits.wait_seconds,
        )

    # -- one request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and stop with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        started = time.perf_counter()
        incoming = bodies.Body(scope, receive)
        route, (status, headers, content) = await self._answer(scope, incoming)
        unread = not incoming.complete
        if unread:
            headers = [*headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        # Before the last bytes: whoever has its answer finds it counted.
        self._note(scope, route, status, started)
        shown = b"" if scope["method"] == "HEAD" else content
        await send({"type": "http.response.body", "body": shown, "more_body": unread})
        if unread:
            await incoming.drain(LINGER)
            await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Scope, incoming: bodies.Body) -> tuple[str, Answer]:
        """The name of the route, and what it answers."""
        method, path = scope["method"], scope["path"]
        if method == "OPTIONS":
            computes = path in self._operations
            headers = self._elsewhere.preflight(scope["headers"], computes=computes)
            return "options", (204, [*headers, *ALWAYS], b"")
        if path in self._own:
            name, tell = self._own[path]
            return name, tell() if method in ("GET", "HEAD") else _wrong_method("GET, HEAD")
        if path in self._operations:
            name, file = self._operations[path]
            if method != "POST":
                return name, _wrong_method("POST")
            status, headers, content = await self._operate(name, file, scope, incoming)
            return name, (status, [*headers, *self._elsewhere.headers(scope["headers"])], content)
        if method in ("GET", "HEAD"):
            answer = self.site.answer(path, scope["headers"])
            return ("file" if answer[0] < 400 else "missing"), answer
        return "other", _problem(Refused(404, "not-found", "there is nothing at this address"))

    def _note(self, scope: Scope, route: str, status: int, started: float) -> None:
        seconds = time.perf_counter() - started
        self.metrics.note(route, status, seconds)
        method = scope["method"] if scope["method"] in METHODS else "?"
        logs.event(
            "answered", method=method, route=route, status=status, ms=round(seconds * 1000, 2)
        )

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        warming = asyncio.create_task(self._warm_up())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.stopping = True
        await asyncio.gather(self.lockers.stop(), self.readers.stop())
        warming.cancel()
        with suppress(asyncio.CancelledError):
            await warming
        logs.event("stopped")
        await send({"type": "lifespan.shutdown.complete"})

    # -- what is not a file

    async def _warm_up(self) -> None:
        try:
            await asyncio.gather(self.lockers.warm_up(), self.readers.warm_up())
        except Refused as error:
            if not self.stopping:
                logs.fault(error)  # it stays not ready, and says so to whoever asks

    def _health(self) -> Answer:
        return _answer(200, TEXT, b"alive\n")

    def _ready(self) -> Answer:
        ready = self.lockers.ready and self.readers.ready and not self.stopping
        return _answer(200, TEXT, b"ready\n") if ready else _answer(503, TEXT, b"not ready\n")

    def _metrics(self) -> Answer:
        gauges: dict[str, float] = {
            "under_way": self.lock_turns.inside + self.read_turns.inside,
            "cached_bytes": self.answers.size,
            "files": len(self.site),
            "index_away": self.lockers.index_away,
        }
        return _answer(200, b"text/plain; version=0.0.4", self.metrics.text(gauges).encode())

    async def _operate(self, name: str, file: str, scope: Scope, incoming: bodies.Body) -> Answer:
        """What the operation answers, or that file of it; problems are answers, too."""
        try:
            content = await self._compute(name, scope, incoming)
        except Refused as error:
            self.metrics.refused[error.code] += 1
            return _problem(error)
        except Exception as error:
            logs.fault(error)
            return _problem(
                Refused(500, "internal", "something went wrong here; it has been noted")
            )
        media = JSON
        if file:
            content, media = _file_of(content, file), media_of(file)
        vary = (b"vary", b"accept-encoding")
        accepted = dict(scope["headers"]).get(b"accept-encoding", b"")
        if len(content) < WORTH_COMPRESSING or not accepts_gzip(accepted):
            return _answer(200, media, content, vary)
        packed = gzip.compress(content, 4, mtime=0)
        return _answer(200, media, packed, vary, (b"content-encoding", b"gzip"))

    async def _compute(self, name: str, scope: Scope, incoming: bodies.Body) -> bytes:
        client = client_key(scope["client"][0] if scope["client"] else "")
        limits = self.settings.limits
        with self.held.admit(client) as add:
            content = await incoming.read(
                limit=limits.body[name], seconds=limits.body_seconds, add=add
            )
            message = bodies.parse(content, self._takes[name].takes)
        key = self._key(name, message)
        known = self.answers.get(key)
        if known is not None:
            self.metrics.cached[name] += 1
            return known
        workers, turns, seconds = self.readers, self.read_turns, limits.read_seconds
        if name == "lock":
            workers, turns, seconds = self.lockers, self.lock_turns, limits.lock_seconds

        async def compute() -> bytes:
            if name == "report":
                self._daily.count(client)
            async with turns.turn(client):
                return await workers.run(self.jobs[name], message, seconds)

        return await self.answers.make(key, compute)

    def _key(self, name: str, message: BaseModel) -> str:
        # The day is part of the question: a new one may bring new releases.
        day = time.strftime("%Y-%m-%d", time.gmtime())
        key = f"{name}\n{self.as_of}\n{day}\n{message.model_dump_json()}"
        return hashlib.sha256(key.encode()).hexdigest()


def _file_of(answer: bytes, file: str) -> bytes:
    """The text of that file in the answer."""
    texts = {one["name"]: one["text"] for one in json.loads(answer)["contents"]}
    return str(texts[file]).encode()


def _answer(status: int, media: bytes, content: bytes, *more: tuple[bytes, bytes]) -> Answer:
    headers = [
        (b"content-type", media),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        *more,
        *ALWAYS,
    ]
    return status, headers, content


def _problem(problem: Refused, *more: tuple[bytes, bytes]) -> Answer:
    if problem.retry_after is not None:
        more = (*more, (b"retry-after", str(problem.retry_after).encode()))
    return _answer(problem.status, JSON, body(problem), *more)


def _wrong_method(allowed: str) -> Answer:
    problem = Refused(405, "method-not-allowed", f"this address takes {allowed}")
    return _problem(problem, (b"allow", allowed.encode()))


def make(settings: Settings) -> Service:
    """The service over the shipped facts and locks; raises DataError or MissingExtra."""
    try:
        from ..site.build import render_site
        from ..site.inputs import load
    except ImportError as error:
        raise MissingExtra("the service", "serve") from error
    inputs = load()
    files = render_site(
        inputs,
        base=settings.address or settings.base,
        repository=settings.repository,
        computed=computed(reports=settings.reports is not None),
        translated=TRANSLATED,
    )
    return Service(files, settings, inputs.as_of)
