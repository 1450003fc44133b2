from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.locks import lock
from tfmac_lock.lock import write
from tfmac_lock.lock.formats import FORMATS
from tfmac_lock.lock.write import CannotWrite, ForeignFile, put_right, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

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


# -- the files of a lock are replaced together

NEWER = {name: text(lock(text="once more", status="caution")) for name, text in FORMATS.values()}


def fails_at_move(monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException) -> None:
    """Make the move of that file into its place fail, counted from one."""
    real = Path.replace
    moves: list[Path] = []

    def replace(path: Path, target: Path) -> Path:
        if path.name.endswith(".tfmac-new"):
            moves.append(path)
            if len(moves) == number:
                raise error
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)


def moves_fail_with(
    monkeypatch: pytest.MonkeyPatch, error_of: Callable[[int], BaseException | None]
) -> None:
    """Make whichever move fail for which there is an error, by its number from one."""
    real = Path.replace
    moved: list[Path] = []

    def replace(path: Path, target: Path) -> Path:
        moved.append(path)
        if error := error_of(len(moved)):
            raise error
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)


def refusal(code: int) -> OSError:
    return OSError(code, os.strerror(code))


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("code", [errno.EIO, errno.EBUSY])
def test_an_error_while_files_are_replaced_puts_the_old_ones_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, number: int
) -> None:
    write_files(tmp_path, OWN)
    fails_at_move(monkeypatch, number, OSError(code, os.strerror(code)))
    with pytest.raises(CannotWrite, match="What was there before is unchanged"):
        write_files(tmp_path, NEWER)
    assert content(tmp_path) == OWN


def test_ctrl_c_while_files_are_replaced_puts_the_old_ones_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OWN)
    fails_at_move(monkeypatch, 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, NEWER)
    assert content(tmp_path) == OWN


def test_an_error_in_an_empty_folder_leaves_it_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_at_move(monkeypatch, 2, OSError(errno.EIO, os.strerror(errno.EIO)))
    with pytest.raises(CannotWrite):
        write_files(tmp_path, OWN)
    assert content(tmp_path) == {}


def test_a_disk_that_does_not_even_take_the_old_files_back_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OWN)
    # The journal and the first file are moved.
    moves_fail_with(monkeypatch, lambda number: refusal(errno.EIO) if number > 2 else None)
    with pytest.raises(CannotWrite, match="files of two locks may lie there"):
        write_files(tmp_path, NEWER)
    monkeypatch.undo()
    write_files(tmp_path, {"requirements.txt": NEWER["requirements.txt"]})
    assert content(tmp_path) == {**OWN, "requirements.txt": NEWER["requirements.txt"]}


def test_ctrl_c_on_a_disk_that_takes_nothing_back_is_told_as_mixed_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OWN)
    # The journal and the first file are moved.
    errors = {1: None, 2: None, 3: KeyboardInterrupt()}
    moves_fail_with(monkeypatch, lambda number: errors.get(number, refusal(errno.EROFS)))
    with pytest.raises(CannotWrite, match=r"Read-only file system\. The old files could not"):
        write_files(tmp_path, NEWER)


def test_the_error_that_is_told_is_the_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OWN)
    errors = {1: None, 2: None, 3: refusal(errno.EIO)}
    moves_fail_with(monkeypatch, lambda number: errors.get(number, refusal(errno.EROFS)))
    with pytest.raises(CannotWrite, match=r"Input/output error\. The old files could not all be"):
        write_files(tmp_path, NEWER)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.lock.test_write import NEWER
from tfmac_lock.lock.write import write_files

real, moves = Path.replace, []

def replace(path, target):
    moves.append(path)
    if len(moves) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(path, target)

Path.replace = replace
write_files(Path(sys.argv[1]), NEWER)
"""


@pytest.mark.parametrize("move", [1, 2, 3, 4])  # of the journal, and of each file
def test_after_a_kill_the_next_run_puts_the_old_files_back_and_leaves_nothing(
    tmp_path: Path, move: int
) -> None:
    write_files(tmp_path, OWN)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(move)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(content(tmp_path)) > len(OWN)
    write_files(tmp_path, {"lock.json": OWN["lock.json"]})
    assert content(tmp_path) == OWN


def test_a_file_that_was_changed_after_a_kill_is_left_as_it_is(tmp_path: Path) -> None:
    write_files(tmp_path, OWN)
    (tmp_path / ".tfmac-lock.journal").write_text(
        json.dumps({"files": {"pylock.toml": {"text": "new", "replaces": False}}})
    )
    write_files(tmp_path, {"lock.json": OWN["lock.json"]})
    assert content(tmp_path) == OWN


@pytest.mark.parametrize("name", ["../mine", "mine"])
def test_a_journal_from_elsewhere_touches_no_file_of_others(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    mine = folder / name
    mine.write_text("mine")
    row = {"text": "mine", "replaces": False}
    (folder / ".tfmac-lock.journal").write_text(json.dumps({"files": {name: row}}))
    write_files(folder, OWN)
    assert mine.read_text() == "mine"
    assert not (folder / ".tfmac-lock.journal").exists()


@pytest.mark.parametrize("journal", ["", "{", "[]", '{"files": {"a": 1}}', "[" * 100_000])
def test_a_damaged_journal_is_no_obstacle(tmp_path: Path, journal: str) -> None:
    (tmp_path / ".tfmac-lock.journal").write_text(journal)
    write_files(tmp_path, OWN)
    assert content(tmp_path) == OWN


def test_what_killed_runs_of_earlier_versions_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".requirements.txt.4711.new").write_text("half")
    (tmp_path / ".other.4711.new").write_text("not ours")
    write_files(tmp_path, OWN)
    assert content(tmp_path) == {**OWN, ".other.4711.new": "not ours"}


# -- links and what is no file


def test_a_link_in_the_place_of_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "requirements.txt").symlink_to("../real/pins.txt")
    for files in (OWN, NEWER):
        write_files(tmp_path / "out", files)
        assert (tmp_path / "out" / "requirements.txt").is_symlink()
        assert content(tmp_path / "real") == {"pins.txt": files["requirements.txt"]}
        assert content(tmp_path / "out") == files


def test_a_link_to_a_foreign_file_is_as_safe_as_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "requirements.txt").symlink_to("mine")
    with pytest.raises(ForeignFile):
        write_files(tmp_path, OWN)
    assert (tmp_path / "mine").read_text() == "mine"


def test_two_links_to_one_file_are_refused(tmp_path: Path) -> None:
    for name in ("requirements.txt", "pylock.toml"):
        (tmp_path / name).symlink_to("one")
    with pytest.raises(CannotWrite, match="a link to the same file"):
        write_files(tmp_path, OWN)


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").symlink_to("requirements.txt")
    with pytest.raises(CannotWrite):
        write_files(tmp_path, OWN)


def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "requirements.txt")
    with pytest.raises(CannotWrite, match="not a regular file"):
        write_files(tmp_path, OWN)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.symlink_to("nowhere/at/all"), "No such file"),
        (lambda path: path.symlink_to(path.name), "it is a link that leads nowhere"),
        (lambda path: path.mkdir(), "a folder is in its place"),
        (os.mkfifo, "it is not a regular file"),
    ],
)
def test_what_is_in_the_way_is_named_with_the_reason(
    tmp_path: Path, make: Callable[[Path], None], why: str
) -> None:
    make(tmp_path / "requirements.txt")
    with pytest.raises(CannotWrite) as caught:
        write_files(tmp_path, OWN)
    told = str(caught.value)
    assert told.startswith(f"cannot write {tmp_path}")
    assert why in told
    assert told.endswith(". What was there before is unchanged.")
    assert [path.name for path in tmp_path.iterdir()] == ["requirements.txt"]


def test_a_foreign_file_is_named_with_the_two_ways_out(tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text("{}")
    with pytest.raises(ForeignFile) as caught:
        write_files(tmp_path, OWN)
    assert str(caught.value) == (
        f"{tmp_path / 'lock.json'} is there already and was not written by tfmac-lock; nothing was "
        "changed. Choose another folder with -o, or overwrite it with --force."
    )


# -- a killed run is put right by whoever reads


def kill_at(folder: Path, move: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(move)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("move", [1, 3])
def test_who_reads_finds_the_files_of_one_run_and_leaves_nothing_of_the_other(
    tmp_path: Path, move: int
) -> None:
    write_files(tmp_path, OWN)
    (tmp_path / "notes.txt").write_text("mine")
    kill_at(tmp_path, move)
    put_right(tmp_path)
    assert content(tmp_path) == {**OWN, "notes.txt": "mine"}


def test_a_killed_run_in_an_empty_folder_leaves_it_empty_for_who_reads(tmp_path: Path) -> None:
    kill_at(tmp_path, 3)
    put_right(tmp_path)
    assert content(tmp_path) == {}


def test_where_nothing_was_killed_who_reads_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OWN)
    monkeypatch.setattr(write, "alone", lambda _: pytest.fail("the folder was locked"))
    put_right(tmp_path)
    put_right(tmp_path / "not-there")
    assert content(tmp_path) == OWN


def test_a_file_that_the_journal_names_is_removed_only_with_the_very_text_of_the_run(
    tmp_path: Path,
) -> None:
    write_files(tmp_path, OWN)
    text = OWN["pylock.toml"]
    rows = {
        "pylock.toml": {"text": text, "replaces": False},
        "requirements.txt": {"text": text, "replaces": False},
        "lock.json": {"text": OWN["lock.json"], "replaces": True},
        "gone.txt": {"text": text, "replaces": False},
    }
    (tmp_path / ".tfmac-lock.journal").write_text(json.dumps({"files": rows}))
    put_right(tmp_path)
    assert content(tmp_path) == {name: OWN[name] for name in ("requirements.txt", "lock.json")}


def test_files_are_kept_as_copies_where_the_disk_has_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_links)
    write_files(tmp_path, OWN)
    fails_at_move(monkeypatch, 3, OSError(errno.EIO, os.strerror(errno.EIO)))
    with pytest.raises(CannotWrite, match="What was there before is unchanged"):
        write_files(tmp_path, NEWER)
    assert content(tmp_path) == OWN


def test_ctrl_c_while_the_old_files_are_removed_leaves_the_new_lock_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, OWN)
    real, pressed = Path.unlink, []

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name.endswith(".tfmac-old") and path.exists() and not pressed:
            pressed.append(path)
            raise KeyboardInterrupt
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, NEWER)
    assert content(tmp_path) == NEWER


def test_a_folder_is_written_by_one_run_at_a_time(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    other = os.open(tmp_path, os.O_RDONLY)
    try:
        with write.alone(tmp_path), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(other)


def test_lines_end_in_the_same_way_on_every_system(tmp_path: Path) -> None:
    write_files(tmp_path, OWN)
    for name, text in OWN.items():
        assert (tmp_path / name).read_bytes() == text.encode()


def test_what_waits_beside_a_file_of_another_name_is_swept_if_it_is_ours(tmp_path: Path) -> None:
    (tmp_path / ".other.tfmac-new").write_text("ours, half written")
    (tmp_path / ".other.tfmac-old").write_text("ours, kept")
    (tmp_path / "x.tfmac-new").write_text("not hidden, so not ours")
    (tmp_path / "..tfmac-lock.journal.4711-1.new").write_text("ours of earlier versions")
    write_files(tmp_path, OWN)
    assert content(tmp_path) == {**OWN, "x.tfmac-new": "not hidden, so not ours"}
