"""From a request to a lock: the choice of the pair, the resolution, the verdict, the check.

This is the whole main job except for reading options and writing files. What it needs of the
world comes in as values: the matrix, and an index that answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .combos import Choice, NoCombo, Wish, choices, nearest
from .lock.model import Combo, Lock, LockedPackage, LockVerdict, combo_id
from .lock.verify import verify
from .matrix.facts import METAL
from .resolve.provider import Rules
from .resolve.requirement import ByMatrix, ByUser, Need
from .resolve.solve import Solved, Unsatisfiable, newer_macos, solve
from .resolve.source import known_requirements
from .target import MacOSVersion, Os, Target
from .verdict import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from packaging.utils import NormalizedName

    from .matrix.facts import Bound, Matrix
    from .resolve.source import Source
    from .verdict import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to lock: the wish for the pair, and what else goes in.

    ``needs`` and ``constraints`` were read for the target's environment. ``before`` is the
    moment from which on files are too new. ``options`` are the command line's words for all
    that is not the pair, so that the lock can say how it was made.
    """

    wish: Wish
    needs: tuple[Need, ...] = ()
    constraints: tuple[Need, ...] = ()
    before: datetime | None = None
    options: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A lock with the target that it was made for."""

    lock: Lock
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """The facts and the index that locks are made from; ``hints`` speed up the first fetches."""

    matrix: Matrix
    source: Source
    as_of: str
    hints: frozenset[NormalizedName] = field(default_factory=frozenset)

    def lock(self, request: Request) -> Made:
        """The best lock for the request.

        Pairs are tried in the matrix's order until one resolves. Raises NoCombo where the
        matrix has none, and Unsatisfiable with the best pair's conflict where none resolves.
        """
        best: Unsatisfiable | None = None
        for choice in choices(self.matrix, request.wish):
            try:
                return self.lock_pair(request, choice)
            except Unsatisfiable as error:
                best = best or error
                if not _blames_pair(error, choice.pair):
                    break
        assert best is not None
        raise NoCombo(str(best), nearest(self.matrix, request.wish)) from best

    def lock_pair(self, request: Request, choice: Choice) -> Made:
        """The lock of that very pair; raises Unsatisfiable where there is none.

        Where no macOS was asked for, it is made for the oldest one that the pair runs on, and
        a newer one is taken only when a wheel that is needed demands it.
        """
        macos = self._first_macos(request.wish, choice.pair)
        while True:
            target = self._target(request.wish, macos)
            rules = self._rules(request, choice.pair, target)
            try:
                solved = solve(rules, _roots(request, choice.pair), self.hints)
            except Unsatisfiable as error:
                raised = self._raised(request.wish, rules, error)
                if raised is None:
                    raise
                macos = raised
                continue
            return self._made(request, choice.pair, target, solved)

    def _first_macos(self, wish: Wish, pair: Pair) -> MacOSVersion:
        """The macOS to resolve for: the one given, else the pair's floor."""
        floors = [MacOSVersion(min(release.major for release in self.matrix.platforms.macos))]
        if pair.metal:
            floor = self.matrix.floor(pair.metal, pair.arch, pair.python)
            floors += [floor.run] if floor else []
        if wish.macos is not None:
            return max(wish.macos, *floors) if wish.any_minor else wish.macos
        release = self.matrix.release(pair.package, pair.tensorflow)
        for wheel in release.wheels_for(wish.arch) if release else ():
            if wheel.series == pair.python:
                floors.append(macos_of_wheel(wheel.filename) or floors[0])
        return max(floors)

    def _raised(self, wish: Wish, rules: Rules, error: Unsatisfiable) -> MacOSVersion | None:
        """The next macOS that could resolve the conflict, where none was asked for."""
        if wish.macos is not None or wish.os is Os.LINUX:
            return None
        known = [clash.name for clash in error.clashes if not clash.unknown]
        major = newer_macos(rules, known)
        exists = {release.major for release in self.matrix.platforms.macos}
        last = wish.chip.last_macos
        if major is None or major not in exists or (last is not None and major > last):
            return None
        return MacOSVersion(major)

    def _target(self, wish: Wish, macos: MacOSVersion) -> Target:
        platforms = self.matrix.platforms
        return Target(
            python=platforms.python_for(wish.python, wish.arch),
            chip=wish.chip,
            macos=macos,
            os=wish.os,
            darwin=platforms.darwin(macos),
        )

    def _rules(self, request: Request, pair: Pair, target: Target) -> Rules:
        limits: dict[NormalizedName, list[Need]] = {}
        for bound in self.matrix.bounds_for(pair.tensorflow, pair.python):
            item = _bound_need(bound)
            limits.setdefault(item.name, []).append(item)
        for item in request.constraints:
            limits.setdefault(item.name, []).append(item)
        return Rules(
            target=target,
            source=self.source,
            limits=limits,
            named=frozenset(item.name for item in request.needs),
            known=known_requirements(self.matrix),
            before=request.before,
        )

    def _made(
        self,
        request: Request,
        pair: Pair,
        target: Target,
        solved: Mapping[NormalizedName, Solved],
    ) -> Made:
        packages = tuple(self._package(name, solved[name]) for name in sorted(solved))
        pins = {package.name: package.version for package in packages}
        macos = oldest_macos(self.matrix, pair, packages) if target.os is Os.MACOS else None
        if macos is not None:
            macos = max(macos, request.wish.chip.first_macos)
        verdict = judge(self.matrix, pair, macos=macos, pins=pins, resolved=True, os=target.os)
        lock = Lock(
            combo=Combo(
                id=combo_id(
                    pair.package, pair.tensorflow, pair.metal, pair.python, _machine(target)
                ),
                package=pair.package,
                tensorflow=pair.tensorflow,
                metal=pair.metal,
                numpy=pins.get("numpy"),
                h5py=pins.get("h5py"),
                python=pair.python,
                chip=target.chip.id,
                arch=target.arch,
                os=target.os,
                macos_min=macos,
            ),
            verdict=lock_verdict(verdict),
            packages=packages,
            as_of=self.as_of,
            command=_command(request, pair),
        )
        verify(lock, target, self.matrix.bounds_for(pair.tensorflow, pair.python))
        return Made(lock=lock, target=target)

    def _package(self, name: NormalizedName, solved: Solved) -> LockedPackage:
        file = solved.candidate.file
        return LockedPackage(
            name=name,
            version=str(solved.candidate.version),
            manager="pip",
            filename=file.filename,
            url=file.url,
            sha256=self.source.sha256(name, file),
            requires=tuple(sorted({_requirement_text(item) for item in solved.requires})),
        )


def with_chip(lock: Lock, chip_id: str, first_macos: MacOSVersion) -> Lock:
    """The same lock for another chip of its architecture; only the combo's words change."""
    macos = max(lock.combo.macos_min, first_macos) if lock.combo.macos_min else None
    return replace(lock, combo=replace(lock.combo, chip=chip_id, macos_min=macos))


def oldest_macos(matrix: Matrix, pair: Pair, packages: Iterable[LockedPackage]) -> MacOSVersion:
    """The oldest macOS that the plugin runs on and every file's tag admits."""
    floors = [MacOSVersion(min(release.major for release in matrix.platforms.macos))]
    floor = matrix.floor(pair.metal, pair.arch, pair.python) if pair.metal else None
    if floor:
        floors.append(floor.run)
    floors += [
        tagged for package in packages if (tagged := macos_of_wheel(package.filename)) is not None
    ]
    return max(floors)


def macos_of_wheel(filename: str) -> MacOSVersion | None:
    """The oldest macOS in the file name's platform tags; None for a file for any system."""
    found = re.findall(r"macosx_(\d+)_(\d+)_", filename)
    return min((MacOSVersion(int(major), int(minor)) for major, minor in found), default=None)


def lock_verdict(verdict: Verdict) -> LockVerdict:
    """The verdict in plain words."""
    return LockVerdict(
        status=verdict.status.value,
        grade=verdict.grade.label if verdict.grade else None,
        reasons=tuple((reason.kind, reason.text, reason.source) for reason in verdict.reasons),
    )


def _machine(target: Target) -> str:
    return f"linux-{target.machine}" if target.os is Os.LINUX else target.arch.value


def _roots(request: Request, pair: Pair) -> list[Need]:
    chosen = ByUser(f"the pair {pair}")
    roots = [
        Need(
            canonicalize_name(pair.package),
            frozenset(),
            SpecifierSet(f"=={pair.tensorflow}"),
            chosen,
        )
    ]
    if pair.metal:
        roots.append(
            Need(canonicalize_name(METAL), frozenset(), SpecifierSet(f"=={pair.metal}"), chosen)
        )
    return [*roots, *request.needs]


def _bound_need(bound: Bound) -> Need:
    return Need(
        canonicalize_name(bound.package),
        frozenset(),
        SpecifierSet(bound.specifier),
        ByMatrix(bound),
    )


def _blames_pair(error: Unsatisfiable, pair: Pair) -> bool:
    """Whether another pair could do better: the conflict has to do with this one's packages."""
    ours = {pair.package, METAL}
    return any(
        clash.name in ours
        or isinstance(item.origin, ByMatrix)
        or getattr(item.origin, "name", None) is not None
        for clash in error.clashes
        for item in clash.needs
    )


def _requirement_text(item: Need) -> str:
    return f"{item.identifier}{item.specifier}"


def _command(request: Request, pair: Pair) -> str:
    """The options that ask for the same lock again."""
    wish = request.wish
    parts = [f"--python {wish.python}"]
    parts.append(f"--chip {wish.chip.id}")
    if wish.os is Os.LINUX:
        parts.append("--os linux")
    if wish.macos is not None:
        parts.append(f"--macos {wish.macos.major if wish.any_minor else wish.macos}")
    package = "" if pair.package == "tensorflow" else f"{pair.package}=="
    parts.append(f"--tensorflow {package}{pair.tensorflow}")
    if wish.os is Os.MACOS:
        parts.append(f"--metal {pair.metal or 'none'}")
    return " ".join([*parts, *([request.options] if request.options else [])])


def names_of(needs: Sequence[Need]) -> frozenset[str]:
    """The names of the packages that are asked for."""
    return frozenset(item.name for item in needs)
