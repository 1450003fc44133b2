from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.pypi import simple_json
from tfmac_lock.pypi.errors import BadIndexAnswer
from tfmac_lock.pypi.model import IndexFile

URL = "https://h/simple/numpy/"
DIGEST = "ab" * 32
WHEEL = "numpy-1.0-py3-none-any.whl"


def parse(body, *where):
    return tuple(map(IndexFile.unpack, simple_json.parse(body, *where).rows))


def page(*files: object, version: str = "1.1") -> bytes:
    return json.dumps({"meta": {"api-version": version}, "name": "numpy", "files": files}).encode()


def only(**entry: object):
    (file,) = parse(page({"filename": WHEEL, "url": f"../../f/{WHEEL}", **entry}), URL)
    return file


def test_every_fact_of_a_file_is_read():
    file = only(
        **{
            "hashes": {"sha256": DIGEST, "md5": "00"},
            "requires-python": ">=3.8",
            "size": 12,
            "upload-time": "2024-01-02T03:04:05.678Z",
            "core-metadata": {"sha256": DIGEST},
            "yanked": "broken",
        }
    )
    assert file.url == f"https://h/f/{WHEEL}"
    assert (file.sha256, file.size, file.requires_python) == (DIGEST, 12, ">=3.8")
    assert file.uploaded == datetime(2024, 1, 2, 3, 4, 5, 678000, UTC)
    assert (file.has_metadata, file.metadata_sha256, file.yanked) == (True, DIGEST, "broken")


def test_what_is_missing_or_malformed_beside_the_name_is_unknown():
    file = only(**{"hashes": {}, "size": "big", "upload-time": 5, "requires-python": None})
    assert (file.sha256, file.size, file.uploaded, file.requires_python) == (None,) * 4


@pytest.mark.parametrize(("value", "yanked"), [(True, ""), (False, None), ("why", "why")])
def test_yanked_is_a_flag_or_a_reason(value, yanked):
    assert only(yanked=value).yanked == yanked


@pytest.mark.parametrize(
    ("keys", "promised"),
    [
        ({"core-metadata": True}, True),
        ({"dist-info-metadata": True}, True),
        ({"core-metadata": False, "dist-info-metadata": True}, False),
        ({}, False),
    ],
)
def test_metadata_are_promised_under_the_new_name_or_the_old(keys, promised):
    assert only(**keys).has_metadata is promised


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "not JSON"),
        (b"", "not JSON"),
        (b'{"meta": {"api-version": "1.0"}, "files": [', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"files": []}', "version None"),
        (page(version="2.0"), r"version '2\.0'"),
        (b'{"meta": {"api-version": "1.0"}}', "files: not a list"),
        (page(7), r"files\[0\]: not an object"),
        (page({"filename": WHEEL}), r"files\[0\]: no filename and url"),
        (page({"filename": WHEEL, "url": WHEEL}, {"url": 3}), r"files\[1\]: no filename"),
    ],
)
def test_a_malformed_page_is_refused_by_naming_the_place(body, reason):
    with pytest.raises(BadIndexAnswer, match=reason):
        parse(body, URL)


def test_a_name_that_leaves_its_folder_is_passed_over():
    assert parse(page({"filename": "../a.whl", "url": "a.whl"}), URL) == ()


def test_the_project_json_has_times_and_hashes_of_all_releases():
    entry = {
        "filename": WHEEL,
        "url": f"https://f/{WHEEL}",
        "digests": {"sha256": DIGEST},
        "requires_python": ">=3.9",
        "size": 9,
        "upload_time": "2024-01-02T03:04:05",
        "upload_time_iso_8601": "2024-01-02T03:04:05.000001Z",
        "yanked": True,
        "yanked_reason": "oops",
    }
    body = json.dumps({"releases": {"0.9": [], "1.0": [entry]}}).encode()
    (file,) = map(IndexFile.unpack, simple_json.parse_project(body, URL).rows)
    assert (file.sha256, file.size, file.yanked) == (DIGEST, 9, "oops")
    assert (file.requires_python, file.uploaded) == (
        ">=3.9",
        datetime(2024, 1, 2, 3, 4, 5, 1, UTC),
    )


def test_a_project_json_without_releases_is_refused():
    with pytest.raises(BadIndexAnswer, match="releases: missing"):
        simple_json.parse_project(b"{}", URL)
    with pytest.raises(BadIndexAnswer, match=r"releases\.1\.0: not a list"):
        simple_json.parse_project(b'{"releases": {"1.0": {}}}', URL)


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
texts = st.lists(words, min_size=1).map(" ".join)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "filename": st.from_regex(
                    r"[A-Za-z0-9_]+-[0-9]+-py3-none-any\.whl", fullmatch=True
                ),
                "requires-python": texts,
                "yanked": texts,
                "size": st.integers(min_value=0, max_value=2**50),
            }
        )
    )
)
@pytest.mark.slow
def test_what_is_written_is_read_back(entries):
    read = parse(page(*({**entry, "url": entry["filename"]} for entry in entries)), URL)
    assert [
        {
            "filename": f.filename,
            "requires-python": f.requires_python,
            "yanked": f.yanked,
            "size": f.size,
        }
        for f in read
    ] == entries


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_json_whatever_escapes_as_another_fault(thing):
    for body in (json.dumps(thing).encode(), page(thing), page({"filename": thing, "url": thing})):
        with contextlib.suppress(BadIndexAnswer):
            parse(body, URL)
