from __future__ import annotations

import html
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.pypi import simple_html
from tfmac_lock.pypi.errors import BadIndexAnswer
from tfmac_lock.pypi.model import IndexFile

URL = "https://h/simple/numpy/"
DIGEST = "ab" * 32
WHEEL = "numpy-1.0-py3-none-any.whl"


def parse(body, *where):
    return tuple(map(IndexFile.unpack, simple_html.parse(body, *where).rows))


def page(*lines: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{''.join(lines)}</body></html>".encode()


def only(body: bytes):
    (file,) = parse(body, URL)
    return file


def test_a_link_gives_the_name_the_address_and_the_hash():
    file = only(page(f'<a href="../../f/{WHEEL}#sha256={DIGEST}">whatever</a>'))
    assert (file.filename, file.url, file.sha256) == (WHEEL, f"https://h/f/{WHEEL}", DIGEST)
    assert (file.size, file.uploaded, file.yanked, file.has_metadata) == (None, None, None, False)


def test_another_kind_of_hash_is_not_taken_for_a_sha256():
    assert only(page(f'<a href="{WHEEL}#md5=00">x</a>')).sha256 is None


def test_links_are_resolved_against_the_base_of_the_page():
    file = only(page(f'<a href="{WHEEL}">x</a>', head='<base href="https://cdn/files/">'))
    assert file.url == f"https://cdn/files/{WHEEL}"


@pytest.mark.parametrize("text", ["&gt;=3.8,&lt;3.13", ">=3.8,<3.13", "&#62;=3.8,&#x3c;3.13"])
def test_requires_python_is_unescaped(text):
    body = page(f'<a href="{WHEEL}" data-requires-python="{text}">x</a>')
    assert only(body).requires_python == ">=3.8,<3.13"


def test_a_yanked_file_has_a_reason_or_an_empty_one():
    assert only(page(f'<a href="{WHEEL}" data-yanked="broken &amp; gone">x</a>')).yanked == (
        "broken & gone"
    )
    assert only(page(f'<a href="{WHEEL}" data-yanked="">x</a>')).yanked == ""
    assert only(page(f'<a href="{WHEEL}" data-yanked>x</a>')).yanked == ""


@pytest.mark.parametrize(
    ("attributes", "promised", "digest"),
    [
        ('data-core-metadata="true"', True, None),
        (f'data-core-metadata="sha256={DIGEST}"', True, DIGEST),
        (f'data-dist-info-metadata="sha256={DIGEST}"', True, DIGEST),
        (f'data-dist-info-metadata="true" data-core-metadata="sha256={DIGEST}"', True, DIGEST),
        ('data-core-metadata="md5=00"', True, None),
        ('data-core-metadata="false"', False, None),
    ],
)
def test_metadata_are_promised_under_the_new_name_or_the_old(attributes, promised, digest):
    file = only(page(f'<a href="{WHEEL}" {attributes}>x</a>'))
    assert (file.has_metadata, file.metadata_sha256) == (promised, digest)


def test_an_upload_time_is_taken_where_a_mirror_writes_it():
    body = page(f'<a href="{WHEEL}" data-upload-time="2010-06-29T19:56:36.719942Z">x</a>')
    assert only(body).uploaded == datetime(2010, 6, 29, 19, 56, 36, 719942, UTC)


@pytest.mark.parametrize(
    "hidden",
    [
        f'<!-- <a href="{WHEEL}">x</a> -->',
        f'<script>"<a href="{WHEEL}">x</a>"</script>',
        f"<a title=\"<a href='{WHEEL}'>\">x</a>",
        f'<a href="../">parent</a><a name="{WHEEL}">x</a>',
    ],
)
def test_what_is_no_link_to_a_browser_is_none_here(hidden):
    shown = '<a href="numpy-2.0-py3-none-any.whl">x</a>'
    assert [f.filename for f in parse(page(hidden, shown), URL)] == ["numpy-2.0-py3-none-any.whl"]
    assert [f.filename for f in parse(page(shown, hidden), URL)] == ["numpy-2.0-py3-none-any.whl"]


def test_links_in_any_layout_come_in_page_order():
    body = page(
        '<a href="a-1.whl">x</a><br/>\n<a href="a-2.whl">x</a>',
        "<ul><li><A HREF='a-3.whl' >x</A></li><li><a\nhref=a-4.whl>x</a></ul>",
        '<a href="a-5.whl">x</a>',
    )
    assert [f.filename[2] for f in parse(body, URL)] == list("12345")


def test_a_project_without_files_has_none():
    assert parse(page("<h1>Links for numpy</h1>"), URL) == ()


def test_another_major_version_is_refused_and_a_newer_minor_one_is_not():
    meta = '<meta name="pypi:repository-version" content="{}">'
    link = f'<a href="{WHEEL}">x</a>'
    assert only(page(link, head=meta.format("1.9")))
    with pytest.raises(BadIndexAnswer, match=r"version '2\.0'"):
        parse(page(link, head=meta.format("2.0")), URL)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff\x1f\x8b garbage",
        b"503 upstream failed",
        page("<form action=login><input name=user></form>"),
        page('Welcome! <a href="/about">About</a>'),
        page("<script>location = 'https://login/'</script>"),
    ],
)
def test_another_kind_of_page_is_not_an_empty_project(body):
    with pytest.raises(BadIndexAnswer, match="not the page of a project"):
        parse(body, URL)


def test_a_number_that_is_too_long_for_python_is_left_as_it_is():
    body = page(f'<a href="{WHEEL}" data-yanked="&#{"9" * 5000};">x</a>')
    assert only(body).yanked.startswith("&#999")


HOSTILE = (
    *("<", "<a ", "<a/", "<a =", "<a x= ", "<a b", "<!--", "<!-- --", "<!", "<?", "</a", "&"),
    *('<a x="', "<a x='\"", "<script>", "<title>", "<a href='&#x1;&'>", "<a x   "),
    *('<a href="https://h/f.whl" data-x="', '<a href="https://h/a/b/', '<a href="'),
)
PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from tfmac_lock.pypi import simple_html
from tfmac_lock.pypi.errors import BadIndexAnswer
try:
    simple_html.parse(("<!DOCTYPE html><a " + sys.argv[1] * (500_000 // len(sys.argv[1]))).encode(),
                      "https://h/simple/numpy/")
except BadIndexAnswer:
    pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the processor time of a child")
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_page_takes_time_and_memory_by_its_length(unit):
    """Ten times the processor and memory that is needed; a quadratic reader needs a thousand."""
    subprocess.run([sys.executable, "-c", PROGRAM, unit], check=True)


texts = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]))).map(
    lambda words: " ".join(filter(None, words))
)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z0-9_]+-[0-9]+-py3-none-any\.whl", fullmatch=True),
            texts,
            texts,
        ),
        min_size=1,
    ),
    st.sampled_from(
        ['<a href="{}" {}>x</a><br/>\n', "<p><A HREF='{}'\n{} >x</A>", '<a href="{}" {} >']
    ),
)
@pytest.mark.slow
def test_what_is_written_is_read_back_in_any_style(files, style):
    lines = []
    for name, yanked, requires in files:
        more = f'data-yanked="{html.escape(yanked)}" data-requires-python="{html.escape(requires)}"'
        lines.append(style.format(name, more))
    read = parse(page(*lines), URL)
    assert [(f.filename, f.yanked, f.requires_python or "") for f in read] == files
