from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import build_wheel
from tfmac_lock.pypi import rangefile
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.pypi.errors import BadIndexAnswer, HashMismatch, NoRoom
from tfmac_lock.pypi.http import Limits, Transport
from tfmac_lock.pypi.model import IndexFile
from tfmac_lock.pypi.rangefile import TAIL, RangeFile, open_remote, save

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import HtmlIndex


@pytest.fixture
def transport(listener):
    one = Transport(IndexConfig(retries=1), listener, wait=lambda seconds: None)
    yield one
    one.close()


@pytest.fixture
def wheel(folder) -> Path:
    """Larger than what is fetched at first."""
    return build_wheel(folder, "demo", "1.0", filler=300_000)


def address(mirror: HtmlIndex, wheel: Path, **known: object) -> IndexFile:
    return IndexFile(filename=wheel.name, url=f"{mirror.root}/files/demo/{wheel.name}", **known)


def test_the_directory_of_a_wheel_takes_one_small_request(mirror, wheel, transport, listener):
    with open_remote(transport, Limits(), address(mirror, wheel)) as file:
        names = zipfile.ZipFile(file).namelist()
    assert "demo-1.0.dist-info/METADATA" in names
    assert [seen.headers["range"] for seen in mirror.seen] == [f"bytes=-{TAIL}"]
    assert listener.received_bytes == TAIL


@pytest.mark.parametrize(
    ("ranges", "statuses"),
    [
        ("serve", [206]),
        ("explicit", [416, 206]),
        ("prefix", [206, 206]),
        ("ignore", [200]),
        ("refuse", [416, 416, 200]),
        ("crash", [501, 200, 501, 200]),
    ],
)
def test_a_wheel_is_read_from_every_kind_of_server(mirror, wheel, transport, ranges, statuses):
    mirror.faults.ranges = ranges
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with open_remote(transport, Limits(), address(mirror, wheel, sha256=digest)) as file:
        assert zipfile.ZipFile(file).testzip() is None
    assert [seen.status for seen in mirror.seen][: len(statuses)] == statuses


def test_a_wheel_smaller_than_the_first_request_is_read(mirror, folder, transport):
    wheel = build_wheel(folder, "demo", "1.0")
    with open_remote(transport, Limits(), address(mirror, wheel)) as file:
        assert file.read() == wheel.read_bytes()
    assert len(mirror.seen) == 1


def test_what_is_fetched_whole_is_read_from_its_beginning(mirror, wheel, transport):
    mirror.faults.ranges = "ignore"
    with open_remote(transport, Limits(), address(mirror, wheel)) as file:
        assert file.read() == wheel.read_bytes()


def test_what_is_fetched_whole_is_checked(mirror, wheel, transport):
    mirror.faults.ranges = "ignore"
    with pytest.raises(HashMismatch, match="promised 0000"):
        open_remote(transport, Limits(), address(mirror, wheel, sha256="0" * 64))


def test_a_server_that_lies_about_sizes_is_not_believed(mirror, wheel, transport):
    mirror.faults.ranges = "lie"
    with pytest.raises(BadIndexAnswer, match="other ranges than it is asked for"):
        open_remote(transport, Limits(), address(mirror, wheel))


def test_a_size_that_differs_from_the_page_is_not_believed(mirror, wheel, transport):
    with pytest.raises(BadIndexAnswer, match="the index says 5"):
        open_remote(transport, Limits(), address(mirror, wheel, size=5))


def test_a_file_that_changes_while_it_is_read_is_not_believed(mirror, wheel, transport):
    with open_remote(transport, Limits(), address(mirror, wheel)) as file:
        wheel.write_bytes(wheel.read_bytes() + b"more")
        with pytest.raises(BadIndexAnswer, match="other ranges"):
            file.read(10)


def test_a_server_that_stops_serving_ranges_is_not_believed(mirror, wheel, transport):
    with open_remote(transport, Limits(), address(mirror, wheel)) as file:
        mirror.faults.ranges = "refuse"
        with pytest.raises(BadIndexAnswer, match="stopped doing so"):
            file.read(10)


def test_a_file_that_the_server_does_not_have_is_named(mirror, wheel, transport):
    gone = address(mirror, wheel.with_name("gone-1.0-py3-none-any.whl"))
    with pytest.raises(BadIndexAnswer, match=r"gone-1\.0.*the server says 404"):
        open_remote(transport, Limits(), gone)
    with pytest.raises(BadIndexAnswer, match="the server says 404"):
        save(transport, Limits(), gone, io.BytesIO())


def test_no_more_than_the_budget_is_fetched(mirror, wheel, transport, listener):
    with (
        open_remote(transport, Limits(), address(mirror, wheel), budget=100_000) as file,
        pytest.raises(BadIndexAnswer, match="more bytes than is allowed"),
    ):
        zipfile.ZipFile(file).testzip()
    assert listener.received_bytes <= 100_000 + TAIL


def test_a_wheel_over_the_limit_is_not_saved(mirror, wheel, transport):
    into = io.BytesIO()
    with pytest.raises(BadIndexAnswer, match="over 1000"):
        save(transport, Limits(wheel_bytes=1000), address(mirror, wheel), into)
    assert into.getvalue() == b""


def test_a_saved_wheel_is_whole_even_when_the_first_try_breaks_off(mirror, wheel, transport):
    mirror.faults.truncate = True

    class Repaired(io.BytesIO):
        def write(self, content):
            mirror.faults.truncate = False
            return super().write(content)

    into = Repaired()
    digest = save(transport, Limits(), address(mirror, wheel), into)
    assert into.getvalue() == wheel.read_bytes()
    assert digest == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert len(mirror.seen) == 2


def test_a_full_disk_is_named(mirror, wheel, transport):
    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(28, "No space left on device")

    with pytest.raises(NoRoom, match="No space left"):
        save(transport, Limits(), address(mirror, wheel), Full())


@given(
    size=st.integers(min_value=1, max_value=3000),
    tail=st.integers(min_value=1, max_value=400),
    steps=st.lists(
        st.tuples(
            st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]),
            st.integers(min_value=-3500, max_value=3500),
            st.integers(min_value=0, max_value=3500),
        ),
        max_size=12,
    ),
)
def test_reading_and_seeking_is_what_it_is_in_memory(size, tail, steps):
    content = hashlib.shake_128(b"content").digest(size)
    fetched = []

    def fetch(start, stop):
        assert 0 <= start < stop <= size
        fetched.append((start, stop))
        return content[start:stop]

    with pytest.MonkeyPatch.context() as patch:
        # Small, so that the edges of pieces are met.
        patch.setattr(rangefile, "_AT_LEAST", 64)
        patch.setattr(rangefile, "_BEFORE", 16)
        start = max(0, size - tail)
        piece = rangefile.Piece(start=start, total=size, content=content[start:])
        ours, theirs = RangeFile("https://h/f", piece, fetch, 1 << 30), io.BytesIO(content)
        for whence, offset, count in steps:
            base = {0: 0, 1: theirs.tell(), 2: size}[whence]
            if base + offset >= 0:
                assert ours.seek(offset, whence) == theirs.seek(offset, whence)
            assert ours.read(count) == theirs.read(count)
            assert ours.tell() == theirs.tell()
    assert sum(stop - start for start, stop in fetched) <= size, "nothing is fetched twice"


def test_a_directory_and_what_lies_before_it_take_one_request():
    content = bytes(1 << 20)
    asked = []

    def fetch(start, stop):
        asked.append((start, stop))
        return content[start:stop]

    tail = len(content) - 1000
    piece = rangefile.Piece(start=tail, total=len(content), content=content[tail:])
    file = RangeFile("https://h/f", piece, fetch, 1 << 30)
    file.seek(500_000)
    assert len(file.read()) == len(content) - 500_000
    file.seek(490_000)
    assert len(file.read(10_000)) == 10_000
    assert asked == [(500_000 - (1 << 14), tail)]


def test_a_position_before_the_start_is_refused():
    file = RangeFile("u", rangefile.Piece(start=0, total=1, content=b"x"), lambda a, b: b"", 0)
    with pytest.raises(OSError, match="before the start"):
        file.seek(-1)


def test_memory_is_not_taken_for_what_a_directory_claims():
    piece = rangefile.Piece(start=(1 << 50) - 1, total=1 << 50, content=b"x")
    file = RangeFile("https://h/f", piece, lambda start, stop: b"", 1000)
    with pytest.raises(BadIndexAnswer, match="more bytes than is allowed"):
        file.read()
    file.seek(-1, io.SEEK_END)
    assert file.read(1 << 60) == b"x"
