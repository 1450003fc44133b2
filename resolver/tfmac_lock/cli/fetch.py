"""`tfmac-lock fetch`: the files of a lock in a folder, for a machine without a network."""

from __future__ import annotations

import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_flag, add_folder, add_index
from .terminal import has_bars, print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from ..lock.model import Lock
    from ..lock.wheelhouse import Fetched
    from ..pypi.model import IndexFile
    from .arguments import Commands

    Report = Callable[[IndexFile, int, int | None], None]

EXAMPLES = """\
examples:
  tfmac-lock fetch lock.json -o wheels
      every file of the lock, checked by its hash
  tfmac-lock fetch lock.json -o wheels --python
      pip itself as well, for a Python that has none

An interrupted fetch resumes where it stopped.
"""


ABOUT = """
Brings every file of a lock into a folder, checked by its hash, and says how to install from there
without a network.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(
        commands, "fetch", run, ABOUT, epilog=EXAMPLES, json="print what was fetched as JSON"
    )
    parser.add_argument("lock", metavar="LOCK", type=Path, help="a lock.json, or its folder")
    add_folder(parser, "the folder to fetch into", Path("wheels"))
    add_flag(parser, "--python", "also bring pip's own wheel")
    add_index(parser)
    add_flag(parser, "--force", "overwrite a requirements.txt of somebody else's there")


def run(args: argparse.Namespace) -> int:
    """Fetch, and say how to install."""
    from ..errors import OutsideError
    from ..lock.formats import requirements_txt
    from ..lock.reading import lock_path, read_lock
    from ..lock.wheelhouse import fetch, wanted
    from ..lock.write import write_files
    from .observer import observed_index

    lock = read_lock(lock_path(args.lock))
    try:
        with observed_index(
            index_url=args.index_url, extra_index_urls=args.extra_index_url
        ) as client:
            files = wanted(lock, client, with_pip=args.python)
            with _bar(len(files)) as report:
                found = fetch(files, args.output, client, report)
    except OSError as error:
        raise OutsideError(f"{args.output}: {error.strerror or error}") from error
    text = requirements_txt.render(lock)
    write_files(args.output, {"requirements.txt": text}, force=args.force)
    commands = install_commands(lock, args.output, [one.filename for one in found])
    if args.json:
        print_json(_document(found, args.output, commands))
    else:
        sys.stdout.write(_text(lock, found, args.output, commands))
    return 0


def install_commands(lock: Lock, folder: Path, filenames: Sequence[str]) -> list[str]:
    """How to install the lock from the folder, without a network."""
    from ..lock.formats.header import install_command

    place = shlex.quote(str(folder))
    whole = install_command(lock, shlex.quote(str(folder / "requirements.txt")))
    pip = next((name for name in filenames if name.startswith("pip-")), None)
    run_pip = f"python {place}/{pip}/pip" if pip else "python -m pip"
    offline = whole.replace("install ", f"install --no-index --find-links {place} ", 1)
    venv = f"python{lock.combo.python} -m venv {'--without-pip ' if pip else ''}env"
    return [f"{venv} && . env/bin/activate", offline.replace("python -m pip", run_pip, 1)]


def _document(found: Sequence[Fetched], folder: Path, commands: Sequence[str]) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "install": list(commands),
        "files": [
            {"filename": one.filename, "size": one.size, "was_there": one.was_there}
            for one in found
        ],
    }


def _text(lock: Lock, found: Sequence[Fetched], folder: Path, commands: Sequence[str]) -> str:
    there = sum(one.was_there for one in found)
    size = sum(one.size for one in found) / 1e6
    kept = f", {there} of them there already" if there else ""
    lines = [
        f"{len(found)} files in {folder}, {size:.1f} MB{kept}; every hash is that of the lock.",
        "",
        f"Next, without a network, beside {folder}:",
        *(f"  {command}" for command in commands),
    ]
    if any(package.is_source for package in lock.wheels):
        names = ", ".join(package.name for package in lock.wheels if package.is_source)
        lines += ["", f"{names}: a source archive, which pip builds with the setuptools there."]
    return "\n".join(lines) + "\n"


@contextmanager
def _bar(files: int) -> Iterator[Report]:
    """A bar over the files where stderr is a terminal, with the bytes of the one under way."""
    if not has_bars():
        yield lambda _file, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(20), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("fetching", total=None)
        seen: set[str] = set()

        def report(file: IndexFile, done: int, total: int | None) -> None:
            seen.add(file.filename)
            name = file.filename.partition("-")[0]
            text = f"{len(seen)} of {files} {name:.28}"
            progress.update(task, description=text, completed=done, total=total)

        yield report
