from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.pypi.model import IndexFile, Metadata, Project, is_usable, pack_row

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
    project = Project(name="x", rows=rows)
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
    assert Project(name="x", rows=(files[0].pack(),)).has_times
    assert not Project(name="x", rows=tuple(file.pack() for file in files)).has_times


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_a_time_beyond_the_years_is_unknown(text):
    row = pack_row("a.whl", "https://h/a.whl", None, None, None, None, text, None, False)
    assert IndexFile.unpack(row).uploaded is None
