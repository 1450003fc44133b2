"""Reading a lock.json that a user names: the file, or the folder that it lies in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..errors import InputFileError
from ..files import DAMAGE, named_by_user, open_regular
from ..foreign import check_shape
from .model import from_json

if TYPE_CHECKING:
    from pathlib import Path

    from .model import Lock

NAME = "lock.json"

MAX_BYTES = 20_000_000
"""The largest locks have some 400 kB."""

REASON = {"kind": str, "text": str, "source": str, "against": bool, "fatal": bool}

SHAPE: dict[str, Any] = {
    **dict.fromkeys(("as_of", "command", "request"), str),
    "combo": {
        **dict.fromkeys(("id", "python", "chip", "arch", "os"), str),
        **dict.fromkeys(("numpy", "h5py", "macos_min"), (str, None)),
        "tensorflow": {"package": str, "version": str},
        "metal": ({"version": str}, None),
    },
    "verdict": {"status": str, "grade": (str, None), "reasons": [REASON]},
    "packages": [
        {
            **dict.fromkeys(("name", "version", "manager", "filename", "url", "sha256"), str),
            **dict.fromkeys(("build", "md5"), str),
            **{key: [str] for key in ("requires", "constrains")},
        }
    ],
    "environment": {"*": str},
    "beside": (
        {"name": str, "differences": [{"name": str, "mac": (str, None), "here": (str, None)}]},
        None,
    ),
    "companions": ([{"name": str, "version": str, "reasons": [REASON]}], None),
    "channels": ([{"url": str, "files": int, "newest": (str, None), "sha256": str}], None),
}
"""What stands where in a lock.json; names that are not there ``from_json`` misses by itself."""


def lock_path(named: Path) -> Path:
    """The lock.json that is meant: in the folder, or the file itself."""
    return named / NAME if named.is_dir() else named


def read_lock(path: Path) -> Lock:
    """The lock in that file; raises InputFileError where it holds none."""
    with named_by_user(path):
        try:
            with open_regular(path) as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise InputFileError(
                str(path), "is not there; `tfmac-lock --python 3.11 --chip m1` writes one"
            ) from error
    return parse_lock(content, str(path))


def parse_lock(content: bytes, shown: str) -> Lock:
    """The lock in that text; raises InputFileError, which names it ``shown``."""
    if len(content) > MAX_BYTES:
        raise InputFileError(shown, f"is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        data = json.loads(content)
        check_shape(data, SHAPE)
        lock = from_json(data)
        _check_values(lock)
    except DAMAGE as error:
        raise InputFileError(
            shown, "is not a lock.json of tfmac-lock, which this command needs"
        ) from error
    return lock


def _check_values(lock: Lock) -> None:
    """Raise ValueError for a package of which the text stands for nothing."""
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    for package in lock.packages:
        if package.manager not in ("pip", "conda") or not package.name or not package.filename:
            raise ValueError(f"a package without a name: {package}")
        if package.manager == "pip":
            canonicalize_name(package.name, validate=True)
            Version(package.version)
        if not re.fullmatch(r"([0-9a-f]{64})?", package.sha256):
            raise ValueError(f"{package.name} has no sha256")
    lock.required_by()
