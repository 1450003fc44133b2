"""`tfmac-lock check`: judge a file of pins, or all of a project's, for a Mac."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .terminal import has_color

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..check.findings import Checked, Finding
    from ..check.pins import PinFile
    from ..host import Host
    from ..matrix.facts import Matrix
    from ..target import MacOSVersion, Target

FALLBACK_PYTHON = "3.11"
"""Where neither the option, the file nor this Mac says: the series with the most pairs."""


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "check",
        help="judge a file of pins for a Mac",
        description="Reads requirements.txt, pip freeze, pylock.toml, conda-lock.yml, "
        "environment.yml, uv.lock, poetry.lock, or a project's folder, and says what will not "
        "install, import or train. Exit status 1 says that there are errors or warnings.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="a file or a folder")
    parser.add_argument("--python", metavar="3.X", help="default: the file's, or this Mac's")
    parser.add_argument("--chip", help="default: this Mac's, or m1")
    parser.add_argument("--macos", metavar="VERSION", help="the macOS that must run it")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print the findings as JSON")
    output.add_argument("--sarif", action="store_true", help="print them as SARIF 2.1.0")
    output.add_argument(
        "--fix",
        action="store_true",
        help="write corrected pins beside each file with errors, as NAME.fixed.txt",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the files, print the findings."""
    from .. import host
    from ..check.findings import Level
    from ..check.formats import in_folder
    from ..check.judge import check, document
    from ..matrix import loading

    matrix, mac = loading.matrix(), host.detect()
    paths = [p for path in args.files for p in (in_folder(path) if path.is_dir() else [path])]
    results = []
    for path in paths:
        file, target, macos = read_for_target(path, args, matrix, mac)
        results.append(check(file, target, matrix, macos=macos))
        if args.fix and any(f.level is not Level.NOTE for f in results[-1].findings):
            _fix(file, target, macos, matrix)
    if args.json:
        print(json.dumps(document(results), ensure_ascii=False, indent=2))  # noqa: T201
    elif args.sarif:
        from ..check import sarif

        print(json.dumps(sarif.document(results), ensure_ascii=False, indent=2))  # noqa: T201
    else:
        sys.stdout.write(render(results, color=has_color()))
    bad = any(found.level is not Level.NOTE for checked in results for found in checked.findings)
    return 1 if bad else 0


def read_for_target(
    path: Path, args: argparse.Namespace, matrix: Matrix, mac: Host | None
) -> tuple[PinFile, Target, MacOSVersion | None]:
    """The file's pins, and the target that they are judged for.

    The file is read twice where it names another Python than was assumed: its markers may hold
    for one and not for the other.
    """
    from ..check import formats

    given = args.python
    assumed = given or (f"{sys.version_info.major}.{sys.version_info.minor}" if mac else "")
    target, macos = _target(args, assumed or FALLBACK_PYTHON, matrix, mac)
    file = formats.read(path, target)
    named = file.python or ("" if assumed else _likely_python(file, target, matrix))
    if not given and named and named != target.python.series:
        target, macos = _target(args, named, matrix, mac)
        file = formats.read(path, target)
    return file, target, macos


def _likely_python(file: PinFile, target: Target, matrix: Matrix) -> str:
    """The newest Python that all pinned releases of TensorFlow and the plugin have wheels for."""
    from ..check.findings import known_release

    found: set[str] | None = None
    for pin in file.pins:
        release = known_release(matrix, pin.name, pin.version)
        if release is not None:
            pythons = set(release.pythons(target.arch))
            found = pythons if found is None else found & pythons
    return max(found or (), key=lambda series: int(series.partition(".")[2]), default="")


def _target(
    args: argparse.Namespace, python: str, matrix: Matrix, mac: Host | None
) -> tuple[Target, MacOSVersion | None]:
    from ..target import MacOSVersion, Target

    platforms = matrix.platforms
    chip = platforms.chip(args.chip or (mac.chip if mac else "m1"))
    macos = None
    if args.macos:
        macos = platforms.macos_version(args.macos)
        platforms.check(chip, macos)
    elif mac is not None and not args.chip:
        macos = platforms.macos_version(mac.macos)
    newest = MacOSVersion(chip.last_macos or max(row.major for row in platforms.macos))
    return (
        Target(
            python=platforms.python_for(platforms.python(python), chip.arch),
            chip=chip,
            macos=macos or newest,
            darwin=platforms.darwin(macos or newest),
        ),
        macos,
    )


def _fix(file: PinFile, target: Target, macos: MacOSVersion | None, matrix: Matrix) -> None:
    from ..check.fix import corrected
    from ..errors import InputFileError

    text = corrected(file, target, matrix, macos=macos)
    path = Path(file.path)
    beside = path.with_name(f"{path.name.removesuffix('.txt')}.fixed.txt")
    if text is None:
        print(f"{path}: no pair can be had for {target}; see the cures", file=sys.stderr)  # noqa: T201
        return
    try:
        with beside.open("x", encoding="utf-8") as stream:
            stream.write(text.replace("THIS_FILE", beside.name))
    except FileExistsError as error:
        raise InputFileError(
            str(beside), "exists and is not overwritten; remove it first"
        ) from error
    except OSError as error:
        raise InputFileError(str(beside), error.strerror or str(error)) from error
    print(f"wrote {beside}", file=sys.stderr)  # noqa: T201


def render(results: Sequence[Checked], *, color: bool) -> str:
    """The findings for a reader at a terminal."""
    lines = []
    for checked in results:
        lines.append(f"{checked.path} ({checked.format}), judged for {checked.target}:")
        for found in checked.findings:
            lines += finding_lines(found, color=color)
        if not checked.findings:
            lines.append("  nothing found")
        lines.append("")
    return "\n".join(lines)


def finding_lines(found: Finding, *, color: bool) -> list[str]:
    """One finding: what it is, what to do, who says so."""
    import textwrap

    from ..__main__ import printable

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
