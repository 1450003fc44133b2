"""The published locks and the index that the fast path reads.

One file a Python and architecture holds every published lock of it, best first, so that a
request is answered by reading that one file. Nothing here imports anything heavy: this is what
runs when somebody types the main command.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .errors import DataError
from .lock.model import Lock, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .target import Arch, MacOSVersion

SCHEMA_VERSION = 1


def index_name(python: str, arch: Arch) -> str:
    """The index of the published locks for that Python series, as a path within locks/."""
    return f"index/cp{python.replace('.', '')}-{arch.value}.json"


def read_index(path: Path) -> Iterator[Lock]:
    """The published locks of one index, best first; raises DataError where it is damaged."""
    try:
        data = json.loads(path.read_bytes())
        if data["schema_version"] != SCHEMA_VERSION:
            raise DataError(str(path), f"schema_version is not {SCHEMA_VERSION}; reinstall")
        packages = data["packages"]
        for row in data["locks"]:
            yield from_json({**row, "packages": [packages[place] for place in row["packages"]]})
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror}); reinstall") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DataError(str(path), f"is damaged ({error!r}); reinstall tfmac-lock") from error


def find(
    locks: Iterable[Lock],
    *,
    package: str | None,
    version: str | None,
    metal: str,
    gpu: bool,
    macos: MacOSVersion | None,
) -> Lock | None:
    """The best published lock that answers the request, if there is one.

    ``version`` is an exact version, or a series like ``2.18``. ``metal`` is ``auto``, ``none``
    or a version; ``auto`` takes a plugin wherever one fits and the chip has a GPU for it.
    ``macos`` is the one that the lock must run on.
    """
    fallback = None
    for lock in locks:
        combo = lock.combo
        if package is not None and combo.package != package:
            continue
        if version is not None and not _is_of(combo.tensorflow, version):
            continue
        if macos is not None and combo.macos_min is not None and combo.macos_min > macos:
            continue
        if metal == "auto":
            if gpu and combo.metal is not None:
                return lock
            if combo.metal is None:
                if not gpu:
                    return lock
                fallback = fallback or lock
        elif combo.metal == (None if metal == "none" else metal):
            return lock
    return fallback


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


def dump_index(data: dict[str, Any]) -> str:
    """The bytes of an index: a lock or a package a line, so that diffs read well."""
    parts = [f'"schema_version": {data["schema_version"]}']
    for key in ("locks", "packages", "unpublished"):
        items = ",\n".join(json.dumps(item, ensure_ascii=False) for item in data[key])
        parts.append(f'"{key}": [\n{items}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"
