"""The pair grid: TensorFlow down, plugin across, and a verdict for each Python in every cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..matrix.facts import METAL, version
from ..matrix.ranking import TENSORFLOW_PACKAGES
from ..matrix.reasons import Reason, Status, Verdict, strength
from ..matrix.verdict import Pair, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..matrix.facts import Floor, Matrix, PairLoad, Release
    from ..target import Arch
    from .inputs import PublishedLock


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPython:
    """A pair on one Python series: its verdict, the oldest macOS, and its lock if it has one."""

    python: str
    pair: Pair
    verdict: Verdict
    macos_min: str | None
    lock: PublishedLock | None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A TensorFlow and a plugin release, or none, on one architecture.

    ``pythons`` are those with wheels of both, oldest first; a cell without any has no page.
    """

    package: str
    tensorflow: str
    metal: str | None
    arch: Arch
    pythons: tuple[OnPython, ...]
    load: PairLoad | None

    @property
    def id(self) -> str:
        """The pair's name in addresses."""
        plugin = f"metal-{self.metal}" if self.metal else "cpu"
        return f"{self.package}-{self.tensorflow}-{plugin}-{self.arch.value}"

    @property
    def title(self) -> str:
        """The pair in words."""
        plugin = f"with {METAL} {self.metal}" if self.metal else "without a plugin"
        return f"{self.package} {self.tensorflow} {plugin}"

    @cached_property
    def best(self) -> OnPython | None:
        """The Python on which it stands best, the newest of equals."""
        return min(
            reversed(self.pythons),
            key=lambda item: (item.verdict.status.rank, -strength(item.verdict.grade)),
            default=None,
        )

    @property
    def status(self) -> Status | None:
        """The best status on any Python; None where there are no wheels in common."""
        return self.best.verdict.status if self.best else None

    @cached_property
    def reasons(self) -> tuple[tuple[Reason, tuple[str, ...]], ...]:
        """Every fact behind the verdicts, once, with the Pythons that it is stated for."""
        found: dict[tuple[str, str, str], tuple[Reason, list[str]]] = {}
        for item in self.pythons:
            for reason in item.verdict.reasons:
                key = (reason.kind, reason.text, reason.source)
                kept, pythons = found.setdefault(key, (reason, []))
                if reason.against and not kept.against:  # a lock's files do not tell it
                    found[key] = (reason, pythons)
                if item.python not in pythons:
                    pythons.append(item.python)
        return tuple((reason, tuple(pythons)) for reason, pythons in found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A TensorFlow: the releases that bring the same binaries, the preferred one first."""

    releases: tuple[Release, ...]
    cells: tuple[Cell, ...]

    @property
    def package(self) -> str:
        """The package to ask for."""
        return self.releases[0].package

    @property
    def tensorflow(self) -> str:
        """The version."""
        return self.releases[0].version


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """All pairs of an architecture: newest TensorFlow first, newest plugin first, then none."""

    arch: Arch
    plugins: tuple[str | None, ...]
    rows: tuple[Row, ...]

    @property
    def cells(self) -> Iterable[Cell]:
        """All cells that have wheels."""
        return (cell for row in self.rows for cell in row.cells if cell.pythons)


def make_grid(matrix: Matrix, arch: Arch, locks: Sequence[PublishedLock]) -> Grid:
    """The grid of that architecture; a pair with a published lock has that lock's verdict."""
    plugins: list[str | None] = [
        release.version
        for release in reversed(matrix.releases_of(METAL))
        if release.pythons(arch) and release.final
    ]
    plugins.append(None)
    by_pair = {
        (
            item.lock.combo.package,
            item.lock.combo.tensorflow,
            item.lock.combo.metal,
            item.lock.combo.python,
        ): item
        for item in locks
        if item.lock.combo.arch is arch
    }
    rows = []
    for releases in _rows(matrix, arch):
        cells = tuple(_cell(matrix, arch, releases, metal, by_pair) for metal in plugins)
        rows.append(Row(releases=releases, cells=cells))
    return Grid(arch=arch, plugins=tuple(plugins), rows=tuple(rows))


def _rows(matrix: Matrix, arch: Arch) -> list[tuple[Release, ...]]:
    """The final releases, those with the same payload together, newest first."""
    found: dict[tuple[str, str], list[Release]] = {}
    for package in TENSORFLOW_PACKAGES:
        for release in matrix.releases_of(package):
            payload = matrix.payload_of(package, release.version, arch)
            if release.final and payload is not None and release.pythons(arch):
                found.setdefault(payload, []).append(release)
    return sorted(
        (tuple(releases) for releases in found.values()),
        key=lambda releases: (
            version(releases[0].version),
            -TENSORFLOW_PACKAGES.index(releases[0].package),
        ),
        reverse=True,
    )


def _cell(
    matrix: Matrix,
    arch: Arch,
    releases: tuple[Release, ...],
    metal: str | None,
    locks: dict[tuple[str, str, str | None, str], PublishedLock],
) -> Cell:
    plugin = matrix.release(METAL, metal) if metal else None
    allowed = set(plugin.pythons(arch)) if plugin else None
    by_python: dict[str, Release] = {}
    for release in releases:
        for python in release.pythons(arch):
            if allowed is None or python in allowed:
                by_python.setdefault(python, release)
    first = releases[0]
    pythons = []
    for python, release in sorted(by_python.items(), key=lambda item: version(item[0])):
        pair = Pair(
            package=release.package,
            tensorflow=release.version,
            metal=metal,
            arch=arch,
            python=python,
        )
        lock = locks.get((release.package, release.version, metal, python))
        pythons.append(_on_python(matrix, pair, lock))
    return Cell(
        package=first.package,
        tensorflow=first.version,
        metal=metal,
        arch=arch,
        pythons=tuple(pythons),
        load=matrix.pair_load(first.package, first.version, metal, arch) if metal else None,
    )


def _on_python(matrix: Matrix, pair: Pair, lock: PublishedLock | None) -> OnPython:
    verdict = judge(matrix, pair) if lock is None else verdict_of(lock)
    macos: str | None
    if lock is not None:
        macos = str(lock.lock.combo.macos_min)
    else:
        floor: Floor | None = (
            matrix.floor(pair.metal, pair.arch, pair.python) if pair.metal else None
        )
        macos = str(floor.run) if floor else None
    return OnPython(python=pair.python, pair=pair, verdict=verdict, macos_min=macos, lock=lock)


def verdict_of(item: PublishedLock) -> Verdict:
    """The verdict as the lock's files state it."""
    from ..matrix.reasons import Grade

    stated = item.lock.verdict
    return Verdict(
        status=Status(stated.status),
        grade=Grade(stated.grade) if stated.grade else None,
        reasons=tuple(
            Reason(kind=kind, text=text, source=source) for kind, text, source in stated.reasons
        ),
    )
