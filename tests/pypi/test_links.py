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
        "https://evil\\@h/a.whl",
    ],
)
def test_what_cannot_be_fetched_is_no_link(href):
    assert links.resolve(BASE, href) is None


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
