"""Reading a lock.json that a user names: the file, or the folder that it lies in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..errors import InputFileError
from ..files import DAMAGE, open_regular
from .model import from_json

if TYPE_CHECKING:
    from pathlib import Path

    from .model import Lock

NAME = "lock.json"

MAX_BYTES = 20_000_000
"""The largest locks have some 400 kB."""


def lock_path(named: Path) -> Path:
    """The lock.json that is meant: in the folder, or the file itself."""
    return named / NAME if named.is_dir() else named


def read_lock(path: Path) -> Lock:
    """The lock in that file; raises InputFileError where it holds none."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputFileError(
            str(path), "is not there; `tfmac-lock --python 3.11 --chip m1` writes one"
        ) from error
    except OSError as error:
        raise InputFileError(str(path), error.strerror or str(error)) from error
    return parse_lock(content, str(path))


def parse_lock(content: bytes, shown: str) -> Lock:
    """The lock in that text; raises InputFileError, which names it ``shown``."""
    if len(content) > MAX_BYTES:
        raise InputFileError(shown, f"is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return from_json(json.loads(content))
    except DAMAGE as error:
        raise InputFileError(
            shown, "is not a lock.json of tfmac-lock, which this command needs"
        ) from error
