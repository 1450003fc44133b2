"""`tfmac-lock why`: why a package is in a lock, and what holds its version."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_lock
from .terminal import print_json, printable, wrapped

if TYPE_CHECKING:
    import argparse

    from ..lock.graph import Parent
    from ..lock.model import Lock, LockedPackage
    from ..matrix.facts import Bound
    from .arguments import Commands

EXAMPLES = """\
examples:
  tfmac-lock why protobuf
      who requires it, in which versions, and which facts of the matrix limit it
"""

MOST = 5
"""Ways from the request to the package that are shown."""


ABOUT = """
Says who requires a package of a lock and how, the way to it from what was asked for, and the
bounds of the matrix that limit it. Exit status 1 says that it is not there.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(commands, "why", run, ABOUT, epilog=EXAMPLES)
    parser.add_argument("package", metavar="PACKAGE")
    add_lock(parser, nargs="?")


def run(args: argparse.Namespace) -> int:
    """Tell why."""
    from packaging.utils import canonicalize_name

    from ..errors import Refusal
    from ..lock.graph import chains, parents_of
    from ..lock.reading import lock_path, read_lock
    from ..matrix import loading

    lock = read_lock(lock_path(args.lock))
    name = canonicalize_name(args.package)
    package = next((one for one in lock.packages if one.name == name), None)
    if package is None:
        raise Refusal(
            f"{args.package} is not in {lock_path(args.lock)}, and nothing there needs it"
        )
    parents = parents_of(lock, name)
    ways = chains(lock, name, MOST)
    matrix = loading.matrix()
    bounds = [
        bound
        for bound in matrix.bounds_for(lock.combo.tensorflow, lock.combo.python)
        if bound.package == name
    ]
    if args.json:
        print_json(_document(package, parents, ways, bounds))
    else:
        sys.stdout.write(_text(lock, package, parents, ways, bounds))
    return 0


def _document(
    package: LockedPackage,
    parents: list[Parent],
    ways: list[list[LockedPackage]],
    bounds: list[Bound],
) -> dict[str, Any]:
    return {
        "name": package.name,
        "version": package.version,
        "publishers": [who.to_json() for who in package.publishers],
        "required_by": [
            {
                "name": one.package.name,
                "version": one.package.version,
                "requirement": one.requirement,
            }
            for one in parents
        ],
        "ways": [[one.name for one in way] for way in ways],
        "bounds": [
            {
                "id": bound.id,
                "specifier": bound.specifier,
                "reason": bound.reason,
                "source": bound.source,
            }
            for bound in bounds
        ],
    }


def _text(
    lock: Lock,
    package: LockedPackage,
    parents: list[Parent],
    ways: list[list[LockedPackage]],
    bounds: list[Bound],
) -> str:
    lines = [f"{package.name} {package.version}"]
    for publisher in package.publishers:
        lines += _indented(f"published by {publisher}, as the index says by an attestation")
    if parents:
        lines.append("required by:")
        width = max(len(f"{one.package.name} {one.package.version}") for one in parents)
        for one in parents:
            who = f"{one.package.name} {one.package.version}"
            lines.append(f"  {who:<{width}}  {one.requirement}")
    else:
        asked = lock.request or lock.command
        lines += _indented(f"nothing else requires it: it was asked for, by {asked}")
    longer = [way for way in ways if len(way) > 2]
    if longer:
        lines.append("it comes in by:")
        lines += [line for way in longer for line in _indented(_way(way))]
    if bounds:
        lines.append("limited by the matrix:")
        for bound in bounds:
            lines += _indented(f"{bound.specifier}: {bound.reason} [{bound.source}]")
    return printable("\n".join(lines)) + "\n"


def _indented(text: str) -> list[str]:
    return wrapped(text, first="  ", rest="    ")


def _way(way: list[LockedPackage]) -> str:
    return " -> ".join(one.name for one in way)
