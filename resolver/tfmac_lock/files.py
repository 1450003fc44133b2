"""Reading files: those that the user names, and the JSON that is shipped with the program."""

from __future__ import annotations

import errno
import os
import stat
from typing import IO, TYPE_CHECKING, Any, TypeVar

from .errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
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


def open_regular(path: Path) -> IO[bytes]:
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
