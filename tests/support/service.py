"""The service on loopback, in a thread of the test's process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import uvicorn

from tfmac_lock.service import logs
from tfmac_lock.service.app import JOBS, Service
from tfmac_lock.service.server import config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfmac_lock.service.app import Job
    from tfmac_lock.service.settings import Settings


@dataclass(slots=True)
class Running:
    """A service and where it is reached."""

    service: Service
    address: str
    port: int

    def client(self) -> httpx2.Client:
        """A client of it."""
        return httpx2.Client(base_url=self.address, trust_env=False, timeout=120)


@contextmanager
def serving(
    files: Mapping[str, bytes], settings: Settings, jobs: Mapping[str, Job] = JOBS
) -> Iterator[Running]:
    """A running service over these files; it is stopped as a signal would stop it."""
    logs.set_up("info")
    service = Service(files, settings, "2026-11-20", jobs)
    server = uvicorn.Server(config(service, host="127.0.0.1", port=0))
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
    try:
        yield Running(service=service, address=f"http://127.0.0.1:{port}", port=port)
    finally:
        server.should_exit = True
        thread.join()
