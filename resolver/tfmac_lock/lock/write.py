"""Writing files so that none is ever half written and no foreign one is lost."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from ..errors import OutsideError, UsageError
from .formats.header import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OWN_HEADS = (f"# This file was {MARK}".encode(), b'{\n "schema_version": 1,\n "combo": {"id": ')
"""How each own format begins; lock.json has no comments to carry the mark."""


class ForeignFile(UsageError):
    """A file is in the way that tfmac-lock did not write."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path

    def __str__(self) -> str:
        return (
            f"{self.path} is there already and was not written by tfmac-lock; nothing was changed. "
            "Choose another folder with -o, or overwrite it with --force."
        )


class CannotWrite(OutsideError):
    """The disk said no; nothing that was there is lost."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(str(path), reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot write {self.path}: {self.reason}. What was there before is unchanged."


def write_files(folder: Path, files: Mapping[str, str], *, force: bool = False) -> None:
    """Write all files into the folder, or none of them.

    Each is written beside its place first and then moved there, the moves last and together.
    Raises ForeignFile before anything is touched, and CannotWrite where the disk refuses.
    """
    paths = {folder / name: text for name, text in files.items()}
    for path in paths:
        if path.is_dir():
            raise CannotWrite(path, "a folder is in its place")
        if not force and not _is_own(path):
            raise ForeignFile(path)
    staged: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in paths.items():
            # Noted before it is there, so that an interruption while writing leaves nothing.
            staged[path] = path.with_name(f".{path.name}.{os.getpid()}.new")
            with staged[path].open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        for path in list(staged):
            staged[path].replace(path)
            del staged[path]
    except OSError as error:
        raise CannotWrite(folder, error.strerror or str(error)) from error
    finally:
        for left in staged.values():
            with contextlib.suppress(OSError):
                left.unlink()


def _is_own(path: Path) -> bool:
    """Whether the path is free or holds a file of ours; raises CannotWrite where unreadable."""
    try:
        with path.open("rb") as file:
            head = file.read(max(map(len, OWN_HEADS)))
    except FileNotFoundError:
        return True
    except OSError as error:
        raise CannotWrite(path, error.strerror or str(error)) from error
    return head.startswith(OWN_HEADS)
