"""`tfmac-lock cache`: where the cache lies, what it takes, and less of it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from typing import TYPE_CHECKING

from ..errors import OutsideError, UsageError
from .arguments import add_command
from .terminal import print_json, printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from .arguments import Commands

LIMIT = "TFMAC_LOCK_CACHE_LIMIT"
"""The variable with the most that the cache may take."""

USUAL = "2 GB"
"""The limit where the variable is not set."""

MOST_FILES = 200_000
STAMP, DAY = "trimmed", 86_400.0
"""The file that is touched when the cache was trimmed, and the seconds until it is again."""

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
OWN = ("pages", "json", "metadata", "sha256", "source")
"""The folders in which the index's answers are kept; others in the same place are not touched."""

EXAMPLES = f"""\
examples:
  tfmac-lock cache          where it is, and what it takes
  tfmac-lock cache clean    remove what was fetched
  tfmac-lock cache trim     remove the oldest until {LIMIT} ({USUAL}) is kept

Every resolution keeps to that limit. TFMAC_LOCK_CACHE_DIR names another folder.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    about = "Shows, trims or empties the cache, which keeps what the package index answered."
    parser = add_command(commands, "cache", run, about, epilog=EXAMPLES)
    parser.add_argument("what", nargs="?", choices=("dir", "info", "clean", "trim"), default="info")


def run(args: argparse.Namespace) -> int:
    """Show, trim or clean."""
    from ..pypi.cache import default_folder
    from ..pypi.trim import trim

    folder = default_folder()
    if args.what == "dir" and not args.json:
        print(folder)  # noqa: T201 - the result
        return 0
    before = _measure(folder)
    try:
        if args.what == "clean":
            for place in _own(folder):
                trim(place, 0, 0)
        elif args.what == "trim":
            trim_to_limit(folder)
    except OSError as error:
        raise OutsideError(f"{folder}: {error.strerror or error}") from error
    size, files = _measure(folder)
    removed = before[0] - size
    if args.json:
        print_json(
            {
                "folder": str(folder),
                "bytes": size,
                "files": files,
                "limit": limit(),
                "removed": removed,
            }
        )
        return 0
    text = f"{folder}: {files} files, {size / 1e6:.1f} MB of at most {limit() / 1e6:.0f} MB"
    if args.what in ("clean", "trim"):
        text += f"; {removed / 1e6:.1f} MB were removed"
    sys.stdout.write(printable(text) + "\n")
    return 0


def limit() -> int:
    """The most bytes that the cache may take; raises UsageError."""
    given = os.environ.get(LIMIT) or USUAL
    found = re.fullmatch(r"\s*(\d{1,12})\s*([kmg]?b?)\s*", given.lower())
    if found is None:
        raise UsageError(f"{LIMIT} is {given!r}; write it like 500 MB or 2 GB")
    return int(found[1]) * UNITS[found[2].removesuffix("b")]


def trim_to_limit(folder: Path) -> None:
    """Remove the oldest of what the index said until the limit is kept; raises OSError."""
    from ..pypi.trim import trim

    most, size = limit(), _measure(folder)[0]
    if size > most:
        for place in _own(folder):
            trim(place, most * _size_of(place)[0] // size, MOST_FILES)


def keep_to_limit(folder: Path) -> None:
    """Trim once a day; where the disk does not allow it, some other day."""
    with contextlib.suppress(OSError):
        stamp = folder / STAMP
        if folder.is_dir() and not (stamp.exists() and time.time() - stamp.stat().st_mtime < DAY):
            stamp.touch()
            trim_to_limit(folder)


def _own(folder: Path) -> Iterator[Path]:
    return (folder / name for name in OWN if (folder / name).is_dir())


def _measure(folder: Path) -> tuple[int, int]:
    """Bytes and files of the cache."""
    sizes = [_size_of(place) for place in _own(folder)]
    return sum(size for size, _ in sizes), sum(files for _, files in sizes)


def _size_of(folder: Path) -> tuple[int, int]:
    size = files = 0
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                size, files = size + path.stat().st_size, files + 1
        except OSError:
            continue  # another run was quicker
    return size, files
