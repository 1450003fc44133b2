"""The service as an ASGI application: published files first, then what has to be computed."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import time
from concurrent.futures import BrokenExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from fastapi import FastAPI, Request, Response

from ..errors import MissingExtra
from . import bodies, logs, work
from .answers import Answers
from .files import ALWAYS, WORTH_COMPRESSING, Site, accepts_gzip
from .gate import Gate, client_key
from .messages import OPERATIONS
from .metrics import Metrics
from .problems import Refused, body
from .workers import Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .messages import Message
    from .settings import Settings

Job: TypeAlias = "Callable[[Any], dict[str, Any]]"

JOBS: dict[str, Job] = {
    "lock": work.lock,
    "explain": work.explain,
    "check": work.check,
}
"""Each operation's work."""

PREFLIGHT = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"if-none-match"),
    (b"access-control-max-age", b"86400"),
    (b"allow", b"GET, HEAD, POST, OPTIONS"),
    *ALWAYS,
]
"""Other sites may read what is published; computing is for their servers, not their visitors."""


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
        # Reading a log is quick and must not wait behind resolutions, so it has a gate and a
        # process of its own.
        self.lockers = Workers(settings, limits.workers)
        self.readers = Workers(settings, 1)
        self.lock_gate = Gate(limits.workers + limits.waiting, limits.per_client)
        self.read_gate = Gate(1 + limits.waiting, limits.per_client)
        self.body_gate = Gate(limits.bodies, limits.bodies // 4)
        self.as_of = as_of
        self.stopping = False
        self._computed = self._make()

    # -- one request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; published files take the shortest way."""
        if scope["type"] != "http":
            await self._computed(scope, receive, send)
            return
        started = time.perf_counter()
        method, path = scope["method"], scope["path"]
        if method == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
            self._note(scope, "options", 204, started)
            return
        if method in ("GET", "HEAD") and path not in self._own:
            status, headers, content = self.site.answer(path, scope["headers"])
            route = "file" if status < 400 else "missing"
            await send({"type": "http.response.start", "status": status, "headers": headers})
            # Before the last bytes: whoever has its answer finds it counted.
            self._note(scope, route, status, started)
            await send({"type": "http.response.body", "body": b"" if method == "HEAD" else content})
            return
        await self._compute(scope, receive, send, started)

    async def _compute(self, scope: Scope, receive: Receive, send: Send, started: float) -> None:
        status = 500

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._computed(scope, receive, watched)
        self._note(scope, self._own.get(scope["path"], "other"), status, started)

    def _note(self, scope: Scope, route: str, status: int, started: float) -> None:
        seconds = time.perf_counter() - started
        self.metrics.note(route, status, seconds)
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "OPTIONS") else "?"
        logs.event(
            "answered", method=method, route=route, status=status, ms=round(seconds * 1000, 2)
        )

    # -- what is not a file

    def _make(self) -> ASGIApp:
        base = self.settings.base

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            warming = asyncio.create_task(self._warm_up())
            try:
                yield
            finally:
                self.stopping = True
                warming.cancel()
                with suppress(asyncio.CancelledError):
                    await warming
                await asyncio.gather(self.lockers.stop(), self.readers.stop())
                logs.event("stopped")

        app = FastAPI(
            lifespan=lifespan,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        self._own = {
            f"{base}healthz": "health",
            f"{base}readyz": "ready",
            f"{base}metrics": "metrics",
        }
        app.add_api_route(f"{base}healthz", self._health, methods=["GET", "HEAD"])
        app.add_api_route(f"{base}readyz", self._ready, methods=["GET", "HEAD"])
        app.add_api_route(f"{base}metrics", self._metrics, methods=["GET"])
        for name in OPERATIONS:
            path = f"{base}api/v1/{name}"
            app.add_api_route(path, self._operation(name), methods=["POST"])
            self._own[path] = name
        app.add_exception_handler(Exception, self._fault)
        app.add_exception_handler(Refused, self._refused)
        app.add_exception_handler(404, self._not_here)
        app.add_exception_handler(405, self._not_so)
        return app

    async def _warm_up(self) -> None:
        try:
            await asyncio.gather(self.lockers.warm_up(), self.readers.warm_up())
        except BrokenExecutor as error:
            logs.fault(error)  # it stays not ready, and says so to whoever asks

    async def _health(self) -> Response:
        return Response("alive\n", media_type="text/plain")

    async def _ready(self) -> Response:
        ready = self.lockers.ready and self.readers.ready and not self.stopping
        return Response(
            "ready\n" if ready else "not ready\n", 200 if ready else 503, media_type="text/plain"
        )

    async def _metrics(self) -> Response:
        gauges: dict[str, float] = {
            "under_way": self.lock_gate.inside + self.read_gate.inside,
            "cached_bytes": self.answers.size,
            "files": len(self.site),
        }
        return Response(self.metrics.text(gauges), media_type="text/plain; version=0.0.4")

    def _operation(self, name: str) -> Callable[[Request], Any]:
        model = OPERATIONS[name][0]
        limits = self.settings.limits
        locking = name == "lock"
        workers, gate = (
            (self.lockers, self.lock_gate) if locking else (self.readers, self.read_gate)
        )
        seconds = limits.lock_seconds if locking else limits.read_seconds

        async def operate(request: Request) -> Response:
            client = client_key(request.client.host if request.client else "")
            with self.body_gate.admit(client):
                content = await bodies.read(
                    request, limit=limits.body[name], seconds=limits.body_seconds
                )
                message = bodies.parse(content, model)
            key = self._key(name, message)
            known = self.answers.get(key)
            if known is not None:
                self.metrics.cached[name] += 1
                return _answer(request, known)
            with gate.admit(client):

                async def compute() -> bytes:
                    return _dump(await workers.run(self.jobs[name], message, seconds))

                return _answer(request, await self.answers.make(key, compute))

        return operate

    def _key(self, name: str, message: Message) -> str:
        # The day is part of the question: a new one may bring new releases.
        day = time.strftime("%Y-%m-%d", time.gmtime())
        told = f"{name}\n{self.as_of}\n{day}\n{message.model_dump_json()}"
        return hashlib.sha256(told.encode()).hexdigest()

    # -- what goes wrong

    async def _refused(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        self.metrics.refused[error.code] += 1
        return _problem(error)

    async def _fault(self, _: Request, error: Exception) -> Response:
        logs.fault(error)
        return _problem(Refused(500, "internal", "something went wrong here; it has been noted"))

    async def _not_here(self, _: Request, __: Exception) -> Response:
        return _problem(Refused(404, "not-here", "there is nothing at this address"))

    async def _not_so(self, _: Request, error: Exception) -> Response:
        allowed = dict(getattr(error, "headers", None) or {})
        return _problem(Refused(405, "not-so", "this method means nothing here"), allowed)


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _answer(request: Request, content: bytes) -> Response:
    headers = {"cache-control": "no-store", "vary": "accept-encoding", **_always()}
    accepted = request.headers.get("accept-encoding", "")
    if len(content) >= WORTH_COMPRESSING and accepts_gzip(accepted.encode("latin-1")):
        content = gzip.compress(content, 4, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(content, 200, headers, "application/json")


def _problem(problem: Refused, more: dict[str, str] | None = None) -> Response:
    headers = {**_always(), **(more or {}), "cache-control": "no-store"}
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    return Response(body(problem), problem.status, headers, "application/json")


def _always() -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in ALWAYS}


def make(settings: Settings) -> Service:
    """The service over the shipped facts and locks; raises DataError or MissingExtra."""
    try:
        from ..site.build import render_site
        from ..site.inputs import load
    except ImportError as error:
        raise MissingExtra("the service", "serve") from error
    inputs = load()
    files = render_site(inputs, base=settings.base, live=True)
    return Service(files, settings, inputs.as_of)
