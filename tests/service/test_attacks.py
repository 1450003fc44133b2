"""What a client on the network can try, each with the smallest input that once succeeded."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tfmac_lock.service.messages import LockRequest
from tfmac_lock.service.problems import Refused
from tfmac_lock.service.settings import Limits, Settings
from tfmac_lock.service.workers import Workers

from ..support.service import serving
from . import jobs
from .conftest import FILES
from .jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..support.service import Running

GOOD = {"python": "3.11", "chip": "m1"}
HEAD = b"POST /api/v1/%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


LIMITS = Limits(lock_seconds=60, read_seconds=30, header_seconds=2, grown=100 << 20)
"""Those that an operator gets, but for what would make the tests slow."""


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file that lets long jobs end."""
    path = tmp_path_factory.mktemp("go") / "go"
    os.environ["TFMAC_LOCK_TEST_GO"] = str(path)
    yield path
    del os.environ["TFMAC_LOCK_TEST_GO"]


@pytest.fixture(scope="module")
def attacked(go: Path) -> Iterator[Running]:
    with serving(FILES, Settings(limits=LIMITS), JOBS) as service:
        yield service


@contextmanager
def connected(running: Running, source: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A connection from that address of the loopback network."""
    with socket.create_connection(
        ("127.0.0.1", running.port), timeout=120, source_address=(source, 0)
    ) as connection:
        yield connection


def post(
    running: Running, operation: str, body: dict[str, Any], source: str = "127.0.0.1"
) -> tuple[int, Any]:
    """Status and answer of a request from that address."""
    content = json.dumps(body).encode()
    head = HEAD % operation.encode() + b"Connection: close\r\n"
    with connected(running, source) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(content) + content)
        return answer_of(connection)


def answer_of(connection: socket.socket) -> tuple[int, Any]:
    """What the service answers before it closes; status 0 where it closes without an answer."""
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    if not found:
        return 0, None
    head, _, body = found.partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        body = b"".join(re.split(rb"\r?\n?[0-9a-f]+\r\n", body))
    return int(head.split()[1]), json.loads(body) if body.strip().startswith(b"{") else body


def resident() -> float:
    """Megabytes of memory of this process, in which the service runs as a thread."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")


@pytest.mark.parametrize(
    "begin",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: ",
        b"GET /",
        HEAD % b"lock" + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        HEAD % b"lock" + b"Transfer-Encoding: chunked\r\n\r\n2;",
    ],
    ids=["a header", "the address", "a trailer", "an extension of a chunk"],
)
def test_what_stands_around_a_body_is_bounded_in_bytes(attacked: Running, begin: bytes) -> None:
    with connected(attacked) as connection:
        connection.sendall(begin)
        sent = 0
        try:
            while sent < 8 << 20:
                sent += connection.send(b"x" * 65536)
        except (BrokenPipeError, ConnectionResetError):
            pass

    assert sent < 8 << 20


@linux
def test_many_headers_take_no_memory(attacked: Running) -> None:
    before = resident()
    with connected(attacked) as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            for _ in range(400):
                connection.sendall(b"".join(b"%x: 1\r\n" % n for n in range(10_000)))
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert resident() - before < 30


def test_a_request_with_too_long_headers_hears_so(attacked: Running) -> None:
    with connected(attacked) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        assert answer_of(connection)[0] in (0, 431)
    with connected(attacked) as connection:
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: " + b"x" * 8000 + b"\r\n\r\n"
        )
        assert answer_of(connection)[0] == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /api/v1/lock HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n", 415),
        (HEAD % b"nothing", 404),
        (HEAD.replace(b"POST", b"PUT") % b"lock", 405),
        (HEAD.replace(b"POST", b"GET") % b"combos.json", 200),
        (HEAD.replace(b"POST", b"OPTIONS") % b"lock", 204),
    ],
)
def test_a_connection_that_is_answered_before_its_body_is_read_is_closed(
    attacked: Running, head: bytes, status: int
) -> None:
    with connected(attacked) as connection:
        connection.settimeout(60)
        connection.sendall(head + b"Content-Length: 1000\r\n\r\n{")
        first = connection.recv(9)
        connection.sendall(b" ")
        assert first == b"HTTP/1.1 "
        assert int(connection.recv(3)) == status
        while connection.recv(65536):
            pass  # until it is closed


def test_a_connection_on_which_only_empty_lines_come_is_closed(attacked: Running) -> None:
    with connected(attacked) as connection:
        connection.settimeout(60)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536)
        connection.sendall(b"\r\n")
        while connection.recv(65536):
            pass  # until it is closed


def test_one_address_cannot_take_all_connections(attacked: Running) -> None:
    limits = attacked.service.settings.limits
    with ExitStack() as stack:
        for _ in range(limits.connections_per_client + 20):
            connection = stack.enter_context(connected(attacked, "127.0.0.9"))
            connection.sendall(HEAD % b"check" + b"Content-Length: 1000\r\n\r\n{")
        for source in ("127.0.0.9", "127.0.0.1"):  # a new one stands in for its oldest
            probe = stack.enter_context(connected(attacked, source))
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert answer_of(probe)[0] == 200


@pytest.mark.slow
def test_a_body_that_comes_slowly_is_no_reason_to_refuse_others(attacked: Running) -> None:
    with ExitStack() as stack:
        for number in range(64):
            slow = stack.enter_context(connected(attacked, f"127.0.0.{2 + number % 4}"))
            slow.sendall(HEAD % b"check" + b"Content-Length: 1000\r\n\r\n{")
        status, _ = post(attacked, "explain", {"text": "x"})

    assert status == 200


@pytest.mark.parametrize("operation", ["lock", "check"])
@pytest.mark.slow
def test_four_long_jobs_of_one_address_do_not_starve_another(
    attacked: Running, go: Path, operation: str
) -> None:
    """So one address held all workers with dotted TOML, or with packages that conflict."""
    go.unlink(missing_ok=True)

    def ask(number: int) -> int:
        body = {"name": "requirements.txt", "text": f"works-on {number}"}
        if operation == "lock":
            body = {**GOOD, "packages": ["works-on"], "metal": f"1.{number}"}
        return post(attacked, operation, body, "127.0.0.8")[0]

    def other(number: int) -> int:
        body = {"name": "requirements.txt", "text": f"tensorflow==2.18.{number}\n"}
        if operation == "lock":
            body = {**GOOD, "metal": f"1.{number}"}
        return post(attacked, operation, body, f"127.0.0.{number}")[0]

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, number) for number in range(4)]
        turns = attacked.service.lock_turns if operation == "lock" else attacked.service.read_turns
        while turns.inside < 4:
            time.sleep(0.01)
        others = [other(number) for number in range(2, 5)]
        ended = [one.done() for one in asked]
        go.touch()
        statuses = [one.result() for one in asked]

    assert others == [200] * 3
    assert not any(ended)
    assert statuses == [200] * 4


@pytest.mark.slow
def test_a_worker_that_hears_no_clock_is_ended_from_outside(go: Path) -> None:
    async def ask() -> bytes:
        workers = Workers(Settings(), 1)
        await workers.warm_up()
        try:
            with pytest.raises(Refused) as found:
                await workers.run(jobs.lock, LockRequest(**GOOD, packages=["deaf"]), 0.1)
            assert (found.value.status, found.value.code) == (504, "out-of-time")
            return await workers.run(jobs.lock, LockRequest(**GOOD), 60)
        finally:
            await workers.stop()

    assert json.loads(asyncio.run(ask()))["packages"] == []


@pytest.mark.slow
def test_a_job_that_takes_too_much_memory_is_refused(attacked: Running) -> None:
    status, answer = post(attacked, "lock", {**GOOD, "packages": ["eats"]})

    assert (status, answer["error"]["code"]) == (503, "out-of-memory")
    assert post(attacked, "lock", {**GOOD, "metal": "1.8"})[0] == 200


@pytest.mark.slow
@linux
def test_a_worker_that_grew_is_replaced() -> None:
    async def ask() -> list[str]:
        workers = Workers(Settings(limits=LIMITS), 1)

        async def pid(package: str) -> str:
            message = LockRequest(**GOOD, packages=[package])
            return str(json.loads(await workers.run(jobs.lock, message, 60))["as_of"])

        await workers.warm_up()
        try:
            return [await pid(package) for package in ("pid", "grows", "pid", "pid")]
        finally:
            await workers.stop()

    first, _, second, third = asyncio.run(ask())
    assert second != first
    assert third == second
    assert not Path(f"/proc/{first}").exists()


DOTTED = "a" + ".a" * 140_000 + " = 1\n"
NESTED = "(" * 3000 + "python_version > '3'" + ")" * 3000


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("lock", {**GOOD, "exclude_newer": "9999-12-31"}),
        ("lock", {**GOOD, "exclude_newer": "0001-01-01"}),
        ("lock", {**GOOD, "packages": ["x; " + "(" * 90 + "os_name == 'x'" + ")" * 90]}),
        ("lock", {**GOOD, "constraints": ["x; python_version > 'latest'", "x ~= 1"]}),
        ("lock", {**GOOD, "tensorflow": "~=2", "packages": ["numpy===x"]}),
        ("check", {"name": "requirements.txt", "text": f"tqdm; {NESTED}\n"}),
        ("check", {"name": "pylock.toml", "text": f'[[packages]]\nname="x"\nmarker="{NESTED}"\n'}),
        ("check", {"name": "pylock.toml", "text": "x = " + "[" * 50_000}),
        ("check", {"name": "uv.lock", "text": DOTTED}),
        ("check", {"name": "environment.yml", "text": "[" * 50_000}),
        ("check", {"name": "environment.yml", "text": "dependencies: [{pip: ['" + NESTED + "']}]"}),
        ("check", {"name": "requirements.txt", "text": "tensorflow ~= 2\nnumpy ~= latest\n"}),
        ("check", {"name": "requirements.txt", "text": "x", "python": "3.11", "macos": "99999"}),
        ("check", {"name": "requirements.txt", "text": "\ud800"}),
        ("check", {"name": "environment.yml", "text": "dependencies: [python=3.\u00e911]\n"}),
        ("explain", {"text": "\x00\ud800" * 1000}),
        ("explain", {"text": "(" * 300_000}),
    ],
)
def test_no_input_is_an_error_of_the_service(
    attacked: Running, operation: str, body: dict[str, Any]
) -> None:
    status, _ = post(attacked, operation, body)

    assert status in (200, 409, 422, 504)
