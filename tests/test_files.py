"""Files are written whole, and only where nobody else put something."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.files import LONGEST_NAME, alone, write_named, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_a_killed_writer_left_is_used_up(tmp_path: Path) -> None:
    (tmp_path / ".a.new").write_text("half of something much longer")
    write_whole(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"
    assert names(tmp_path) == {"a"}


@pytest.mark.parametrize(
    "plant",
    [
        lambda place, victim: place.symlink_to(victim),
        lambda place, victim: place.hardlink_to(victim),
        lambda place, _: os.mkfifo(place),
        lambda place, _: place.mkdir(),
    ],
    ids=["a link", "a second name", "a pipe", "a folder"],
)
def test_what_somebody_put_there_is_neither_written_to_nor_waited_for(
    tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    """The name is known beforehand, so anybody who may write to the folder can."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    plant(tmp_path / ".a.new", victim)
    write_whole(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"
    assert not (tmp_path / "a").is_symlink()
    assert victim.read_text() == "mine"
    assert names(tmp_path) == {"a", ".a.new", "victim"}


def test_the_longest_name_that_a_file_may_have_can_be_written(tmp_path: Path) -> None:
    for length in (LONGEST_NAME - 4, LONGEST_NAME - 3, LONGEST_NAME, 255):
        name = "\u00e9" * (length // 2) + "x" * (length % 2)
        write_whole(tmp_path / name, "new")
        assert (tmp_path / name).read_text() == "new"
    assert all(not name.startswith(".") for name in names(tmp_path))


def test_many_writers_of_one_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    contents = {f"{number}" * 100_000 for number in range(8)}
    seen = set()

    def write(text: str) -> None:
        for _ in range(20):
            write_whole(tmp_path / "a", text)
            seen.add((tmp_path / "a").read_text())

    threads = [threading.Thread(target=write, args=(text,)) for text in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen <= contents
    assert names(tmp_path) == {"a"}


def test_a_content_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "a", "\ud800")
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == {"a"}


def test_a_file_that_the_user_names_is_written_through_a_link_and_into_a_device(
    tmp_path: Path,
) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("new")
    for name in ("link", "dangling"):
        write_named(tmp_path / name, name)
        assert (tmp_path / name).is_symlink()
    assert [(tmp_path / name).read_text() for name in ("real", "new")] == ["link", "dangling"]
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_named(tmp_path / "pipe", "text")
    assert os.read(reading, 10) == b"text"
    os.close(reading)
    assert names(tmp_path) == {"real", "link", "dangling", "new", "pipe"}


def test_one_works_alone_in_a_folder_and_the_next_one_is_told_that_it_waits(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "not" / "there"
    waits, works = threading.Event(), threading.Event()

    def second() -> None:
        with alone(folder, waits.set):
            works.set()

    with alone(folder, lambda: pytest.fail("nobody else is there")):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(30)
        assert not works.is_set()
    thread.join()
    assert works.is_set()
