from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.support import HtmlIndex
from tfmac_lock.pypi.cache import Cache
from tfmac_lock.pypi.client import IndexClient
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.pypi.model import Observer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Listener(Observer):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.requests: list[str] = []
        self.retries: list[tuple[str, float]] = []
        self.received_bytes = 0

    def note(self, text: str) -> None:
        self.notes.append(text)

    def requested(self, url: str) -> None:
        self.requests.append(url)

    def received(self, url: str, size: int) -> None:
        self.received_bytes += size

    def retrying(self, url: str, reason: str, seconds: float) -> None:
        self.retries.append((reason, seconds))


class MakeClient(Protocol):
    def __call__(
        self, *urls: str, config: IndexConfig | None = None, **how: Any
    ) -> IndexClient: ...


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the servers serve: fill it with ``build_wheel``."""
    path = tmp_path / "served"
    path.mkdir()
    return path


@pytest.fixture
def mirror(folder: Path) -> Iterator[HtmlIndex]:
    with HtmlIndex(folder) as index:
        yield index


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def make_client(cache: Cache, listener: Listener) -> Iterator[MakeClient]:
    """Clients of the given indexes that do not wait before they try again."""
    made: list[IndexClient] = []

    def make(*urls: str, config: IndexConfig | None = None, **how: Any) -> IndexClient:
        config = config or IndexConfig(indexes=urls, retries=2)
        how.setdefault("cache", cache)
        how.setdefault("observer", listener)
        how.setdefault("wait", lambda seconds: None)
        made.append(IndexClient(config, **how))
        return made[-1]

    yield make
    for client in made:
        client.close()
