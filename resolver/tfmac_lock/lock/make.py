"""From a request to a lock: the choice of the pair, the resolution, the verdict, the check.

This is the whole main job except for reading options and writing files. What it needs of the
world comes in as values: the matrix, and an index that answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from ..conda.errors import NoCondaSolution
from ..conda.mixed import without_wheel
from ..errors import Refusal, TfmacLockError
from ..matrix.companions import own_names
from ..matrix.ranking import NoCombo, PairRequest, choices, nearest
from ..matrix.reasons import Reason, Status
from ..matrix.verdict import judge
from ..resolve.conflict import Unsatisfiable
from ..resolve.pairs import Option, Options
from ..resolve.provider import Rules
from ..resolve.solve import newer_macos, solve
from ..resolve.source import known_requirements
from ..resolve.view import View
from ..target import MacOSVersion, Os, PythonVersion
from .asked import for_the_pair, naming_who_asks
from .attested import with_publishers
from .companions import with_companions
from .floors import first_macos, macos_to_try, oldest_macos
from .known_files import of_unknown_files, refuse_contradicted, unknown_files
from .mixed import locked, verify_conda
from .model import Combo, Lock, LockedPackage, combo_id
from .naming import naming
from .newest import archives_alone, outdated
from .notes import notes_of
from .published import Index
from .verify import pins_of, verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName

    from ..conda.mixed import CondaPart, MixedSolution
    from ..matrix.facts import Matrix
    from ..matrix.reasons import Verdict
    from ..matrix.verdict import Pair
    from ..matrix.waivers import Waiver
    from ..resolve.solve import Solution, Solved
    from ..resolve.source import Source
    from ..target import Target
    from .request import LockRequest


NEAR_ENOUGH = 100
"""How many neighbours of a request that has no answer are looked at, to offer three that have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLock:
    """A lock with the target that it was made for."""

    lock: Lock
    target: Target


@dataclass(eq=False)
class BrokenPins(Refusal):
    """A pair resolves, and what it resolves to is known to be broken."""

    pair: Pair
    verdict: Verdict
    users_alone: ClassVar[bool] = False

    def __str__(self) -> str:
        return broken_text(self.pair, self.verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """The facts and the index that locks are made from.

    ``as_of`` is the day that the locks carry; ``ahead`` fetches ahead, for a cold cache, and
    starts with the ``likely`` packages. With ``conda`` the locks are mixed.
    ``published`` is the folder of the published locks, which show what else can be had. With
    ``keep_proven`` the packages that nobody named come in the versions of the pair's published
    lock, where they can, since these were tried together and newer ones were not.
    """

    matrix: Matrix
    source: Source
    as_of: str
    ahead: bool = True
    likely: frozenset[NormalizedName] = frozenset()
    conda: CondaPart | None = None
    published: Path | None = None
    keep_proven: bool = False
    _views: dict[tuple[object, ...], View] = field(default_factory=dict)
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def lock(self, request: LockRequest) -> ResolvedLock:
        """The best lock for the request.

        It has the best pair in the matrix's order that resolves with all that is asked for.
        Where none with a plugin does, and none was named, the best one without.
        Raises NoCombo where there is none: with the matrix's reason and the nearest pairs that
        have a published lock, or with the conflict and the nearest pairs that do resolve.
        """
        request, notes = for_the_pair(self.matrix, request)
        pairs = self._pairs(request)
        try:
            return self._lock_first(request, pairs, notes)
        except (Unsatisfiable, NoCondaSolution, BrokenPins) as error:
            conflict = error
        if pairs[0].metal and request.pair.metal == "auto" and not conflict.users_alone:
            try:
                without = replace(request, pair=replace(request.pair, metal="none"))
                return self._lock_first(without, self._pairs(without), notes)
            except (NoCombo, Unsatisfiable, NoCondaSolution, BrokenPins):
                pass  # the conflict of the pairs with a plugin is the one to tell
        near, text = self._near(request, conflict), str(conflict)
        if not near and isinstance(conflict, Unsatisfiable) and self.conda is None:
            text += self._without_one(request, conflict)
        raise NoCombo(text, near, request.pair.machine, request.options) from conflict

    def _pairs(self, request: LockRequest) -> list[Pair]:
        """The pairs that fit the request and are not broken, best first; raises NoCombo."""
        can_be_had = partial(self._has_lock, request.pair)
        try:
            found = choices(self.matrix, request.pair, can_be_had)
        except NoCombo as error:
            raise naming_who_asks(error, request) from error
        pairs = [choice.pair for choice in found]
        kept = [pair for pair in pairs if request.prefers(pair)]
        return kept + [pair for pair in pairs if pair not in kept]

    def _lock_first(
        self, request: LockRequest, pairs: Sequence[Pair], notes: Sequence[Reason]
    ) -> ResolvedLock:
        """The lock of the first of the pairs that has one; raises the first one's conflict."""
        if self.conda is not None:
            return self._lock_first_with_conda(request, pairs)
        first: BrokenPins | None = None
        left = list(pairs)
        while True:
            try:
                return self._lock_best(request, left, notes)
            except BrokenPins as error:
                first = first or error
                left.remove(error.pair)
                if not left:
                    raise first from None
            except Unsatisfiable as error:
                raise first or error from None

    def _lock_first_with_conda(self, request: LockRequest, pairs: Sequence[Pair]) -> ResolvedLock:
        """The same for mixed locks: pair by pair, since conda's solver knows of no pairs."""
        first: Unsatisfiable | NoCondaSolution | BrokenPins | None = None
        for pair in pairs:
            try:
                return self.lock_pair(request, pair)
            except (Unsatisfiable, NoCondaSolution, BrokenPins) as error:
                first = first or error
                if error.users_alone:
                    break
        assert first is not None, "choices() raises where there is nothing to try"
        raise first

    def _has_lock(self, request: PairRequest, pair: Pair) -> bool:
        """Whether a published lock of the pair runs on the machine of the request.

        So a refusal needs no network. Nothing is published for Linux, and what could be had
        there stays open.
        """
        if self.published is None or request.os is Os.LINUX:
            return True
        index = Index.within(self.published, pair.python, pair.arch)
        return index.exists() and None is not index.find(
            package=pair.package,
            version=pair.tensorflow,
            metal=pair.metal or "none",
            gpu=request.chip.gpu,
            macos=request.newest_macos,
        )

    def _near(
        self, request: LockRequest, conflict: Unsatisfiable | NoCondaSolution | BrokenPins
    ) -> list[Pair]:
        """Up to three pairs near the request that resolve with all that was asked for."""
        if conflict.users_alone:
            return []
        near = nearest(self.matrix, request.pair, NEAR_ENOUGH)
        found: list[Pair] = []
        for python in dict.fromkeys(pair.python for pair in near):
            other = replace(request.pair, python=PythonVersion.parse(python))
            left = [pair for pair in near if pair.python == python]
            while left and len(found) < 3:
                try:
                    combo = self._lock_first(replace(request, pair=other), left, ()).lock.combo
                except TfmacLockError:
                    break
                found += [pair for pair in left if _is_of(combo, pair)]
                left = [pair for pair in left if not _is_of(combo, pair)]
            if found:
                break  # on another Python it would be farther away
        return found

    def _without_one(self, request: LockRequest, conflict: Unsatisfiable) -> str:
        """The one requirement without which there is a lock, in words; ``""`` for none."""
        asked = {fact.about for fact in conflict.facts if fact.kind == "asked"}
        for item in [item for item in request.requirements if item.name in asked]:
            others = tuple(other for other in request.requirements if other != item)
            fewer = replace(request, requirements=others)
            try:
                combo = self._lock_first(fewer, self._pairs(fewer), ()).lock.combo
            except TfmacLockError:
                continue
            return f"\nWithout {item.text} it resolves, with TensorFlow {combo.tensorflow}."
        return ""

    def lock_pair(
        self, request: LockRequest, pair: Pair, notes: Sequence[Reason] = ()
    ) -> ResolvedLock:
        """The lock of that very pair; raises Unsatisfiable, NoCondaSolution or BrokenPins.

        Where no macOS was asked for, it is made for the oldest one that the pair runs on, and
        a newer one is taken only when a wheel that is needed demands it. In a mixed lock,
        native packages that have no wheel for any macOS come from conda.
        """
        if self.conda is None:
            return self._lock_best(request, [pair], notes)
        try:
            return self._lock_with_conda(self.conda, request, pair)
        except Unsatisfiable as error:
            if self.conda.native or not without_wheel(error):
                raise
            native = replace(self.conda, native=True, because=without_wheel(error))
            return self._lock_with_conda(native, request, pair)

    def _lock_best(
        self, request: LockRequest, pairs: Sequence[Pair], notes: Sequence[Reason]
    ) -> ResolvedLock:
        """The lock of the best of the pairs that resolves, by one search through all of them."""
        options = Options(
            Option(pair, macos)
            for pair in pairs
            for macos in macos_to_try(self.matrix, request.pair, pair)
        )
        best, own = options[0].pair, request.preferred
        request = self._with_proven(request, best)
        request, rules, solution = self._solve_named(request, options)
        request, (rules, solution), older = self._newest_named(request, rules, solution)
        option = solution.option
        assert option is not None, "the pair is part of every solution"
        other = self.keep_proven and option.pair != best
        if other or option.macos != rules.view.target.macos:
            # Markers, metadata and proven versions were the best pair's; now they are the lock's.
            request = self._with_proven(replace(request, preferred=own), option.pair)
            rules, solution = self._solve(request, Options([option]), like=rules.view)
        notes = [*notes, *older]
        return self._made(request, option.pair, rules.view.target, solution, notes=notes)

    def _solve_named(
        self, request: LockRequest, options: Options
    ) -> tuple[LockRequest, Rules, Solution]:
        """The solution; where the wheels of what was named give none, with newer archives."""
        try:
            return request, *self._solve(request, options)
        except Unsatisfiable as conflict:
            rules = self._rules(request, options, self._target(request.pair, options[0].macos))
            newer = archives_alone(rules, request.requirements)
            if newer is None:
                raise
            request = replace(request, requirements=newer)
            try:
                return request, *self._solve(request, options)
            except Unsatisfiable:
                raise conflict from None

    def _newest_named(
        self, request: LockRequest, rules: Rules, solution: Solution
    ) -> tuple[LockRequest, tuple[Rules, Solution], list[Reason]]:
        """With current versions of what the user names, even if the pair is a lower one.

        Where that cannot be, or would make another of these old, an old version stays, and the
        reason is noted.
        """
        found, notes = (rules, solution), []
        old = outdated(rules, request.requirements, solution)
        known = {one.item.name for one in old}
        for one in old:
            solved = found[1].packages.get(one.item.name)
            if solved is not None and solved.version >= one.first_current:
                continue
            current = replace(request, requirements=one.in_place_of(request.requirements))
            try:
                tried = self._solve(current, rules.options)
            except Unsatisfiable as error:
                notes.append(one.note(error))
                continue
            worse = [
                other
                for other in outdated(tried[0], request.requirements, tried[1])
                if other.item.name not in known
            ]
            if worse:
                notes.append(one.note_beside(worse))
            else:
                request, found = current, tried
        return request, found, notes

    def _with_proven(self, request: LockRequest, pair: Pair) -> LockRequest:
        """The request with the versions of the pair's published lock, but of what was named."""
        if not self.keep_proven or self.published is None:
            return request
        index = Index.within(self.published, pair.python, pair.arch)
        if not index.exists():
            return request
        lock = index.find(
            package=pair.package,
            version=pair.tensorflow,
            metal=pair.metal or "none",
            gpu=True,
            macos=None,
        )
        if lock is None:
            return request
        named = {item.name for item in request.requirements}
        proven = {name: at for name, at in lock.versions.items() if name not in named}
        return replace(request, preferred={**proven, **request.preferred})

    def _solve(
        self, request: LockRequest, options: Options, like: View | None = None
    ) -> tuple[Rules, Solution]:
        target = self._target(request.pair, options[0].macos)
        rules = self._rules(request, options, target, like)
        found = solve(rules, request.requirements, ahead=self.ahead, likely=self.likely)
        return rules, found

    def _lock_with_conda(self, part: CondaPart, request: LockRequest, pair: Pair) -> ResolvedLock:
        macos = first_macos(self.matrix, request.pair, pair)
        first: Unsatisfiable | NoCondaSolution | None = None
        while True:
            options = Options([Option(pair, macos)])
            rules = self._rules(request, options, self._target(request.pair, macos))
            try:
                both = part.solve(
                    rules,
                    request.requirements,
                    python=request.pair.python,
                    before=request.before,
                    ahead=self.ahead,
                    rules_for=partial(self._rules, request, options),
                )
                return replace(self, conda=part)._made(
                    request, pair, both.target, both.wheels, both
                )
            except (Unsatisfiable, NoCondaSolution) as error:
                first = first or error
                raised = self._raised(request.pair, rules, error)
                if raised is None:
                    raise first from None
                macos = raised

    def _raised(
        self, request: PairRequest, rules: Rules, error: Unsatisfiable | NoCondaSolution
    ) -> MacOSVersion | None:
        """The next macOS that could resolve the conflict, where none was asked for."""
        if request.macos is not None or request.os is Os.LINUX:
            return None
        if isinstance(error, Unsatisfiable):
            major = newer_macos(rules, error.names)
            newer = None if major is None else MacOSVersion(major)
        else:
            newer = error.newer_macos
        exists = {release.major for release in self.matrix.platforms.macos}
        last = request.chip.last_macos
        if newer is None or newer.major not in exists or (last is not None and newer.major > last):
            return None
        return newer

    def _target(self, request: PairRequest, macos: MacOSVersion) -> Target:
        return self.matrix.platforms.target(request.python, request.chip, macos, request.os)

    def _rules(
        self, request: LockRequest, options: Options, target: Target, like: View | None = None
    ) -> Rules:
        """What holds for the options; ``like`` is a view of the same request's other options."""
        if not self._known:
            self._known.update(known_requirements(self.matrix))
        newest = like.newest if like else max(option.macos for option in options.all)
        key = (
            target,
            newest,
            request.before,
            request.wheels_only,
            request.allow_source,
            request.pre,
        )
        if key not in self._views:
            self._views[key] = View(
                self.source,
                target,
                newest=newest,
                before=request.before,
                wheels_only=request.wheels_only,
                allow_source=request.allow_source,
                pre=request.pre,
                like=like,
            )
        tensorflow = {option.pair.tensorflow for option in options.all}
        python = request.pair.python.series
        return Rules(
            view=self._views[key],
            options=options,
            constraints=request.constraints,
            bounds=[
                bound
                for bound in self.matrix.bounds
                if any(bound.applies(version, python) for version in tensorflow)
            ],
            waivers=[
                waiver
                for waiver in self.matrix.waivers
                if target.os is not Os.LINUX and waiver.arch in (None, target.arch)
            ],
            known=self._known,
            allow_source=request.allow_source,
            preferred=request.preferred,
            companions={one.name: one for one in self.matrix.companions.facts},
            native_names=() if target.os is Os.LINUX else self.matrix.natives.names,
            native_load=self.matrix.native_load,
        )

    def _made(
        self,
        request: LockRequest,
        pair: Pair,
        target: Target,
        solution: Solution,
        both: MixedSolution | None = None,
        notes: Sequence[Reason] = (),
    ) -> ResolvedLock:
        """The lock of a solution, verified; raises BrokenPins."""
        solved = solution.packages
        packages = tuple(self._package(solved[name]) for name in sorted(solved))
        if request.attested:
            packages = with_publishers(packages, solved, self.source, request.attested)
        if both is not None:
            packages = (*locked(both.conda.records), *packages)
        pins = pins_of(packages)
        macos = oldest_macos(self.matrix, pair, packages) if target.os is Os.MACOS else None
        if macos is not None:
            macos = max(macos, request.pair.chip.first_macos)
        verdict = judge(
            self.matrix,
            pair,
            macos=macos,
            pins=pins,
            own=own_names(packages),
            resolved=True,
            os=target.os,
        )
        unknown = unknown_files(self.matrix, packages)
        if not request.accept_repacked:
            refuse_contradicted(unknown)
        verdict = of_unknown_files(verdict, unknown, plugin=pair.metal is not None)
        if verdict.status is Status.BROKEN:
            raise BrokenPins(pair, verdict)
        notes = [
            *notes,
            *(() if both is None else both.notes),
            *notes_of(pair, solution, packages, self._waivers(packages, target), self.source),
        ]
        lock = Lock(
            combo=_combo(pair, target, pins, macos),
            verdict=replace(verdict, reasons=(*verdict.reasons, *notes)),
            packages=packages,
            as_of=self.as_of,
            command=_command(request, pair, self.conda),
            channels=() if both is None else both.channels,
        )
        lock = with_companions(
            self.matrix,
            lock,
            self._naming(request, solved),
            request.recipe.name if request.recipe else "",
        )
        if lock.verdict.status is Status.BROKEN:
            raise BrokenPins(pair, lock.verdict)
        if both is not None:
            verify_conda(lock, target)
        verify(lock, target, self.matrix.bounds_for(pair.tensorflow, pair.python))
        return ResolvedLock(lock=lock, target=target)

    def _waivers(
        self, packages: Iterable[LockedPackage], target: Target
    ) -> Iterator[tuple[LockedPackage, Waiver]]:
        """The requirements in the packages' own metadata that nothing on the Mac can meet."""
        for one in packages:
            for waiver in self.matrix.waivers_for(one.name, one.version, target.arch, target.os):
                yield one, waiver

    def _naming(self, request: LockRequest, solved: Mapping[NormalizedName, Solved]) -> set[str]:
        asked = {item.name for item in request.requirements}
        listed = {fact.name for fact in self.matrix.companions.facts}
        return naming(self.source, solved, asked, listed, self._known)

    def _package(self, solved: Solved) -> LockedPackage:
        file = solved.file
        return LockedPackage(
            name=solved.name,
            version=str(solved.version),
            manager="pip",
            filename=file.filename,
            url=file.url,
            sha256=self.source.sha256(solved.name, file),
            requires=tuple(sorted({item.text for item in solved.requires})),
        )


def _combo(pair: Pair, target: Target, pins: dict[str, str], macos: MacOSVersion | None) -> Combo:
    linux = target.os is Os.LINUX
    machine = f"linux-{target.machine}" if linux else target.arch.value
    return Combo(
        id=combo_id(pair.package, pair.tensorflow, pair.metal, pair.python, machine),
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
    )


def _is_of(combo: Combo, pair: Pair) -> bool:
    return (combo.package, combo.tensorflow, combo.metal) == (
        pair.package,
        pair.tensorflow,
        pair.metal,
    )


def broken_text(pair: Pair, verdict: Verdict) -> str:
    """Why the pair is broken with the versions that fit together."""
    against = "; ".join(f"{one.text} [{one.source}]" for one in verdict.reasons if one.against)
    return f"{pair} is broken with the versions that fit together: {against}."


def _command(request: LockRequest, pair: Pair, conda: CondaPart | None) -> str:
    """The options that ask for the same lock again."""
    asked = request.pair
    parts = [f"--python {asked.python} {asked.machine}"]
    package = "" if pair.package == "tensorflow" else f"{pair.package}=="
    parts.append(f"--tensorflow {package}{pair.tensorflow}")
    if asked.os is Os.MACOS:
        parts.append(f"--metal {pair.metal or 'none'}")
    parts += [request.options] if request.options else []
    parts += [conda.options] if conda else []
    return " ".join(parts)
