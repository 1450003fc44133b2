"""`tfmac-lock doctor`: look at this machine and at one of its Pythons."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_flag
from .terminal import has_color, print_json

if TYPE_CHECKING:
    import argparse

    from ..check.doctor import Examination
    from .arguments import Commands


ABOUT = """
Looks at macOS, the chip, Rosetta, the active Python, pip, conda and the installed packages. Exit
status 1 says that there are errors or warnings.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(commands, "doctor", run, ABOUT, json="print the findings as JSON")
    parser.add_argument("--python", metavar="PATH", help="the Python (default: the active one)")
    add_flag(parser, "--record", "print only the facts, as JSON, to send to somebody")
    parser.add_argument("--from", dest="recorded", metavar="FILE", type=Path, help="judge a record")


def run(args: argparse.Namespace) -> int:
    """Gather, judge, print."""
    from ..check import machine
    from ..check.doctor import examine
    from ..check.findings import Level
    from ..check.pins import read_text
    from ..matrix import loading

    if args.recorded is not None:
        seen = machine.load(read_text(args.recorded), str(args.recorded))
    else:
        seen = machine.gather(args.python)
    if args.record:
        sys.stdout.write(machine.record(seen))
        return 0
    found = examine(seen, loading.matrix())
    if args.json:
        print_json(document(found))
    else:
        sys.stdout.write(render(found, color=has_color()))
    return 1 if any(finding.level is not Level.NOTE for finding in found.findings) else 0


def document(found: Examination) -> dict[str, Any]:
    """The examination as it is printed with ``--json``."""
    return {
        "schema_version": 1,
        "seen": [{"name": name, "value": value} for name, value in found.seen],
        "findings": [
            {
                "code": finding.code,
                "level": finding.level.value,
                "package": finding.package,
                "text": finding.text,
                "cure": finding.cure,
                "source": finding.source,
            }
            for finding in found.findings
        ],
        "unseen": list(found.unseen),
    }


def render(found: Examination, *, color: bool) -> str:
    """The examination for a reader at a terminal."""
    from .check import finding_lines
    from .terminal import printable

    width = max(len(name) for name, _ in found.seen)
    lines = [f"{name:<{width}}  {printable(value)}" for name, value in found.seen]
    lines.append("")
    for finding in found.findings:
        lines += finding_lines(finding, color=color)
    if not found.findings:
        lines.append("nothing found")
    lines += [f"not seen: {text}" for text in found.unseen]
    return "\n".join(lines) + "\n"
