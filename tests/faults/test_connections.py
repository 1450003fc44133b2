"""Many requests at once to a server that fails now and then: each gets its answer, or is told."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support import Faults, HtmlIndex, build_wheel
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.pypi.errors import IndexUnreachable
from tfmac_lock.pypi.http import CONNECTIONS, Transport
from tfmac_lock.pypi.model import Observer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfmac_lock.pypi.http import Reply

EACH = 25

NOW_AND_THEN = {
    "the connection is closed": Faults(hang_up_every=7),
    "the connection is reset": Faults(hang_up_every=7, reset=True),
    "503": Faults(fail_every=7),
    "429": Faults(fail_every=7, failure_status=429),
    "one answer in each row never comes": Faults(
        stall_once={f"/files/demo/{number}-3" for number in range(CONNECTIONS)}
    ),
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[HtmlIndex]:
    folder = tmp_path / "served"
    build_wheel(folder, "demo", "1.0")
    for number in range(CONNECTIONS):
        for turn in range(EACH):
            (folder / "demo" / f"{number}-{turn}").write_text(f"{number}-{turn}" * 500)
    with HtmlIndex(folder) as index:
        yield index


def whole(reply: Reply) -> str:
    if reply.status != 200:
        raise AssertionError(f"the status {reply.status} came through")
    return reply.read(1 << 20).decode()


def ask_all(transport: Transport, served: HtmlIndex) -> dict[str, object]:
    """What came of every path, asked by as many threads as the program has."""
    found: dict[str, object] = {}

    def ask(number: int) -> None:
        for name in (f"{number}-{turn}" for turn in range(EACH)):
            try:
                found[name] = transport.fetch(f"{served.root}/files/demo/{name}", whole, seconds=60)
            except Exception as fault:  # judged below
                found[name] = fault

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("fault", NOW_AND_THEN)
def test_a_server_that_fails_now_and_then_still_answers_everything(
    served: HtmlIndex, fault: str
) -> None:
    served.faults = NOW_AND_THEN[fault]
    # With nine tries at one in seven a request fails once in ten million; the waits are left out.
    config = IndexConfig(indexes=(served.url,), retries=8, timeout=0.5)
    transport = Transport(config, Observer(), wait=lambda _: None)
    found = ask_all(transport, served)
    transport.close()
    assert found == {name: name * 500 for name in found}
    assert len(found) == CONNECTIONS * EACH


def test_an_answer_that_stalls_holds_up_no_other(served: HtmlIndex) -> None:
    served.faults.stall_once = {"/files/demo/0-0"}
    config = IndexConfig(indexes=(served.url,), retries=0, timeout=2)
    transport = Transport(config, Observer(), wait=lambda _: None)
    found = ask_all(transport, served)
    transport.close()
    assert [name for name, got in found.items() if isinstance(got, IndexUnreachable)] == ["0-0"]


def test_a_lost_answer_is_asked_for_again_long_before_the_users_own_limit(
    served: HtmlIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfmac_lock.pypi.http._FIRST_PATIENCE", 0.2)
    served.faults.stall_once = {"/files/demo/0-0"}
    transport = Transport(IndexConfig(indexes=(served.url,), timeout=3600), Observer())
    assert transport.fetch(f"{served.root}/files/demo/0-0", whole, seconds=7200) == "0-0" * 500
    transport.close()


def test_a_handshake_that_never_comes_holds_nobody_up_for_the_others() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/simple/demo/"
        config = IndexConfig(indexes=(url,), retries=1, timeout=0.3)
        transport = Transport(config, Observer(), wait=lambda _: None)
        faults: list[Exception] = []

        def ask() -> None:
            try:
                transport.fetch(url, whole, seconds=60)
            except IndexUnreachable as fault:
                faults.append(fault)

        threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        transport.close()
        # One after the other they would take sixteen times two tries.
        assert ["timed out, 2 times" in str(fault) for fault in faults] == [True] * CONNECTIONS
