from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tfmac_lock.service.messages import COMPUTED
from tfmac_lock.service.settings import Limits, Settings
from tfmac_lock.site.openapi import describe, dump

from ..support.service import serving
from .jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from ..support.service import Running

FILES = {
    "index.html": b"<!doctype html><title>grid</title>" + b"x" * 5000,
    "404.html": b"<!doctype html><title>not here</title>",
    "locks/a/index.html": b"<!doctype html><title>a</title>",
    "locks/a/requirements.txt": b"numpy==2.0.2 \\\n" * 200,
    "api/v1/combos.json": b'{"schema_version":1}',
    "api/v1/openapi.json": dump(describe(COMPUTED)).encode(),
    "static/site.css": b"body{}",
}
LIMITS = Limits(
    body_seconds=1,
    header_seconds=1,
    lock_seconds=60,
    read_seconds=60,
    waiting=4,
    per_client=3,
)


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    with serving(FILES, Settings(limits=LIMITS), JOBS) as service:
        yield service


@pytest.fixture
def client(running: Running) -> Iterator[httpx2.Client]:
    with running.client() as client:
        yield client
