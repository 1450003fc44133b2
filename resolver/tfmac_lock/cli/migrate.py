"""`tfmac-lock migrate`: from what a project has to a lock."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_flag, add_folder, add_index
from .terminal import print_json, printable, wrapped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..check.migrate import Migrated, Stated
    from ..lock.model import Lock
    from .arguments import Commands
    from .lock import Machine

REQUEST = "requirements.in"
"""The file with what was asked for, beside the lock: `tfmac-lock update` reads it."""

EXAMPLES = """\
examples:
  tfmac-lock migrate requirements.txt --python 3.11 --chip m1
  tfmac-lock migrate uv.lock --chip m3 -o mac
      with the pyproject.toml beside it as the request, and its versions kept
  tfmac-lock migrate environment.yml --dry-run --json
"""


ABOUT = """
Reads pyproject.toml, requirements.txt, pip freeze, uv.lock, poetry.lock, pixi.lock, pylock.toml,
conda-lock.yml or environment.yml, keeps the versions that fit a Mac, says what had to change and
why, and writes the lock with its request.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(commands, "migrate", run, ABOUT, epilog=EXAMPLES)
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--python", metavar="3.X", help="default: the file's, or this Mac's")
    parser.add_argument("--chip", help="default: this Mac's, or m1")
    parser.add_argument("--metal", metavar="VERSION", default="auto", help="auto (default) or none")
    add_folder(parser, "the folder for lock and request", Path("mac-lock"))
    add_index(parser, extra=False)
    add_flag(parser, "--offline", "ask only what is cached")
    add_flag(parser, "--dry-run", "say what it would write")


def run(args: argparse.Namespace) -> int:
    """Migrate, say what changed, write it."""
    from ..check.formats.poetry_toml import has_table
    from ..check.formats.poetry_toml import read as read_poetry
    from ..check.migrate import Stated, migrate, stated_in
    from ..check.reading import read_for_target
    from ..errors import InputFileError
    from ..host import detect
    from ..matrix import loading
    from ..resolve.pyproject import NAME as PYPROJECT
    from .lock import find_machine
    from .resolving import resolving

    matrix, mac, path = loading.matrix(), detect(), args.file
    if not path.is_file():
        raise InputFileError(str(path), "is not a file" if path.exists() else "does not exist")
    project = path if path.name == PYPROJECT else path.with_name(PYPROJECT)
    of_poetry = project.is_file() and has_table(project)
    if path.name == PYPROJECT and not of_poetry:
        stated = Stated(tensorflow=("",), metal="", asked=(), pinned={})
    else:
        file, target, _ = read_for_target(path, matrix, python=args.python, chip=args.chip, mac=mac)
        args.python, args.chip = args.python or target.python.series, target.chip.id
        stated = stated_in(file, target, matrix)
        if path.name == "poetry.lock" and of_poetry:
            wanted = stated_in(read_poetry(project, target), target, matrix)
            stated = replace(stated, asked=wanted.asked)
    asked = _asked(args)
    of_project = path.name in ("uv.lock", "poetry.lock") and _has_project(project)
    if (path.name == PYPROJECT and not of_poetry) or of_project:
        asked.requirements = [project]
        stated = replace(stated, asked=())
    machine = find_machine(asked, (asked.chips or [None])[0])
    with resolving(asked, machine) as (resolver, request, _):
        environment = machine.platforms.target(
            machine.python, machine.chip, machine.macos
        ).markers()
        found = migrate(resolver, request, stated, environment)
    if found.tensorflow and not asked.requirements:
        asked.tensorflow = found.tensorflow
    lock = _with_request(asked, found, args.output)
    if args.json:
        print_json(_document(found, stated))
    else:
        sys.stdout.write(_text(args, found, stated, machine))
    if not args.dry_run:
        written = _write(args, asked, lock, found, stated)
        if not args.json:
            print(f"\nWritten to {args.output}: {', '.join(sorted(written))}")  # noqa: T201
    return 0


def _asked(args: argparse.Namespace) -> argparse.Namespace:
    """The options of the main command."""
    from .lock import parser

    words = ["--metal", args.metal, "-o", str(args.output), "--upgrade"]
    words += ["--python", args.python] if args.python else []
    words += ["--chip", args.chip] if args.chip else []
    words += ["--index-url", args.index_url] if args.index_url else []
    words += ["--offline"] if args.offline else []
    return parser().parse_args(words)


def _has_project(path: Path) -> bool:
    """Whether that pyproject.toml says what the project requires."""
    from ..check.formats import toml_file
    from ..errors import InputFileError

    try:
        data, _ = toml_file.load(path)
    except InputFileError:
        return False
    return isinstance(data.get("project"), dict) and "dependencies" in data["project"]


def _with_request(asked: argparse.Namespace, found: Migrated, folder: Path) -> Lock:
    """The lock with what was asked for, which now has a file of its own."""
    from .recorded import recorded

    if not asked.requirements and found.asked:
        asked.requirements = [folder / REQUEST]
    lock = found.lock
    command = lock.command
    if asked.requirements:
        command += f" -r {shlex.quote(str(asked.requirements[0]))}" if " -r " not in command else ""
    return replace(lock, command=command, request=recorded(asked, lock, folder))


def _write(
    args: argparse.Namespace,
    asked: argparse.Namespace,
    lock: Lock,
    found: Migrated,
    stated: Stated,
) -> list[str]:
    from ..lock.write import write_files
    from .outputs import outputs_of

    args.output.mkdir(parents=True, exist_ok=True)
    outputs = outputs_of(asked)
    texts = outputs.texts([lock])
    if asked.requirements and asked.requirements[0] == args.output / REQUEST:
        texts[REQUEST] = _request_text(args.file, found, stated)
    write_files(args.output, texts)
    return [*texts]


def _request_text(file: Path, found: Migrated, stated: Stated) -> str:
    """requirements.in: what was asked for, and what was left out of it and why."""
    from ..files import on_one_line
    from ..lock.formats.header import MARK

    lines = [f"# This file was {MARK}, by:", f"#    tfmac-lock migrate {shlex.quote(file.name)}"]
    lines += ["# Edit it as you like; `tfmac-lock update` beside it makes the lock again.", ""]
    lines += found.asked
    for one in (*stated.left_out, *found.given_up):
        lines.append(f"# left out: {on_one_line(f'{one.name}: {one.reason}')}")
    return "\n".join(lines) + "\n"


def _document(found: Migrated, stated: Stated) -> dict[str, Any]:
    from ..lock.model import to_json

    whole = to_json(found.lock)
    return {
        "combo": whole["combo"],
        "verdict": whole["verdict"],
        "asked": list(found.asked),
        "kept": found.kept,
        "changed": [
            {"name": one.name, "before": one.before, "after": one.after, "reason": one.reason}
            for one in found.changed
        ],
        "left_out": [
            {"name": one.name, "reason": one.reason} for one in (*stated.left_out, *found.given_up)
        ],
        "packages": whole["packages"],
    }


def _text(args: argparse.Namespace, found: Migrated, stated: Stated, machine: Machine) -> str:
    combo = found.lock.combo
    plugin = f"tensorflow-metal {combo.metal}" if combo.metal else "no GPU plugin"
    lines = [
        f"{args.file} for Python {combo.python} on {machine.chip.name}:",
        (
            f"{combo.package} {combo.tensorflow}, {plugin}, {len(found.lock.packages)} packages: "
            f"{found.lock.verdict.status}"
        ),
        "",
        f"kept: {found.kept} of {len(stated.pinned)} pinned versions",
    ]
    gone = [one.name for one in found.changed if not one.after]
    moved = [one for one in found.changed if one.after]
    if moved:
        lines.append("changed:")
        lines += [
            line
            for one in moved
            for line in _item(f"{one.name} {one.before} -> {one.after}", one.reason)
        ]
    if gone:
        lines += wrapped(f"no longer needed: {', '.join(gone)}", first="  ")
    if out := [*stated.left_out, *found.given_up]:
        lines.append("left out:")
        lines += [line for one in out for line in _item(one.name, one.reason)]
    return printable("\n".join(lines)) + "\n"


def _item(head: str, reason: str) -> Sequence[str]:
    return [f"  {head}", *wrapped(reason, first="      ")]
