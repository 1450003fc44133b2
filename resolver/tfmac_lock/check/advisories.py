"""Known vulnerabilities of a lock: fixed in which version, and who can have that version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from ..lock.judged import pair_of
from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.ranking import NoCombo, PairRequest, TensorFlowRequest, choices
from ..target import Os, PythonVersion
from .findings import metadata_limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..lock.model import Lock
    from ..matrix.facts import Matrix
    from ..matrix.verdict import Pair
    from ..target import Target
    from .osv import Advisory

TENSORFLOW = "tensorflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A package of the lock that an advisory is about.

    ``fixed`` is the first version without the fault, empty where none is known. ``blocked`` are
    the requirements and bounds that keep it out of this lock; where there are none, ``update``
    is the command that brings it. ``pair`` is a pair with the GPU that can have it, where this
    lock's cannot.
    """

    package: str
    version: str
    advisory: Advisory
    fixed: str
    blocked: tuple[str, ...]
    update: str
    pair: str


def watched(lock: Lock) -> set[str]:
    """The names to look for: the packages of pip, and TensorFlow's own for its other name."""
    names = {package.name for package in lock.wheels}
    return names | ({TENSORFLOW} if names.intersection(TENSORFLOW_PACKAGES) else set())


def exposures(
    lock: Lock, advisories: Iterable[Advisory], matrix: Matrix, target: Target
) -> list[Exposure]:
    """What the advisories say of the lock's packages, sorted by package and advisory."""
    found = []
    pins = {package.name: package.version for package in lock.wheels}
    # Apple's build under another name is of the same source.
    names = {name: {name, TENSORFLOW} if name in TENSORFLOW_PACKAGES else {name} for name in pins}
    for advisory in advisories:
        for name, version in pins.items():
            about = [one for known in names[name] for one in advisory.about(known)]
            try:
                hit = next((one for one in about if one.holds(version)), None)
                first = hit.fixed(version) if hit is not None else None
            except InvalidVersion:
                continue
            if hit is not None:
                found.append(
                    _exposure(lock, name, version, advisory, str(first or ""), matrix, target)
                )
    return sorted(found, key=lambda one: (one.package, one.advisory.id))


def _exposure(
    lock: Lock,
    name: str,
    version: str,
    advisory: Advisory,
    fixed: str,
    matrix: Matrix,
    target: Target,
) -> Exposure:
    blocked: tuple[str, ...] = ()
    pair: Pair | None = None
    if fixed:
        blocked = tuple(_blockers(lock, name, fixed, matrix))
        wanted = _pairs(lock, matrix, target)
        if name in TENSORFLOW_PACKAGES:
            newer = SpecifierSet(f">={fixed}")
            about = [one for known in (name, TENSORFLOW) for one in advisory.about(known)]
            pair = next(
                (
                    one
                    for one in wanted
                    if one.tensorflow in newer and not any(a.holds(one.tensorflow) for a in about)
                ),
                None,
            )
        elif blocked:
            pair = next((one for one in wanted if _admits(matrix, one, name, fixed, target)), None)
    return Exposure(
        package=name,
        version=version,
        advisory=advisory,
        fixed=fixed,
        blocked=blocked,
        update=_command(lock, name, fixed) if fixed and not blocked else "",
        pair=str(pair) if pair is not None else "",
    )


def _command(lock: Lock, name: str, fixed: str) -> str:
    if name not in TENSORFLOW_PACKAGES:
        return f"tfmac-lock update {name}"
    combo = lock.combo
    return f"tfmac-lock --python {combo.python} --chip {combo.chip} --tensorflow '>={fixed}'"


def _blockers(lock: Lock, name: str, fixed: str, matrix: Matrix) -> Iterator[str]:
    """What keeps that version out of the lock as it is."""
    combo = lock.combo
    if name in TENSORFLOW_PACKAGES and combo.metal:
        load = matrix.pair_load(name, fixed, combo.metal, combo.arch)
        if load is None or load.loads is False:
            yield f"tensorflow-metal {combo.metal} does not load with it, as far as is known"
    for package in lock.wheels:
        for text in package.requires:
            requirement = Requirement(text)
            if requirement.name.lower().replace("_", "-") == name and not (
                requirement.specifier.contains(fixed, prereleases=True)
            ):
                yield f"{package.name} {package.version} requires {requirement}"
    for bound in matrix.bounds_for(combo.tensorflow, combo.python):
        if bound.package == name and fixed not in SpecifierSet(bound.specifier):
            yield f"the bound {name}{bound.specifier}: {bound.reason}"


def _pairs(lock: Lock, matrix: Matrix, target: Target) -> list[Pair]:
    """The pairs with a plugin for the lock's Mac and Python, best first, its own left out."""
    if target.os is Os.LINUX or not target.chip.gpu:
        return []
    request = PairRequest(
        python=PythonVersion.parse(lock.combo.python),
        chip=target.chip,
        tensorflow=TensorFlowRequest(),
    )
    try:
        found = [choice.pair for choice in choices(matrix, request)]
    except NoCombo:
        return []
    return [pair for pair in found if pair.metal and pair != pair_of(lock)]


def _admits(matrix: Matrix, pair: Pair, name: str, version: str, target: Target) -> bool:
    """Whether the pair's own metadata and its bounds admit that version."""
    limits = metadata_limits(matrix, pair.package, pair.tensorflow, target)
    bounds = matrix.bounds_for(pair.tensorflow, pair.python)
    return limits.get(name, SpecifierSet()).contains(version, prereleases=True) and all(
        version in SpecifierSet(bound.specifier) for bound in bounds if bound.package == name
    )
