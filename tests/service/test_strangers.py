"""What strangers send changes nothing for others, leads nowhere, and is not kept.

Paths, headers and fields that name something, each in every way to write it.
"""

from __future__ import annotations

import logging
import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.servers import HtmlIndex
from tfmac_lock.service import logs
from tfmac_lock.service.app import JOBS
from tfmac_lock.service.messages import computed
from tfmac_lock.service.settings import Limits, Settings

from ..support.service import serving
from .conftest import FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from ..support.service import Running

GOOD = {"python": "3.11", "chip": "m1"}

# -- paths


def forms(text: str) -> set[str]:
    """The path in all ways to write its dots, slashes and letters."""
    once = text.replace(".", "%2e").replace("/", "%2f")
    double = once.replace("%", "%25")
    return {
        text,
        once,
        double,
        double.replace("%", "%25"),
        once.upper().replace("%2E", "%2E"),
        text.replace("/", "\\"),
        text.replace("/", "%5c"),
        text.replace("/", "//"),
        text.replace("..", "...."),
        text.replace("../", "..;/"),
        text.replace("../", "..%00/"),
        text.replace("/", "%c0%af"),  # longer than UTF-8 allows
        text.replace(".", "%c0%ae"),
        text.replace("/", "%e0%80%af"),
        text.replace("/", "%u2215"),
        text.replace(".", "%uff0e"),
        text.replace("/", quote("\u2215")),
        text.replace(".", quote("\uff0e")),
        "".join(f"%{ord(letter):02x}" for letter in text),
    }


UP = "../" * 8
TARGETS = (f"{UP}etc/passwd", f"static/{UP}etc/passwd", f"locks/a/{UP}etc/passwd", "etc/passwd")
STARTS = ("/", "//", "/./", "/%2e/", "/api/v1/..%2f", "/static/%2e%2e/", "/\\", "/?/../", "/;/")
PATHS = sorted({start + form for start in STARTS for one in TARGETS for form in forms(one)})


def raw(running: Running, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        found = b""
        while piece := connection.recv(65536):
            found += piece
    return found


def test_no_path_in_any_encoding_is_a_file_of_the_computer(running: Running) -> None:
    assert len(PATHS) > 400
    for path in PATHS:
        got = raw(running, path)
        assert b"root:" not in got, path
        status = int(got.split(b" ", 2)[1])
        assert status in (400, 404) or FILES["index.html"] in got, path
        assert b"\nlocation:" not in got.lower(), path


# -- headers

ELSEWHERE = "evil.example"
NAMING = [
    ("Host", ELSEWHERE),
    ("Host", f"{ELSEWHERE}:80@x"),
    ("Host", ""),
    ("X-Forwarded-Host", ELSEWHERE),
    ("X-Forwarded-Server", ELSEWHERE),
    ("X-Forwarded-Prefix", f"//{ELSEWHERE}"),
    ("X-Forwarded-Proto", "javascript"),
    ("X-Forwarded-Scheme", "nothttps"),
    ("X-Forwarded-Port", "1"),
    ("X-Forwarded-For", "10.0.0.1"),
    ("Forwarded", f"for=10.0.0.1;host={ELSEWHERE};proto=http"),
    ("X-Original-URL", "/metrics"),
    ("X-Rewrite-URL", "/metrics"),
    ("X-Original-Host", ELSEWHERE),
    ("X-Host", ELSEWHERE),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Base-Url", f"http://{ELSEWHERE}"),
    ("Origin", f"http://{ELSEWHERE}"),
    ("Referer", f"http://{ELSEWHERE}/"),
    ("User-Agent", "Googlebot"),
    ("Cookie", "session=1; admin=1"),
    ("Authorization", "Basic YTpi"),
    ("Accept", "text/evil"),
    ("Accept-Language", "xx"),
    ("Range", "bytes=0-3"),
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
]
ADDRESSES = ["/", "/locks/a", "/locks/a/", "/api/v1/combos.json", "/nothing", "/api/v1/lock"]


@pytest.mark.parametrize("path", ADDRESSES)
def test_no_header_that_a_cache_leaves_out_of_its_key_changes_an_answer(
    client: httpx2.Client, path: str
) -> None:
    plain = client.get(path, follow_redirects=False)
    for name, value in NAMING:
        got = client.get(path, headers={name: value}, follow_redirects=False)
        told = (got.status_code, got.content, dict(got.headers) | {"date": ""})
        assert told == (plain.status_code, plain.content, dict(plain.headers) | {"date": ""}), name


def test_no_header_changes_what_is_computed_and_kept_for_others(client: httpx2.Client) -> None:
    asked = {**GOOD, "metal": "none"}
    answers = {
        client.post("/api/v1/lock", json=asked, headers={name: value}).content
        for name, value in [*NAMING, ("X-Nothing", "1")]
    }
    assert len(answers) == 1


def test_an_answer_for_one_site_is_not_taken_for_another_s() -> None:
    """Where origins are allowed, the answer says that it depends on the origin."""
    settings = Settings(origins=frozenset({"https://a.example"}))
    with serving(FILES, settings, {}) as service, service.client() as client:
        mine = client.post("/api/v1/lock", headers={"origin": "https://a.example"})
        theirs = client.post("/api/v1/lock", headers={"origin": f"https://{ELSEWHERE}"})
    assert mine.headers["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-origin" not in theirs.headers
    assert "origin" in mine.headers["vary"]
    assert "origin" in theirs.headers["vary"]


# -- fields that name something


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HtmlIndex]:
    """The operator's index, which has nothing."""
    with HtmlIndex(tmp_path_factory.mktemp("projects")) as server:
        yield server


@pytest.fixture(scope="module")
def inner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HtmlIndex]:
    """A server of the inner network, which nobody may have asked."""
    with HtmlIndex(tmp_path_factory.mktemp("inner")) as server:
        yield server


@pytest.fixture(scope="module")
def real(index: HtmlIndex, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service with its real work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_RETRIES", "0")
        patch.setenv("PIP_CONFIG_FILE", "/dev/null")
        settings = Settings(
            cache=tmp_path_factory.mktemp("cache"),
            reports=tmp_path_factory.mktemp("reports"),
            index_url=index.url,
            limits=Limits(per_client=100, waiting=100, lock_seconds=60, reports_per_client=10**6),
        )
        with serving(FILES, settings, JOBS) as service:
            yield service


def addresses(host: str) -> list[str]:
    """That server's address in the ways in which requirements, options and files name one."""
    url = f"http://{host}/x-1-py3-none-any.whl"
    port = host.rpartition(":")[2]
    return [
        url,
        f"x @ {url}",
        f"x@{url}",
        f"x[y]@{url} ; python_version>'3'",
        f"git+http://{host}/x.git#egg=x",
        f"--index-url {url}",
        f"-i {url}",
        f"--extra-index-url={url}",
        f"--find-links {url}",
        f"-r {url}",
        f"-c {url}",
        f"-e {url}",
        f"file://localhost:{port}/etc/passwd",
        "file:///etc/passwd",
        "-r /etc/passwd",
        "../../etc/passwd",
        f"x==1 --index-url {url}",
        f"x==1\n--index-url {url}",
        f"//{host}/x",
        f"{host}/x",
        f"{host}#x",
        f"http://0x7f000001:{port}/",
        f"http://2130706433:{port}/",
        f"http://[::ffff:127.0.0.1]:{port}/",
        f"http://127.1:{port}/",
        f"http://x@{host}/",
    ]


def with_field(message: dict[str, Any], name: str, text: str, *, listed: bool) -> dict[str, Any]:
    return {**message, name: [text] if listed else text}


MESSAGES: dict[str, dict[str, Any]] = {
    "lock": {**GOOD, "packages": []},
    "explain": {"text": ""},
    "check": {"name": "requirements.txt", "text": "six==1.17.0\n", **GOOD},
    "report": {"reports": [{}]},
}
FIELDS = [
    (operation, name, schema.get("type") == "array")
    for operation, message in computed(reports=True).operations.items()
    for name, schema in message.takes.model_json_schema()["properties"].items()
]


@pytest.mark.parametrize(("operation", "name", "listed"), FIELDS)
def test_no_field_has_the_service_ask_an_address_that_a_client_names(
    real: Running, index: HtmlIndex, inner: HtmlIndex, operation: str, name: str, listed: bool
) -> None:
    with real.client() as client:
        for text in addresses(inner.host):
            body = with_field(MESSAGES[operation], name, text, listed=listed)
            got = client.post(f"/api/v1/{operation}", json=body)
            assert got.status_code in (200, 409, 422, 502), text
            assert "root:" not in got.text
    assert inner.seen == []
    asked = [path for path in index.paths() if not re.fullmatch(r"/simple/[a-z0-9-]+/", path)]
    assert asked == []


PINS = {
    "a line": ("requirements.txt", "{0}\nsix==1\n"),
    "an option": ("requirements.txt", "six==1.17.0 {0}\n"),
    "pylock.toml": (
        "pylock.toml",
        '[[packages]]\nname = "six"\nversion = "1"\n[[packages.wheels]]\nurl = {0!r}\n',
    ),
    "uv.lock": (
        "uv.lock",
        'version = 1\n[[package]]\nname = "six"\nversion = "1"\nsource = {{ registry = {0!r} }}\n',
    ),
    "poetry.lock": (
        "poetry.lock",
        '[[package]]\nname = "six"\nversion = "1"\n[package.source]\ntype = "url"\nurl = {0!r}\n',
    ),
    "environment.yml": (
        "environment.yml",
        "channels: [{0!r}]\ndependencies: [six=1.17, {{pip: [{0!r}]}}]\n",
    ),
    "conda-lock.yml": (
        "conda-lock.yml",
        "package: [{{name: six, version: '1', manager: pip, platform: osx-arm64, url: {0!r}}}]\n",
    ),
}


@pytest.mark.parametrize(("file", "form"), PINS.values(), ids=PINS)
def test_no_file_of_pins_has_the_service_ask_an_address(
    real: Running, inner: HtmlIndex, file: str, form: str
) -> None:
    with real.client() as client:
        for address in addresses(inner.host):
            body = {"name": file, "text": form.format(address), **GOOD}
            got = client.post("/api/v1/check", json=body)
            assert got.status_code in (200, 422), address
            assert "root:" not in got.text
    assert inner.seen == []


# -- what is kept of it

SECRET = "0canary0"


@pytest.mark.slow
def test_neither_logs_nor_metrics_hold_what_clients_sent(
    running: Running, client: httpx2.Client
) -> None:
    told: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(logs.Lines().format(record))

    handlers = {name: Keep() for name in (logs.LOGGER.name, "uvicorn.error", "uvicorn.access", "")}
    for name, handler in handlers.items():
        logging.getLogger(name).addHandler(handler)
    try:
        headers = {"user-agent": SECRET, "cookie": SECRET, "referer": SECRET, SECRET: SECRET}
        for path in (f"/{SECRET}", f"/?{SECRET}", f"/locks/{SECRET}/", f"/api/v1/{SECRET}"):
            client.get(path, headers=headers)
            client.post(path, headers=headers, content=SECRET)
            client.request(SECRET.upper(), path)
        for operation, message in MESSAGES.items():
            for field in message:
                body = {**message, field: SECRET}
                client.post(f"/api/v1/{operation}", json=body, headers=headers)
        logs.fault(RuntimeError(SECRET))
        for sent in (f"{SECRET}\r\n\r\n", f"GET /{SECRET} HTTP/9.9\r\n\r\n", f"GET / {SECRET}\r\n"):
            with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
                connection.sendall(sent.encode())
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
    finally:
        for name, handler in handlers.items():
            logging.getLogger(name).removeHandler(handler)

    metrics = client.get("/metrics").text
    assert len([line for line in told if '"answered"' in line]) > 15
    assert '"RuntimeError"' in "".join(told)
    assert SECRET not in "".join(told).lower()
    assert SECRET not in metrics.lower()
