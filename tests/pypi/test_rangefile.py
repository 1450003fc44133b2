from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from types import SimpleNamespace
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


# -- what each answer of a server leads to


class Answers:
    """A server that gives these answers in turn, each as status, headers and body."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    def fetch(self, url, take, *, method="GET", headers, seconds):
        assert headers["Accept-Encoding"] == "identity"
        self.asked.append((method, headers.get("Range", "")))
        status, said, body = self.answers.pop(0)
        return take(
            SimpleNamespace(
                status=status, headers=said, raw=lambda limit: [body], allow=lambda seconds: None
            )
        )


FILE = IndexFile(filename="demo.whl", url="https://f/demo.whl")
CONTENT = hashlib.shake_128(b"demo").digest(3 * TAIL)
SIZE = len(CONTENT)
LAST = f"bytes=-{TAIL}"
EXPLICIT = f"bytes={SIZE - TAIL}-{SIZE - 1}"


def piece(start: int, stop: int, total: int = SIZE) -> tuple[int, dict[str, str], bytes]:
    said = f"bytes {start}-{stop - 1}/{total}"
    return 206, {"content-range": said}, CONTENT[start:stop]


TAIL_PIECE = piece(SIZE - TAIL, SIZE)
WHOLE = (200, {"content-length": str(SIZE)}, CONTENT)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([TAIL_PIECE], [("GET", LAST)]),
        ([WHOLE], [("GET", LAST)]),
        # The first bytes in place of the last.
        ([piece(0, TAIL), TAIL_PIECE], [("GET", LAST), ("GET", EXPLICIT)]),
        # A refusal that tells the size, and ones that do not.
        (
            [(416, {"content-range": f"bytes */{SIZE}"}, b""), TAIL_PIECE],
            [("GET", LAST), ("GET", EXPLICIT)],
        ),
        (
            [(416, {"content-range": "bytes */*"}, b""), (200, WHOLE[1], b""), TAIL_PIECE],
            [("GET", LAST), ("HEAD", ""), ("GET", EXPLICIT)],
        ),
        (
            [(416, {"content-range": "9" * 16}, b""), (200, WHOLE[1], b""), TAIL_PIECE],
            [("GET", LAST), ("HEAD", ""), ("GET", EXPLICIT)],
        ),
        # Whose size nobody tells comes whole.
        (
            [(501, {}, b""), (405, {"content-length": "3"}, b""), WHOLE],
            [("GET", LAST), ("HEAD", ""), ("GET", "")],
        ),
        ([(501, {}, b""), (200, {}, b""), WHOLE], [("GET", LAST), ("HEAD", ""), ("GET", "")]),
        # Ranges are refused in every form.
        (
            [(501, {}, b""), (200, WHOLE[1], b""), (501, {}, b""), WHOLE],
            [("GET", LAST), ("HEAD", ""), ("GET", EXPLICIT), ("GET", "")],
        ),
    ],
)
def test_each_refusal_leads_to_the_next_best_way(answers, asked):
    server = Answers(*answers)
    with open_remote(server, Limits(), FILE) as file:
        file.seek(-100, io.SEEK_END)
        assert file.read() == CONTENT[-100:]
    assert server.asked == asked
    assert server.answers == []


def test_the_size_on_the_page_saves_the_question_for_it():
    server = Answers((501, {}, b""), TAIL_PIECE)
    with open_remote(server, Limits(), replace(FILE, size=SIZE)):
        pass
    assert server.asked == [("GET", LAST), ("GET", EXPLICIT)]


def test_a_file_smaller_than_the_end_that_is_asked_for_is_asked_for_from_its_beginning():
    small = (206, {"content-range": "bytes 0-9/10"}, CONTENT[:10])
    server = Answers((416, {"content-range": "bytes */10"}, b""), small)
    with open_remote(server, Limits(), FILE) as file:
        assert file.read() == CONTENT[:10]
    assert server.asked == [("GET", LAST), ("GET", "bytes=0-9")]


@pytest.mark.parametrize(
    ("length", "ranges", "again"),
    [
        ((4 << 20) + 1, "bytes", True),
        (4 << 20, "bytes", False),
        ((4 << 20) + 1, "none", False),
        ((4 << 20) + 1, "", False),
    ],
)
def test_a_large_file_is_asked_for_again_in_words_that_the_server_may_know(length, ranges, again):
    large = bytes(length)
    said = {"content-length": str(length), "accept-ranges": ranges}
    tail = (206, {"content-range": f"bytes {length - TAIL}-{length - 1}/{length}"}, large[-TAIL:])
    server = Answers((200, said, large), *([tail] if again else []))
    with open_remote(server, Limits(), FILE) as file:
        file.seek(-1, io.SEEK_END)
        assert file.read() == b"\0"
    assert [wanted for _, wanted in server.asked] == [
        LAST,
        *([f"bytes={length - TAIL}-{length - 1}"] if again else []),
    ]


def test_a_large_file_that_comes_whole_twice_is_taken():
    large = bytes((4 << 20) + 1)
    said = {"content-length": str(len(large)), "accept-ranges": "bytes"}
    server = Answers((200, said, large), (200, said, large))
    with open_remote(server, Limits(), FILE) as file:
        assert file.read() == large


@pytest.mark.parametrize(
    ("said", "sent", "told"),
    [
        ("", 10, "it serves the range ''"),
        ("bytes 0-9/*", 10, "it serves the range 'bytes 0-9/*'"),
        ("bytes 0-9/10 ", 10, "it serves the range 'bytes 0-9/10 '"),
        ("x" * 61, 10, f"it serves the range '{'x' * 60}'"),
        ("bytes 0-9/10", 9, "it says 'bytes 0-9/10' and sends 9 bytes"),
        ("bytes 0-9/10", 11, "it says 'bytes 0-9/10' and sends 11 bytes"),
        ("bytes 5-4/10", 0, "it says 'bytes 5-4/10' and sends 0 bytes"),
        ("bytes 1-10/10", 10, "it says 'bytes 1-10/10' and sends 10 bytes"),
        ("bytes 0-19/10", 20, "it says 'bytes 0-19/10' and sends 20 bytes"),
    ],
)
def test_a_piece_is_what_its_head_says_or_is_not_believed(said, sent, told):
    server = Answers((206, {"content-range": said}, CONTENT[:sent]))
    with pytest.raises(BadIndexAnswer) as caught:
        open_remote(server, Limits(), FILE)
    assert told in str(caught.value)
    assert FILE.url in str(caught.value)


@pytest.mark.parametrize("start", [0, 1, 9])
def test_a_piece_of_the_fewest_bytes_is_believed(start):
    content = CONTENT[start:10]
    with open_remote(
        Answers((206, {"content-range": f"bytes {start}-9/10"}, content)), Limits(), FILE
    ) as file:
        file.seek(start)
        assert file.read() == content


@pytest.mark.parametrize("status", [404, 410])
def test_a_file_that_is_gone_is_asked_for_once(status):
    server = Answers((status, {}, b""))
    with pytest.raises(BadIndexAnswer, match=f"the index lists the file, the server says {status}"):
        open_remote(server, Limits(), FILE)


def test_a_file_of_which_all_bytes_came_as_a_range_is_checked():
    small = (206, {"content-range": "bytes 0-9/10"}, CONTENT[:10])
    right = hashlib.sha256(CONTENT[:10]).hexdigest()
    with open_remote(Answers(small), Limits(), replace(FILE, sha256=right)) as file:
        assert file.read() == CONTENT[:10]
    with pytest.raises(HashMismatch) as caught:
        open_remote(Answers(small), Limits(), replace(FILE, sha256="0" * 64))
    assert right in str(caught.value)
    # Of the end alone nothing can be said.
    with open_remote(Answers(TAIL_PIECE), Limits(), replace(FILE, sha256="0" * 64)):
        pass


def test_what_the_explicit_range_brings_must_be_the_end():
    server = Answers(piece(0, TAIL), piece(0, TAIL))
    with pytest.raises(BadIndexAnswer, match="it serves other ranges than it is asked for"):
        open_remote(server, Limits(), FILE)


@pytest.mark.parametrize(
    "wrong", [piece(1, 10 + 1), piece(0, 9), piece(0, 10, SIZE + 1), (200, {}, CONTENT)]
)
def test_a_later_piece_is_the_one_that_was_asked_for(wrong):
    # Ten bytes lie before the tail, so they are asked for as they are.
    size = TAIL + 10
    server = Answers(piece(10, size, size), wrong)
    with (
        open_remote(server, Limits(), FILE) as file,
        pytest.raises(BadIndexAnswer, match=r"other ranges than it is asked for|stopped doing so"),
    ):
        file.read(1)
    assert server.asked[-1] == ("GET", "bytes=0-9")


def test_as_many_bytes_as_the_budget_are_fetched_and_no_more():
    size = TAIL + 10
    for budget, enough in ((10, True), (9, False)):
        server = Answers(piece(10, size, size), piece(0, 10, size))
        with open_remote(server, Limits(), FILE, budget=budget) as file:
            if enough:
                assert file.read(size) == CONTENT[:size]
            else:
                with pytest.raises(BadIndexAnswer, match="more bytes than is allowed"):
                    file.read(1)


@pytest.mark.parametrize("reads", [1, 2, 3])
def test_what_is_fetched_from_the_middle_counts_by_its_length(reads):
    total, each = 1 << 20, rangefile._AT_LEAST
    end = rangefile.Piece(start=total - 1, total=total, content=b"x")

    def read(budget: int) -> bytes:
        file = RangeFile("u", end, lambda start, stop: bytes(stop - start), budget)
        places = [(number + 1) * (total // 4) for number in range(reads)]
        return b"".join(file.read(1) for place in places if file.seek(place) == place)

    assert read(reads * each) == bytes(reads)
    with pytest.raises(BadIndexAnswer, match="more bytes than is allowed"):
        read(reads * each - 1)


def test_of_a_file_whose_directory_would_be_hundreds_of_megabytes_no_more_is_fetched():
    size = 1 << 30
    _, headers, _ = piece(size - TAIL, size, size)
    server = Answers((206, headers, bytes(TAIL)))
    with (
        open_remote(server, Limits(), FILE) as file,
        pytest.raises(BadIndexAnswer, match="more bytes than is allowed"),
    ):
        file.read(256 << 20)
    assert len(server.asked) == 1


def test_a_file_can_be_read_and_moved_in_as_python_asks():
    file = RangeFile("u", rangefile.Piece(start=0, total=3, content=b"abc"), lambda a, b: b"", 0)
    assert file.readable()
    assert file.seekable()
    assert not file.writable()
    assert file.read(0) == b""
    assert file.seek(0) == 0
    assert file.read(None) == b"abc"
    assert file.seek(5) == 5
    assert file.read() == b""
    with pytest.raises(OSError, match="before the start") as caught:
        file.seek(-4, io.SEEK_END)
    assert caught.value.errno == 22
    assert file.tell() == 5


def test_a_whole_file_that_the_server_refuses_is_named():
    server = Answers((501, {}, b""), (501, {}, b""), (500, {}, b""))
    with pytest.raises(BadIndexAnswer, match="the server says 500"):
        open_remote(server, Limits(), FILE)


def test_a_saved_file_is_checked_and_written_over_what_was_there():
    into = io.BytesIO(b"x" * SIZE * 2)
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert save(Answers(WHOLE), Limits(), replace(FILE, sha256=digest), into) == digest
    assert into.getvalue() == CONTENT
    with pytest.raises(HashMismatch):
        save(Answers(WHOLE), Limits(), replace(FILE, sha256="0" * 64), into)
