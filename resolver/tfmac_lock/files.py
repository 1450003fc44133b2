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
    from collections.abc import Callable, Mapping
    from io import BufferedReader
    from pathlib import Path

T = TypeVar("T")

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


def open_input(path: Path) -> BufferedReader:
    """A file that the user names, for reading; raises InputFileError where it is none."""
    try:
        return open_regular(path)
    except OSError as error:
        raise InputFileError(str(path), error.strerror or str(error)) from error


def read_input(path: Path, most: int, remark: str = "") -> bytes:
    """The content of a file that the user names, of at most so many bytes.

    Raises InputFileError where it cannot be read or is larger; ``remark`` ends that sentence.
    """
    try:
        with open_regular(path) as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InputFileError(str(path), error.strerror or str(error)) from error
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
    or the new one, and an error or an interruption leaves the old one. Two writers of one file,
    processes or threads, never share what they write beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.new")
    try:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


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
    return "{\n" + ",\n".join(fields) + "\n}\n"


def on_one_line(text: str) -> str:
    """The text on one line, with control characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
