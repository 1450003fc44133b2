"""One HTTP/2 connection and many threads: every request arrives, whole and as it was sent."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import pytest

from tfmac_lock.pypi.http2 import GuardedConnection, guard

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS, EACH = 16, 40


@pytest.fixture
def eager_switching() -> Iterator[None]:
    """Threads that take turns after nearly every step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_switching")
def test_requests_of_many_threads_reach_the_server_as_they_were_sent() -> None:
    server = h2.connection.H2Connection(config=h2.config.H2Configuration(client_side=False))
    client = GuardedConnection(config=h2.config.H2Configuration())
    arrived: list[str] = []
    wire = threading.Lock()
    server.initiate_connection()
    client.initiate_connection()
    client.receive_data(server.data_to_send())
    faults: list[BaseException] = []

    def flush() -> None:
        with wire:
            for event in server.receive_data(client.data_to_send()):
                if isinstance(event, h2.events.RequestReceived):
                    arrived.append(dict(event.headers or ())[b":path"].decode())
                    server.send_headers(event.stream_id, [(":status", "204")], end_stream=True)
            answer = server.data_to_send()
        client.receive_data(answer)

    def ask(number: int) -> None:
        try:
            for turn in range(EACH):
                stream = client.get_next_available_stream_id()
                head = [
                    (":method", "GET"),
                    (":authority", f"host-{number}.example"),
                    (":scheme", "https"),
                    (":path", f"/{number}/{turn}"),
                    ("range", f"bytes=-{number}{turn}"),
                ]
                client.send_headers(stream, head, end_stream=True)
                client.increment_flow_control_window(1 << 20)
                flush()
        except BaseException as fault:  # told to the thread that tests
            faults.append(fault)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert sorted(arrived) == sorted(f"/{n}/{t}" for n in range(THREADS) for t in range(EACH))


def test_a_head_that_cannot_be_sent_lets_the_other_threads_go_on() -> None:
    client = GuardedConnection(config=h2.config.H2Configuration())
    client.initiate_connection()
    stream = client.get_next_available_stream_id()
    with pytest.raises(h2.connection.ProtocolError):
        client.send_headers(stream, [(":method", "GET"), ("Bad Name", "x")], end_stream=True)
    taken: list[int] = []
    other = threading.Thread(target=lambda: taken.append(client.get_next_available_stream_id()))
    other.start()
    other.join(10)
    assert len(taken) == 1


def test_the_http_client_opens_guarded_connections() -> None:
    guard()
    assert h2.connection.H2Connection is GuardedConnection
