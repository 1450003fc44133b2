"""Everything that the site is made of, read once: facts, published locks, symptoms, figures."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..lock import published
from ..lock.coverage import coverage
from ..lock.formats import FORMATS, PUBLISHED_FORMATS, conda_lock_yml, lock_json
from ..matrix import loading
from ..matrix.reasons import Status
from ..target import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from ..lock.coverage import Coverage
    from ..lock.model import Lock
    from ..matrix.facts import Matrix

FORMAT_TITLES = {
    "requirements.txt": "for pip, uv and everything that reads pip's files",
    "pylock.toml": "the standard lockfile (PEP 751)",
    "conda-lock.yml": "for conda-lock and micromamba",
    "environment.yml": "for conda env create",
    "lock.json": "this program's own full record",
}
"""File names of lock formats, in the order of offering them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLock:
    """One published lock with its files, by name."""

    lock: Lock
    files: dict[str, str]

    @property
    def id(self) -> str:
        """The combo's id, which is its folder's name too."""
        return self.lock.combo.id

    @property
    def status(self) -> Status:
        """What to expect of it."""
        return Status(self.lock.verdict.status)


NO_FRAMEWORKS: dict[str, Any] = {"ours": [], "others": [], "strangers": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the site is a pure function of.

    ``locks`` are best first within their Python and architecture; ``unpublished`` are combos
    that have wheels and no lock, with the reason. ``symptoms`` and ``figures`` are the compiled
    documents, empty where they were not shipped.
    """

    matrix: Matrix
    as_of: str
    locks: tuple[PublishedLock, ...] = ()
    unpublished: tuple[published.Unpublished, ...] = ()
    symptoms: tuple[dict[str, Any], ...] = ()
    frameworks: dict[str, Any] = field(default_factory=lambda: dict(NO_FRAMEWORKS))
    figures: dict[str, Any] = field(default_factory=dict)


def covered(inputs: Inputs) -> Coverage:
    """What was tried of the published locks, on the day of the newest fact."""
    slots: dict[tuple[str, str], list[Lock]] = {}
    for item in inputs.locks:
        combo = item.lock.combo
        slots.setdefault((combo.python, combo.arch.value), []).append(item.lock)
    days = (item.date or "" for item in inputs.matrix.evidence)
    day = date.fromisoformat(max([inputs.as_of, *(one for one in days if len(one) == 10)]))
    return coverage(inputs.matrix, slots.values(), day)


def load(locks: Path | None = None, compiled: Path | None = None) -> Inputs:
    """Read all inputs; ``locks`` is the folder of published locks, the shipped one by default.

    Raises DataError where something is missing or damaged.
    """
    matrix = loading.matrix()
    compiled = compiled or loading.data_folder()
    folder = loading.locks_folder() if locks is None else locks
    found: list[PublishedLock] = []
    unpublished: list[published.Unpublished] = []
    for python in matrix.platforms.pythons:
        for arch in Arch:
            index = published.Index.within(folder, python.series, arch)
            if not index.exists():
                continue
            mixed = index.with_conda()
            conda = {lock.combo.id: lock for lock in mixed.locks()} if mixed.exists() else {}
            by_wheels = index.locks()
            found += [
                _with_files(lock, folder, conda.pop(lock.combo.id, None)) for lock in by_wheels
            ]
            # What is left are the combos that wheels alone cannot serve.
            found += [_with_files(lock, folder) for lock in conda.values()]
            served = dict(mixed.unpublished()) if mixed.exists() else None
            unpublished += [
                one for one in index.unpublished() if served is None or one.combo in served
            ]
    known = _document(compiled / "symptoms.json")
    return Inputs(
        matrix=matrix,
        as_of=max([matrix.as_of, *(item.lock.as_of for item in found)]),
        locks=tuple(found),
        unpublished=tuple(unpublished),
        symptoms=tuple(known.get("symptoms", ())),
        frameworks=known.get("frameworks", NO_FRAMEWORKS),
        figures=_document(compiled / "figures.json"),
    )


def _with_files(lock: Lock, folder: Path, conda: Lock | None = None) -> PublishedLock:
    """The lock with its files; ``conda`` is the mixed lock of the same combo, if there is one."""
    if not re.fullmatch(r"[a-z0-9._-]+", lock.combo.id):
        raise DataError(str(folder), f"{lock.combo.id!r} is no name of a lock")
    formats = () if lock.conda_packages else PUBLISHED_FORMATS
    files = {filename: text(lock) for filename, text in map(FORMATS.__getitem__, formats)}
    mixed = conda or (lock if lock.conda_packages else None)
    if mixed is not None:
        files["conda-lock.yml"] = conda_lock_yml.render([mixed])
    files["lock.json"] = lock_json.render(lock, tuple(sorted({*files, "lock.json"})))
    return PublishedLock(lock=lock, files=files)


def _document(path: Path) -> dict[str, Any]:
    """A compiled document; empty where it was not shipped."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DataError(str(path), f"cannot be read ({error}); reinstall") from error
    if not isinstance(content, dict):
        raise DataError(str(path), "is damaged; reinstall")
    return content
