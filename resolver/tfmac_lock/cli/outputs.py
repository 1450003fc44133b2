"""What a run of the main command writes: which formats, where, and their texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import UnknownChoice, UsageError
from ..lock.formats import CONDA_FORMAT_NAMES, EXPORT_FORMAT_NAMES, FORMATS, JOINT_FORMAT_NAMES
from ..lock.formats.header import named

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..lock.model import Lock

FILE_NAMES = {
    "pylock": r"pylock(\.[^.]+)?\.toml",
    "pixi": r"pixi\.toml",
    "constraints": r".*constraints.*\.txt",
    "explicit": r".*explicit.*\.txt",
    "requirements": r".*\.txt",
    "json": r".*\.json",
    "conda-lock": r".*lock\.ya?ml",
    "environment": r".*\.ya?ml",
}
"""The file names by which ``-o`` is a file for one format instead of a folder."""

LOCK = "lock.json"

PYLOCK = "pylock"
"""The format that has room for several Macs, and none for machines with Linux beside them."""


class Outputs:
    """The formats and the place. ``file`` is the one that was named; ``printing`` writes none."""

    # No dataclass: making one takes a millisecond of every main job.
    __slots__ = ("file", "folder", "formats", "printing")

    def __init__(
        self, *, formats: list[str], folder: Path, file: Path | None, printing: bool
    ) -> None:
        self.formats = formats
        self.folder = folder
        self.file = file
        self.printing = printing

    def texts(self, locks: Sequence[Lock]) -> dict[str, str]:
        """The files with their texts, by the name that their format usually has."""
        return _files(locks, self.formats)

    def paths(self, names: Sequence[str]) -> dict[str, Path]:
        """Where the files of those usual names come to lie."""
        return {name: self.file or self.folder / name for name in sorted(names)}

    def lock_json(self, lock: Lock) -> Path:
        """Where the lock's own record comes to lie, if it is written."""
        return self.file or self.folder / named(LOCK, lock)


def outputs_of(args: argparse.Namespace) -> Outputs:
    """What the options ask for; raises UsageError where they contradict each other."""
    if args.output.name == "pyproject.toml":
        raise UsageError(
            f"{args.output} is the project's own file. Make the lock without -o, and then put it "
            f"there: tfmac-lock apply --to {args.output}"
        )
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
    if (printing or named) and args.also and formats[0] not in JOINT_FORMAT_NAMES:
        raise UsageError(
            "--also makes a file for each machine: name a folder with -o, or a format that holds "
            f"all of them: {', '.join(JOINT_FORMAT_NAMES)}"
        )
    return Outputs(
        formats=formats,
        folder=folder_of(args.output),
        file=args.output if named else None,
        printing=printing,
    )


def folder_of(output: Path) -> Path:
    """The folder that ``-o`` writes to: that of a file for one format, else the one it names.

    A name that is neither a format's nor there yet is that of a new folder.
    """
    return output.parent if _named_format(output) else output


def wants_conda(args: argparse.Namespace) -> bool:
    """Whether the request is for a mixed lock."""
    named = {name for given in args.formats or () for name in given.split(",")}
    several = len(args.chips) > 1 and not named & {*EXPORT_FORMAT_NAMES, PYLOCK}
    return bool(
        args.native or args.conda_specs or args.channels or several or named & {*CONDA_FORMAT_NAMES}
    )


def _named_format(output: Path) -> str | None:
    """The format that the name of a file asks for, as ``-o requirements.txt`` does."""
    if output.is_dir():
        return None
    return next(
        (name for name, form in FILE_NAMES.items() if re.fullmatch(form, output.name)), None
    )


def _files(locks: Sequence[Lock], formats: Sequence[str]) -> dict[str, str]:
    """The files with their texts; several locks are of different machines.

    Some formats have room for all of them in one file, of the others each lock has its own.
    """
    files: dict[str, str] = {}
    macs = [lock for lock in locks if not lock.beside]
    for name in formats:
        filename, render = _format(name)
        if name in JOINT_FORMAT_NAMES:
            files[filename] = render(locks)
        elif name == PYLOCK and len(macs) > 1:
            from ..lock.formats import pylock_joint

            files[filename] = pylock_joint.render(macs)
            files |= {named(filename, lock): render([lock]) for lock in locks if lock.beside}
        elif name != "json":
            files |= {named(filename, lock): render([lock]) for lock in locks}
    if "json" in formats:
        names = sorted({*files, *(named(LOCK, lock) for lock in locks)})
        files |= {named(LOCK, lock): as_json([lock], names) for lock in locks}
    return files


def as_json(locks: Sequence[Lock], files: Sequence[str]) -> str:
    """The lock as lock.json has it, or several of them in one document."""
    from ..files import dump_json
    from ..lock.formats import lock_json
    from ..lock.model import SCHEMA_VERSION, to_json

    if len(locks) == 1:
        return lock_json.render(locks[0], tuple(files))
    documents = [to_json(lock, files) for lock in locks]
    return dump_json({"schema_version": SCHEMA_VERSION, "locks": documents})


def _formats(args: argparse.Namespace) -> list[str]:
    # The formats that hold wheels alone have no place for conda's records.
    usual = ["conda-lock", "json"] if wants_conda(args) else list(FORMATS)
    if len(args.chips) > 1:
        usual = ["conda-lock"]
    names = [name for given in args.formats or usual for name in given.split(",")]
    known = [*FORMATS, *CONDA_FORMAT_NAMES, *EXPORT_FORMAT_NAMES]
    for name in names:
        if name not in known:
            raise UnknownChoice("format", name, known)
    joint = (*JOINT_FORMAT_NAMES, PYLOCK)
    if len(args.chips) > 1 and not {*names} <= {*joint}:
        raise UsageError(
            f"several chips go into one file, and only --format {', '.join(joint)} has room"
        )
    return list(dict.fromkeys(names))


def _format(name: str) -> tuple[str, Callable[[Sequence[Lock]], str]]:
    """File name and renderer of a format; most are imported only when asked for."""
    if name in FORMATS:
        filename, render = FORMATS[name]
        return filename, lambda locks: render(locks[0])
    if name in EXPORT_FORMAT_NAMES:
        from ..lock.formats import exports

        return exports.EXPORTS[name][0], lambda locks: exports.render(name, locks)
    from ..lock.formats import conda_lock_yml
    from ..lock.formats.conda import CONDA_FORMATS

    filename, of_one = CONDA_FORMATS[name]
    if name in JOINT_FORMAT_NAMES:
        return filename, conda_lock_yml.render
    return filename, lambda locks: of_one(locks[0])
