from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.locks import lock
from tfmac_lock.lock.formats import FORMATS
from tfmac_lock.lock.write import CannotWrite, ForeignFile, write_files

OWN = {name: text(lock()) for name, text in FORMATS.values()}


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_all_files_are_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_files(tmp_path / "new" / "folder", OWN)
    assert content(tmp_path / "new" / "folder") == OWN


def test_own_files_are_written_anew(tmp_path: Path) -> None:
    write_files(tmp_path, OWN)
    newer = {name: text(lock(text="once more")) for name, text in FORMATS.values()}
    write_files(tmp_path, newer)
    assert content(tmp_path) == newer


@pytest.mark.parametrize("name", sorted(OWN))
@pytest.mark.parametrize("foreign", ["", "numpy==1.26.4\n", '{"schema_version": 1}'])
def test_a_foreign_file_is_never_overwritten_and_nothing_is_touched(
    tmp_path: Path, name: str, foreign: str
) -> None:
    (tmp_path / name).write_text(foreign)
    with pytest.raises(ForeignFile, match="was not written by tfmac-lock") as caught:
        write_files(tmp_path, OWN)
    assert caught.value.exit_status == 2
    assert content(tmp_path) == {name: foreign}


def test_force_overwrites_a_foreign_file(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\n")
    write_files(tmp_path, OWN, force=True)
    assert content(tmp_path) == OWN


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_in_the_place_of_a_file_is_left_alone(tmp_path: Path, *, force: bool) -> None:
    (tmp_path / "requirements.txt").mkdir()
    with pytest.raises(CannotWrite, match="a folder is in its place"):
        write_files(tmp_path, OWN, force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["requirements.txt"]


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(CannotWrite):
        write_files(tmp_path / "out", OWN)
    assert (tmp_path / "out").read_text() == "mine"


def fails_at(monkeypatch: pytest.MonkeyPatch, which: str, error: BaseException) -> None:
    """Make writing that file fail after it was opened, the way a full disk does."""
    real = Path.open

    def guarded(path: Path, mode: str = "r", *args: object, **options: object) -> object:
        file = real(path, mode, *args, **options)  # type: ignore[call-overload]
        if which in path.name and "w" in mode:

            def write(text: str) -> int:
                raise error

            file.write = write
        return file

    monkeypatch.setattr(Path, "open", guarded)


def test_a_full_disk_leaves_what_was_there_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OWN)
    fails_at(monkeypatch, "pylock.toml", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(CannotWrite, match="No space left on device") as caught:
        write_files(tmp_path, {name: f"{text}\nnew" for name, text in OWN.items()})
    monkeypatch.undo()
    assert caught.value.exit_status == 3
    assert content(tmp_path) == OWN


def test_an_interruption_leaves_what_was_there_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OWN)
    fails_at(monkeypatch, "pylock.toml", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, {name: f"{text}\nnew" for name, text in OWN.items()})
    monkeypatch.undo()
    assert content(tmp_path) == OWN


def test_a_really_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        write_files(disk, {"requirements.txt": OWN["requirements.txt"]})
        with pytest.raises(CannotWrite, match="No space left on device"):
            write_files(disk, {"requirements.txt": "#" * 100_000, "lock.json": "x"}, force=True)
        assert content(disk) == {"requirements.txt": OWN["requirements.txt"]}
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_that_takes_no_files_is_told(tmp_path: Path) -> None:
    closed = Path("/proc/self")  # refuses new files even to root
    if not closed.exists():
        closed = tmp_path / "closed"
        closed.mkdir()
        closed.chmod(0o500)
    with pytest.raises(CannotWrite, match="cannot write"):
        write_files(closed, OWN)
