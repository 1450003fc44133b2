"""`tfmac-lock update`: the lock of this folder again, all of it or some packages."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from .arguments import add_command, add_flag, add_lock
from .terminal import has_color, print_json, say

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from ..lock.model import Lock
    from .arguments import Commands

EXAMPLES = """\
examples:
  tfmac-lock update
      the request that the lock was made for, answered as of now
  tfmac-lock update --fresh
      the newest versions, even where older ones were tried together
  tfmac-lock update protobuf
      a newer protobuf, and no other change that it does not force
  tfmac-lock update --check
      exit status 1 where a new lock would be another one; writes nothing
"""


ABOUT = """
Makes the lock again as it was asked for, which lock.json records, and says what changed. With
names, these packages and what they force are new, and nothing else. Where nothing is new, no file
changes.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(
        commands, "update", run, ABOUT, epilog=EXAMPLES, json="print what changed as JSON"
    )
    parser.add_argument("packages", nargs="*", metavar="PKG", help="a package (default: all)")
    add_lock(parser, "--lock")
    how = parser.add_mutually_exclusive_group()
    add_flag(how, "--dry-run", "say what would change, write nothing")
    add_flag(how, "--check", "the same, with exit status 1 where anything would change")
    add_flag(
        parser, "--fresh", "take the newest versions of all, not those that were tried together"
    )
    add_flag(parser, "--offline", "ask no network, only what is cached")


def run(args: argparse.Namespace) -> int:
    """Make the lock again, say what changed, write it."""
    from ..lock.difference import difference
    from ..lock.reading import lock_path, read_lock
    from ..lock.write import put_right, write_files
    from ..matrix import loading
    from . import diff
    from .current import stale, with_days_of
    from .lock import make_beside
    from .outputs import outputs_of

    path = lock_path(args.lock)
    put_right(path.parent)
    old = read_lock(path)
    asked = asked_of(old, path)
    asked.offline = args.offline
    asked.fresh = asked.fresh or args.fresh
    # A recipe's versions are those of a new lock; whoever names a package wants it newer.
    asked.as_proved = not args.packages and not asked.fresh
    new = remade(asked, old, args.packages)
    outputs = outputs_of(asked)
    beside = [replace(lock, request=new.request) for lock in make_beside(asked, new)]
    texts = outputs.texts(with_days_of([new, *beside], outputs))
    paths = outputs.paths([*texts])
    other = stale(texts, paths)
    found = difference(old, new, loading.matrix())
    if args.json:
        files = [str(path) for path in other]
        print_json({**diff.document(found), "request": old.request, "files": files})
    elif other:
        sys.stdout.write(diff.text(found, color=has_color()) if found else _FILES_ALONE)
    else:
        sys.stdout.write(_NOTHING_NEW)
    if not other or args.dry_run or args.check:
        return 1 if args.check and other else 0
    write_files(outputs.folder, {paths[name].name: text for name, text in texts.items()})
    if not args.json:
        print(f"Written: {', '.join(map(str, paths.values()))}")  # noqa: T201 - the result
    return 0


_FILES_ALONE = "The lock has not changed; the files beside it were written again.\n"
_NOTHING_NEW = "Nothing is new, and no file was changed.\n"


def asked_of(old: Lock, path: Path) -> argparse.Namespace:
    """The options that the lock was asked for with, to be written where it lies."""
    from ..lock.reading import NAME
    from .recorded import recall

    if not old.request:
        say(
            "note: this lock.json does not record the request that it was made for, so its "
            "TensorFlow and plugin stay. To record it, make the lock again: tfmac-lock "
            f"{old.command}"
        )
    asked = recall(old.request or old.command, path.parent)
    asked.output = path.parent if path.name == NAME else path
    asked.upgrade = True
    return asked


def remade(asked: argparse.Namespace, old: Lock, names: list[str]) -> Lock:
    """The lock as it is now; the very old one where nothing but the day is new."""
    from ..errors import UsageError
    from ..lock.update import named, unless_nothing_new, update_packages
    from .lock import find_machine, make
    from .outputs import wants_conda
    from .resolving import resolving

    chip = asked.chips[0]
    if not names:
        new = make(asked, chip)
    else:
        if wants_conda(asked):
            raise UsageError(
                "this is a mixed lock, whose packages conda chooses together: update all of it, "
                "with `tfmac-lock update`"
            )
        packages = named(old, names)
        with resolving(asked, find_machine(asked, chip)) as (resolver, request, _):
            new = update_packages(resolver, request, old, packages)
    return unless_nothing_new(replace(new, request=old.request), old)
