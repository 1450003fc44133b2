"""What a lock and the facts say to other tools: pins, limits, what their metadata get wrong.

The exports render this, each as far as its tool can express it. A fact that no limit can express
is written in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..matrix.base import METAL, TENSORFLOW_PACKAGES
from ..target import Os, minor
from .formats.environment import marker
from .model import required_name
from .unloadable import NOTHING, Clause, loadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..matrix.companions import Companion, Needed
    from ..matrix.facts import Matrix
    from ..matrix.waivers import Waiver
    from .model import Lock, LockedPackage

PAIR = (*TENSORFLOW_PACKAGES, METAL)
"""The packages whose every wheel the matrix has read."""

BY_TWO_NAMES = "one TensorFlow has two names on the index, and both write into the same folder"
"""Why TensorFlow's other name is limited as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit on a package, should it come in, with each reason and its source."""

    package: str
    specifier: str
    reasons: tuple[tuple[str, str], ...]

    @property
    def requirement(self) -> str:
        """Name and versions, without blanks as pip's files have them."""
        return f"{self.package}{self.specifier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All that another tool must know to come to the lock.

    ``limits`` are bounds of the pair and what its companions allow. ``overrides`` loosen what
    packages state of others. ``metadata`` are the packages whose metadata a tool would read
    wrongly: from a wheel of another machine, or without what the matrix knows that they need.
    ``needs_unsaid`` is what companions need besides, and ``stated`` what the overrides loosen,
    each as a sentence. ``oldest_python`` is the one that the lock was made for, since some
    packages leave the first releases of a series out.
    """

    lock: Lock
    limits: tuple[Limit, ...]
    overrides: tuple[Limit, ...]
    metadata: tuple[LockedPackage, ...]
    needs_unsaid: tuple[str, ...]
    stated: tuple[str, ...]
    oldest_python: str

    @property
    def marker(self) -> str:
        """The environment of the lock, as a marker."""
        return f"{marker(self.lock.combo)} and python_full_version >= '{self.oldest_python}'"

    @property
    def unsaid(self) -> tuple[str, ...]:
        """What a limit cannot say: what companions need, and what TensorFlow asks in vain."""
        return self.stated + self.needs_unsaid

    @property
    def pair(self) -> tuple[LockedPackage, ...]:
        """TensorFlow and its plugin, as the lock has them."""
        names = (self.lock.combo.package, METAL)
        return tuple(package for package in self.lock.wheels if package.name in names)

    @property
    def unlocked(self) -> tuple[Limit, ...]:
        """The limits on packages that the lock does not hold."""
        held = {package.name for package in self.lock.packages}
        return tuple(limit for limit in self.limits if limit.package not in held)


def limits_of(matrix: Matrix, lock: Lock) -> Limits:
    """What the facts say of the lock."""
    combo = lock.combo
    unsaid: list[str] = []
    python = matrix.platforms.python_for(matrix.platforms.python(combo.python), combo.arch)
    clauses: dict[str, list[Clause]] = {}
    for bound in matrix.bounds_for(combo.tensorflow, combo.python):
        clauses.setdefault(bound.package, []).append((bound.specifier, bound.reason, bound.source))
    for companion in matrix.companions.facts:
        found = list(_admitted(companion, lock))
        clauses.setdefault(companion.name, []).extend(found)
        if not any(specifier == NOTHING for specifier, _, _ in found):
            unsaid += _unsaid(companion, lock)
    if combo.os is Os.MACOS:
        for name, clause in (*loadable(matrix, lock), _other_name(matrix, lock)):
            clauses.setdefault(name, []).append(clause)
    waivers = [
        (package, waiver)
        for package in lock.wheels
        for waiver in matrix.waivers_for(package.name, package.version, combo.arch, combo.os)
    ]
    return Limits(
        lock=lock,
        limits=tuple(_limit(name, found) for name, found in sorted(clauses.items()) if found),
        overrides=tuple(
            Limit(
                package=one.package,
                specifier=one.specifier,
                reasons=((one.reason, one.source),),
            )
            for _, one in waivers
        ),
        metadata=tuple(_misread(matrix, lock)),
        needs_unsaid=tuple(unsaid),
        stated=tuple(_stated(package, one) for package, one in waivers),
        oldest_python=str(python),
    )


def _limit(package: str, clauses: Sequence[Clause]) -> Limit:
    """All that is said of a package as one limit; what leaves nothing needs no other reason."""
    decisive = [clause for clause in clauses if clause[0] == NOTHING] or clauses
    reasons = {reason: source for _, reason, source in reversed(decisive)}
    return Limit(
        package=package,
        specifier=",".join(dict.fromkeys(specifier for specifier, _, _ in decisive)),
        reasons=tuple(reversed(reasons.items())),
    )


def _admitted(companion: Companion, lock: Lock) -> Iterator[Clause]:
    """The clauses of the versions that can be beside the lock."""
    if companion.same_minor:
        text = "each of its minor releases is for the same one of TensorFlow"
        yield f"=={minor(lock.combo.tensorflow)}.*", text, companion.same_minor
        return
    pins = {package.name: package.version for package in lock.packages}
    pins["tensorflow"] = lock.combo.tensorflow
    for need in _needs(companion, lock):
        wanted = Requirement(need.requires)
        there = pins.get(canonicalize_name(wanted.name))
        if there is None or wanted.specifier.contains(there, prereleases=True):
            continue
        rest = outside(need.versions)
        if rest is not None:
            yield rest, need.reason, need.source


def _needs(companion: Companion, lock: Lock) -> Iterator[Needed]:
    """What the companion needs beside the lock's TensorFlow and Python."""
    for need in companion.needs:
        if need.holds(lock.combo.tensorflow, lock.combo.python):
            yield need


def _other_name(matrix: Matrix, lock: Lock) -> tuple[str, Clause]:
    """TensorFlow's other name, with the version that leads to the lock's TensorFlow, or none."""
    combo = lock.combo
    other = next(name for name in TENSORFLOW_PACKAGES if name != combo.package)
    payload = matrix.payload_of(other, combo.tensorflow, combo.arch)
    leads = payload == (combo.package, combo.tensorflow)
    return other, (f"=={combo.tensorflow}" if leads else NOTHING, BY_TWO_NAMES, "matrix/releases")


def _unsaid(companion: Companion, lock: Lock) -> Iterator[str]:
    """What a companion that may come in needs of packages that the lock does not hold."""
    held = {package.name for package in lock.packages}
    for need in _needs(companion, lock):
        if canonicalize_name(Requirement(need.requires).name) in held | {"tensorflow"}:
            continue
        which = f"{companion.name} {need.versions}".strip()
        yield f"{which} needs {need.requires} besides, which its metadata do not say: {need.reason}"


def _stated(package: LockedPackage, waiver: Waiver) -> str:
    return (
        f"{package.name} {package.version} asks for {waiver.package}{waiver.stated}; "
        f"{waiver.specifier} is taken to be enough: {waiver.reason}"
    )


def outside(versions: str) -> str | None:
    """The specifier of all other versions; None where several clauses leave two sides.

    The text of one clause turns round: ``<0.24`` into ``>=0.24``. Without any clause all versions
    are meant, and nothing remains.
    """
    clauses = list(SpecifierSet(versions))
    if not clauses:
        return NOTHING
    opposite = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
    only = clauses[0]
    if len(clauses) > 1 or only.operator not in opposite:
        return None
    return f"{opposite[only.operator]}{only.version}"


def _misread(matrix: Matrix, lock: Lock) -> Iterator[LockedPackage]:
    """The packages whose metadata another tool would not read as the lock has them."""
    by_other_name = any(reason.kind == "stand-in" for reason in lock.verdict.reasons)
    for package in lock.wheels:
        named = by_other_name and lock.combo.package in map(required_name, package.requires)
        if named or _disagrees(matrix, package) or _needs_more(matrix, lock, package):
            yield package


def _needs_more(matrix: Matrix, lock: Lock, package: LockedPackage) -> bool:
    """Whether it needs another package beyond what it states."""
    companion = matrix.companions.named(package.name)
    return companion is not None and any(
        SpecifierSet(need.versions).contains(package.version)
        and required_name(need.requires) not in TENSORFLOW_PACKAGES
        for need in _needs(companion, lock)
    )


def _disagrees(matrix: Matrix, package: LockedPackage) -> bool:
    """Whether the wheels of the release do not all state the same requirements.

    uv, Poetry and PDM read one of them and take it for all.
    """
    if package.name not in PAIR:
        return False
    release = matrix.release(package.name, package.version)
    texts = {frozenset(wheel.requires) for wheel in (release.wheels if release else ())}
    stated = {frozenset(str(Requirement(text)) for text in one) for one in texts}
    return len(stated) > 1
