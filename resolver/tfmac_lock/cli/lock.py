"""The main job: `tfmac-lock --python 3.9 --chip m1`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..lock.formats import CONDA_FORMAT_NAMES, FORMATS
from .summary import summary
from .terminal import has_color

FILE_NAMES = {
    "pylock": r"pylock(\.[^.]+)?\.toml",
    "explicit": r".*explicit.*\.txt",
    "requirements": r".*\.txt",
    "json": r".*\.json",
    "conda-lock": r".*lock\.ya?ml",
    "environment": r".*\.ya?ml",
}
"""The file names by which ``-o`` is a file for one format instead of a folder."""

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..host import Host
    from ..lock.model import Lock
    from ..target import Chip, MacOSVersion, Platforms, PythonVersion
    from . import Parser


def parser() -> Parser:
    """The parser of the main command."""
    from .options import main_parser

    made = main_parser()
    made.set_defaults(run=run)
    return made


def run(args: argparse.Namespace) -> int:
    """Make the lock, write it, and say what it is."""
    from ..lock.write import write_files

    if args.print_completion:
        return _completion(args.print_completion)
    if args.detect:
        return _detector()
    printing = str(args.output) == "-"
    named = None if printing else _named_format(args.output)
    args.formats = args.formats or (named and [named])
    formats = _formats(args)
    if named and len(formats) > 1:
        raise UsageError(f"-o {args.output} is one file, for one format; name a folder for several")
    if printing and args.json:
        raise UsageError("--json and -o - both print to standard output: leave one of them out")
    if printing and len(formats) != 1:
        raise UsageError("-o - prints one format: name it with --format")
    locks = [make(args, chip) for chip in args.chips or [None]]
    for lock in locks:
        if args.metal == "auto" and lock.combo.metal is None and args.os == "macos":
            print(_why_no_plugin(lock), file=sys.stderr)  # noqa: T201 - talk
    files = _files(locks, formats)
    if printing:
        sys.stdout.write(*files.values())
        return 0
    folder = args.output.parent if named else args.output
    paths = {name: args.output if named else folder / name for name in sorted(files)}
    write_files(folder, {paths[name].name: text for name, text in files.items()}, force=args.force)
    if args.json:
        sys.stdout.write(_as_json(locks, [path.name for path in paths.values()]))
    else:
        sys.stdout.write(summary(locks, paths, color=has_color(), why=args.why))
    return 0


def _named_format(output: Path) -> str | None:
    """The format that the name of a file asks for, as ``-o requirements.txt`` does."""
    if output.is_dir():
        return None
    return next(
        (name for name, form in FILE_NAMES.items() if re.fullmatch(form, output.name)), None
    )


def _files(locks: Sequence[Lock], formats: Sequence[str]) -> dict[str, str]:
    """The files with their texts; several locks are of different platforms, in one file."""
    if len(locks) > 1:
        from ..lock.formats import conda_lock_yml

        return {"conda-lock.yml": conda_lock_yml.render(locks)}
    (lock,) = locks
    files = {filename: text(lock) for filename, text in map(_format, formats)}
    if "lock.json" in files:
        files["lock.json"] = _as_json(locks, sorted(files))
    return files


def _as_json(locks: Sequence[Lock], files: Sequence[str]) -> str:
    """The lock as lock.json has it, or several of them in one document."""
    from ..files import dump_json
    from ..lock.formats import lock_json
    from ..lock.model import SCHEMA_VERSION, to_json

    if len(locks) == 1:
        return lock_json.render(locks[0], tuple(files))
    documents = [to_json(lock, files) for lock in locks]
    return dump_json({"schema_version": SCHEMA_VERSION, "locks": documents})


def _why_no_plugin(lock: Lock) -> str:
    """Why ``--metal auto`` came out without a plugin."""
    if lock.combo.chip == "intel":
        return "note: without an AMD card there is no GPU that the plugin could use"
    return (
        f"note: no plugin release fits TensorFlow {lock.combo.tensorflow} on Python "
        f"{lock.combo.python}, so this lock is for the CPU; `tfmac-lock matrix` shows the pairs "
        "that fit"
    )


def make(args: argparse.Namespace, named: str | None) -> Lock:
    """The lock that the options ask for: a published one, or one resolved anew.

    ``named`` is the chip; without one it is the Mac's that this runs on.
    """
    from .. import host
    from ..matrix import loading
    from ..target import Os

    platforms = loading.platforms()
    mac = host.detect()
    chip, python = _chip(named, platforms, mac), _python(args, platforms, mac)
    macos = platforms.macos_version(args.macos) if args.macos else None
    if macos is not None:
        platforms.check(chip, macos)
    found = mac is not None and not named and not args.macos and args.os == "macos"
    running = platforms.macos_version(mac.macos) if mac is not None and found else None
    conda = wants_conda(args)
    answerable = _published_can_answer(args) and macos is None and Os(args.os) is Os.MACOS
    if answerable and not args.fresh:
        lock = _published(args, chip, python, running, conda=conda)
        if lock is not None:
            return lock
    from . import fresh

    other = None
    if answerable and not conda:
        other = _published(args, chip, python, running, conda=True)
    return fresh.make(args, platforms, chip, python, macos or running, with_conda=other)


def _published_can_answer(args: argparse.Namespace) -> bool:
    """Whether the request names nothing that published locks do not have."""
    return not (
        args.extra
        or args.requirements
        or args.constraints
        or args.groups
        or args.allow_source
        or args.exclude_newer
        or args.accept_repacked
        or args.prove
        or args.index_url
        or args.extra_index_url
        or args.index_for
        or args.native
        or args.conda_specs
        or args.channels
    )


def wants_conda(args: argparse.Namespace) -> bool:
    """Whether the request is for a mixed lock."""
    named = {name for given in args.formats or () for name in given.split(",")}
    return bool(
        args.native
        or args.conda_specs
        or args.channels
        or len(args.chips) > 1
        or named & {*CONDA_FORMAT_NAMES}
    )


def _published(
    args: argparse.Namespace,
    chip: Chip,
    python: PythonVersion,
    macos: MacOSVersion | None,
    *,
    conda: bool,
) -> Lock | None:
    """The published lock for the request, if there is one."""
    from ..lock import published
    from ..matrix import loading

    asked = re.fullmatch(
        r"(?:(tensorflow(?:-macos)?)==)?(\d+\.\d+(?:\.\d+)?)", args.tensorflow or ""
    )
    if (args.tensorflow and not asked) or python.micro is not None:
        return None
    index = published.Index.within(loading.locks_folder(), python.series, chip.arch, conda=conda)
    if not index.exists():
        return None
    lock = index.find(
        package=asked[1] if asked else None,
        version=asked[2] if asked else None,
        metal=args.metal,
        gpu=chip.gpu,
        macos=macos,
    )
    return lock and published.for_chip(lock, chip)


def _chip(named: str | None, platforms: Platforms, mac: Host | None) -> Chip:
    if named:
        return platforms.chip(named)
    if mac is None:
        raise UsageError(
            "this is not a Mac, so say which one it is for: --chip m1 (or m2, m3, m4, m5, intel, "
            "intel-amd)"
        )
    if mac.rosetta:
        print(  # noqa: T201 - talk
            "note: this Python runs under Rosetta as an Intel program; the lock is for the real "
            f"chip, {mac.chip}, and needs an arm64 Python to be installed into",
            file=sys.stderr,
        )
    return platforms.chip(mac.chip)


def _python(args: argparse.Namespace, platforms: Platforms, mac: Host | None) -> PythonVersion:
    if args.python:
        return platforms.python(args.python)
    if mac is None:
        raise UsageError("say which Python it is for: --python 3.11 (3.8 to 3.13)")
    return platforms.python(f"{sys.version_info.major}.{sys.version_info.minor}")


def _formats(args: argparse.Namespace) -> list[str]:
    from ..errors import UnknownChoice

    # The formats that hold wheels alone have no place for conda's records.
    usual = ["conda-lock", "json"] if wants_conda(args) else list(FORMATS)
    if len(args.chips) > 1:
        usual = ["conda-lock"]
    names = [name for given in args.formats or usual for name in given.split(",")]
    known = [*FORMATS, *CONDA_FORMAT_NAMES]
    for name in names:
        if name not in known:
            raise UnknownChoice("format", name, known)
    if len(args.chips) > 1 and {*names} != {"conda-lock"}:
        raise UsageError("several chips go into one file, and only --format conda-lock has room")
    return list(dict.fromkeys(names))


def _format(name: str) -> tuple[str, Callable[[Lock], str]]:
    """File name and renderer of a format; those for conda are imported only when asked for."""
    if name in FORMATS:
        return FORMATS[name]
    from ..lock.formats.conda import CONDA_FORMATS

    return CONDA_FORMATS[name]


def _detector() -> int:
    """Print the script that looks for a GPU which leaves the ReLU out."""
    from ..prove.run import DETECTOR

    sys.stdout.write(DETECTOR.read_text("utf-8"))
    return 0


def _completion(shell: str) -> int:
    import shtab

    from . import full_parser

    sys.stdout.write(shtab.complete(full_parser(), shell))
    return 0
