"""The pair grid: TensorFlow releases down, plugin releases across, a verdict for each Python."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion

from ..errors import Refusal, UsageError
from .base import TENSORFLOW_PACKAGES
from .facts import METAL, specifier, version
from .ranking import TensorFlowRequest
from .reasons import strength
from .verdict import Pair, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..target import Arch
    from .facts import Matrix, PairLoad, Release
    from .reasons import Reason, Status, Verdict


class UnknownRelease(Refusal):
    """The matrix knows no such release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPython:
    """A pair on one Python: its verdict, the oldest macOS, and the id of its lock if it has one."""

    pair: Pair
    verdict: Verdict
    macos_min: str | None = None
    lock: str | None = None

    @property
    def python(self) -> str:
        """The Python series."""
        return self.pair.python


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A TensorFlow and a plugin release, or none, on one architecture.

    ``pairs`` are those with wheels of both for one Python, oldest Python first; without any there
    is nothing to install. They are judged when they are asked for.
    """

    package: str
    tensorflow: str
    metal: str | None
    arch: Arch
    pairs: tuple[Pair, ...]
    load: PairLoad | None
    judged: Callable[[Pair], OnPython]

    @property
    def id(self) -> str:
        """The pair's name in addresses."""
        plugin = f"metal-{self.metal}" if self.metal else "cpu"
        return f"{self.package}-{self.tensorflow}-{plugin}-{self.arch.value}"

    @property
    def title(self) -> str:
        """The pair in words."""
        if self.metal is None:
            return f"{self.package} {self.tensorflow} without a plugin"
        return f"{self.package} {self.tensorflow} with tensorflow-metal {self.metal}"

    @cached_property
    def pythons(self) -> tuple[OnPython, ...]:
        """Every pair with its verdict."""
        return tuple(map(self.judged, self.pairs))

    @cached_property
    def newest(self) -> OnPython:
        """The verdict on the newest Python; where there is none, that nothing can be installed."""
        nowhere = Pair(
            package=self.package,
            tensorflow=self.tensorflow,
            metal=self.metal,
            arch=self.arch,
            python="",
        )
        return self.judged(self.pairs[-1] if self.pairs else nowhere)

    @cached_property
    def best(self) -> OnPython | None:
        """The Python on which it stands best, the newest of equals."""
        return min(
            reversed(self.pythons),
            key=lambda item: (item.verdict.status, -strength(item.verdict.grade)),
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
                if reason.against and not kept.against:
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
    """Pairs of an architecture: newest TensorFlow first, plugins in the order of ``plugins``."""

    arch: Arch
    plugins: tuple[str | None, ...]
    rows: tuple[Row, ...]

    @property
    def cells(self) -> Iterator[Cell]:
        """All cells that have wheels."""
        return (cell for row in self.rows for cell in row.cells if cell.pairs)


def make_grid(
    matrix: Matrix,
    arch: Arch,
    *,
    rows: Iterable[Sequence[Release]],
    plugins: Iterable[str | None],
    judged: Callable[[Pair], OnPython],
) -> Grid:
    """The grid of these rows and columns; ``judged`` says what is known of a pair."""
    plugins = tuple(plugins)
    return Grid(
        arch=arch,
        plugins=plugins,
        rows=tuple(
            Row(
                releases=tuple(releases),
                cells=tuple(_cell(matrix, arch, releases, metal, judged) for metal in plugins),
            )
            for releases in rows
        ),
    )


def _cell(
    matrix: Matrix,
    arch: Arch,
    releases: Sequence[Release],
    metal: str | None,
    judged: Callable[[Pair], OnPython],
) -> Cell:
    by_python: dict[str, Release] = {}
    for release in releases:
        for python in common_pythons(matrix, release, metal, arch):
            by_python.setdefault(python, release)
    first = releases[0]
    return Cell(
        package=first.package,
        tensorflow=first.version,
        metal=metal,
        arch=arch,
        pairs=tuple(
            Pair(
                package=release.package,
                tensorflow=release.version,
                metal=metal,
                arch=arch,
                python=python,
            )
            for python, release in sorted(by_python.items(), key=lambda item: version(item[0]))
        ),
        load=matrix.pair_load(first.package, first.version, metal, arch) if metal else None,
        judged=judged,
    )


def payload_rows(matrix: Matrix, arch: Arch) -> list[tuple[Release, ...]]:
    """The final releases, those with the same payload together, newest first."""
    found: dict[tuple[str, str], list[Release]] = {}
    for package in TENSORFLOW_PACKAGES:
        for release in matrix.releases_of(package):
            payload = matrix.payload_of(package, release.version, arch)
            if release.final and payload is not None and release.pythons(arch):
                found.setdefault(payload, []).append(release)
    return sorted(
        map(tuple, found.values()),
        key=lambda releases: (
            version(releases[0].version),
            -TENSORFLOW_PACKAGES.index(releases[0].package),
        ),
        reverse=True,
    )


def release_rows(
    matrix: Matrix, arch: Arch, *, everything: bool = False
) -> list[tuple[Release, ...]]:
    """The releases, each in a row of its own, newest first.

    Only final ones with a payload of their own, unless ``everything`` is asked for: a stub's row
    would repeat that of the release it leads to.
    """
    found = [
        release
        for package in TENSORFLOW_PACKAGES
        for release in matrix.releases_of(package)
        if release.wheels_for(arch)
        and (everything or (release.final and _has_payload(release, arch)))
    ]
    found.sort(key=lambda release: (version(release.version), release.package), reverse=True)
    return [(release,) for release in found]


def _has_payload(release: Release, arch: Arch) -> bool:
    return any(wheel.payload for wheel in release.wheels_for(arch))


def plugin_releases(matrix: Matrix, arch: Arch) -> list[Release]:
    """The plugin's releases for an architecture, oldest first."""
    return [release for release in matrix.releases_of(METAL) if release.wheels_for(arch)]


def pair_verdict(matrix: Matrix, pair: Pair) -> Verdict:
    """The verdict on a pair as such, taken to resolve where both have a wheel for one Python."""
    return judge(matrix, pair, resolved=bool(pair.python))


def common_pythons(
    matrix: Matrix, release: Release, plugin: str | None, arch: Arch
) -> tuple[str, ...]:
    """The Pythons that both have a wheel for, oldest first."""
    pythons = release.pythons(arch)
    if plugin is None:
        return pythons
    other = matrix.release(METAL, plugin)
    offered = other.pythons(arch) if other else ()
    return tuple(python for python in pythons if python in offered)


def find_pair(matrix: Matrix, tensorflow: str, metal: str, arch: Arch, python: str | None) -> Pair:
    """The pair that somebody names, by version or ``package==version``.

    Of a version that both packages have, the one that holds the payload is meant. Raises
    UnknownRelease, and UsageError for what is no version.
    """
    request = TensorFlowRequest.parse(tensorflow)
    found = [
        release
        for package in TENSORFLOW_PACKAGES
        if request.package in (None, package)
        for release in reversed(matrix.releases_of(package))
        if specifier(request.specifier).contains(release.version) and release.wheels_for(arch)
    ]
    if not found:
        raise UnknownRelease(f"the matrix knows no TensorFlow {tensorflow} for {arch.value} Macs")
    best = next((release for release in found if _has_payload(release, arch)), found[0])
    plugin = None if metal == "none" else _find_plugin(matrix, metal)
    if python is None:
        pythons = common_pythons(matrix, best, plugin, arch)
        python = pythons[-1] if pythons else ""
    else:
        python = matrix.platforms.python(python).series
    return Pair(
        package=best.package, tensorflow=best.version, metal=plugin, arch=arch, python=python
    )


def _find_plugin(matrix: Matrix, metal: str) -> str:
    every = ", ".join(release.version for release in matrix.releases_of(METAL))
    try:
        known = matrix.release(METAL, metal)
    except InvalidVersion:
        raise UsageError(
            f"{metal!r} is not a version of {METAL}; write one of {every}, or none"
        ) from None
    if known is None:
        raise UnknownRelease(f"there is no {METAL} {metal}; there are {every}")
    return known.version
