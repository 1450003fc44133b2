"""The published locks: the indexes that the fast path reads, and their verdicts.

One file a Python and architecture holds every published lock of wheels, and a second one what
their mixed locks add. Beside each lies a file with the verdicts, best first: a new fact changes
that one, and the locks stand still.
Nothing here imports anything heavy: this is what runs when somebody types the main command.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ..files import guarded
from ..target import MacOSVersion
from .model import Lock, combo_id, from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import TypeVar

    from ..target import Arch, Chip
    from .model import Combo

    T = TypeVar("T")

SCHEMA_VERSION = 3

FILES = "https://files.pythonhosted.org/packages/"
"""What the addresses in an index begin with, unless they are written in full."""

INHERITED = ("combo", "as_of", "command")
"""What a mixed lock takes from the lock of wheels of the same combo, unless recorded."""

ASKS_FOR_CONDA = " --format conda-lock"
"""The suffix of a mixed lock's command line, unless recorded."""

INDEX, VERDICTS, CONDA = "index", "verdicts", "conda-"


def slot_name(python: str, arch: Arch) -> str:
    """The name of the files about one Python series and architecture."""
    return f"cp{python.replace('.', '')}-{arch.value}.json"


def folder_name(combo: Combo) -> str:
    """The folder of a lock's rendered files, as a path within locks/."""
    plugin = f"metal-{combo.metal}" if combo.metal else "cpu"
    return f"py{combo.python}-{combo.arch.value}/{combo.package}-{combo.tensorflow}-{plugin}"


class Unpublished(NamedTuple):
    """A combo that has wheels and no lock, with the reason."""

    combo: str
    reason: str


@dataclass(frozen=True, slots=True)
class Index:
    """The files with the published locks of one Python series and architecture.

    ``conda`` is the second one; with it the locks are the mixed ones.
    """

    path: Path
    conda: Path | None = None

    @classmethod
    def within(cls, folder: Path, python: str, arch: Arch, *, conda: bool = False) -> Index:
        """The index of that slot in the folder of published locks."""
        wheels = cls(folder / INDEX / slot_name(python, arch))
        return wheels.with_conda() if conda else wheels

    @classmethod
    def all_within(cls, folder: Path) -> list[Index]:
        """Every index of wheels in the folder of published locks."""
        return [cls(path) for path in sorted((folder / INDEX).glob("cp*.json"))]

    def with_conda(self) -> Index:
        """The index of the same slot's mixed locks."""
        return Index(self.path, self.path.with_name(f"{CONDA}{self.path.name}"))

    def exists(self) -> bool:
        """Whether there are such locks at all."""
        return self.path.exists() and (self.conda is None or self.conda.exists())

    def locks(self) -> list[Lock]:
        """All locks, best first; raises DataError where a file is damaged."""
        return self._read(lambda rows: [row.lock() for row in rows])

    def unpublished(self) -> list[Unpublished]:
        """The combos that have wheels and no lock; raises DataError."""
        return guarded(
            self.conda or self.path,
            SCHEMA_VERSION,
            lambda data: [Unpublished(**row) for row in data["unpublished"]],
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
        """What ``build`` makes of the rows, best first."""
        own = self.conda or self.path
        verdicts = guarded(_verdicts_of(self.path), SCHEMA_VERSION, _verdicts)
        bases: dict[str, dict[str, Any]] = {}
        if self.conda is not None:
            of_wheels = verdicts
            verdicts = guarded(
                _verdicts_of(own), SCHEMA_VERSION, lambda data: _verdicts(data, of_wheels)
            )
            bases = guarded(
                self.path,
                SCHEMA_VERSION,
                lambda data: {
                    row["combo"]["id"]: {**row, "tables": data} for row in _rows_of(data)
                },
            )
        return guarded(own, SCHEMA_VERSION, lambda data: build(_rows(data, verdicts, bases)))


class _Row:
    """A lock as it stands in an index; ``base`` is the row of wheels that it adds to."""

    # No dataclass: making one takes a millisecond of every main job.
    __slots__ = ("base", "row", "tables", "verdict")

    def __init__(self, row: Any, tables: Any, base: Any, verdict: Any) -> None:
        self.row = row
        self.tables = tables
        self.base = base
        self.verdict = verdict

    @property
    def combo(self) -> Any:
        return self._field("combo")

    def lock(self) -> Lock:
        """The lock itself."""
        packages = _packages(self.row, self.tables)
        command = self._field("command")
        if self.base is not None:
            left_out = self.row["without"]
            shared = _packages(self.base, self.base["tables"])
            packages += [item for item in shared if item["name"] not in left_out]
            command += "" if "command" in self.row else ASKS_FOR_CONDA
        return from_json(
            {
                "combo": self.combo,
                "verdict": self.verdict,
                "as_of": self._field("as_of"),
                "command": command,
                "packages": sorted(packages, key=lambda item: (item["manager"], item["name"])),
                "channels": [self.tables["channels"][at] for at in self.row.get("channels", ())],
            }
        )

    def _field(self, key: str) -> Any:
        holder = self.row if self.base is None or key in self.row else self.base
        return holder[key]


def _rows(data: Any, verdicts: dict[str, Any], bases: dict[str, dict[str, Any]]) -> list[_Row]:
    """The rows of an index in the order of the verdicts; mixed ones stand on those of wheels."""
    rows = {}
    for row in _rows_of(data):
        base = bases[row["adds_to"]] if "adds_to" in row else None
        name = (base or row)["combo"]["id"]
        rows[name] = _Row(row, data, base, verdicts[name])
    return [rows[name] for name in verdicts]


def _rows_of(data: Any) -> Any:
    """The rows of an index, with their combos in full."""
    for row in data["locks"]:
        if "combo" in row:
            row["combo"] = combo_in_full(row["combo"])
    return data["locks"]


def combo_in_full(combo: Any) -> Any:
    """The combo with what an index leaves out."""
    tensorflow, metal = combo["tensorflow"], combo["metal"]
    name = combo_id(
        tensorflow["package"],
        tensorflow["version"],
        metal and metal["version"],
        combo["python"],
        combo["arch"],
    )
    return {"id": name, "os": "macos", **combo}


def _verdicts_of(index: Path) -> Path:
    """The file with the verdicts of an index."""
    return index.parents[1] / VERDICTS / index.name


def _verdicts(data: Any, of_wheels: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """The verdicts by the id of their combo, best first; a row without one has that of wheels."""
    return {
        row["combo"]: {**row, "reasons": [data["reasons"][at] for at in row["reasons"]]}
        if "status" in row
        else of_wheels[row["combo"]]
        for row in data["verdicts"]
    }


def _packages(row: Any, tables: Any) -> list[Any]:
    return [in_full(tables["packages"][at]) for at in row["packages"]]


def in_full(package: Any) -> Any:
    """The package with what an index leaves out."""
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
