"""Which pairs there are for a request, best first, and what to say when there is none.

The order is the verdict's: status, then grade, then the vendor's table, then the newest
TensorFlow. Everything here is a pure function of the matrix; whether a pair also resolves is
found out by resolving it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import Refusal, UsageError
from ..target import MacOSVersion, Os, PythonVersion
from .base import TENSORFLOW_PACKAGES, minor_number
from .facts import METAL, specifier, version
from .reasons import Grade, Status, Verdict, strength
from .verdict import Pair, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..target import Arch, Chip
    from .facts import Matrix, PackageRow, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFlowRequest:
    """Which TensorFlow was asked for: a package, or None for either, and a specifier."""

    package: str | None = None
    specifier: str = ""

    @classmethod
    def parse(cls, text: str) -> TensorFlowRequest:
        """Read ``2.18.1``, ``2.18``, ``>=2.16,<2.19`` or ``tensorflow-macos==2.9.0``."""
        from packaging.specifiers import SpecifierSet

        found = re.fullmatch(r"\s*([A-Za-z][A-Za-z0-9._-]*?)?\s*([<>=!~\d].*)?", text)
        if not found or not text.strip():
            raise UsageError(f"--tensorflow {text!r}: write a version, like 2.18.1 or 2.18")
        package = found[1].lower().replace("_", "-") if found[1] else None
        wanted = (found[2] or "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", wanted):
            wanted = f"=={wanted}.*"
        elif re.match(r"\d", wanted):
            wanted = f"=={wanted}"
        try:
            SpecifierSet(wanted).contains("2")  # a number of absurd length shows here alone
        except ValueError as error:
            raise UsageError(
                f"--tensorflow {text[:80]!r}: {wanted[:80]!r} is not a version; write 2.18.1 or "
                "'>=2.16,<2.19'"
            ) from error
        return cls(package=package, specifier=wanted)

    @property
    def names_prerelease(self) -> bool:
        """Whether a pre-release was named; else none is offered."""
        return bool(re.search(r"\d(a|b|rc|\.dev)\d", self.specifier))

    def __str__(self) -> str:
        return f"{self.package or 'TensorFlow'} {self.specifier.removeprefix('==')}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRequest:
    """What the user asked for, as far as it chooses the pair.

    ``metal`` is ``auto``, ``none`` or a version. ``macos`` is None where any will do; only its
    major version counts with ``any_minor``. ``extra`` are the names of packages wanted besides.
    """

    python: PythonVersion
    chip: Chip
    macos: MacOSVersion | None = None
    any_minor: bool = False
    os: Os = Os.MACOS
    tensorflow: TensorFlowRequest = TensorFlowRequest()
    metal: str = "auto"
    extra: frozenset[str] = frozenset()

    @property
    def arch(self) -> Arch:
        """The processor architecture."""
        return self.chip.arch

    @property
    def newest_macos(self) -> MacOSVersion | None:
        """The newest macOS that the request allows: the last minor where only a major was given."""
        if self.macos is not None and self.any_minor:
            return MacOSVersion(self.macos.major, 99)
        return self.macos

    @property
    def machine(self) -> str:
        """The options that name the same machine again."""
        parts = [f"--chip {self.chip.id}"]
        if self.os is Os.LINUX:
            parts.append("--os linux")
        if self.macos is not None:
            parts.append(f"--macos {self.macos.major if self.any_minor else self.macos}")
        return " ".join(parts)

    @property
    def wants_plugin(self) -> bool:
        """Whether a plugin may come into the lock at all."""
        return self.metal != "none" and not (
            self.metal == "auto" and (self.os is Os.LINUX or not self.chip.gpu)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A pair with the verdict that it would have if it resolves."""

    pair: Pair
    verdict: Verdict


class NoCombo(Refusal):
    """No combo fits the request.

    ``nearest`` are pairs near it, ``machine`` are the options that name the machine, and
    ``options`` those for all that was asked for besides.
    """

    def __init__(
        self, text: str, nearest: Iterable[Pair] = (), machine: str = "", options: str = ""
    ) -> None:
        super().__init__(text)
        self.text = text
        self.nearest = tuple(nearest)
        self.machine = machine
        self.options = options

    @property
    def commands(self) -> list[str]:
        """The command lines that ask for the nearest pairs."""
        return [f"{command(pair, self.machine)} {self.options}".rstrip() for pair in self.nearest]

    def __str__(self) -> str:
        if not self.nearest:
            return self.text
        lines = "\n".join(f"  {line}" for line in self.commands)
        return f"{self.text}\nNearest to it:\n{lines}"


def command(pair: Pair, machine: str) -> str:
    """The command line that asks for that very pair on that machine."""
    package = "" if pair.package == "tensorflow" else f"{pair.package}=="
    return (
        f"tfmac-lock --python {pair.python} {machine} "
        f"--tensorflow {package}{pair.tensorflow} --metal {pair.metal or 'none'}"
    )


def _all(pair: Pair) -> bool:  # noqa: ARG001 - what a filter is called with
    return True


def choices(
    matrix: Matrix, request: PairRequest, can_be_had: Callable[[Pair], bool] = _all
) -> list[Choice]:
    """All pairs that fit the request and are not broken, best first.

    Raises NoCombo where there is none, with the reason and the nearest pairs of those that can
    be had.
    """
    found = _judged(matrix, request)
    good = [choice for choice in found if choice.verdict.status is not Status.BROKEN]
    if good:
        return sorted(good, key=_rank)
    raise _refusal(matrix, request, found, can_be_had)


def _judged(matrix: Matrix, request: PairRequest) -> list[Choice]:
    """Every pair that fits the request; ``auto`` falls back to no plugin where none is left."""
    releases = list(_releases(matrix, request))
    plugins = _plugins(matrix, request) if request.wants_plugin else []
    with_plugin = _judge_all(matrix, request, releases, plugins)
    if request.metal not in ("auto", "none"):
        return with_plugin
    if any(choice.verdict.status is not Status.BROKEN for choice in with_plugin):
        return with_plugin
    return with_plugin + _judge_all(matrix, request, releases, [None])


def _judge_all(
    matrix: Matrix, request: PairRequest, releases: Iterable[Release], plugins: Iterable[str | None]
) -> list[Choice]:
    found = []
    for plugin in plugins:
        for release in releases:
            pair = Pair(
                package=release.package,
                tensorflow=release.version,
                metal=plugin,
                arch=request.arch,
                python=request.python.series,
            )
            verdict = judge(
                matrix,
                pair,
                macos=request.newest_macos,
                extra=request.extra,
                resolved=True,
                os=request.os,
            )
            found.append(Choice(pair=pair, verdict=verdict))
    return found


def _releases(matrix: Matrix, request: PairRequest) -> Iterator[Release]:
    """The TensorFlow releases with a wheel for the target that the request allows."""
    for package in TENSORFLOW_PACKAGES:
        if request.tensorflow.package not in (None, package):
            continue
        for release in matrix.releases_of(package):
            if not release.final and not request.tensorflow.names_prerelease:
                continue
            if not specifier(request.tensorflow.specifier).contains(release.version):
                continue
            if request.python.series in release.pythons(request.arch, request.os):
                yield release


def _plugins(matrix: Matrix, request: PairRequest) -> list[str | None]:
    return [
        release.version
        for release in matrix.releases_of(METAL)
        if request.python.series in release.pythons(request.arch, request.os)
        and (request.metal == "auto" or version(request.metal) == version(release.version))
    ]


def is_listed(kinds: Iterable[str]) -> bool:
    """Whether the vendor's own word for the pair is among reasons of these kinds.

    Of two pairs that somebody reported, the one that the vendor tested as well comes first.
    """
    return Grade.VENDOR in kinds


def _rank(choice: Choice) -> tuple[object, ...]:
    def newest(text: str | None) -> tuple[int, ...]:
        return tuple(-part for part in (*version(text).release, 0, 0)[:3]) if text else (0, 0, 0)

    pair = choice.pair
    return (
        choice.verdict.status.rank,
        -strength(choice.verdict.grade),
        not is_listed(reason.kind for reason in choice.verdict.reasons),
        newest(pair.tensorflow),
        TENSORFLOW_PACKAGES.index(pair.package),
        newest(pair.metal),
    )


def nearest(
    matrix: Matrix, request: PairRequest, count: int = 3, can_be_had: Callable[[Pair], bool] = _all
) -> tuple[Pair, ...]:
    """The pairs nearest to the request on the same chip, of those with the best status there is.

    ``can_be_had`` is asked in their order, and of no more than are needed.
    """
    wanted = _first_version(request.tensorflow.specifier)
    found = []
    for python in matrix.platforms.pythons:
        series = PythonVersion.parse(python.series)
        other = replace(
            request,
            python=series,
            tensorflow=TensorFlowRequest(),
            metal="none" if request.metal == "none" else "auto",
        )
        for choice in _judged(matrix, other):
            if choice.verdict.status is not Status.BROKEN:
                there = version(choice.pair.tensorflow).release[1]
                apart = 2 * abs(there - wanted[1]) if wanted else 0
                apart += 3 * abs(series.minor - request.python.minor)
                apart += 6 * (request.wants_plugin and choice.pair.metal is None)
                found.append((apart, _rank(choice), choice))
    good = [item for item in found if item[2].verdict.status in (Status.WORKS, Status.CAUTION)]
    chosen: list[Pair] = []
    for _, _, choice in sorted(good or found, key=lambda item: item[:2]):
        pair = choice.pair
        if (pair.tensorflow, pair.python) in {(had.tensorflow, had.python) for had in chosen}:
            continue
        if can_be_had(pair):
            chosen.append(pair)
        if len(chosen) == count:
            break
    return tuple(chosen)


def _first_version(text: str) -> tuple[int, int] | None:
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def package_row(matrix: Matrix, name: str, release: str | None = None) -> PackageRow | None:
    """What the matrix knows of a package, most specific row first."""
    from packaging.utils import canonicalize_name

    wanted = canonicalize_name(name)
    rows = [row for row in matrix.packages if canonicalize_name(row.name) == wanted]
    for row in rows:
        if row.versions and release and specifier(row.versions).contains(release):
            return row
    return next((row for row in rows if not row.versions), None)


def _refusal(
    matrix: Matrix, request: PairRequest, found: list[Choice], can_be_had: Callable[[Pair], bool]
) -> NoCombo:
    """Why there is no combo, in the matrix's words."""
    row = _own_row(matrix, request.tensorflow)
    if row is not None:
        text = _row_text(row)
    elif request.tensorflow.package not in (None, *TENSORFLOW_PACKAGES):
        text = f"{request.tensorflow.package} is not a TensorFlow that tfmac-lock knows."
    elif found:
        text = _why_broken(found)
    elif not list(_releases(matrix, request)):
        text = _why_no_release(matrix, request)
    else:
        text = _why_no_plugin(matrix, request)
    return NoCombo(text, nearest(matrix, request, can_be_had=can_be_had), request.machine)


FORK = "tensorflow-macos-fork"
FIRST_WITH_PLUGINS = (2, 5)


def _own_row(matrix: Matrix, asked: TensorFlowRequest) -> PackageRow | None:
    """The matrix's own words for what was asked for, where there is no choice of releases.

    Whoever asks for a tensorflow-macos older than the first one on the index means the fork.
    """
    if asked.package is not None and asked.package not in TENSORFLOW_PACKAGES:
        return package_row(matrix, asked.package)
    version_asked = _first_version(asked.specifier)
    if (
        version_asked is not None
        and version_asked < FIRST_WITH_PLUGINS
        and asked.package != "tensorflow"
    ):
        return package_row(matrix, FORK)
    return None


def _row_text(row: PackageRow) -> str:
    instead = f" Take {row.instead}." if row.instead else ""
    return f"{row.name}: {row.title}. {row.text}{instead}"


def _why_broken(found: list[Choice]) -> str:
    best = min(found, key=_rank)
    reasons = [
        f"{reason.text} [{reason.source}]"
        for reason in best.verdict.reasons
        if reason.against and reason.kind != "defect"
    ]
    return f"{best.pair} is broken on {best.pair.arch.value}: " + "; ".join(reasons) + "."


def _why_no_release(matrix: Matrix, request: PairRequest) -> str:
    wanted = request.tensorflow
    known = [
        release
        for package in TENSORFLOW_PACKAGES
        if wanted.package in (None, package)
        for release in matrix.releases_of(package)
        if specifier(wanted.specifier).contains(release.version)
        and release.wheels_for(request.arch, request.os)
    ]
    where = f"{request.arch.value} {'Linux' if request.os is Os.LINUX else 'Macs'}"
    if not known:
        return f"there is no wheel of {wanted} for {where}."
    pythons = sorted(
        {series for release in known for series in release.pythons(request.arch, request.os)},
        key=minor_number,
    )
    return (
        f"{wanted} has wheels for {where} on Python {', '.join(pythons)}, "
        f"and none for Python {request.python.series}."
    )


def _why_no_plugin(matrix: Matrix, request: PairRequest) -> str:
    known = matrix.release(METAL, request.metal) if request.metal != "auto" else None
    if known is None:
        every = ", ".join(release.version for release in matrix.releases_of(METAL))
        return f"there is no tensorflow-metal {request.metal}; there are {every}."
    pythons = known.pythons(request.arch, request.os)
    if not pythons:
        where = "Linux" if request.os is Os.LINUX else f"{request.arch.value} Macs"
        return f"tensorflow-metal {known.version} has no wheel for {where}."
    return (
        f"tensorflow-metal {known.version} has wheels for {request.arch.value} on Python "
        f"{', '.join(pythons)}, and none for Python {request.python.series}."
    )
