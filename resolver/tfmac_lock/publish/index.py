"""The files that published locks are read from: indexes, and the verdicts beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..files import dump_json
from ..lock.model import to_json
from ..lock.published import (
    ASKS_FOR_CONDA,
    CONDA,
    FILES,
    INDEX,
    INHERITED,
    SCHEMA_VERSION,
    VERDICTS,
    combo_in_full,
    in_full,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..lock.model import Lock
    from ..lock.published import Unpublished

LEFT_OUT = ("files", "schema_version", "lock_id", "verdict", "companions", "environment")
"""What no row of an index has: it is made of the rest, or stands in the verdicts."""


@dataclass(slots=True)
class _Tables:
    """What many locks of an index share, each thing once, and named by its place."""

    content: dict[str, list[Any]] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)

    def place(self, table: str, item: Any) -> int:
        items = self.content.setdefault(table, [])
        key = table + json.dumps(item, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(items)
            items.append(item)
        return self._places[key]

    def row(self, lock: dict[str, Any]) -> dict[str, Any]:
        """The row with places instead of what the tables hold."""
        # The requirements depend on the extras asked for, so they are part of what tells packages
        # apart; within one index that makes a handful of packages stand there twice.
        row = {key: value for key, value in lock.items() if key not in LEFT_OUT}
        row["packages"] = [self.place("packages", _shortened(one)) for one in lock["packages"]]
        if "combo" in lock:
            row["combo"] = _shortened_combo(lock["combo"])
        if "channels" in lock:
            row["channels"] = [self.place("channels", channel) for channel in lock["channels"]]
        return row


def _shortened_combo(combo: dict[str, Any]) -> dict[str, Any]:
    """The combo without what ``combo_in_full`` adds."""
    short = {key: value for key, value in combo.items() if key not in ("id", "os")}
    whole = combo_in_full(short)
    return short | {key: value for key, value in combo.items() if whole[key] != value}


def _shortened(package: dict[str, Any]) -> dict[str, Any]:
    """The package without what ``_in_full`` adds."""
    short = {key: value for key, value in package.items() if key not in ("filename", "manager")}
    short["url"] = package["url"].removeprefix(FILES)
    whole = in_full(short)
    return short | {key: value for key, value in package.items() if whole.get(key) != value}


def _shortened_reason(reason: dict[str, Any]) -> dict[str, Any]:
    """The reason without what is not so: no grade, not against it, not fatal."""
    return {key: value for key, value in reason.items() if value or key == "source"}


def render(slot: str, locks: Sequence[Lock], unpublished: Iterable[Unpublished]) -> dict[str, str]:
    """The index of these locks and their verdicts, by path within locks/.

    ``slot`` is what ``slot_name`` gives; the locks are in the order of their verdicts.
    ``unpublished`` are the combos that have wheels and no lock, with the reason.
    """
    tables = _Tables()
    rows = [tables.row(to_json(lock)) for lock in sorted(locks, key=_by_id)]
    return _files(slot, rows, tables, unpublished) | _verdict_file(slot, locks, {})


def render_mixed(
    slot: str,
    locks: Sequence[Lock],
    wheels: Iterable[Lock],
    unpublished: Iterable[Unpublished],
) -> dict[str, str]:
    """The same for mixed locks, as what they add to those of ``wheels``.

    A row names the lock that it adds to, the packages of that one which it is without, and
    whatever else is not the same. A combo that wheels alone cannot serve is written in full.
    """
    tables = _Tables()
    bases = {lock.combo.id: to_json(lock) for lock in wheels}
    rows = []
    for lock in sorted(locks, key=_by_id):
        document = to_json(lock)
        base = bases.get(lock.combo.id)
        if base is not None:
            own = [package for package in document["packages"] if package not in base["packages"]]
            gone = [item["name"] for item in base["packages"] if item not in document["packages"]]
            expected = {**base, "command": base["command"] + ASKS_FOR_CONDA}
            changed = {key: document[key] for key in INHERITED if document[key] != expected[key]}
            document = {
                "adds_to": lock.combo.id,
                **changed,
                "without": gone,
                "packages": own,
                "channels": document["channels"],
            }
        rows.append(tables.row(document))
    name = f"{CONDA}{slot}"
    return _files(name, rows, tables, unpublished) | _verdict_file(name, locks, bases)


def _by_id(lock: Lock) -> str:
    return lock.combo.id


def _files(
    name: str,
    rows: list[dict[str, Any]],
    tables: _Tables,
    unpublished: Iterable[Unpublished],
) -> dict[str, str]:
    index = {
        "schema_version": SCHEMA_VERSION,
        "locks": rows,
        **tables.content,
        "unpublished": [one._asdict() for one in unpublished],
    }
    return {f"{INDEX}/{name}": dump_json(index, compact=True)}


def _verdict_file(
    name: str, locks: Iterable[Lock], bases: Mapping[str, dict[str, Any]]
) -> dict[str, str]:
    """The verdicts in the order of the locks; one that is that of the base is not repeated."""
    tables = _Tables()
    rows: list[dict[str, Any]] = []
    for lock in locks:
        key, verdict = lock.combo.id, to_json(lock)["verdict"]
        if key in bases and bases[key]["verdict"] == verdict:
            rows.append({"combo": key})
            continue
        reasons = [tables.place("reasons", _shortened_reason(one)) for one in verdict["reasons"]]
        rows.append({"combo": key, **verdict, "reasons": reasons})
    content = {"schema_version": SCHEMA_VERSION, "verdicts": rows, "reasons": [], **tables.content}
    return {f"{VERDICTS}/{name}": dump_json(content, compact=True)}
