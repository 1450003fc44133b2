from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.pypi.model import (
    ALONE,
    IndexFile,
    Metadata,
    Project,
    ending_of,
    group,
    is_usable,
    pack_row,
)
from tfmac_lock.pypi.page import Page

words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
lines = st.lists(words, min_size=1).map(" ".join)
sha256 = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def index_files(draw: st.DrawFn) -> IndexFile:
    metadata_sha256 = draw(st.none() | sha256)
    return IndexFile(
        filename=draw(words),
        url=draw(words),
        sha256=draw(st.none() | sha256),
        size=draw(st.none() | st.integers(min_value=0)),
        requires_python=draw(st.none() | lines),
        yanked=draw(st.none() | st.just("") | lines),
        uploaded=draw(st.none() | st.datetimes(timezones=st.just(UTC))),
        metadata_sha256=metadata_sha256,
        has_metadata=metadata_sha256 is not None or draw(st.booleans()),
    )


@given(index_files())
def test_a_file_survives_packing(file):
    assert IndexFile.unpack(file.pack()) == file
    assert "\n" not in file.pack()


@given(
    st.builds(
        Metadata,
        name=words,
        version=words,
        requires_python=st.none() | lines,
        requires_dist=st.lists(lines).map(tuple),
        provides_extra=st.lists(words).map(tuple),
    )
)
def test_metadata_survive_packing(metadata):
    assert Metadata.unpack(metadata.pack()) == metadata


def test_a_reason_of_several_lines_stays_one_row():
    file = IndexFile(filename="a.whl", url="https://h/a.whl", yanked="bad\n\tbuild")
    assert IndexFile.unpack(file.pack()).yanked == "bad build"


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2024-05-06T07:08:09.5Z", datetime(2024, 5, 6, 7, 8, 9, 500000, UTC)),
        ("2024-05-06 07:08:09", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("yesterday\n", None),
        ("2024-13-01T00:00:00Z", None),
    ],
)
def test_a_time_without_a_zone_is_utc_and_a_senseless_one_unknown(text, when):
    row = pack_row("a.whl", "https://h/a.whl", None, None, None, None, text, None, False)
    assert IndexFile.unpack(row).uploaded == when


def test_times_are_kept_in_utc():
    when = datetime.fromisoformat("2024-01-01T02:00:00+02:00")
    file = IndexFile(filename="a.whl", url="https://h/a.whl", uploaded=when)
    assert IndexFile.unpack(file.pack()).uploaded == datetime(2024, 1, 1, tzinfo=UTC)


def test_selecting_builds_only_what_is_kept():
    files = tuple(IndexFile(filename=n, url=f"https://h/{n}") for n in ("a.whl", "b.whl"))
    rows = (*(file.pack() for file in files), "b.tar.gz\tnot a row that could be unpacked")
    project = Project.of("x", rows)
    assert project.select(lambda name: name.endswith("b.whl")) == files[1:]


def test_only_wheels_and_source_archives_are_of_use():
    names = ["a.whl", "a.tar.gz", "a.zip", "a.exe", "a.egg", "a.whl.asc"]
    assert list(filter(is_usable, names)) == ["a.whl", "a.tar.gz", "a.zip"]


def test_a_project_knows_whether_all_its_times_are_known():
    when = datetime(2024, 1, 1, tzinfo=UTC)
    files = [
        IndexFile(filename="a.whl", url="https://h/a.whl", uploaded=uploaded)
        for uploaded in (when, None)
    ]
    assert Project.of("x", (files[0].pack(),)).has_times
    assert not Project.of("x", tuple(file.pack() for file in files)).has_times


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_a_time_beyond_the_years_is_unknown(text):
    row = pack_row("a.whl", "https://h/a.whl", None, None, None, None, text, None, False)
    assert IndexFile.unpack(row).uploaded is None


@pytest.mark.parametrize(
    ("filename", "ending"),
    [
        ("numpy-2.0-cp311-cp311-macosx_11_0_arm64.whl", "cp311-cp311-macosx_11_0_arm64.whl"),
        ("numpy-2.0-1-py2.py3-none-any.whl", "py2.py3-none-any.whl"),
        ("numpy-2.0.tar.gz", ".tar.gz"),
        ("numpy.whl", ""),
    ],
)
def test_files_are_grouped_by_what_decides_on_their_targets(filename, ending):
    assert ending_of(filename) == ending


def test_a_source_archive_of_a_release_without_wheels_stands_alone():
    names = ("a-1.tar.gz", "a-1-py3-none-any.whl", "a-2.tar.gz", "a-3.zip")
    project = Project.of("a", [f"{name}\t" for name in names])
    assert {ending: project.count(ending) for ending in project.groups} == {
        "py3-none-any.whl": 1,
        ".tar.gz": 1,
        f"{ALONE}.tar.gz": 1,
        f"{ALONE}.zip": 1,
    }


@given(st.lists(index_files(), unique_by=lambda file: file.filename))
def test_a_page_that_is_kept_and_loaded_has_the_same_files(files):
    page = Page(url="https://h/", fresh_until=1.5, groups=group(file.pack() for file in files))
    loaded = Page.unpack(page.pack())
    assert loaded == page
    project = Project(name="x", groups=loaded.groups)
    assert sorted(project.files, key=str) == sorted(files, key=str)
    by_group = [file for ending in project.groups for file in project.files_of(ending)]
    assert sorted(by_group, key=str) == sorted(files, key=str)
