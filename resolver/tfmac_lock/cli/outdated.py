"""`tfmac-lock outdated`: which packages of a lock have newer versions, and which it could have."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arguments import add_command, add_flag, add_lock
from .terminal import print_json, printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ..lock.model import Lock
    from .arguments import Commands

EXAMPLES = """\
examples:
  tfmac-lock outdated
      what `tfmac-lock update` would bring, and what is newest

The newest version is that of a file for the lock's Mac and Python. Where an update does not bring
it, something else in the lock forbids it: tfmac-lock why PACKAGE.
"""


ABOUT = """
Lists the packages of a lock of which the index has a newer version: the locked one, the one that
an update would bring, and the newest.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(commands, "outdated", run, ABOUT, epilog=EXAMPLES)
    add_lock(parser, nargs="?")
    add_flag(parser, "--offline", "ask only what is cached")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """A package with a newer version; ``update`` is what an update would bring."""

    name: str
    locked: str
    update: str
    newest: str


def run(args: argparse.Namespace) -> int:
    """List them."""
    from ..lock.reading import lock_path, read_lock
    from .update import asked_of, remade

    path = lock_path(args.lock)
    old = read_lock(path)
    asked = asked_of(old, path)
    asked.offline = args.offline
    asked.as_proved = not asked.fresh
    new = remade(asked, old, [])
    found = list(_newer(asked, old, new))
    if args.json:
        rows = [
            {"name": one.name, "locked": one.locked, "update": one.update, "newest": one.newest}
            for one in found
        ]
        print_json({"packages": len(old.wheels), "outdated": rows})
    else:
        sys.stdout.write(_text(found, len(old.wheels)))
    return 0


def _newer(asked: argparse.Namespace, old: Lock, new: Lock) -> Iterator[Outdated]:
    from packaging.utils import canonicalize_name

    from ..resolve.view import View
    from .lock import find_machine
    from .resolving import resolving

    machine = find_machine(asked, old.combo.chip)
    now = new.versions
    with resolving(asked, machine) as (resolver, request, _):
        target = machine.platforms.target(
            machine.python, machine.chip, old.combo.macos_min, old.combo.os
        )
        view = View(resolver.source, target, before=request.before)
        names = [canonicalize_name(package.name) for package in old.wheels]
        view.fetch_ahead(names)
        for name, version in old.versions.items():
            project = view.project(name)
            newest = next(
                (
                    release.version
                    for place, release in enumerate(project.releases)
                    if project.finals >> place & 1 and not project.yanked >> place & 1
                ),
                version,
            )
            update = now.get(name)
            if newest > version or (update is not None and update != version):
                yield Outdated(
                    name=name,
                    locked=str(version),
                    update=str(update) if update is not None else "",
                    newest=str(max(newest, version)),
                )


def _text(found: list[Outdated], packages: int) -> str:
    if not found:
        return f"All {packages} packages are the newest for their Mac and Python.\n"
    rows = [("package", "locked", "update", "newest")]
    rows += [(one.name, one.locked, one.update or "(gone)", one.newest) for one in found]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines += ["", f"{len(found)} of {packages} packages have a newer version."]
    return printable("\n".join(lines)) + "\n"
