from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import pytest
import uvicorn

from tfmac_lock.service import logs
from tfmac_lock.service.app import Service
from tfmac_lock.service.server import protocol
from tfmac_lock.service.settings import Limits, Settings
from tfmac_lock.site.openapi import describe, dump

from .jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = {
    "index.html": b"<!doctype html><title>grid</title>" + b"x" * 5000,
    "404.html": b"<!doctype html><title>not here</title>",
    "locks/a/index.html": b"<!doctype html><title>a</title>",
    "locks/a/requirements.txt": b"numpy==2.0.2 \\\n" * 200,
    "api/v1/combos.json": b'{"schema_version":1}',
    "api/v1/openapi.json": dump(describe(live=True)).encode(),
    "static/site.css": b"body{}",
}
LIMITS = Limits(
    body_seconds=1,
    header_seconds=1,
    lock_seconds=5,
    read_seconds=5,
    waiting=4,
    per_client=3,
)


@dataclass(slots=True)
class Running:
    """A service on loopback, in a thread of the test's process."""

    service: Service
    address: str
    port: int

    def client(self) -> httpx2.Client:
        """A client of it."""
        return httpx2.Client(base_url=self.address, trust_env=False, timeout=30)


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    logs.set_up("info")
    service = Service(FILES, Settings(limits=LIMITS), "2026-11-20", JOBS)
    config = uvicorn.Config(
        service,
        port=0,
        http=protocol(LIMITS.header_seconds),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    started = threading.Event()
    announce = server.startup

    async def startup(sockets: object = None) -> None:
        await announce(sockets)  # type: ignore[arg-type]
        started.set()

    server.startup = startup  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(30)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Running(service=service, address=f"http://127.0.0.1:{port}", port=port)
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(running: Running) -> Iterator[httpx2.Client]:
    with running.client() as client:
        yield client
