from __future__ import annotations

import io

import pytest

from tfmac_lock.binaries.sources import SideBySide

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
