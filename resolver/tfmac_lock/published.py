"""The published locks and the index that the fast path reads.

One file a Python and architecture holds every published lock of it, best first, so that a
request is answered by reading that one file. Nothing here imports anything heavy: this is what
runs when somebody types the main command.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .lock.model import Lock, from_json, to_json
from .shipped import guarded
from .target import MacOSVersion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .target import Arch, Chip

SCHEMA_VERSION = 1


def index_name(python: str, arch: Arch) -> str:
    """The index of the published locks for that Python series, as a path within locks/."""
    return f"index/cp{python.replace('.', '')}-{arch.value}.json"


def conda_index_name(python: str, arch: Arch) -> str:
    """The index of the published locks that have a conda half, in the same way."""
    return f"index/conda-cp{python.replace('.', '')}-{arch.value}.json"


def read_index(path: Path) -> list[Lock]:
    """The published locks of one index, best first; raises DataError where it is damaged."""
    return guarded(path, SCHEMA_VERSION, lambda data: [_lock(data, row) for row in data["locks"]])


def read_unpublished(path: Path) -> list[tuple[str, str]]:
    """The combos of one index that have wheels and no lock, with the reason."""
    return guarded(
        path,
        SCHEMA_VERSION,
        lambda data: [(row["combo"], row["reason"]) for row in data["unpublished"]],
    )


def find(
    path: Path,
    *,
    package: str | None,
    version: str | None,
    metal: str,
    gpu: bool,
    macos: MacOSVersion | None,
) -> Lock | None:
    """The best published lock of an index that answers the request, if there is one.

    ``version`` is an exact version, or a series like ``2.18``. ``metal`` is ``auto``, ``none``
    or a version; ``auto`` takes a plugin wherever one fits and the chip has a GPU for it.
    ``macos`` is the one that the lock must run on. Raises DataError.
    """

    def fits(row: Any) -> bool:
        combo = row["combo"]
        if package is not None and combo["tensorflow"]["package"] != package:
            return False
        if version is not None and not _is_of(combo["tensorflow"]["version"], version):
            return False
        return macos is None or MacOSVersion.parse(combo["macos_min"]) <= macos

    def choose(data: Any) -> Lock | None:
        rows = [row for row in data["locks"] if fits(row)]
        plugins = [row["combo"]["metal"] for row in rows]
        if metal == "auto":
            with_plugin = [row for row, plugin in zip(rows, plugins, strict=True) if plugin]
            best = with_plugin if with_plugin and gpu else rows
            rows = best if gpu else [row for row in rows if not row["combo"]["metal"]]
        elif metal == "none":
            rows = [row for row, plugin in zip(rows, plugins, strict=True) if plugin is None]
        else:
            rows = [
                row
                for row, plugin in zip(rows, plugins, strict=True)
                if plugin and plugin["version"] == metal
            ]
        return _lock(data, rows[0]) if rows else None

    return guarded(path, SCHEMA_VERSION, choose)


def for_chip(lock: Lock, chip: Chip) -> Lock:
    """The same lock for another chip of its architecture; only the combo's words change."""
    combo = lock.combo
    macos = max(combo.macos_min, chip.first_macos) if combo.macos_min else None
    return replace(
        lock,
        combo=replace(combo, chip=chip.id, macos_min=macos),
        command=lock.command.replace(f"--chip {combo.chip}", f"--chip {chip.id}"),
    )


def _lock(data: Any, row: Any) -> Lock:
    return from_json({**row, "packages": [data["packages"][place] for place in row["packages"]]})


def _is_of(version: str, asked: str) -> bool:
    return version == asked or (asked.count(".") == 1 and version.startswith(f"{asked}."))


def to_index(locks: Iterable[Lock], unpublished: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The content of an index of these locks, in their order; each file stands there once.

    ``unpublished`` are the combos that have wheels and no lock, with the reason.
    """
    packages: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    rows = []
    for lock in locks:
        row = to_json(lock)
        for package in row["packages"]:
            # The requirements depend on the extras asked for, so they are part of what is told
            # apart; within one index that makes a handful of packages stand there twice.
            key = json.dumps(package, sort_keys=True)
            if key not in places:
                places[key] = len(packages)
                packages.append(package)
        row["packages"] = [
            places[json.dumps(package, sort_keys=True)] for package in row["packages"]
        ]
        del row["files"], row["schema_version"]
        rows.append(row)
    return {
        "schema_version": SCHEMA_VERSION,
        "locks": rows,
        "packages": packages,
        "unpublished": [{"combo": combo, "reason": reason} for combo, reason in unpublished],
    }
