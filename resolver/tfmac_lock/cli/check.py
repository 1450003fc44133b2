"""`tfmac-lock check`: judge a file of pins, or all of a project's, for a Mac."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import add_command, add_flag
from .terminal import has_color, print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..check.findings import Checked, Finding
    from ..check.pins import PinFile
    from ..lock.model import Lock
    from ..matrix.facts import Matrix
    from ..target import MacOSVersion, Target
    from .arguments import Commands


ABOUT = """
Reads requirements.txt, pip freeze, pylock.toml, conda-lock.yml, environment.yml, uv.lock,
poetry.lock, pixi.lock, or a project's folder, and says what will not install, import or train.
Exit status 1 says that there are errors or warnings.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(commands, "check", run, ABOUT, json="")
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="a file or a folder")
    parser.add_argument("--python", metavar="3.X", help="default: the file's, or this Mac's")
    parser.add_argument("--chip", help="default: this Mac's, or m1")
    parser.add_argument("--macos", metavar="VERSION", help="the macOS that must run it")
    parser.add_argument(
        "--against",
        metavar="LOCK",
        type=Path,
        help="also report what differs from that lock.json, as after a bot's pull request",
    )
    output = parser.add_mutually_exclusive_group()
    add_flag(output, "--json", "print the findings as JSON")
    add_flag(output, "--sarif", "print them as SARIF 2.1.0")
    add_flag(
        output, "--fix", "write corrected pins beside each file with errors, as NAME.fixed.txt"
    )


def run(args: argparse.Namespace) -> int:
    """Check the files, print the findings."""
    from .. import host
    from ..check.against import against, as_pins, only_new
    from ..check.findings import Level
    from ..check.formats import in_folder
    from ..check.judge import check, document
    from ..check.mixed_set import of_other_locks
    from ..check.reading import read_for_target
    from ..matrix import loading

    matrix, mac = loading.matrix(), host.detect()
    lock = _lock(args)
    paths = [p for path in args.files for p in (in_folder(path) if path.is_dir() else [path])]
    results = []
    for path in paths:
        file, target, macos = read_for_target(
            path, matrix, python=args.python, chip=args.chip, macos=args.macos, mac=mac
        )
        checked = check(file, target, matrix, macos=macos)
        mixed = of_other_locks(path)
        more = [mixed] if mixed else []
        if lock is not None:
            checked = only_new(checked, check(as_pins(lock), target, matrix, macos=macos))
            more += against(file, lock, str(args.against))
        results.append(replace(checked, findings=(*more, *checked.findings)))
        if args.fix and any(f.level is not Level.NOTE for f in results[-1].findings):
            _fix(file, target, macos, matrix)
    if args.json:
        print_json(document(results))
    elif args.sarif:
        from ..check import sarif

        print_json(sarif.document(results))
    else:
        sys.stdout.write(render(results, color=has_color()))
    bad = any(found.level is not Level.NOTE for checked in results for found in checked.findings)
    return 1 if bad else 0


def _lock(args: argparse.Namespace) -> Lock | None:
    """The lock to compare with; its Python and chip are those to judge for, unless given."""
    if args.against is None:
        return None
    from ..lock.reading import lock_path, read_lock

    args.against = lock_path(args.against)
    lock = read_lock(args.against)
    args.python = args.python or lock.combo.python
    args.chip = args.chip or lock.combo.chip
    return lock


def _fix(file: PinFile, target: Target, macos: MacOSVersion | None, matrix: Matrix) -> None:
    from ..check.fix import corrected
    from ..errors import InputFileError, OutsideError
    from ..files import write_whole
    from .terminal import say

    text = corrected(file, target, matrix, macos=macos)
    path = Path(file.path)
    beside = path.with_name(f"{path.name.removesuffix('.txt')}.fixed.txt")
    if text is None:
        say(f"{path}: no pair can be had for {target}; see the cures")
        return
    if beside.exists():
        raise InputFileError(str(beside), "exists and is not overwritten; remove it first")
    try:
        write_whole(beside, text.replace("THIS_FILE", beside.name))
    except OSError as error:
        raise OutsideError(f"{beside} cannot be written: {error.strerror or error}") from error
    say(f"wrote {beside}")


def render(results: Sequence[Checked], *, color: bool) -> str:
    """The findings for a reader at a terminal."""
    from .terminal import printable

    lines = []
    for checked in results:
        shown = printable(checked.path)
        lines.append(f"{shown} ({checked.format}), judged for {checked.target}:")
        for found in checked.findings:
            lines += finding_lines(found, color=color)
        if not checked.findings:
            lines.append("  nothing found")
        lines.append("")
    return "\n".join(lines)


def finding_lines(found: Finding, *, color: bool) -> list[str]:
    """One finding: what it is, what to do, who says so."""
    import textwrap

    from .terminal import printable

    place = f"{found.path}:{found.line}: " if found.line else ""
    mark = {"error": "31", "warning": "33", "note": "36"}[found.level.value]
    label = f"\x1b[{mark}m{found.level.value}\x1b[0m" if color else found.level.value
    text = textwrap.fill(
        printable(f"{place}{found.text}"),
        92,
        initial_indent="      ",
        subsequent_indent="      ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    lines = [f"  {label} [{found.code}] {printable(found.package)}".rstrip(), text]
    if found.cure:
        lines.append(f"      cure: {printable(found.cure)}")
    if found.source:
        lines.append(f"      source: {printable(found.source)}")
    return lines
