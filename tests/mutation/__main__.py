"""Which changes of the code do the tests notice? A sample of them, room by room.

    pip install cosmic-ray
    python -m tests.mutation                    every room below, 20 changes each
    python -m tests.mutation verdict --sample 60 --seed 7

cosmic-ray knows what can be changed (a comparison, a number, a ``not``, a decorator, an exception
…); here places are drawn by a fixed seed, one change each, so that a place with many possible
changes counts no more than others. Each is tried in a copy of the package with the tests of its
room, until one fails. What survives is printed as a difference: it is told apart by a new test,
or it is the same program.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "resolver" / "tfmac_lock"
SECONDS = 900
"""For the tests of one change; one that runs longer is noticed as well."""


@dataclass(frozen=True, slots=True)
class Room:
    """Modules, and the tests that are to notice a change in them, the quickest first."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "verdict": Room(
        ("matrix/verdict.py", "matrix/companions.py", "matrix/reasons.py"),
        tuple(f"matrix/test_{one}.py" for one in ("verdict", "companions", "reasons", "macs")),
    ),
    "ranking": Room(("matrix/ranking.py",), ("matrix/test_ranking.py",)),
    "solver": Room(
        ("resolve/provider.py", "resolve/view.py", "resolve/candidates.py", "resolve/versions.py"),
        tuple(f"resolve/test_{one}.py" for one in ("provider", "solve", "agree_with_uv")),
    ),
    "loading": Room(
        ("matrix/load_check.py", "macho/imports.py", "macho/exports.py"),
        ("matrix/test_load_check.py", "macho"),
    ),
    "hashes": Room(
        ("pypi/links.py", "pypi/rangefile.py"),
        ("pypi/test_links.py", "pypi/test_rangefile.py", "pypi/test_client.py"),
    ),
    "writers": Room(
        ("lock/write.py", "lock/verify.py", "lock/formats/*.py"),
        ("lock/test_verify.py", "lock/test_write.py", "lock/formats"),
    ),
    "check": Room(
        ("check/pair_checks.py", "check/package_checks.py", "check/pins.py", "check/formats/*.py"),
        ("check/test_formats.py", "check/test_poetry_toml.py", "check/test_judge.py"),
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A module as it is, and with one change."""

    path: Path
    before: str
    after: str

    def __str__(self) -> str:
        name = str(self.path.relative_to(PACKAGE))
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), name, name, lineterm="", n=1
        )
        return "\n".join(lines)


def changes(room: Room, seed: int, sample: int) -> Iterator[Change]:
    """So many changes of the room, in an order that the seed decides."""
    paths = sorted(path for pattern in room.modules for path in PACKAGE.glob(pattern))
    places: dict[tuple[Path, object], list[tuple[str, int]]] = {}
    for path in paths:
        nodes = list(ast_nodes(get_ast_from_path(path)))
        for name in operator_names():
            operator = get_operator(name)
            if not operator.arguments():
                found = (span for node in nodes for span in operator().mutation_positions(node))
                for number, span in enumerate(found):
                    places.setdefault((path, span), []).append((name, number))
    rng = random.Random(seed)
    chosen = sorted(places, key=str)
    rng.shuffle(chosen)
    for place in chosen:
        path = place[0]
        name, number = rng.choice(places[place])
        before = path.read_text("utf-8")
        after = mutate_code(before.encode(), get_operator(name)(), number)
        after = after.decode() if isinstance(after, bytes) else after
        if after is not None and sample and _runs(after) not in (None, _runs(before)):
            sample -= 1
            yield Change(path, before, after)


def _runs(text: str) -> str | None:
    """What of a module is run: annotations and frozen classes make no difference to that.

    None where it is no Python.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None and not isinstance(node, ast.AnnAssign):
                setattr(node, name, None)
        if isinstance(node, ast.ClassDef):
            # That nothing writes to a value is what mypy sees to; the program is the same.
            node.decorator_list = [
                one for one in node.decorator_list if "dataclass" not in ast.unparse(one)
            ]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return ast.unparse(tree)


def is_noticed(change: Change, room: Room, copy: Path) -> bool:
    """Whether a test of the room fails with the change."""
    place = copy / "tfmac_lock" / change.path.relative_to(PACKAGE)
    place.write_text(change.after, "utf-8")
    try:
        return _status(room, copy) != 0
    finally:
        place.write_text(change.before, "utf-8")


def _status(room: Room, copy: Path) -> int:
    words = ["-q", "-x", "-p", "no:cacheprovider", "-m", "not index and not slow"]
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", *words, *(f"tests/{one}" for one in room.tests)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1
    return done.returncode


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
            shutil.copytree(PACKAGE, Path(folder) / "tfmac_lock")
            if _status(room, Path(folder)) != 0:
                print(f"{name}: its tests fail as it is")
                return 3
            tried = noticed = 0
            for change in changes(room, args.seed, args.sample):
                tried += 1
                if is_noticed(change, room, Path(folder)):
                    noticed += 1
                else:
                    print(f"survived:\n{change}\n", flush=True)
        survived += tried - noticed
        print(f"{name}: {noticed} of {tried} changes noticed", flush=True)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
