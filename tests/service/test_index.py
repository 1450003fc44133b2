"""A dead index is remembered for a while, by all workers; one that answers never counts as dead."""

from __future__ import annotations

import os
import socket
from ctypes import c_double
from typing import TYPE_CHECKING

import pytest

from tests.support.servers import Faults, HtmlIndex
from tfmac_lock.errors import OutsideError
from tfmac_lock.service import work
from tfmac_lock.service.index import AWAY_SECONDS, PROBE, Index
from tfmac_lock.service.messages import LockRequest
from tfmac_lock.service.problems import Refused
from tfmac_lock.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASKED = LockRequest(python="3.11", chip="m1", packages=["no-such-package"])


@pytest.fixture(autouse=True)
def settings_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HtmlIndex]:
    """An index that has nothing."""
    (tmp_path / "projects").mkdir()
    with HtmlIndex(tmp_path / "projects", Faults()) as server:
        yield server


class Clocked:
    """The work with an index of that address, and a clock that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cache: Path, address: str) -> None:
        self.now = 1000.0
        settings = Settings(cache=cache, index_url=address)
        self.away = c_double(0.0)
        self.index = Index(settings, self.away, clock=lambda: self.now)
        monkeypatch.setattr(work, "_settings", settings, raising=False)
        monkeypatch.setattr(work, "_index", self.index, raising=False)

    def code(self) -> str:
        """How a request ends that needs the index, and what was found out about it meanwhile."""
        with pytest.raises(Refused) as found:
            work.lock(ASKED)
        if self.index._probe is not None:
            self.index._probe.join()
        return found.value.code


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_index_that_is_away_is_asked_again_only_after_a_while(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: HtmlIndex, status: int
) -> None:
    service = Clocked(monkeypatch, tmp_path / "cache", server.url)
    server.faults = Faults(failures=1_000_000, failure_status=status)

    assert service.code() == "index"
    asked = len(server.seen)
    assert [service.code() for _ in range(5)] == ["index"] * 5
    assert len(server.seen) == asked

    server.faults = Faults()
    service.now += AWAY_SECONDS
    assert service.code() == "no-lock"


def test_an_index_that_nobody_answers_for_is_remembered_by_the_workers_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/simple/"
    service = Clocked(monkeypatch, tmp_path / "cache", address)

    assert service.code() == "index"
    other = Index(Settings(index_url=address), service.away, clock=lambda: service.now)
    assert other.is_away
    service.now += AWAY_SECONDS
    assert not other.is_away


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_page_that_fails_does_not_make_the_index_dead_for_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: HtmlIndex, status: int
) -> None:
    """So one client could have kept all others from the index, by a name that it cannot serve."""
    service = Clocked(monkeypatch, tmp_path / "cache", server.url)
    server.faults = Faults(answers={"/simple/no-such-package/": (status, "text/plain", b"no")})

    assert service.code() == "index"
    assert not service.index.is_away
    assert f"/simple/{PROBE}/" in server.paths()


def test_what_is_cached_is_used_while_the_index_is_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: HtmlIndex
) -> None:
    (tmp_path / "projects" / "there").mkdir()
    (tmp_path / "projects" / "there" / "there-1-py3-none-any.whl").write_bytes(b"")
    service = Clocked(monkeypatch, tmp_path / "cache", server.url)
    assert service.index.client().project("there").rows
    service.away.value = service.now + AWAY_SECONDS

    assert service.index.client().project("there").rows
    with pytest.raises(OutsideError, match="not in the cache"):
        service.index.client().project("elsewhere")
    assert server.paths() == ["/simple/there/"]
