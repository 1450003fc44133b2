"""The ways around: a real proxy, and real certificates, on loopback."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from tests.support import HtmlIndex, build_wheel
from tests.support.certificates import make_authority
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.pypi.errors import IndexUnreachable

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = "http://index.invalid/simple/"


@pytest.fixture(autouse=True)
def demo(folder):
    build_wheel(folder, "demo", "1.0")


@pytest.mark.parametrize("variable", ["PIP_PROXY", "HTTP_PROXY", "http_proxy"])
def test_a_proxy_is_asked_in_the_place_of_the_index(mirror, make_client, monkeypatch, variable):
    environ = {"HOME": "/nowhere", "PIP_TRUSTED_HOST": "index.invalid", variable: mirror.root}
    monkeypatch.setenv(variable, mirror.root)  # httpx2 reads the common ones itself
    config = IndexConfig.load(environ, index_url=ELSEWHERE, pip_files=())
    assert make_client(config=config).project("demo").files[0].url.startswith("http://index.inv")
    assert mirror.paths() == [f"{ELSEWHERE}demo/"]


def test_a_host_in_no_proxy_is_asked_directly(mirror, make_client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert make_client(mirror.url).project("demo").files


def test_a_proxy_may_be_given_without_a_scheme(mirror, make_client):
    environ = {"HOME": "/nowhere", "PIP_TRUSTED_HOST": "index.invalid"}
    environ["PIP_PROXY"] = mirror.root.removeprefix("http://")
    config = IndexConfig.load(environ, index_url=ELSEWHERE, pip_files=())
    assert make_client(config=config).project("demo").files


@pytest.mark.parametrize(
    "proxy", ["gopher://u:hidden@p:1", "socks5://u:hidden@p:1", "http://u:hidden@p:port"]
)
def test_a_proxy_of_another_kind_is_refused_without_showing_it(make_client, mirror, proxy):
    config = IndexConfig(indexes=(mirror.url,), proxy=proxy)
    with pytest.raises(IndexUnreachable, match=r"proxy that is set.*HTTPS_PROXY") as caught:
        make_client(config=config).project("demo")
    assert "hidden" not in str(caught.value)


def test_a_proxy_that_wants_credentials_is_named(mirror, make_client):
    mirror.faults.failures, mirror.faults.failure_status = 9, 407
    config = IndexConfig(
        indexes=(ELSEWHERE,), trusted_hosts=("index.invalid",), proxy=mirror.root, retries=0
    )
    with pytest.raises(IndexUnreachable, match=r"407.*proxy wants credentials"):
        make_client(config=config).project("demo")


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Path:
    """A folder with a certificate authority, a server's and a client's key and certificate."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(folder, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server-both.pem")
    with HtmlIndex(folder, tls=context) as index:
        index.context = context
        yield index


def load(index: HtmlIndex, **environ: str) -> IndexConfig:
    environ = {"HOME": "/nowhere", "PIP_RETRIES": "0", **environ}
    return IndexConfig.load(environ, index_url=index.url, pip_files=())


@pytest.mark.parametrize("variable", ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_of_the_users_own_is_trusted(secure, authority, make_client, variable):
    config = load(secure, **{variable: str(authority / "ca.pem")})
    assert make_client(config=config).project("demo").files


def test_a_server_that_would_rather_speak_http_2_is_spoken_to_in_http_1(
    secure, authority, make_client
):
    secure.context.set_alpn_protocols(["h2", "http/1.1"])
    config = load(secure, PIP_CERT=str(authority / "ca.pem"))
    assert make_client(config=config).project("demo").files


def test_a_certificate_of_nobody_is_refused_with_a_hint(secure, make_client):
    with pytest.raises(IndexUnreachable, match=r"not trusted.*PIP_CERT"):
        make_client(config=load(secure)).project("demo")


def test_a_trusted_host_needs_no_certificate(secure, make_client):
    config = load(secure, PIP_TRUSTED_HOST="127.0.0.1")
    assert make_client(config=config).project("demo").files


def test_a_client_certificate_is_shown(secure, authority, make_client):
    secure.context.verify_mode = ssl.CERT_REQUIRED
    secure.context.load_verify_locations(authority / "ca.pem")
    known = {"PIP_CERT": str(authority / "ca.pem")}
    with pytest.raises(IndexUnreachable):
        make_client(config=load(secure, **known)).project("demo")
    config = load(secure, **known, PIP_CLIENT_CERT=str(authority / "client-both.pem"))
    assert make_client(config=config).project("demo").files
