"""The published locks and the indexes that the fast path reads.

One file a Python and architecture holds every published lock of wheels, best first, so that a
request is answered by reading that one file. A second file holds what their conda halves add.
Nothing here imports anything heavy: this is what runs when somebody types the main command.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..files import guarded
from ..target import MacOSVersion
from .model import Lock, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import TypeVar

    from ..target import Arch, Chip

    T = TypeVar("T")

SCHEMA_VERSION = 2

FILES = "https://files.pythonhosted.org/packages/"
"""What the addresses in an index begin with, unless they are told whole."""

INHERITED = ("combo", "verdict", "as_of", "command")
"""What a lock with a conda half takes from the lock of wheels of the same combo, if not told."""

LEFT_OUT = ("files", "schema_version", "lock_id")
"""What no row of an index has, since it is made of the rest."""

ASKS_FOR_CONDA = " --format conda-lock"
"""What such a lock's command has behind that of the wheels, if not told."""


def index_name(python: str, arch: Arch) -> str:
    """The index of the published locks for that Python series, as a path within locks/."""
    return f"index/{_slot(python, arch)}"


def conda_index_name(python: str, arch: Arch) -> str:
    """What the conda halves of those locks add to that index, in the same way."""
    return f"index/{_CONDA}{_slot(python, arch)}"


_CONDA = "conda-"


def _slot(python: str, arch: Arch) -> str:
    return f"cp{python.replace('.', '')}-{arch.value}.json"


@dataclass(frozen=True, slots=True)
class Index:
    """The files with the published locks of one Python series and architecture.

    ``conda`` is the second one; with it the locks are those that have a conda half.
    """

    path: Path
    conda: Path | None = None

    @classmethod
    def within(cls, folder: Path, python: str, arch: Arch, *, conda: bool = False) -> Index:
        """The index of that slot in the folder of published locks."""
        wheels = cls(folder / index_name(python, arch))
        return wheels.with_conda() if conda else wheels

    @classmethod
    def all_within(cls, folder: Path) -> list[Index]:
        """Every index of wheels in the folder of published locks."""
        return [cls(path) for path in sorted((folder / "index").glob("cp*.json"))]

    def with_conda(self) -> Index:
        """The index of the same slot's locks with a conda half."""
        return Index(self.path, self.path.with_name(f"{_CONDA}{self.path.name}"))

    def exists(self) -> bool:
        """Whether there are such locks at all."""
        return self.path.exists() and (self.conda is None or self.conda.exists())

    def locks(self) -> list[Lock]:
        """All locks, best first; raises DataError where a file is damaged."""
        return self._read(lambda rows: [row.lock() for row in rows])

    def unpublished(self) -> list[tuple[str, str]]:
        """The combos that have wheels and no lock, with the reason; raises DataError."""
        return guarded(
            self.conda or self.path,
            SCHEMA_VERSION,
            lambda data: [(row["combo"], row["reason"]) for row in data["unpublished"]],
        )

    def find(
        self,
        *,
        package: str | None,
        version: str | None,
        metal: str,
        gpu: bool,
        macos: MacOSVersion | None,
    ) -> Lock | None:
        """The best lock that answers the request, if there is one.

        ``version`` is an exact version, or a series like ``2.18``. ``metal`` is ``auto``,
        ``none`` or a version; ``auto`` takes a plugin wherever one fits and the chip has a GPU
        for it. ``macos`` is the one that the lock must run on. Raises DataError.
        """

        def fits(row: _Row) -> bool:
            combo = row.combo
            if package is not None and combo["tensorflow"]["package"] != package:
                return False
            if version is not None and not _is_of(combo["tensorflow"]["version"], version):
                return False
            return macos is None or MacOSVersion.parse(combo["macos_min"]) <= macos

        def choose(rows: list[_Row]) -> Lock | None:
            rows = [row for row in rows if fits(row)]
            plugins = [row.combo["metal"] for row in rows]
            if metal == "auto":
                with_plugin = [row for row, plugin in zip(rows, plugins, strict=True) if plugin]
                best = with_plugin if with_plugin and gpu else rows
                rows = best if gpu else [row for row in rows if not row.combo["metal"]]
            elif metal == "none":
                rows = [row for row, plugin in zip(rows, plugins, strict=True) if plugin is None]
            else:
                rows = [
                    row
                    for row, plugin in zip(rows, plugins, strict=True)
                    if plugin and plugin["version"] == metal
                ]
            return rows[0].lock() if rows else None

        return self._read(choose)

    def _read(self, build: Callable[[list[_Row]], T]) -> T:
        conda = self.conda
        if conda is None:
            return guarded(self.path, SCHEMA_VERSION, lambda data: build(_rows(data)))
        bases = guarded(
            self.path, SCHEMA_VERSION, lambda data: {row.combo["id"]: row for row in _rows(data)}
        )
        return guarded(conda, SCHEMA_VERSION, lambda data: build(_rows(data, bases)))


@dataclass(frozen=True, slots=True)
class _Row:
    """A lock as it stands in an index; ``base`` is the row of wheels that it adds to."""

    told: dict[str, Any]
    tables: dict[str, list[Any]]
    base: _Row | None = None

    @property
    def combo(self) -> Any:
        return self._holder("combo").told["combo"]

    def lock(self) -> Lock:
        """The lock itself."""
        verdict = self._holder("verdict")
        reasons = [verdict.tables["reasons"][place] for place in verdict.told["verdict"]["reasons"]]
        inherited = {key: self._holder(key).told[key] for key in INHERITED}
        if self._holder("command") is not self:
            inherited["command"] += ASKS_FOR_CONDA
        return from_json(
            inherited
            | {
                "verdict": {**verdict.told["verdict"], "reasons": reasons},
                "packages": sorted(
                    self._packages(), key=lambda package: (package["manager"], package["name"])
                ),
                "channels": [self.tables["channels"][at] for at in self.told.get("channels", ())],
            }
        )

    def _packages(self) -> list[Any]:
        own = [_told_whole(self.tables["packages"][at]) for at in self.told["packages"]]
        if self.base is None:
            return own
        left_out = self.told["without"]
        return own + [item for item in self.base._packages() if item["name"] not in left_out]

    def _holder(self, key: str) -> _Row:
        return self if self.base is None or key in self.told else self.base


def _rows(data: Any, bases: dict[str, _Row] | None = None) -> list[_Row]:
    """The rows of an index; those of a conda index stand on those of the wheels."""
    return [
        _Row(told, data, (bases or {})[told["adds_to"]] if "adds_to" in told else None)
        for told in data["locks"]
    ]


def _told_whole(package: Any) -> Any:
    url = package["url"] if "://" in package["url"] else FILES + package["url"]
    return {"filename": url.rpartition("/")[2], "manager": "pip", **package, "url": url}


def for_chip(lock: Lock, chip: Chip) -> Lock:
    """The same lock for another chip of its architecture; only the combo's words change."""
    combo = lock.combo
    macos = max(combo.macos_min, chip.first_macos) if combo.macos_min else None
    return replace(
        lock,
        combo=replace(combo, chip=chip.id, macos_min=macos),
        command=lock.command.replace(f"--chip {combo.chip}", f"--chip {chip.id}"),
    )


def _is_of(version: str, asked: str) -> bool:
    return version == asked or (asked.count(".") == 1 and version.startswith(f"{asked}."))


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

    def row(self, told: dict[str, Any]) -> dict[str, Any]:
        """The row with places instead of what the tables hold."""
        # The requirements depend on the extras asked for, so they are part of what is told
        # apart; within one index that makes a handful of packages stand there twice.
        row = {key: value for key, value in told.items() if key not in LEFT_OUT}
        row["packages"] = [
            self.place("packages", _told_shortly(package)) for package in told["packages"]
        ]
        if "verdict" in told:
            reasons = [self.place("reasons", reason) for reason in told["verdict"]["reasons"]]
            row["verdict"] = {**told["verdict"], "reasons": reasons}
        if "channels" in told:
            row["channels"] = [self.place("channels", channel) for channel in told["channels"]]
        return row


def _told_shortly(package: dict[str, Any]) -> dict[str, Any]:
    """The package without what ``_told_whole`` adds."""
    short = {key: value for key, value in package.items() if key not in ("filename", "manager")}
    short["url"] = package["url"].removeprefix(FILES)
    whole = _told_whole(short)
    return short | {key: value for key, value in package.items() if whole.get(key) != value}


def to_index(locks: Iterable[Lock], unpublished: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The content of an index of these locks, in their order.

    ``unpublished`` are the combos that have wheels and no lock, with the reason.
    """
    tables = _Tables()
    return _content([tables.row(to_json(lock)) for lock in locks], tables, unpublished)


def to_conda_index(
    locks: Iterable[Lock], wheels: Iterable[Lock], unpublished: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """The content of an index of locks with a conda half, as what they add to those of wheels.

    A row names the lock of ``wheels`` that it adds to, the packages of that one which it is
    without, and whatever else is not the same. A combo that wheels alone cannot serve is told
    whole.
    """
    tables = _Tables()
    bases = {lock.combo.id: to_json(lock) for lock in wheels}
    rows = []
    for lock in locks:
        told = to_json(lock)
        base = bases.get(lock.combo.id)
        if base is not None:
            own = [package for package in told["packages"] if package not in base["packages"]]
            gone = [item["name"] for item in base["packages"] if item not in told["packages"]]
            expected = {**base, "command": base["command"] + ASKS_FOR_CONDA}
            changed = {key: told[key] for key in INHERITED if told[key] != expected[key]}
            told = {
                "adds_to": lock.combo.id,
                **changed,
                "without": gone,
                "packages": own,
                "channels": told["channels"],
            }
        rows.append(tables.row(told))
    return _content(rows, tables, unpublished)


def _content(
    rows: list[dict[str, Any]], tables: _Tables, unpublished: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "locks": rows,
        **tables.content,
        "unpublished": [{"combo": combo, "reason": reason} for combo, reason in unpublished],
    }
