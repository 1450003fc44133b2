from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.pypi.urls import BadAddress, read, redact, split_credentials


@pytest.mark.parametrize(
    ("given", "url", "credentials"),
    [
        ("https://h/simple/", "https://h/simple/", None),
        ("https://u:p@h/simple/", "https://h/simple/", ("u", "p")),
        ("https://token@h:8080/x", "https://h:8080/x", ("token", "")),
        ("https://u%40corp:p%3A%2F@h/", "https://h/", ("u@corp", "p:/")),
        ("https://u:p@w@h", "https://h", ("u", "p@w")),
        ("https://h/a@b/", "https://h/a@b/", None),
    ],
)
def test_credentials_are_taken_out_of_an_address(given, url, credentials):
    assert split_credentials(given) == (url, credentials)


AMBIGUOUS = (
    "http://evil.example?@corp.example/x.whl",
    "http://evil.example#@corp.example/x.whl",
    "http://evil.example\\@corp.example/x.whl",
    "http://corp.example\\.evil.example/x.whl",
    "http://evil.example?u:p@corp.example/x.whl",
    "http://corp.example\t.evil.example/",
    "http://corp example/",
    "http://[::1",
    "http://h:0x50/",
    "http://h:99999/",
    "no address",
    "https:/h/x",
)


@pytest.mark.parametrize("url", AMBIGUOUS)
def test_an_address_with_more_than_one_reading_is_refused(url):
    with pytest.raises(BadAddress):
        read(url)
    assert "corp" not in redact(url)


@given(
    st.text(st.sampled_from("ab.1:@/?#[]\\%ä é;&"), max_size=12),
    st.sampled_from(["http", "https", "HTTP"]),
)
def test_the_host_is_the_one_that_the_http_client_connects_to(rest, scheme):
    import httpx2

    try:
        address = read(f"{scheme}://{rest}")
    except BadAddress:
        return
    there = httpx2.URL(f"{scheme}://{rest}")
    assert address.origin == (there.scheme, there.raw_host.decode(), there.port)
    assert read(address.bare).origin == address.origin


def test_a_message_shows_neither_credentials_nor_a_signed_query():
    assert redact("https://u:secret@h/f.whl?signature=secret#sha256=0") == "https://h/f.whl"
    assert "secret" not in redact("https://u:se?cret@h/")


def test_the_default_port_makes_no_other_origin():
    assert read("HTTPS://H:443/a").origin == read("https://h/b").origin == ("https", "h", None)
    assert read("https://h:444/").origin != read("https://h/").origin
    assert read("http://h/").origin != read("https://h/").origin


def test_the_host_is_written_as_the_client_writes_it():
    assert read("http://h:8080").host == "h"
    assert read("https://[::1]:81/x").origin == ("https", "::1", 81)
    assert read("https://u:p@Host/x").host == "host"
    assert read("https://b\u00fccher.example/x").bare == "https://xn--bcher-kva.example/x"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://127.8.9.1/", "http://localhost/", "http://[::1]:3/"]
)
def test_this_machine_is_recognised(url):
    assert read(url).is_loopback


@pytest.mark.parametrize(
    "host", ["localhost.example.org", "127.0.0.1.example.org", "127.example.org", "128.0.0.1"]
)
def test_a_host_named_after_this_machine_is_not_it(host):
    assert not read(f"http://{host}/").is_loopback
