"""From a request to a lock: the choice of the pair, the resolution, the verdict, the check.

This is the whole main job except for reading options and writing files. What it needs of the
world comes in as values: the matrix, and an index that answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..conda.errors import NoCondaSolution
from ..conda.mixed import without_wheel
from ..conda.verify import verify_conda
from ..errors import Refusal
from ..matrix.facts import METAL
from ..matrix.ranking import TENSORFLOW_PACKAGES, NoCombo, PairRequest, choices, nearest
from ..matrix.reasons import Status
from ..matrix.verdict import judge
from ..resolve.provider import Rules
from ..resolve.requirement import ByMatrix, ByUser, Need
from ..resolve.solve import Solved, Unsatisfiable, newer_macos, solve
from ..resolve.source import known_requirements
from ..resolve.view import View
from ..target import MacOSVersion, Os, PythonVersion, Target
from .model import Combo, Lock, LockedPackage, LockVerdict, combo_id
from .published import Index
from .verify import pins_of, verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from packaging.utils import NormalizedName

    from ..conda.mixed import CondaPart, MixedSolution
    from ..matrix.facts import Bound, Matrix, Waiver
    from ..matrix.reasons import Verdict
    from ..matrix.verdict import Pair
    from ..resolve.source import Source


NEAR_ENOUGH = 12
"""How many neighbours of a request that has no answer are tried, to offer three that have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """What to lock: the wish for the pair, and what else goes in.

    ``needs`` and ``constraints`` were read for the target's environment. ``before`` is the
    moment from which on files are too new. ``pre`` lets pre-releases count as much as final
    ones; ``wheels_only`` are needs that no source archive may meet. ``options`` are the command
    line's words for all that is not the pair, so that the lock can say how it was made.
    """

    wish: PairRequest
    needs: tuple[Need, ...] = ()
    constraints: tuple[Need, ...] = ()
    before: datetime | None = None
    pre: bool = False
    wheels_only: frozenset[NormalizedName] = frozenset()
    options: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLock:
    """A lock with the target that it was made for."""

    lock: Lock
    target: Target


class BrokenPins(Refusal):
    """A pair resolves, and what it resolves to is known to be broken."""

    only_the_users = False

    def __init__(self, pair: Pair, verdict: Verdict) -> None:
        super().__init__(str(pair))
        self.pair = pair
        self.verdict = verdict

    def __str__(self) -> str:
        told = "; ".join(
            f"{reason.text} [{reason.source}]" for reason in self.verdict.reasons if reason.against
        )
        return f"{self.pair} is broken with the versions that fit together: {told}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """The facts and the index that locks are made from.

    ``as_of`` is the day that the locks carry; ``ahead`` fetches ahead, for a cold cache, and
    starts with the ``likely`` packages. With ``conda`` the locks have a conda half too.
    ``published`` is the folder of the published locks, which show what else can be had.
    """

    matrix: Matrix
    source: Source
    as_of: str
    ahead: bool = True
    likely: frozenset[NormalizedName] = frozenset()
    conda: CondaPart | None = None
    published: Path | None = None
    _views: dict[tuple[object, ...], View] = field(default_factory=dict)
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def lock(self, request: LockRequest) -> ResolvedLock:
        """The best lock for the request.

        Pairs are tried in the matrix's order until one resolves. After a conflict the rest of
        that TensorFlow series is passed over, since it requires the same.
        Raises NoCombo where there is none: with the matrix's reason and the nearest pairs that
        have a published lock, or with the conflict of the best pair and the nearest pairs that
        do resolve.
        """
        first: Unsatisfiable | NoCondaSolution | BrokenPins | None = None
        tried: set[str] = set()
        for choice in choices(self.matrix, request.wish, partial(self._has_lock, request.wish)):
            series = ".".join(choice.pair.tensorflow.split(".")[:2])
            if series in tried:
                continue
            try:
                return self.lock_pair(request, choice.pair)
            except (Unsatisfiable, NoCondaSolution, BrokenPins) as error:
                first = first or error
                if error.only_the_users:
                    break
                if not _of_that_release_alone(error):
                    tried.add(series)
        assert first is not None, "choices() raises where there is nothing to try"
        raise NoCombo(str(first), self._near(request, first), request.wish.machine) from first

    def _has_lock(self, wish: PairRequest, pair: Pair) -> bool:
        """Whether a published lock of the pair runs on the machine of the wish.

        So a refusal needs no network. Nothing is published for Linux, and what could be had
        there stays open.
        """
        if self.published is None or wish.os is Os.LINUX:
            return True
        index = Index.within(self.published, pair.python, pair.arch)
        return index.exists() and None is not index.find(
            package=pair.package,
            version=pair.tensorflow,
            metal=pair.metal or "none",
            gpu=wish.chip.gpu,
            macos=wish.newest_macos,
        )

    def _near(
        self, request: LockRequest, conflict: Unsatisfiable | NoCondaSolution | BrokenPins
    ) -> list[Pair]:
        """Up to three pairs near the wish that resolve with all that was asked for."""
        if conflict.only_the_users:
            return []
        found: list[Pair] = []
        for pair in nearest(self.matrix, request.wish, NEAR_ENOUGH):
            wish = replace(request.wish, python=PythonVersion.parse(pair.python))
            try:
                self.lock_pair(replace(request, wish=wish), pair)
            except Refusal:
                continue
            found.append(pair)
            if len(found) == 3:
                break
        return found

    def lock_pair(self, request: LockRequest, pair: Pair) -> ResolvedLock:
        """The lock of that very pair; raises Unsatisfiable, NoCondaSolution or BrokenPins.

        Where no macOS was asked for, it is made for the oldest one that the pair runs on, and
        a newer one is taken only when a wheel that is needed demands it. With a conda half,
        native packages that have no wheel for any macOS come from conda.
        """
        try:
            return self._lock_pair(request, pair)
        except Unsatisfiable as error:
            if self.conda is None or self.conda.native or not without_wheel(error):
                raise
            native = replace(self.conda, native=True, because=without_wheel(error))
            return replace(self, conda=native)._lock_pair(request, pair)

    def _lock_pair(self, request: LockRequest, pair: Pair) -> ResolvedLock:
        macos = self._first_macos(request.wish, pair)
        first: Unsatisfiable | NoCondaSolution | None = None
        while True:
            target = self._target(request.wish, macos)
            rules = self._rules(request, pair, target)
            try:
                if self.conda is not None:
                    both = self._solve_both(self.conda, request, pair, rules)
                    return self._made(request, pair, both.target, both.wheels, both)
                solved = solve(rules, _roots(request, pair), ahead=self.ahead, likely=self.likely)
                return self._made(request, pair, target, solved)
            except (Unsatisfiable, NoCondaSolution) as error:
                first = first or error
                raised = self._raised(request.wish, rules, error)
                if raised is None:
                    raise first from None
                macos = raised

    def _solve_both(
        self, half: CondaPart, request: LockRequest, pair: Pair, rules: Rules
    ) -> MixedSolution:
        """The solution of both halves; conda's Python decides for the wheels."""
        return half.solve(
            rules,
            _roots(request, pair),
            python=request.wish.python,
            before=request.before,
            ahead=self.ahead,
            rules_for=lambda target: self._rules(request, pair, target),
        )

    def _first_macos(self, wish: PairRequest, pair: Pair) -> MacOSVersion:
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

    def _raised(
        self, wish: PairRequest, rules: Rules, error: Unsatisfiable | NoCondaSolution
    ) -> MacOSVersion | None:
        """The next macOS that could resolve the conflict, where none was asked for."""
        if wish.macos is not None or wish.os is Os.LINUX:
            return None
        if isinstance(error, Unsatisfiable):
            known = [clash.name for clash in error.clashes if not clash.unknown]
            major = newer_macos(rules, known)
            newer = None if major is None else MacOSVersion(major)
        else:
            newer = error.newer_macos
        exists = {release.major for release in self.matrix.platforms.macos}
        last = wish.chip.last_macos
        if newer is None or newer.major not in exists or (last is not None and newer.major > last):
            return None
        return newer

    def _target(self, wish: PairRequest, macos: MacOSVersion) -> Target:
        platforms = self.matrix.platforms
        return Target(
            python=platforms.python_for(wish.python, wish.arch),
            chip=wish.chip,
            macos=macos,
            os=wish.os,
            darwin=platforms.darwin(macos),
        )

    def _rules(self, request: LockRequest, pair: Pair, target: Target) -> Rules:
        limits: dict[NormalizedName, list[Need]] = {}
        for bound in self.matrix.bounds_for(pair.tensorflow, pair.python):
            item = _bound_need(bound)
            limits.setdefault(item.name, []).append(item)
        for item in request.constraints:
            limits.setdefault(item.name, []).append(item)
        if not self._known:
            self._known.update(known_requirements(self.matrix))
        return Rules(
            view=self._view(request, target),
            limits=limits,
            known=self._known,
            waived={
                (pair.package, one.package, SpecifierSet(one.stated)): SpecifierSet(one.specifier)
                for one in self._waivers(pair, target)
            },
        )

    def _waivers(self, pair: Pair, target: Target) -> tuple[Waiver, ...]:
        """The requirements of the pair's own metadata that nothing on the Mac can meet."""
        return self.matrix.waivers_for(pair.package, pair.tensorflow, pair.arch, target.os)

    def _view(self, request: LockRequest, target: Target) -> View:
        """The target's view of the index, the same for every pair that is tried on it."""
        named = frozenset(item.name for item in request.needs) - request.wheels_only
        key = (target, request.before, named, request.pre)
        if key not in self._views:
            self._views[key] = View(
                self.source, target, before=request.before, named=named, pre=request.pre
            )
        return self._views[key]

    def _made(
        self,
        request: LockRequest,
        pair: Pair,
        target: Target,
        solved: Mapping[NormalizedName, Solved],
        both: MixedSolution | None = None,
    ) -> ResolvedLock:
        packages = tuple(self._package(name, solved[name]) for name in sorted(solved))
        if both is not None:
            packages = (*both.conda_packages, *packages)
        pins = pins_of(packages)
        macos = oldest_macos(self.matrix, pair, packages) if target.os is Os.MACOS else None
        if macos is not None:
            macos = max(macos, request.wish.chip.first_macos)
        verdict = judge(self.matrix, pair, macos=macos, pins=pins, resolved=True, os=target.os)
        if verdict.status is Status.BROKEN:
            raise BrokenPins(pair, verdict)
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
            verdict=lock_verdict(
                verdict,
                (
                    *(() if both is None else both.notes),
                    *(_waiver_note(pair, one) for one in self._waivers(pair, target)),
                ),
            ),
            packages=packages,
            as_of=self.as_of,
            command=_command(request, pair, self.conda),
            channels=() if both is None else both.channels,
        )
        if both is not None:
            verify_conda(lock, target)
        verify(lock, target, self.matrix.bounds_for(pair.tensorflow, pair.python))
        return ResolvedLock(lock=lock, target=target)

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


def oldest_macos(matrix: Matrix, pair: Pair, packages: Iterable[LockedPackage]) -> MacOSVersion:
    """The oldest macOS that the plugin runs on and every file's tag admits."""
    floors = [MacOSVersion(min(release.major for release in matrix.platforms.macos))]
    floor = matrix.floor(pair.metal, pair.arch, pair.python) if pair.metal else None
    if floor:
        floors.append(floor.run)
    floors += [
        floor_of for package in packages if (floor_of := macos_of_package(package)) is not None
    ]
    return max(floors)


def macos_of_wheel(filename: str) -> MacOSVersion | None:
    """The oldest macOS in the file name's platform tags; None for a file for any system."""
    found = re.findall(r"macosx_(\d+)_(\d+)_", filename)
    return min((MacOSVersion(int(major), int(minor)) for major, minor in found), default=None)


def macos_of_package(package: LockedPackage) -> MacOSVersion | None:
    """The oldest macOS that the file admits: by a wheel's tag, or a conda package's ``__osx``."""
    if package.manager == "pip":
        return macos_of_wheel(package.filename)
    specs = (*package.requires, *package.constrains)
    found = [re.match(r"__osx >=(\d+)(?:\.(\d+))?", spec) for spec in specs]
    floors = [MacOSVersion(int(one[1]), int(one[2] or 0)) for one in found if one]
    return max(floors, default=None)


def lock_verdict(verdict: Verdict, notes: Iterable[tuple[str, str, str]] = ()) -> LockVerdict:
    """The verdict in plain words, with more notes of how the lock was made."""
    return LockVerdict(
        status=verdict.status.value,
        grade=verdict.grade.value if verdict.grade else None,
        reasons=(
            *((reason.kind, reason.text, reason.source) for reason in verdict.reasons),
            *notes,
        ),
    )


def _of_that_release_alone(error: Unsatisfiable | NoCondaSolution | BrokenPins) -> bool:
    """Whether the next release of the series may well have what this one has not.

    So it is where the release itself cannot be had, as one newer than --exclude-newer allows,
    or a stub whose payload has no wheel for the Python.
    """
    if isinstance(error, BrokenPins):
        return True
    names = (
        {want.name for want in error.wants}
        if isinstance(error, NoCondaSolution)
        else {clash.name for clash in error.clashes}
    )
    return names <= {*TENSORFLOW_PACKAGES, METAL}


def _machine(target: Target) -> str:
    return f"linux-{target.machine}" if target.os is Os.LINUX else target.arch.value


def _roots(request: LockRequest, pair: Pair) -> list[Need]:
    chosen = ByUser(f"the chosen pair, {pair}", chosen=True)
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


def _waiver_note(pair: Pair, waiver: Waiver) -> tuple[str, str, str]:
    text = (
        f"{pair.package} {pair.tensorflow} asks for {waiver.package}{waiver.stated}; "
        f"{waiver.specifier} is taken to be enough: {waiver.reason}. `pip check` will name it"
    )
    return ("waiver", text, waiver.source)


def _bound_need(bound: Bound) -> Need:
    return Need(
        canonicalize_name(bound.package),
        frozenset(),
        SpecifierSet(bound.specifier),
        ByMatrix(bound),
    )


def _requirement_text(item: Need) -> str:
    return f"{item.identifier}{item.specifier}"


def _command(request: LockRequest, pair: Pair, conda: CondaPart | None) -> str:
    """The options that ask for the same lock again."""
    wish = request.wish
    parts = [f"--python {wish.python} {wish.machine}"]
    package = "" if pair.package == "tensorflow" else f"{pair.package}=="
    parts.append(f"--tensorflow {package}{pair.tensorflow}")
    if wish.os is Os.MACOS:
        parts.append(f"--metal {pair.metal or 'none'}")
    parts += [request.options] if request.options else []
    parts += [conda.options] if conda else []
    return " ".join(parts)
