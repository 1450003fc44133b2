"""Showing the matrix: combos and the pair grid; and keeping it: lint, refresh, compile."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from . import coverage, matrix_outdated, parse_shard
from .arguments import ARCHES, add_check, add_command, add_flag, add_index, add_shard
from .terminal import has_bars, has_color, print_json, say

if TYPE_CHECKING:
    import argparse

    from ..lock.model import Lock
    from ..matrix.facts import Matrix
    from ..matrix.reasons import Verdict
    from ..matrix.verdict import Pair
    from .arguments import Commands


def add_parser(commands: Commands) -> None:
    """Register ``matrix`` with its subcommands; alone it shows the pair grid."""
    about = "Shows what is known: TensorFlow releases down, plugin releases across."
    parser = add_command(commands, "matrix", run_grid, about)
    parser.add_argument("--arch", choices=ARCHES, default="arm64", help="default: arm64")
    add_flag(parser, "--all", "pre-releases and empty packages too")
    below = parser.add_subparsers(metavar="WHAT")
    pair = add_command(below, "pair", run_pair, help="one pair and why it works or does not")
    pair.add_argument("tensorflow", help="2.18.0, or tensorflow-macos==2.9.0")
    pair.add_argument("metal", help="the plugin's version, or none")
    pair.add_argument("--arch", choices=ARCHES, default="arm64", help="default: arm64")
    pair.add_argument("--python", metavar="3.X", help="a Python, where it makes a difference")
    combos = add_command(
        below, "combos", run_combos, help="every combo with a published lock, best first"
    )
    combos.add_argument("--python", metavar="3.X", help="only that Python")
    combos.add_argument("--arch", choices=ARCHES, help="only that architecture")
    coverage.add_parser(below)
    matrix_outdated.add_parser(below)
    add_command(below, "roads", run_roads, help="other roads to the Mac's GPU, with their state")
    add_command(below, "lint", run_lint, help="check the facts in matrix/ (needs a checkout)")
    compiled = add_command(
        below, "compile", run_compile, help="make what is generated from matrix/ (needs a checkout)"
    )
    add_check(compiled)
    refresh = add_command(
        below,
        "refresh",
        run_refresh,
        help="read new releases and binaries from the index (needs a checkout)",
    )
    add_index(refresh, extra=False)
    add_shard(refresh)


def run_grid(args: argparse.Namespace) -> int:
    """The pair grid as a coloured table, or as JSON."""
    from ..matrix import loading as data
    from ..matrix.grid import OnPython, make_grid, pair_verdict, plugin_releases, release_rows
    from ..target import Arch

    matrix = data.matrix()
    arch = Arch(args.arch)
    grid = make_grid(
        matrix,
        arch,
        rows=release_rows(matrix, arch, everything=args.all),
        plugins=[release.version for release in plugin_releases(matrix, arch)],
        judged=lambda pair: OnPython(pair=pair, verdict=pair_verdict(matrix, pair)),
    )
    if args.json:
        newest = [cell.newest for row in grid.rows for cell in row.cells]
        cells = [_pair_json(matrix, item.pair, item.verdict) for item in newest]
        print_json({"arch": arch.value, "cells": cells})
        return 0
    from .tables import grid_table, show

    show(grid_table(grid))
    return 0


def run_pair(args: argparse.Namespace) -> int:
    """One pair, with every fact behind its verdict; the status is 1 where it is broken."""
    from ..matrix import loading as data
    from ..matrix.grid import find_pair, pair_verdict
    from ..matrix.reasons import Status
    from ..target import Arch

    matrix = data.matrix()
    pair = find_pair(matrix, args.tensorflow, args.metal, Arch(args.arch), args.python)
    verdict = pair_verdict(matrix, pair)
    if args.json:
        print_json(_pair_json(matrix, pair, verdict))
    else:
        from .tables import pair_text

        sys.stdout.write(pair_text(matrix, pair, verdict, color=has_color()))
    return 1 if verdict.status is Status.BROKEN else 0


def run_combos(args: argparse.Namespace) -> int:
    """Every published combo, best first."""
    from ..lock import published
    from ..matrix import loading as data
    from ..target import Arch

    platforms = data.platforms()
    pythons = (
        [platforms.python(args.python).series]
        if args.python
        else [python.series for python in platforms.pythons]
    )
    arches = [Arch(args.arch)] if args.arch else list(Arch)
    folder = data.locks_folder()
    locks: list[Lock] = []
    for python in pythons:
        for arch in arches:
            index = published.Index.within(folder, python, arch)
            if index.exists():
                locks += index.locks()
    if args.json:
        print_json({"combos": [_combo_json(lock) for lock in locks]})
        return 0
    from .tables import combos_table, show

    show(combos_table(locks))
    return 0


def run_roads(args: argparse.Namespace) -> int:
    """The roads to the GPU for those whom no release of the vendor's plugin serves."""
    from ..matrix import loading
    from ..matrix.plain import plain

    found = loading.matrix().roads
    if args.json:
        print_json({"roads": plain(found)})
        return 0
    from .tables import roads_text

    sys.stdout.write(roads_text(found))
    return 0


def run_lint(args: argparse.Namespace) -> int:
    """Check matrix/; the status is 1 where there are problems."""
    from ..curate.lint import Code, lint
    from ..matrix import loading as data

    problems = lint(data.checkout() / "matrix")
    if args.json:
        found = [
            {"code": problem.code.name, "path": problem.path, "text": problem.text}
            for problem in problems
        ]
        print_json({"problems": found})
    else:
        for problem in problems:
            print(problem)  # noqa: T201 - the result
        word = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        say(f"{len(Code)} checks, {word}")
    return 1 if problems else 0


def generate(args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Make the compiled matrix and the schemas, or compare them with what is there.

    Returns the names of all of them, and of those that were written or are stale.
    """
    from ..curate import build
    from ..files import differing
    from ..matrix import loading as data

    root = data.checkout()
    files = build.build(root)
    return sorted(files), differing(root, files) if args.check else build.write(root, files)


def run_compile(args: argparse.Namespace) -> int:
    """Generate what is made of the facts alone, and say what is new."""
    files, changed = generate(args)
    if args.json:
        print_json({"files": files, "changed": changed})
    else:
        word = "stale" if args.check else "written"
        print(f"{len(files)} generated files, {len(changed)} {word}")  # noqa: T201 - the result
        for name in changed:
            print(f"  {name}")  # noqa: T201
    return 1 if args.check and changed else 0


def run_refresh(args: argparse.Namespace) -> int:
    """Read new releases, then their binaries, into matrix/."""
    from datetime import UTC, datetime

    from ..curate.binaries import refresh as refresh_binaries
    from ..curate.contents import refresh_contents
    from ..curate.kernel_files import refresh_kernels
    from ..curate.linux_binaries import refresh_linux
    from ..curate.native_refresh import refresh_natives
    from ..curate.releases import refresh
    from ..matrix import loading as data
    from ..pypi import open_index
    from ..pypi.wheels import IndexWheels

    matrix = data.checkout() / "matrix"
    with open_index(index_url=args.index_url, revalidate=True) as client:
        changed = refresh(client, matrix, datetime.now(tz=UTC).date(), _progress)
        wheels, shard = IndexWheels(client), parse_shard(args.shard)
        changed += refresh_binaries(matrix / "binaries", wheels, shard=shard)
        changed += refresh_natives(matrix, wheels, shard=shard)
        changed += refresh_kernels(matrix / "kernels", wheels)
        changed += refresh_contents(client, matrix, _progress)
        changed += refresh_linux(matrix, wheels)
    names = [path.relative_to(matrix).as_posix() for path in changed]
    if args.json:
        print_json({"changed": names})
    else:
        print(f"{len(names)} files new or changed")  # noqa: T201 - the result
        for name in names:
            print(f"  {name}")  # noqa: T201
    return 0


def _progress(what: str, place: int, of: int) -> None:
    if has_bars():
        sys.stderr.write(f"\r\x1b[K{place}/{of} {what}")


def _pair_json(matrix: Matrix, pair: Pair, verdict: Verdict) -> dict[str, Any]:
    from ..matrix.plain import plain

    load = pair.metal and matrix.pair_load(pair.package, pair.tensorflow, pair.metal, pair.arch)
    return {
        "package": pair.package,
        "tensorflow": pair.tensorflow,
        "metal": pair.metal,
        "arch": pair.arch.value,
        "loads": load.loads if load else None,
        "missing_symbols": list(load.missing_symbols) if load else [],
        "missing_libraries": list(load.missing_libraries) if load else [],
        "status": verdict.status.value,
        "grade": verdict.grade.value if verdict.grade else None,
        "reasons": plain(verdict.reasons),
    }


def _combo_json(lock: Lock) -> dict[str, Any]:
    from ..lock.model import to_json
    from ..lock.published import folder_name

    return {
        **to_json(lock)["combo"],
        "status": lock.verdict.status,
        "grade": lock.verdict.grade,
        "lock": f"locks/{folder_name(lock.combo)}",
    }
