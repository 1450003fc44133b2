"""The options of the main command as lock.json records them, so that ``update`` needs none.

They are read off the parser, so a new option is recorded without a word here. Paths are written
as they are from the folder of the lock, and secrets in addresses are left out: pip's settings or
a netrc file have to give them again.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ..lock.model import Lock

HOW = frozenset(
    {
        *("help", "version", "detect", "print_completion", "output", "json", "force", "why"),
        *("offline", "upgrade", "upgrade_package", "dry_run", "locked", "check"),
        *("quiet", "verbose", "color"),
    }
)
"""Options that say how a run goes, and nothing of what is asked for."""


def recorded(args: argparse.Namespace, lock: Lock, folder: Path) -> str:
    """The options that were given, with the Python and the chip that were detected."""
    parts = [] if args.python else [f"--python {lock.combo.python}"]
    parts += [] if args.chips else [f"--chip {lock.combo.chip}"]
    for action in args.parser._actions:
        value = getattr(args, action.dest, None)
        if action.dest in HOW or not action.option_strings or value in (None, False, [], ()):
            continue
        if value == action.default:
            continue
        option = action.option_strings[-1]
        for one in _each(value):
            parts += [option if one is True else f"{option} {_word(one, folder)}"]
    return " ".join(parts)


def _each(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple)):
        yield from value
    else:
        yield value


def _word(value: object, folder: Path) -> str:
    text = str(value)
    if isinstance(value, Path):
        from ..resolve.pyproject import split_extras

        path, extras = split_extras(text)
        text = _from_folder(Path(path), folder) + (f"[{','.join(extras)}]" if extras else "")
    elif "://" in text:
        from ..conda.channels import secrets_cut

        text = secrets_cut(text)
    return shlex.quote(text)


def _from_folder(path: Path, folder: Path) -> str:
    """The path as it is from the folder; as it is where no way leads there."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()


def recall(request: str, folder: Path) -> argparse.Namespace:
    """The options of a record, parsed, with its paths as they are from here.

    Raises UsageError where it is no record of this version's options.
    """
    from .lock import parser

    args = parser().parse_args(shlex.split(request))
    for name in ("requirements", "constraints"):
        setattr(args, name, [_from_here(path, folder) for path in getattr(args, name)])
    return args


def _from_here(path: Path, folder: Path) -> Path:
    return path if path.is_absolute() else folder / path
