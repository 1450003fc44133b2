"""Files: those that the user names, JSON that is shipped, texts written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from _thread import get_ident  # threading takes a millisecond to import
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import DataError, InputFileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from io import BufferedReader
    from pathlib import Path

T = TypeVar("T")

UNSEEN = {number: f"\\u{number:04x}" for number in (*range(0x7F, 0xA0), 0x2028, 0x2029)}
"""Characters that JSON may hold as they are, and that end a line or steer a terminal."""

LONGEST_NAME = 250
"""Bytes of a file's name, with a little to spare; most file systems take 255."""

DAMAGE = (
    UsageError,  # a version in the file that the user could have mistyped, but did not
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What reading a datum of another shape than the expected one raises."""


def open_regular(path: Path) -> BufferedReader:
    """A file for reading.

    ``OSError`` also where it is none: opening a pipe waits for whoever writes into it, for ever
    if nobody does, and a device has no end.
    """
    # Without blocking, so that a pipe is opened and can be looked at; a file is read as ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    opened = os.fdopen(os.open(path, flags | getattr(os, "O_CLOEXEC", 0)), "rb")
    if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        return opened
    opened.close()
    raise OSError(errno.EINVAL, "not a regular file", str(path))


@contextlib.contextmanager
def named_by_user(path: Path | str) -> Iterator[None]:
    """Inside, what the system has against the file is an InputFileError about it."""
    try:
        yield
    except OSError as error:
        raise InputFileError(str(path), error.strerror or str(error)) from error


def open_input(path: Path) -> BufferedReader:
    """A file that the user names, for reading; raises InputFileError where it is none."""
    with named_by_user(path):
        return open_regular(path)


def read_input(path: Path, most: int, remark: str = "") -> bytes:
    """The content of a file that the user names, of at most so many bytes.

    Raises InputFileError where it cannot be read or is larger; ``remark`` ends that sentence.
    """
    with named_by_user(path), open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise InputFileError(str(path), f"is larger than {most} bytes{remark}")
    return content


def guarded(path: Path, schema_version: int, build: Callable[[Any], T]) -> T:
    """What ``build`` makes of the file's JSON; raises DataError where the file is damaged."""
    import json

    try:
        data = json.loads(path.read_bytes())
        if data["schema_version"] != schema_version:
            raise DataError(str(path), f"schema_version is not {schema_version}; reinstall")
        return build(data)
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror}); reinstall") from error
    except DAMAGE as error:
        raise DataError(str(path), f"is damaged ({error!r}); reinstall tfmac-lock") from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, with the folders above it; raises OSError.

    It is written beside its place and then moved there, so that a reader sees the old content
    or the new one, and an error or an interruption leaves the old one. What a killed writer left
    beside the place is taken for the next one. Two writers of one file, processes or threads,
    never share what they write beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        waiting, number = _open_beside(path)
    except KeyboardInterrupt:
        waiting, number = _open_beside(path)  # which takes what that one left
        waiting.unlink()
        os.close(number)
        raise
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            waiting.replace(path)  # while it is still open, and so still nobody else's
    except BaseException:
        with contextlib.suppress(OSError):
            waiting.unlink()
        raise


def write_named(path: Path, content: str) -> None:
    """Write a file that the user names, whole or not at all; raises OSError.

    A link is followed. A device or a pipe, as /dev/stdout is, is written to and not replaced.
    """
    real = path.resolve()
    if real.exists() and not real.is_file():
        real.write_text(content, "utf-8")
    else:
        write_whole(real, content)


def beside(path: Path, ending: str) -> Path:
    """The hidden file beside the path that its content waits in, under a name that is possible."""
    name = path.name
    if len(os.fsencode(name)) + len(ending) > LONGEST_NAME:
        import hashlib

        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return path.with_name(f".{name}{ending}")


def _open_beside(path: Path) -> tuple[Path, int]:
    """An empty file beside the path that only this writer has, and its number."""
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    waiting = beside(path, ".new")
    try:
        import fcntl

        number = os.open(waiting, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine, there = os.fstat(number), waiting.stat()
            # Another writer may have moved it meanwhile, and another user have put it there.
            if os.path.samestat(mine, there) and (mine.st_uid, mine.st_nlink) == (os.geteuid(), 1):
                os.ftruncate(number, 0)
                return waiting, number
        except BaseException:
            os.close(number)
            raise
        os.close(number)
    except (ImportError, OSError):  # Windows; somebody writes just now, or no file can be locked
        pass
    waiting = beside(path, f".{os.getpid()}-{get_ident()}.new")
    return waiting, os.open(waiting, flags | os.O_TRUNC, 0o666)


@contextlib.contextmanager
def alone(folder: Path, waits: Callable[[], object] = lambda: None) -> Iterator[int]:
    """Inside, no other process that asks for it works in the folder, which is made where needed.

    ``waits`` is called before another one's work is waited for. The system drops the lock when
    the process dies, and the processes that were handed the number that this gives. Where folders
    cannot be locked, as on Windows, everybody goes on. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    is_windows = os.name == "nt"  # where no folder can be opened
    number = os.open(os.devnull if is_windows else folder, os.O_RDONLY)
    try:
        if not is_windows:
            _lock(number, waits)
        yield number
    finally:
        os.close(number)


def _lock(number: int, waits: Callable[[], object]) -> None:
    import fcntl

    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waits()
        fcntl.flock(number, fcntl.LOCK_EX)
    except OSError:
        return  # some network file systems know no locks


def differing(folder: Path, files: Mapping[str, str]) -> list[str]:
    """The names of texts that the folder does not hold as they are, or at all."""
    return [name for name, text in files.items() if not holds(folder / name, text)]


def holds(path: Path, text: str) -> bool:
    """Whether the file is there and holds that text."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def dump_json(data: Mapping[str, Any], *, compact: bool = False) -> str:
    """The text of a published JSON file: one field a line, and lists one item a line.

    Unlike ``indent`` this layout leaves the work to the fast encoder, and a diff still shows
    which package changed. ``compact`` leaves the spaces out, where only programs read it.
    """
    import json

    separators = (",", ":") if compact else None
    encode = json.JSONEncoder(ensure_ascii=False, separators=separators).encode
    fields = []
    for key, value in data.items():
        if isinstance(value, list) and value:
            items = ",\n  ".join(map(encode, value))
            fields.append(f" {encode(key)}: [\n  {items}\n ]")
        else:
            fields.append(f" {encode(key)}: {encode(value)}")
    return escaped("{\n" + ",\n".join(fields) + "\n}\n")


def escaped(text: str) -> str:
    """The JSON with escapes for characters that steer a terminal or end a line elsewhere."""
    return text if text.isascii() and "\x7f" not in text else text.translate(UNSEEN)


def on_one_line(text: str) -> str:
    """The text on one line, with control characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
