"""Which changes of the code do the tests notice? A sample of them, room by room.

    pip install cosmic-ray coverage
    python -m tests.mutation                    every room below, 20 changes each
    python -m tests.mutation verdict --sample 60 --seed 7

cosmic-ray knows what can be changed (a comparison, a number, a ``not``, a decorator, an exception
…); here places are drawn by a fixed seed, one change each, so that a place with many possible
changes counts no more than others. Each is tried in a copy of the package with the tests of its
room, until one fails. What survives is printed as a difference: it is told apart by a new test,
or it is the same program, and has a row in same.toml that says why.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.mutation.changes import changes
from tests.mutation.rooms import PACKAGE, ROOMS, ROOT
from tests.mutation.trying import Tests, Unfit


def _checkout(folder: Path) -> Path:
    """The folder of a copy of the package, with the rest of the checkout around it."""
    for beside in ROOT.iterdir():
        if beside.name != "resolver":
            (folder / beside.name).symlink_to(beside)
    shutil.copytree(PACKAGE, folder / "resolver" / PACKAGE.name)
    return folder / "resolver"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    survived = 0
    for name in args.rooms or ROOMS:
        room = ROOMS[name]
        with tempfile.TemporaryDirectory() as folder:
            try:
                tests = Tests(room, _checkout(Path(folder)))
            except Unfit:
                print(f"{name}: its tests fail as it is")
                return 3
            tried = noticed = same = 0
            for change in changes(room, args.seed, args.sample):
                tried += 1
                if tests.notice(change):
                    noticed += 1
                elif change.is_known_to_be_the_same:
                    same += 1
                else:
                    print(f"survived:\n{change}\n", flush=True)
        survived += tried - noticed - same
        print(f"{name}: {noticed} of {tried} changes noticed, {same} the same", flush=True)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
