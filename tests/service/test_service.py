from __future__ import annotations

import json
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tfmac_lock.service import logs
from tfmac_lock.service.settings import Settings

from ..support.service import serving
from .conftest import FILES, LIMITS
from .jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from ..support.service import Running

GOOD = {"python": "3.11", "chip": "m1"}


def problem(answer: httpx2.Response) -> str:
    """The code of a problem; fails where the answer is none."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = answer.json()
    assert found["schema_version"] == 1
    assert found["error"]["text"]
    return str(found["error"]["code"])


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The lines that the service logs during the test."""
    kept: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(logs.Lines().format(record))

    handler = Keep()
    logs.LOGGER.addHandler(handler)
    yield kept
    logs.LOGGER.removeHandler(handler)


def test_pages_and_documents_are_read_from_any_site(client: httpx2.Client) -> None:
    got = client.get("/api/v1/combos.json", headers={"origin": "https://else.example"})

    assert got.json() == {"schema_version": 1}
    assert got.headers["access-control-allow-origin"] == "*"
    assert client.head("/").content == b""
    assert (
        client.get("/", headers={"if-none-match": client.get("/").headers["etag"]}).status_code
        == 304
    )
    assert client.options("/api/v1/lock").headers["access-control-allow-methods"] == "GET, HEAD"


def test_a_page_of_an_allowed_site_gets_its_lock_and_its_refusal() -> None:
    origin = {"origin": "https://mine.example"}
    settings = Settings(limits=LIMITS, origins=frozenset({"https://mine.example"}))
    with serving(FILES, settings, JOBS) as running, running.client() as client:
        before = client.options("/api/v1/lock", headers=origin).headers
        got = client.post("/api/v1/lock", json=GOOD, headers=origin)
        no = client.post("/api/v1/lock", json={**GOOD, "packages": ["no"]}, headers=origin)
        other = client.post("/api/v1/lock", json=GOOD, headers={"origin": "https://o.example"})

    assert before["access-control-allow-methods"] == "POST"
    assert before["access-control-allow-headers"] == "content-type"
    assert (got.status_code, no.status_code) == (200, 409)
    for answer in (got, no):
        assert answer.headers["access-control-allow-origin"] == "https://mine.example"
    assert "access-control-allow-origin" not in other.headers


def test_a_file_of_a_lock_is_answered_alone(client: httpx2.Client) -> None:
    got = client.post("/api/v1/lock/requirements.txt", json=GOOD)
    no = client.post("/api/v1/lock/requirements.txt", json={**GOOD, "packages": ["no"]})

    assert (got.status_code, got.text) == (200, "# nothing\n")
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert (no.status_code, problem(no)) == (409, "no-lock")
    assert client.get("/api/v1/lock/requirements.txt").status_code == 405
    assert client.post("/api/v1/lock/lock.json", json=GOOD).status_code == 404


def test_what_is_missing_is_answered_with_the_page_that_helps(client: httpx2.Client) -> None:
    got = client.get("/nothing/<script>")

    assert (got.status_code, got.content) == (404, FILES["404.html"])


def test_a_lock_is_resolved_and_the_second_time_taken_from_the_cache(
    client: httpx2.Client, running: Running
) -> None:
    request = {**GOOD, "packages": ["pid"]}

    first = client.post("/api/v1/lock", json=request)
    second = client.post("/api/v1/lock", json=request)

    assert first.status_code == 200
    assert first.json()["contents"]
    assert second.json() == first.json()
    assert running.service.metrics.cached["lock"] >= 1


def test_a_long_answer_is_compressed_for_whoever_accepts_it(client: httpx2.Client) -> None:
    request = {**GOOD, "packages": ["long"]}

    packed = client.post("/api/v1/lock", json=request, headers={"accept-encoding": "gzip"})
    plain = client.post("/api/v1/lock", json=request, headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_logs_and_pins_are_taken_too(client: httpx2.Client) -> None:
    assert client.post("/api/v1/explain", json={"text": "x"}).json()["matches"] == []
    pins = {"name": "requirements.txt", "text": "tensorflow==2.18.0\ntensorflow-metal==1.1.0\n"}
    assert client.post("/api/v1/check", json=pins).json()["status"] == "broken"


@pytest.mark.parametrize(
    "request_",
    [
        {},
        [],
        "text",
        {"python": "3.11"},
        {**GOOD, "more": 1},
        {**GOOD, "python": 3.11},
        {**GOOD, "python": "2.7"},
        {**GOOD, "python": "3.11\x1b[31m"},
        {**GOOD, "chip": "../../x"},
        {**GOOD, "chip": "<img src=x onerror=alert(1)>"},
        {**GOOD, "chip": "x" * 1000},
        {**GOOD, "macos": "10"},
        {**GOOD, "chip": "m5", "macos": "12"},
        {**GOOD, "metal": "1.2.0; rm -rf /"},
        {**GOOD, "metal": "\u0661.2"},
        {**GOOD, "tensorflow": "-r /etc/passwd"},
        {**GOOD, "packages": ["../../x"]},
        {**GOOD, "packages": ["x @ file:///etc/passwd"]},
        {**GOOD, "packages": ["x @ http://169.254.169.254/latest"]},
        {**GOOD, "packages": ["--index-url http://evil.example"]},
        {**GOOD, "packages": ["-r /etc/passwd"]},
        {**GOOD, "packages": ["\x1b]0;x\x07numpy"]},
        {**GOOD, "packages": ["numpy"] * 5000},
        {**GOOD, "packages": ["x" * 5000]},
        {**GOOD, "constraints": ["numpy\n--index-url=http://evil.example"]},
        {**GOOD, "exclude_newer": "yesterday"},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason_that_repeats_nothing_raw(
    client: httpx2.Client, lines: list[str], request_: Any
) -> None:
    got = client.post("/api/v1/lock", json=request_)

    assert got.status_code == 422
    assert problem(got) == "bad-request"
    assert got.content.isascii()
    assert "\x1b" not in got.text
    text = "".join(lines)
    assert "passwd" not in text
    assert "evil" not in text
    assert "img" not in text


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"{", "application/json", 422),
        (b"null", "application/json", 422),
        (b"", "application/json", 422),
        (b"\xff\xfe{}", "application/json", 422),
        (b"[" * 50_000, "application/json", 422),
        (b'{"a":' * 16_000, "application/json", 422),
        (b'{"python": 1e999999, "chip": "m1"}', "application/json", 422),
        (b'{"python": "\\ud800", "chip": "m1"}', "application/json", 422),
        (b'{"python": NaN, "chip": "m1"}', "application/json", 422),
        (b"x" * (LIMITS.body["lock"] + 1), "application/json", 413),
        (b"{}", "text/plain", 415),
        (b"{}", "multipart/form-data; boundary=x", 415),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(
    client: httpx2.Client, content: bytes, media: str, status: int
) -> None:
    got = client.post("/api/v1/lock", content=content, headers={"content-type": media})

    assert got.status_code == status
    problem(got)


def test_a_body_without_a_length_is_bounded_too(client: httpx2.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(LIMITS.body["lock"] // 100_000 + 1):
            yield b" " * 100_000

    got = client.post(
        "/api/v1/lock", content=pieces(), headers={"content-type": "application/json"}
    )

    assert (got.status_code, problem(got)) == (413, "too-large")


def raw(running: Running, sent: bytes, *, seconds: float = 10) -> bytes:
    """What the service answers to these bytes, until it closes or says nothing more."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=seconds) as connection:
        connection.sendall(sent)
        found = b""
        try:
            while piece := connection.recv(65536):
                found += piece
                if b"\r\n\r\n" in found and b"close" not in sent:
                    break
        except TimeoutError:
            pytest.fail(f"no answer within {seconds} seconds; so far {found[:100]!r}")
        except ConnectionResetError:
            pass
        return found


def test_a_body_that_comes_slowly_is_given_up(running: Running) -> None:
    head = b"POST /api/v1/lock HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    got = raw(running, head + b"Content-Length: 100\r\n\r\n{")

    assert got.startswith(b"HTTP/1.1 408")


def test_a_client_that_leaves_in_the_middle_of_a_body_is_no_fault(
    running: Running, lines: list[str]
) -> None:
    head = b"POST /api/v1/lock HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        connection.sendall(head + b"Content-Length: 100\r\n\r\n{")

    with running.client() as client:
        assert client.get("/healthz").status_code == 200
    assert not any("fault" in line for line in lines)


def test_headers_that_come_slowly_are_given_up(running: Running) -> None:
    assert raw(running, b"GET / HTTP/1.1\r\nHost: x\r\nclose") == b""


POST = b"POST /api/v1/lock HTTP/1.1\r\nHost: x\r\nContent-Length: "


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\nclose",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\nclose",
        POST + b"-1\r\n\r\nclose",
        POST + b"2\r\nContent-Length: 3\r\n\r\nclose",
        POST + b"2\r\nTransfer-Encoding: chunked\r\n\r\nclose",
    ],
)
def test_requests_that_are_none_are_refused(running: Running, sent: bytes) -> None:
    assert raw(running, sent)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 415", b"")


@pytest.mark.parametrize(
    "path",
    [
        b"/../../../etc/passwd",
        b"/%2e%2e/%2e%2e/etc/passwd",
        b"/static/..%2f..%2fetc/passwd",
        b"//evil.example/%2f..",
        b"/locks/a%00",
        b"http://169.254.169.254/",
    ],
)
def test_no_path_leads_out_of_the_published_files(running: Running, path: bytes) -> None:
    got = raw(running, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert b"root:" not in got
    assert got[:12] in (b"HTTP/1.1 404", b"HTTP/1.1 400") or FILES["index.html"] in got
    assert b"\r\nlocation:" not in got.lower()


def test_a_job_is_ended_by_the_clock(client: httpx2.Client) -> None:
    got = client.post("/api/v1/lock", json={**GOOD, "packages": ["sleeps"]})

    assert (got.status_code, problem(got)) == (504, "out-of-time")


def test_whoever_finds_no_room_hears_so_at_once_and_pages_do_not_wait(
    client: httpx2.Client, running: Running
) -> None:
    answers: list[tuple[int, str | None]] = []
    guard = threading.Lock()

    def ask(number: int) -> None:
        with running.client() as own:
            got = own.post(
                "/api/v1/lock", json={**GOOD, "packages": ["sleeps"], "metal": f"1.{number}"}
            )
            with guard:
                answers.append((got.status_code, got.headers.get("retry-after")))

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(8)]
        pages = [client.get("/").status_code for _ in range(20)]
        for one in asked:
            one.result()

    assert pages == [200] * 20
    refused = [(status, after) for status, after in answers if status in (429, 503)]
    assert len(refused) >= 8 - LIMITS.per_client
    assert all(after for _, after in refused)
    assert client.post("/api/v1/lock", json=GOOD).status_code == 200


def test_the_answer_no_comes_with_its_reason(client: httpx2.Client) -> None:
    got = client.post("/api/v1/lock", json={**GOOD, "packages": ["no"]})

    assert (got.status_code, problem(got)) == (409, "no-lock")
    assert "cannot both be had" in got.json()["error"]["text"]


def test_faults_of_the_index_do_not_tell_the_operators_secrets(client: httpx2.Client) -> None:
    got = client.post("/api/v1/lock", json={**GOOD, "packages": ["outside"]})

    assert (got.status_code, problem(got)) == (502, "index")
    assert "secret" not in got.text
    assert got.headers["retry-after"]


def test_a_fault_that_nobody_foresaw_is_a_clear_answer(client: httpx2.Client) -> None:
    got = client.post("/api/v1/lock", json={**GOOD, "packages": ["breaks"]})

    assert (got.status_code, problem(got)) == (500, "internal")
    assert "foresaw" not in got.text


def test_a_worker_that_dies_is_replaced(client: httpx2.Client) -> None:
    got = client.post("/api/v1/lock", json={**GOOD, "packages": ["dies"]})

    assert (got.status_code, problem(got)) == (503, "restarting")
    assert client.post("/api/v1/lock", json={**GOOD, "metal": "none"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/lock", 405),
        ("PUT", "/api/v1/lock", 405),
        ("DELETE", "/", 404),
        ("POST", "/", 404),
        ("POST", "/api/v1/nothing", 404),
        ("PATCH", "/api/v1/lock", 405),
    ],
)
def test_other_methods_and_paths_are_refused_as_json(
    client: httpx2.Client, method: str, path: str, status: int
) -> None:
    got = client.request(method, path)

    assert got.status_code == status
    problem(got)


def test_health_readiness_and_metrics_are_told(client: httpx2.Client) -> None:
    client.get("/")

    assert client.get("/healthz").text == "alive\n"
    assert client.get("/readyz").status_code in (200, 503)
    text = client.get("/metrics").text
    assert 'tfmac_lock_requests_total{route="file",status="200"}' in text
    assert "tfmac_lock_under_way 0" in text


def test_each_answer_is_one_line_of_json_that_names_our_words_only(
    client: httpx2.Client, lines: list[str]
) -> None:
    client.get("/secret-path?token=secret", headers={"user-agent": "secret"})

    told = json.loads(lines[-1])
    assert set(told) == {"time", "level", "event", "method", "route", "status", "ms"}
    assert told["route"] == "missing"
    assert "secret" not in lines[-1]
