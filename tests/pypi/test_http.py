from __future__ import annotations

import contextlib
import gzip
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support import HtmlIndex, build_wheel
from tfmac_lock.pypi.config import Credentials, IndexConfig
from tfmac_lock.pypi.errors import BadIndexAnswer, IndexUnreachable
from tfmac_lock.pypi.http import Limits, Reply, Transport


def whole(reply: Reply) -> bytes:
    return reply.read(1 << 20)


def page_of(mirror: HtmlIndex) -> str:
    build_wheel(mirror.folder, "demo", "1.0")
    return f"{mirror.url}demo/"


@pytest.fixture
def transport(listener):
    waits: list[float] = []
    made = []

    def make(**config: object) -> Transport:
        made.append(Transport(IndexConfig(retries=2, **config), listener, wait=waits.append))
        made[-1].waits = waits
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_busy_server_is_asked_again(mirror, transport, listener):
    url = page_of(mirror)
    mirror.faults.failures = 2
    assert b"demo-1.0" in transport().fetch(url, whole, seconds=60)
    assert [seen.status for seen in mirror.seen] == [503, 503, 200]
    assert [reason for reason, _ in listener.retries] == [
        "the server answers 503 Service Unavailable"
    ] * 2


def test_the_pauses_grow_up_to_a_bound(mirror, transport):
    mirror.faults.failures = 2
    one = transport()
    one.fetch(page_of(mirror), whole, seconds=60)
    assert 0 < one.waits[0] <= 0.25
    assert 0 < one.waits[1] <= 0.5


def test_a_server_that_stays_busy_is_given_up(mirror, transport):
    mirror.faults.failures = 99
    with pytest.raises(IndexUnreachable, match="503 Service Unavailable, 3 times"):
        transport().fetch(page_of(mirror), whole, seconds=60)
    assert len(mirror.seen) == 3


def test_the_server_says_how_long_to_wait(mirror, transport):
    mirror.faults.failures, mirror.faults.retry_after = 1, "7"
    one = transport()
    one.fetch(page_of(mirror), whole, seconds=60)
    assert one.waits == [7.0]


def test_a_wait_of_an_hour_is_not_waited(mirror, transport):
    mirror.faults.failures, mirror.faults.failure_status = 1, 429
    mirror.faults.retry_after = "3600"
    with pytest.raises(IndexUnreachable, match="asks to wait 3600 seconds"):
        transport().fetch(page_of(mirror), whole, seconds=60)
    assert len(mirror.seen) == 1


@pytest.mark.parametrize("value", ["9" * 400, "9" * 5000, "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_a_wait_beyond_all_bounds_is_not_waited(mirror, transport, value):
    mirror.faults.failures, mirror.faults.retry_after = 1, value
    with pytest.raises(IndexUnreachable, match="asks to wait"):
        transport().fetch(page_of(mirror), whole, seconds=60)


@pytest.mark.parametrize(
    "value",
    [
        *("soon", "", "-1", "Fri, 99 Foo 9999"),
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +99999999999999999999",
    ],
)
def test_a_wait_that_makes_no_sense_is_our_own(mirror, transport, value):
    mirror.faults.failures, mirror.faults.retry_after = 1, value
    assert b"demo-1.0" in transport().fetch(page_of(mirror), whole, seconds=60)


def test_a_wait_may_be_a_date(mirror, transport):
    mirror.faults.failures = 1
    mirror.faults.retry_after = "Wed, 21 Oct 2015 07:28:00 GMT"
    one = transport()
    one.fetch(page_of(mirror), whole, seconds=60)
    assert one.waits == [0.0]


def test_an_answer_that_breaks_off_is_fetched_again_and_then_given_up(mirror, transport):
    mirror.faults.truncate = True
    with pytest.raises(IndexUnreachable, match="3 times"):
        transport().fetch(page_of(mirror), whole, seconds=60)


def test_nobody_listening_is_an_error_that_helps(folder, transport):
    with HtmlIndex(folder) as gone:
        url = gone.url
    with pytest.raises(IndexUnreachable, match=r"Connection refused.*--offline"):
        transport().fetch(url, whole, seconds=60)


def test_a_server_that_stalls_is_given_up(mirror, transport):
    mirror.faults.stall = True
    one = Transport(IndexConfig(retries=0, timeout=0.05), transport()._observer)
    with pytest.raises(IndexUnreachable, match="timed out"):
        one.fetch(mirror.url, whole, seconds=60)
    one.close()


def test_an_answer_that_takes_too_long_is_given_up(mirror, transport):
    with pytest.raises(IndexUnreachable, match="takes too long"):
        transport().fetch(page_of(mirror), whole, seconds=-1)


def drip(server: socket.socket, closing: threading.Event, sent: list[bytes]) -> None:
    """Answer byte by byte: never still, and in no hurry to come to an end."""
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(2000):
            connection.sendall(b"x")
            sent.append(b"x")
            closing.wait(0.01)
        connection.sendall(b"\r\nContent-Length: 2\r\n\r\nOK")


def test_a_head_that_comes_byte_by_byte_is_given_up_at_the_deadline(transport):
    closing = threading.Event()
    sent: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server, closing, sent))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/simple/demo/"
        try:
            with pytest.raises(IndexUnreachable, match="takes too long"):
                transport().fetch(url, whole, seconds=0.3)
            assert len(sent) < 2000, "it was given up before the head was whole"
        finally:
            closing.set()
            thread.join()


def test_an_answer_that_is_too_large_is_not_read(mirror, transport):
    mirror.faults.answers = {"/big": (200, "text/html", b"x" * 1000)}
    with pytest.raises(BadIndexAnswer, match="promises 1000 bytes, over 999"):
        transport().fetch(f"{mirror.root}/big", lambda reply: reply.read(999), seconds=60)


def test_a_compressed_answer_counts_by_what_it_becomes(mirror, transport):
    bomb = gzip.compress(b"\0" * (1 << 22))
    assert len(bomb) < 10_000
    mirror.faults.answers = {"/bomb": (200, "text/html", bomb)}
    mirror.faults.content_encoding = "gzip"
    with pytest.raises(BadIndexAnswer, match="goes on after 1048576 bytes"):
        transport().fetch(f"{mirror.root}/bomb", whole, seconds=60)


def test_redirects_are_followed_and_the_answer_knows_where_it_came_from(folder, transport):
    with HtmlIndex(folder) as target, HtmlIndex(folder) as source:
        page_of(target)
        source.faults.redirect_to = target.root
        url = transport().fetch(f"{source.url}demo/", lambda reply: reply.url, seconds=60)
        assert url == f"{target.url}demo/"


def test_a_circle_of_redirects_ends(mirror, transport):
    mirror.faults.redirect_to = mirror.root
    with pytest.raises(BadIndexAnswer, match="more than 10 times"):
        transport().fetch(mirror.url, whole, seconds=60)


@pytest.mark.parametrize("target", ["file:///etc/passwd?", "ftp://h", "http://plain.example.org"])
def test_a_redirect_leads_nowhere_unsafe(mirror, transport, target):
    mirror.faults.redirect_to = target
    with pytest.raises(BadIndexAnswer, match="redirects to"):
        transport().fetch(mirror.url, whole, seconds=60)


def test_credentials_go_to_their_own_server_only(folder, transport):
    with HtmlIndex(folder) as target, HtmlIndex(folder) as source:
        page_of(target)
        source.faults.credentials = ("user", "pass:word")
        source.faults.redirect_to = target.root
        known = Credentials(url=source.url, user="user", password="pass:word")
        transport(credentials=(known,)).fetch(f"{source.url}demo/", whole, seconds=60)
        assert source.seen[0].status == 302
        assert "authorization" not in target.seen[0].headers


@pytest.mark.parametrize("mark", ["?", "#", "\\"])
def test_a_redirect_that_only_looks_like_the_index_gets_no_password(folder, transport, mark):
    with HtmlIndex(folder) as evil, HtmlIndex(folder) as corp:
        corp.faults.redirect_to = f"http://{evil.host}{mark}@{corp.host}"
        known = Credentials(url=corp.url, user="user", password="secret")
        with pytest.raises(BadIndexAnswer, match="clear"):
            transport(credentials=(known,)).fetch(f"{corp.url}demo/", whole, seconds=60)
        assert evil.seen == []


@pytest.mark.parametrize("mark", ["?", "#", "\\"])
def test_a_link_that_only_looks_like_the_index_gets_no_password(folder, transport, mark, tmp_path):
    with HtmlIndex(folder) as evil, HtmlIndex(folder) as corp:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password secret\n")
        url = f"http://{evil.host}{mark}@{corp.host}/files/x.whl"
        known = Credentials(url=corp.url, user="user", password="secret")
        one = transport(credentials=(known,), netrc=tmp_path / "netrc")
        with pytest.raises(BadIndexAnswer, match="clear"):
            one.fetch(url, whole, seconds=60)
        assert evil.seen == []


def test_an_address_is_never_asked_by_plain_http_unless_its_host_is_trusted(transport):
    with pytest.raises(BadIndexAnswer, match="plain http"):
        transport().fetch("http://plain.example.org/x.whl", whole, seconds=60)


def test_a_redirect_to_half_an_address_is_named(mirror, transport):
    mirror.faults.redirect_to = "http://[::1"
    with pytest.raises(BadIndexAnswer, match="redirects to no clear address"):
        transport().fetch(mirror.url, whole, seconds=60)


def test_missing_credentials_are_asked_for_without_showing_the_wrong_ones(mirror, transport):
    mirror.faults.credentials = ("user", "right")
    wrong = Credentials(url=mirror.url, user="user", password="wrong")
    with pytest.raises(IndexUnreachable, match=r"401 Unauthorized.*netrc") as caught:
        transport(credentials=(wrong,)).fetch(page_of(mirror), whole, seconds=60)
    assert "wrong" not in str(caught.value)
    assert len(mirror.seen) == 1


def test_what_is_stopped_is_not_tried_again(mirror, listener):
    mirror.faults.failures = 99
    one = Transport(IndexConfig(retries=9), listener)
    one.stop()
    with pytest.raises(IndexUnreachable, match="no longer needed"):
        one.fetch(mirror.url, whole, seconds=60)
    one.close()
    assert len(mirror.seen) == 1


def test_a_certificate_that_is_none_is_named(tmp_path, transport):
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    with pytest.raises(IndexUnreachable, match=r"bad\.pem cannot be used"):
        transport(cert=bad).fetch("https://127.0.0.1:1/", whole, seconds=60)


def test_the_limits_are_finite():
    limits = Limits()
    assert 0 < limits.page_bytes < limits.wheel_bytes < float("inf")


def test_working_from_the_cache_loads_no_http_library(tmp_path):
    program = """
import sys
from tfmac_lock.pypi.cache import Cache
from tfmac_lock.pypi.client import IndexClient
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.pypi.errors import NotCached
from pathlib import Path
with IndexClient(IndexConfig(), Cache(Path(sys.argv[1])), offline=True) as client:
    client.prefetch_projects(["numpy"])
    try:
        client.project("numpy")
    except NotCached:
        pass
heavy = {"httpx2", "ssl", "socket", "json", "zipfile", "html.parser", "concurrent.futures"}
print(sorted(heavy & set(sys.modules)))
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path("/"))
    assert done.stdout == "[]\n"
