from __future__ import annotations

import gzip
from email.utils import formatdate

import pytest

from tfmac_lock.service.files import Site, accepts_gzip

from .conftest import FILES

MODIFIED = 1_700_000_000.0
Headers = list[tuple[bytes, bytes]]


@pytest.fixture
def site() -> Site:
    return Site(FILES, base="/tf/", modified=MODIFIED)


def value(headers: Headers, name: bytes) -> bytes | None:
    return dict(headers).get(name)


def test_a_file_is_answered_with_its_bytes_and_type(site: Site) -> None:
    status, headers, body = site.answer("/tf/locks/a/requirements.txt", [])

    assert (status, body) == (200, FILES["locks/a/requirements.txt"])
    assert value(headers, b"content-type") == b"text/plain; charset=utf-8"
    assert value(headers, b"content-length") == str(len(body)).encode()


def test_a_folder_is_its_index_and_is_named_with_a_slash(site: Site) -> None:
    assert site.answer("/tf/locks/a/", [])[2] == FILES["locks/a/index.html"]
    status, headers, _ = site.answer("/tf/locks/a", [])
    assert (status, value(headers, b"location")) == (308, b"/tf/locks/a/")
    assert site.answer("/tf", [])[0] == 308


def test_compressed_and_plain_forms_have_tags_of_their_own(site: Site) -> None:
    _, plain, _ = site.answer("/tf/", [])
    _, packed, body = site.answer("/tf/", [(b"accept-encoding", b"br, gzip")])

    assert value(packed, b"content-encoding") == b"gzip"
    assert gzip.decompress(body) == FILES["index.html"]
    assert value(packed, b"etag") != value(plain, b"etag")
    assert value(packed, b"vary") == value(plain, b"vary") == b"accept-encoding"


def test_small_files_are_not_worth_compressing(site: Site) -> None:
    _, headers, body = site.answer("/tf/static/site.css", [(b"accept-encoding", b"gzip")])

    assert value(headers, b"content-encoding") is None
    assert body == b"body{}"


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        (b"gzip", True),
        (b"GZIP;q=0.5", True),
        (b"*", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.0", False),
        (b"br, deflate", False),
        (b"", False),
        (b"\xff\xfe", False),
    ],
)
def test_gzip_is_used_only_where_it_is_accepted(given: bytes, accepted: bool) -> None:
    assert accepts_gzip(given) is accepted


def test_a_client_that_has_it_already_gets_no_body(site: Site) -> None:
    _, headers, _ = site.answer("/tf/", [])
    tag = value(headers, b"etag")
    assert tag is not None

    for known in (tag, b"W/" + tag, b'"other", ' + tag, b"*"):
        status, kept, body = site.answer("/tf/", [(b"if-none-match", known)])
        assert (status, body) == (304, b"")
        assert value(kept, b"etag") == tag
    assert site.answer("/tf/", [(b"if-none-match", b'"other"')])[0] == 200


def test_a_date_counts_only_without_a_tag_and_nonsense_is_ignored(site: Site) -> None:
    now = formatdate(MODIFIED, usegmt=True).encode()
    before = formatdate(MODIFIED - 1, usegmt=True).encode()

    assert site.answer("/tf/", [(b"if-modified-since", now)])[0] == 304
    assert site.answer("/tf/", [(b"if-modified-since", before)])[0] == 200
    assert site.answer("/tf/", [(b"if-modified-since", b"x" * 5000)])[0] == 200
    both = [(b"if-modified-since", now), (b"if-none-match", b'"other"')]
    assert site.answer("/tf/", both)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/tf/../../etc/passwd",
        "/tf/locks/a/../../../etc/passwd",
        "/tf//etc/passwd",
        "//evil.example/",
        "/tf/locks/a\x00",
        "/tf/" + "a" * 100_000,
    ],
)
def test_any_other_path_is_a_page_that_helps(site: Site, path: str) -> None:
    status, headers, body = site.answer(path, [])

    assert (status, body) == (404, FILES["404.html"])
    assert value(headers, b"etag") is None


def test_every_answer_carries_the_policy(site: Site) -> None:
    for path in ("/tf/", "/tf/locks/a", "/tf/nothing"):
        headers = site.answer(path, [])[1]
        assert b"default-src 'none'" in (value(headers, b"content-security-policy") or b"")
        assert value(headers, b"x-content-type-options") == b"nosniff"
