"""Writing the files of a lock: all of them or none, and never over somebody else's.

Each file is written beside its place, the old one is kept beside it too, and a journal in the
folder names them all before the first is replaced. An error or Ctrl-C puts the old files back;
where the process is killed, the next run in that folder reads the journal and does it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OutsideError, UsageError
from ..files import alone, beside, write_whole
from .formats.header import MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OWN_HEADS = (f"# This file was {MARK}".encode(), b'{\n "schema_version": 1,\n "combo": {"id": ')
"""How each own format begins; lock.json has no comments to carry the mark."""

JOURNAL = ".tfmac-lock.journal"
"""There while files are being replaced: each name with its new text."""

NEW, OLD = ".tfmac-new", ".tfmac-old"
"""What the name of a file ends in while it waits, and while it may have to come back."""


@dataclass(eq=False)
class ForeignFile(UsageError):
    """A file is in the way that tfmac-lock did not write."""

    path: Path
    template = (
        "{path} is there already and was not written by tfmac-lock; nothing was changed. "
        "Choose another folder with -o, or overwrite it with --force."
    )


@dataclass(eq=False)
class CannotWrite(OutsideError):
    """The disk refused. ``mixed`` says that the old files could not all be put back."""

    path: Path
    reason: str
    mixed: bool = False

    def __str__(self) -> str:
        if self.mixed:
            return (
                f"cannot write {self.path}: {self.reason}. The old files could not all be put "
                "back, so files of two locks may lie there now. Install from none of them, and run "
                "the same command again: it puts the old files back before it writes."
            )
        return f"cannot write {self.path}: {self.reason}. What was there before is unchanged."


def write_files(folder: Path, files: Mapping[str, str], *, force: bool = False) -> None:
    """Write all files into the folder, or none of them; a symbolic link is followed.

    What an earlier run left that was killed is put right first. Raises ForeignFile before
    anything else is touched, and CannotWrite where the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            places = _places(folder, files)
            _recover(folder, places.values())
            _sweep_folder(folder, files)
            for place in places.values():
                _check_place(place, force=force)
            _replace(folder, {name: (places[name], text) for name, text in files.items()})
    except OSError as error:
        mixed = (folder / JOURNAL).exists()
        raise CannotWrite(folder, error.strerror or str(error), mixed=mixed) from error


def put_right(folder: Path) -> None:
    """Put back what a killed run left half done in the folder, where it can be written.

    Whoever reads a lock there to change it reads that of one run, and leaves nothing behind
    where there is nothing to change.
    """
    with contextlib.suppress(OSError):
        if any(re.match(r"\..*\.tfmac-|\.tfmac-", path.name) for path in folder.iterdir()):
            with alone(folder):
                _recover(folder, ())
                _sweep_folder(folder, ())


def _places(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Where each file really lies; raises CannotWrite where two of them are one."""
    places: dict[str, Path] = {}
    for name in names:
        place = Path(os.path.realpath(folder / name))
        if place in places.values():
            raise CannotWrite(folder / name, "another file of the lock is a link to the same file")
        places[name] = place
    return places


def _check_place(path: Path, *, force: bool) -> None:
    """Raise ForeignFile unless the path is free, or holds a file of ours, or force is used."""
    if path.is_symlink():
        raise CannotWrite(path, "it is a link that leads nowhere")
    if path.is_dir():
        raise CannotWrite(path, "a folder is in its place")
    if path.exists() and not path.is_file():
        raise CannotWrite(path, "it is not a regular file")
    try:
        if path.exists() and not force and not _is_own(path):
            raise ForeignFile(path)
    except OSError as error:
        raise CannotWrite(path, error.strerror or str(error)) from error


def _is_own(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(max(map(len, OWN_HEADS))).startswith(OWN_HEADS)


def _replace(folder: Path, files: Mapping[str, tuple[Path, str]]) -> None:
    """Put the texts in their places, or leave everything as it was."""
    rows: dict[str, dict[str, object]] = {}
    places = [place for place, _ in files.values()]
    try:
        for name, (place, text) in files.items():
            with beside(place, NEW).open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            rows[name] = {"text": text, "replaces": place.exists()}
            if place.exists():
                _keep(place)
        # Not flushed to the platter: this is against a killed process, not against a power cut.
        write_whole(folder / JOURNAL, json.dumps({"files": rows}))
        for place in places:
            beside(place, NEW).replace(place)
        (folder / JOURNAL).unlink()
    except BaseException as error:
        try:
            _recover(folder, places)
        except OSError:
            if not isinstance(error, OSError):
                raise  # Ctrl-C would not tell that two locks are mixed now
        raise
    try:
        _sweep(places)
    except KeyboardInterrupt:
        _sweep(places)  # so that nothing is left of what was done
        raise


def _keep(path: Path) -> None:
    """Keep what the path holds, as a second name of the file or else as a copy."""
    kept = beside(path, OLD)
    try:
        os.link(path, kept)
    except OSError:  # not every file system has links
        import shutil

        shutil.copy2(path, kept)


def _recover(folder: Path, places: Iterable[Path]) -> None:
    """Put back the old files where a journal says that not all were replaced, and tidy up.

    A journal can come from anywhere. So only names within this folder count, and only a file of
    ours that holds exactly the new text is touched.
    """
    rows = _journal(folder / JOURNAL)
    touched = {Path(os.path.realpath(folder / name)): row for name, row in rows.items()}
    for path, row in touched.items():
        if not path.is_file() or not _is_own(path) or path.read_bytes() != row["text"].encode():
            continue
        if beside(path, OLD).is_file():
            beside(path, OLD).replace(path)
        elif not row["replaces"]:
            path.unlink()
    (folder / JOURNAL).unlink(missing_ok=True)
    _sweep({*touched, *places})


def _journal(path: Path) -> dict[str, Any]:
    """What the journal says of each name; nothing where it is damaged or not there."""
    try:
        rows = json.loads(path.read_bytes())["files"]
        return {
            name: {"text": str(row["text"]), "replaces": row["replaces"]}
            for name, row in rows.items()
            if Path(name).name == name
        }
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _sweep(places: Iterable[Path]) -> None:
    """Remove what waits beside the places."""
    for place in places:
        for ending in (NEW, OLD):
            with contextlib.suppress(OSError):
                beside(place, ending).unlink()


def _sweep_folder(folder: Path, names: Iterable[str]) -> None:
    """Remove what killed runs left in the folder, those of earlier versions too."""
    earlier = rf"({'|'.join(map(re.escape, (*names, JOURNAL)))})\.([\d-]+\.)?new"
    ours = re.compile(rf"\.({earlier}|.+({NEW}|{OLD}))")
    for path in list(folder.iterdir()):
        if ours.fullmatch(path.name):
            with contextlib.suppress(OSError):
                path.unlink()
