from __future__ import annotations

import pytest

from tfmac_lock.pypi import links

BASE = "https://h/simple/numpy/"


@pytest.mark.parametrize(
    ("href", "url", "fragment"),
    [
        ("https://f/numpy.whl#sha256=0", "https://f/numpy.whl", "sha256=0"),
        ("../../files/numpy.whl", "https://h/files/numpy.whl", ""),
        ("/files/numpy.whl", "https://h/files/numpy.whl", ""),
        ("//f/numpy.whl", "https://f/numpy.whl", ""),
        (" numpy.whl\n", "https://h/simple/numpy/numpy.whl", ""),
        ("https://f/a%2Bcpu.whl", "https://f/a%2Bcpu.whl", ""),
        ("https://f/a b.whl", "https://f/a%20b.whl", ""),
        ("https://f/ä.whl", "https://f/%C3%A4.whl", ""),
        ("https://u:p@f/a.whl", "https://f/a.whl", ""),
        ("https://f:8080/a.whl?x=1", "https://f:8080/a.whl?x=1", ""),
    ],
)
def test_links_become_absolute_addresses_without_credentials(href, url, fragment):
    assert links.resolve(BASE, href) == (url, fragment)


@pytest.mark.parametrize(
    "href",
    [
        *("javascript:alert(1)", "mailto:a@b", "ftp://h/a.whl", "file:///etc/passwd"),
        *("https://[bad/a.whl", "https://h/\ud800.whl", "https://evil?@h/a.whl"),
        *("https://evil\\@h/a.whl", "https://h/a.whl?x=\ud800", "https://h\ud800/a.whl"),
    ],
)
def test_what_cannot_be_fetched_is_no_link(href):
    assert links.resolve(BASE, href) is None


@pytest.mark.parametrize("href", ["/srv/\ud800.whl", "\ud800 a.whl", "file:///\ud800/a.whl"])
def test_a_name_that_no_encoding_has_is_no_link_on_this_disk_either(href):
    assert links.resolve("file:///srv/simple/a/index.html", href) is None


def test_only_a_page_on_this_disk_may_link_to_this_disk():
    assert links.resolve("file:///srv/simple/a/index.html", "../a.whl") == (
        "file:///srv/simple/a.whl",
        "",
    )


def test_the_file_name_is_the_decoded_end_of_the_path():
    assert links.filename_of("https://f/x/a-1%2Bcpu.whl?y=/z") == "a-1+cpu.whl"


@pytest.mark.parametrize("name", ["a/b.whl", "a\\b.whl", "a\tb.whl", "a\nb.whl"])
def test_a_file_name_that_leaves_its_folder_or_line_is_refused(name):
    assert not links.is_safe_name(name)


@pytest.mark.parametrize("text", ["", "0" * 63, "g" * 64, "0" * 65])
def test_a_hash_of_the_wrong_shape_is_none(text):
    assert links.sha256(text) is None


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ('https://f/a"b.whl', "https://f/a%22b.whl"),
        ("https://f/a%20b.whl", "https://f/a%20b.whl"),
        ("https://f/a|b[1]~(2)'!$*,?x=1&y=2+3@4", "https://f/a%7Cb[1]~(2)'!$*,?x=1&y=2+3@4"),
        ("http://F.example/a.whl", "http://F.example/a.whl"),
    ],
)
def test_what_an_address_cannot_hold_is_quoted_and_all_else_left_as_it_is(href, url):
    assert links.resolve(BASE, href) == (url, "")


def test_a_link_of_the_greatest_length_is_followed_and_a_longer_one_is_not():
    href = "https://f/a.whl#".ljust(links.LONGEST, "x")
    assert links.resolve(BASE, href) == ("https://f/a.whl", href.partition("#")[2])
    assert links.resolve(BASE, f"{href}x") is None


@pytest.mark.parametrize("href", ["https:///a.whl", "http:a.whl", "https://?a.whl"])
def test_an_address_without_a_host_is_no_link(href):
    assert links.resolve("https://", href) is None


def test_a_page_on_this_disk_may_link_to_the_network():
    assert links.resolve("file:///srv/a/index.html", "https://f/a.whl") == ("https://f/a.whl", "")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://h/p", "https://h/p"),
        ("../p#x", "https://h/simple/p"),
        ("", None),
        (None, None),
        (3, None),
        ("mailto:a@b", None),
    ],
)
def test_the_address_of_attestations_is_one_or_there_is_none(given, url):
    assert links.provenance(BASE, given) == url


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://f/x/a-1.whl", "a-1.whl"),
        ("https://f/x/", ""),
        ("https://f/a%2Fb.whl", "a/b.whl"),
        ("a.whl", "a.whl"),
    ],
)
def test_a_file_is_named_by_the_last_part_of_its_path(url, name):
    assert links.filename_of(url) == name


@pytest.mark.parametrize("name", ["a-1.whl", "a-1.tar.gz", "a-1.tar", "a-1.win32.exe", "a-1.egg"])
def test_what_an_index_has_ever_offered_for_installing_is_a_distribution(name):
    assert links.is_distribution(name)
    assert not links.is_distribution(f"{name}.asc")
    assert not links.is_distribution(f"{name}.metadata")


def test_a_plain_name_is_safe():
    assert links.is_safe_name("a-1.0+é.whl")


@pytest.mark.parametrize(
    ("hashes", "found"),
    [
        ({"sha256": "AB" * 32}, "ab" * 32),
        ({"sha256": 3}, None),
        ({"sha512": "0" * 64}, None),
        ({}, None),
    ],
)
def test_of_some_hashes_the_sha256_is_taken_in_small_letters(hashes, found):
    assert links.sha256_of(hashes) == found
