"""`tfmac-lock apply --to pyproject.toml`: what a lock says, in the project's own file."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputFileError, OutsideError
from ..files import open_regular, write_whole
from ..lock.reading import NAME, lock_path, read_lock
from .arguments import add_command, add_flag
from .terminal import print_json, printable

if TYPE_CHECKING:
    import argparse

    from ..lock.model import Lock
    from .arguments import Commands


ABOUT = """
Writes what a lock says into a project's own file, for the tool that the project uses: [tool.uv],
a group for Poetry, overrides for PDM, a feature for pixi. Comments, order and everything else
stay. Doing it again changes nothing.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    from ..lock.apply.merge import TOOLS

    parser = add_command(commands, "apply", run, ABOUT)
    parser.add_argument(
        "lock", nargs="?", type=Path, help="the lock (default: lock.json beside the file)"
    )
    parser.add_argument(
        "--to",
        metavar="FILE",
        type=Path,
        default=Path("pyproject.toml"),
        help="the pyproject.toml, or a pixi.toml (default: pyproject.toml here)",
    )
    parser.add_argument(
        "--tool", choices=TOOLS, help="without it, the one whose lock or table is there, or else uv"
    )
    add_flag(parser, "--check", "write nothing, and exit with 1 if it is not current")


def run(args: argparse.Namespace) -> int:
    """Write the tables, or say whether they are current."""
    from ..lock.apply.merge import merged, next_command, tool_of
    from ..lock.limits import limits_of
    from ..matrix import loading

    path = args.to
    text = _read(path)
    limits = [limits_of(loading.matrix(), lock) for lock in _locks(args.lock, path)]
    tool = args.tool or tool_of(str(path), text, [one.name for one in path.parent.iterdir()])
    made = merged(str(path), text, limits, tool)
    current = made.text == text
    if not current and not args.check:
        _write(path, made.text)
    combo = limits[0].lock.combo.id
    if args.json:
        print_json(
            {
                "file": str(path),
                "tool": tool,
                "combo": combo,
                "current": current,
                "written": not current and not args.check,
                "notes": list(made.notes),
            }
        )
        return 1 if args.check and not current else 0
    state = "is current" if current else "is not current" if args.check else "was written"
    lines = [f"{path} {state}: {tool}, {combo}"]
    for note in made.notes:
        lines += textwrap.wrap(f"note: {note}", 80, subsequent_indent="  ", break_long_words=False)
    if args.check and not current:
        lines.append(f"Bring it up to date: tfmac-lock apply --to {path} --tool {tool}")
    elif not current:
        lines.append(f"Next: {next_command(tool, limits)}")
    sys.stdout.write(printable("".join(f"{line}\n" for line in lines)))
    return 1 if args.check and not current else 0


def _read(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return file.read().decode()
    except FileNotFoundError as error:
        raise InputFileError(str(path), "there is no such file; name one with --to") from error
    except OSError as error:
        raise InputFileError(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputFileError(str(path), "is not UTF-8, as TOML is") from error


def _write(path: Path, text: str) -> None:
    real = path.resolve()
    try:
        write_whole(real, text)
    except OSError as error:
        raise OutsideError(f"{path} cannot be written: {error.strerror}") from error


def _locks(named: Path | None, project: Path) -> list[Lock]:
    """The lock, and the ones for other machines that were written with it."""
    path = lock_path(named) if named else project.with_name(NAME)
    others = sorted(path.parent.glob("lock.*.json"))
    mac = read_lock(path)
    found = [lock for lock in map(read_lock, others) if lock.beside and lock.request == mac.request]
    return [mac, *found]
