from __future__ import annotations

import pytest

from tfmac_lock.pypi.urls import host_and_port, is_loopback, origin, redact, split_credentials


@pytest.mark.parametrize(
    ("given", "url", "credentials"),
    [
        ("https://h/simple/", "https://h/simple/", None),
        ("https://u:p@h/simple/", "https://h/simple/", ("u", "p")),
        ("https://token@h:8080/x", "https://h:8080/x", ("token", "")),
        ("https://u%40corp:p%3A%2F@h/", "https://h/", ("u@corp", "p:/")),
        ("https://u:p@w@h", "https://h", ("u", "p@w")),
        ("https://h/a@b/", "https://h/a@b/", None),
        ("not an address", "not an address", None),
    ],
)
def test_credentials_are_taken_out_of_an_address(given, url, credentials):
    assert split_credentials(given) == (url, credentials)


def test_a_message_shows_neither_credentials_nor_a_signed_query():
    assert redact("https://u:secret@h/f.whl?signature=secret#sha256=0") == "https://h/f.whl"


def test_the_default_port_makes_no_other_origin():
    assert origin("HTTPS://H:443/a") == origin("https://h/b") == "https://h"
    assert origin("https://h:444/") != origin("https://h/")
    assert origin("http://h/") != origin("https://h/")


def test_a_host_that_ends_like_a_port_is_left_alone():
    assert origin("http://h:8080") == "http://h:8080"
    assert host_and_port("https://[::1]:81/x") == ("::1", "81")
    assert host_and_port("https://u:p@Host/x") == ("host", "")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://localhost/", "http://[::1]:3/"])
def test_this_machine_is_recognised(url):
    assert is_loopback(url)


def test_a_host_named_after_this_machine_is_not_it():
    assert not is_loopback("http://localhost.example.org/")
