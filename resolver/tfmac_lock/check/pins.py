"""What a file of pins says, whatever its format: packages with versions, files and places."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier
from packaging.version import InvalidVersion

from ..errors import InputFileError
from ..files import named_by_user

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..target import Target

MAX_BYTES = 8 * 1024 * 1024
"""Several times the largest lock files in public, and few seconds for every reader."""

MAX_LINE = 400_000
"""Characters of a line: a lock may list all files of a package in one."""

MAX_REQUIREMENT = 4_000
"""Characters of one requirement or marker, its hashes aside. uv's longest markers have a few
hundred; packaging's parser takes more than linear time."""

MAX_PINS = 20_000
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,120}[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9A-Za-z.!+_-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package that a file names.

    ``version`` is the one it is pinned to, or empty; then ``specifier`` says what is allowed.
    ``files`` are the names of the files that a lock lists for it. ``hashed`` tells whether it has
    a hash, and is None where the format has none; ``hashes`` are the SHA-256 ones. ``extras`` are
    those that are asked for. ``source`` is the archive, folder or repository
    that it is built from, if it is not taken from an index. ``line`` counts from 1; 0 is unknown.
    """

    name: str
    version: str = ""
    specifier: str = ""
    files: tuple[str, ...] = ()
    hashed: bool | None = None
    hashes: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    source: str = ""
    manager: str = "pip"
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFile:
    """All pins of a file for one environment.

    ``python`` is the series that it is for, if not the target's, and ``arch`` the architecture;
    both are empty where it says nothing else. ``unread`` are lines that bring packages and were not
    read, each with its number.

    ``complete`` tells that the file lists every package of the environment, so that what it does
    not name will not be there.
    """

    path: str
    format: str
    pins: tuple[Pin, ...]
    python: str = ""
    arch: str = ""
    complete: bool = False
    unread: tuple[tuple[int, str], ...] = ()


def normalized(name: str) -> str:
    """The name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def sha256(hashes: Iterable[str]) -> tuple[str, ...]:
    """The digests of those hashes that are written ``sha256:...``."""
    parts = [text.strip().lower().partition(":") for text in hashes]
    return tuple(digest for kind, _, digest in parts if kind == "sha256")


def checked(pin: Pin) -> Pin:
    """The pin; raises InputFileError where name or version cannot be one at all."""
    if not _NAME.fullmatch(pin.name):
        raise InputFileError(
            pin.path, f"{_short(pin.name)} is not a package name", pin.line or None
        )
    if pin.version and not _VERSION.fullmatch(pin.version):
        raise InputFileError(
            pin.path, f"{pin.name}: {_short(pin.version)} is not a version", pin.line or None
        )
    return pin


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def holds(markers: Iterable[str], target: Target, path: Path) -> bool:
    """Whether one of the markers holds on the target, or there is none.

    Raises:
        InputFileError: one of them is not a marker, or compares what cannot be compared.

    """
    environment = tuple(sorted((key, str(value)) for key, value in target.markers().items()))
    texts = [text for text in markers if text]
    for text in texts:
        try:
            if _holds(text, environment):
                return True
        except _NO_MARKER as error:
            raise InputFileError(str(path), f"{_short(text)} is not a marker") from error
    return not texts


_NO_MARKER = (
    InvalidMarker,
    InvalidSpecifier,
    InvalidVersion,
    UndefinedComparison,
    UndefinedEnvironmentName,
    RecursionError,
)


@functools.lru_cache(maxsize=4096)
def _holds(text: str, environment: tuple[tuple[str, str], ...]) -> bool:
    if len(text) > MAX_REQUIREMENT:
        raise InvalidMarker(f"is longer than {MAX_REQUIREMENT} characters")
    return Marker(text).evaluate({**dict(environment), "extra": ""})


def read_text(path: Path) -> str:
    """The file's text; raises InputFileError where it is too large or not text."""
    shown = str(path)
    with named_by_user(path):
        if not path.is_file():
            raise InputFileError(shown, "is not a file" if path.exists() else "does not exist")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise InputFileError(shown, f"is larger than {MAX_BYTES // 1024 // 1024} MB")
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputFileError(
            shown, f"is not text ({error.reason} at byte {error.start})"
        ) from error
    if "\0" in text:
        raise InputFileError(shown, "is not text (it has a zero byte)")
    longest = max(map(len, text.split("\n")))
    if longest > MAX_LINE:
        raise InputFileError(shown, f"has a line of {longest} characters, over {MAX_LINE}")
    return text
