from __future__ import annotations

import hashlib
import io
from typing import IO, TYPE_CHECKING, cast

import pytest

from tfmac_lock.pypi.errors import ProjectNotFound
from tfmac_lock.pypi.model import IndexFile
from tfmac_lock.pypi.wheels import IndexWheels, SideBySide

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.pypi.client import IndexClient

CONTENT = bytes(range(256)) * 400


class Slow(io.BytesIO):
    """Gives less than it is asked for, as files over the network may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 1000))


@pytest.fixture
def opened() -> list[Slow]:
    return []


@pytest.fixture
def file(opened: list[Slow], monkeypatch: pytest.MonkeyPatch) -> SideBySide:
    monkeypatch.setattr(SideBySide, "LARGE", 5000)

    def open_again() -> Slow:
        opened.append(Slow(CONTENT))
        return opened[-1]

    return SideBySide(open_again)


@pytest.mark.parametrize("size", [0, 10, 4999, 5000, 50_001, len(CONTENT), len(CONTENT) + 7000])
@pytest.mark.parametrize("start", [0, 1, 70_000, len(CONTENT)])
def test_what_is_read_side_by_side_is_what_is_there(
    file: SideBySide, start: int, size: int
) -> None:
    file.seek(start)

    assert file.read(size) == CONTENT[start : start + size]
    assert file.tell() == min(len(CONTENT), start + size)


def test_small_reads_open_the_file_once_and_large_ones_four_times(
    file: SideBySide, opened: list[Slow]
) -> None:
    file.read(100)
    assert len(opened) == 1
    file.read(6000)
    assert len(opened) == 4


def test_seeking_works_from_every_end(file: SideBySide) -> None:
    assert file.seek(-10, io.SEEK_END) == len(CONTENT) - 10
    assert file.seek(4, io.SEEK_CUR) == len(CONTENT) - 6
    assert file.read(100) == CONTENT[-6:]


def test_closing_closes_every_opening(file: SideBySide, opened: list[Slow]) -> None:
    file.read(6000)
    file.close()
    file.close()

    assert all(one.closed for one in opened)


class FakeClient:
    """Stands for the index client: one file, and what was asked of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.calls: list[str] = []

    def open(self, _file: object) -> IO[bytes]:
        self.calls.append("open")
        return io.BytesIO(self.content)

    def download(self, _file: object, to: Path) -> None:
        self.calls.append("download")
        to.write_bytes(self.content)

    def project(self, name: str) -> object:
        raise ProjectNotFound(name, ("https://example.invalid/",))


FILE = IndexFile(
    filename="x-1-py3-none-any.whl",
    url="https://example.invalid/x-1-py3-none-any.whl",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


def wheels(client: FakeClient, keep: Path | None = None) -> IndexWheels:
    return IndexWheels(cast("IndexClient", client), keep)


def test_a_wheel_of_which_little_is_read_is_opened_in_place() -> None:
    client = FakeClient(CONTENT)
    with wheels(client).open(FILE) as opened:
        assert opened.read(10) == CONTENT[:10]
    assert client.calls == ["open"]


def test_a_wheel_of_which_most_is_read_is_fetched_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client = FakeClient(CONTENT)
    with wheels(client).open(FILE, whole=True) as opened:
        assert opened.read(10) == CONTENT[:10]
        assert list(tmp_path.iterdir())
    assert client.calls == ["download"]
    assert list(tmp_path.iterdir()) == []


def test_a_kept_wheel_is_fetched_once(tmp_path: Path) -> None:
    client = FakeClient(CONTENT)
    for _ in range(2):
        wheels(client, tmp_path / "keep").open(FILE).close()
    assert client.calls == ["download"]


def test_a_project_that_the_index_lacks_has_no_files() -> None:
    assert list(wheels(FakeClient(b"")).files("nothing")) == []
