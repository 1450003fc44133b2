"""From what a project has to a lock: what fits is kept, what changes is reported with the reason.

An exact pin is a version to keep where that can be; it becomes no requirement, since it often
came out of another tool's resolution. A range is a requirement, and is given up only where the
rest contradicts it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL
from ..matrix.ranking import NoCombo, TensorFlowRequest
from ..resolve.conflict import Unsatisfiable
from ..resolve.requirement import ByUser, only
from ..resolve.requirements_in import Unreadable, read_text
from ..target import minor
from .judge import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.markers import Environment
    from packaging.utils import NormalizedName

    from ..lock.make import Resolver
    from ..lock.model import Lock
    from ..lock.request import LockRequest
    from ..matrix.facts import Matrix
    from ..matrix.ranking import PairRequest
    from ..resolve.requirement import Requirement
    from ..target import Target
    from .pins import PinFile

PAIR = frozenset({*TENSORFLOW_PACKAGES, METAL, "tensorflow-cpu", "tensorflow-gpu"})
"""What chooses the pair, and is no package beside it."""

OF_THE_ENVIRONMENT = frozenset({"python", "pip", "setuptools", "wheel", "python-abi"})
LEAVES_OUT = ("not-for-macs", "package-gone", "stub")
"""Findings of `check` about packages that nobody wants on a Mac today."""

MAX_REASONS = 12
"""Changed versions of which the reason is looked for; each takes a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something of the file that is not in the request, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a file states, as a request.

    ``tensorflow`` are requests for it, the nearest first, ``metal`` the plugin's version or empty.
    ``asked`` are requirements, with a specifier where the file has a range. ``pinned`` are
    versions to keep, ``hints`` those of conda's packages, of which few come into the lock.
    """

    tensorflow: tuple[str, ...]
    metal: str
    asked: tuple[str, ...]
    pinned: Mapping[NormalizedName, Version]
    hints: Mapping[NormalizedName, Version] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A package with another version than in the file; ``after`` is empty where it is gone."""

    name: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The lock, the request that it came from, and how it differs from the file.

    ``tensorflow`` is the request for it that was served, ``asked`` the requirements that were
    kept. ``kept`` counts the pins that are as they were.
    """

    lock: Lock
    tensorflow: str
    asked: tuple[str, ...]
    kept: int
    changed: tuple[Changed, ...]
    given_up: tuple[LeftOut, ...] = field(default=())


def stated_in(file: PinFile, target: Target, matrix: Matrix) -> Stated:
    """What the file asks for, as far as it makes sense on a Mac."""
    unwanted = {
        found.package: found.text
        for found in check(file, target, matrix).findings
        if found.code in LEAVES_OUT
    }
    left_out, asked = [], []
    pinned: dict[NormalizedName, Version] = {}
    hints: dict[NormalizedName, Version] = {}
    for pin in file.pins:
        if pin.name in PAIR or pin.name in OF_THE_ENVIRONMENT:
            continue
        if pin.name in unwanted:
            left_out.append(LeftOut(name=pin.name, reason=unwanted[pin.name]))
        elif pin.source:
            reason = f"it is built from {pin.source}, and a lock holds files of an index"
            left_out.append(LeftOut(name=pin.name, reason=reason))
        else:
            version = _version(pin.version)
            of_conda = pin.manager == "conda" and file.complete
            if version is not None:
                (hints if of_conda else pinned)[canonicalize_name(pin.name)] = version
            if of_conda:
                continue  # among conda's packages are libraries that no index of Python has
            extras = f"[{','.join(pin.extras)}]" if pin.extras else ""
            asked.append(f"{pin.name}{extras}{'' if pin.version else pin.specifier}")
    return Stated(
        tensorflow=tuple(_tensorflow(file)),
        metal=next((pin.version for pin in file.pins if pin.name == METAL), ""),
        asked=tuple(dict.fromkeys(asked)),
        pinned=pinned,
        hints=hints,
        left_out=tuple(left_out),
    )


def _tensorflow(file: PinFile) -> Iterator[str]:
    """The requests for TensorFlow: the pinned release, its minor, any."""
    pin = next((p for p in file.pins if p.name in PAIR and p.name != METAL), None)
    if pin is not None and pin.version:
        yield pin.version
        yield minor(pin.version)
    elif pin is not None and pin.specifier:
        yield pin.specifier
    yield ""


def _version(text: str) -> Version | None:
    try:
        return Version(text) if text else None
    except ValueError:
        return None


def migrate(
    resolver: Resolver, request: LockRequest, stated: Stated, environment: Environment
) -> Migrated:
    """The lock nearest to the file; raises NoCombo where none can be had at all."""
    asked, given_up = _readable(stated.asked, environment)
    while True:
        items = [item for item in asked.values() if item is not None]
        named = request.pair.extra | {item.name for item in items}
        wanted = replace(
            request,
            pair=replace(request.pair, extra=named),
            requirements=(*request.requirements, *items),
            preferred={**stated.hints, **stated.pinned},
        )
        try:
            lock, tensorflow, why = _nearest(resolver, wanted, stated)
            break
        except NoCombo as error:
            freed = _freed(asked, error, environment)
            if freed is None:
                raise
            given_up.append(freed)
    changed = tuple(_changed(resolver, wanted, lock, stated, why))
    now = lock.versions
    return Migrated(
        lock=lock,
        tensorflow=tensorflow,
        asked=tuple(_roots(asked, lock, stated)),
        kept=sum(now.get(name) == version for name, version in stated.pinned.items()),
        changed=changed,
        given_up=tuple(given_up),
    )


def _readable(
    texts: Iterable[str], environment: Environment
) -> tuple[dict[str, Requirement | None], list[LeftOut]]:
    """The requirements by their text, and those that cannot be read."""
    found: dict[str, Requirement | None] = {}
    unreadable = []
    for text in texts:
        try:
            found[text] = read_text(text, ByUser(f"the file: {text}"), environment)
        except Unreadable as error:
            unreadable.append(LeftOut(name=text, reason=f"it {error}"))
    return found, unreadable


def _nearest(
    resolver: Resolver, request: LockRequest, stated: Stated
) -> tuple[Lock, str, dict[str, str]]:
    """The lock of the first TensorFlow asked for that can be had, and why not of those before."""
    first: NoCombo | None = None
    why: dict[str, str] = {}
    for text in stated.tensorflow:
        for metal in dict.fromkeys((stated.metal or request.pair.metal, request.pair.metal)):
            pair = _pair(request.pair, text, metal)
            try:
                return resolver.lock(replace(request, pair=pair)).lock, text, why
            except NoCombo as error:
                first = first or error
                why.setdefault("tensorflow", error.text.splitlines()[0])
                if metal == stated.metal:
                    why.setdefault(METAL, error.text.splitlines()[0])
    assert first is not None, "the last request is any TensorFlow"
    raise first


def _pair(pair: PairRequest, tensorflow: str, metal: str) -> PairRequest:
    wanted = TensorFlowRequest.parse(tensorflow) if tensorflow else TensorFlowRequest()
    return replace(pair, tensorflow=wanted, metal=metal)


def _freed(
    asked: dict[str, Requirement | None], error: NoCombo, environment: Environment
) -> LeftOut | None:
    """Give up the range of a requirement that the conflict is about, or else the requirement."""
    conflict = error.__cause__
    if not isinstance(conflict, Unsatisfiable):
        return None
    about = {fact.about for fact in conflict.facts if fact.kind in ("asked", "lacking")}
    reasons = [str(fact) for fact in conflict.facts if fact.kind != "asked"][:2]
    for text, item in asked.items():
        if item is None or item.name not in about:
            continue
        del asked[text]
        if text != item.name:
            asked |= _readable([str(item.name)], environment)[0]
        return LeftOut(name=text, reason="; ".join(reasons) or str(error).splitlines()[0])
    return None


def _changed(
    resolver: Resolver, request: LockRequest, lock: Lock, stated: Stated, why: Mapping[str, str]
) -> Iterator[Changed]:
    combo = lock.combo
    wanted = stated.tensorflow[0]
    if len(stated.tensorflow) > 2 and wanted != combo.tensorflow:
        reason = why.get("tensorflow", "")
        yield Changed(name=combo.package, before=wanted, after=combo.tensorflow, reason=reason)
    if stated.metal and stated.metal != combo.metal:
        reason = why.get(METAL) or why.get("tensorflow", "it does not fit the TensorFlow")
        yield Changed(name=METAL, before=stated.metal, after=combo.metal or "", reason=reason)
    now, searches = lock.versions, 0
    for name, before in sorted(stated.pinned.items()):
        after = now.get(name)
        if after == before:
            continue
        if after is None:
            reason = "nothing in the lock requires it"
        elif searches < MAX_REASONS:
            searches += 1
            reason = _why_not(resolver, request, lock, name, before)
        else:
            reason = ""
        yield Changed(name=name, before=str(before), after=str(after or ""), reason=reason)


def _why_not(
    resolver: Resolver, request: LockRequest, lock: Lock, name: NormalizedName, before: Version
) -> str:
    """Why that version cannot be in a lock of the same pair."""
    from ..lock.judged import pair_of

    kept = only(name, before, ByUser("the file", chosen=True))
    try:
        resolver.lock_pair(
            replace(request, constraints=(*request.constraints, kept)), pair_of(lock)
        )
    except Unsatisfiable as error:
        kinds = ("requires", "bound", "lacking")
        reasons = [fact for fact in error.facts if fact.kind in kinds]
        return "; ".join(str(fact) for fact in reasons[:2]) or str(error).splitlines()[0]
    except NoCombo as error:
        return error.text.splitlines()[0]
    return "another package's version asks for it"


def _roots(asked: Iterable[str], lock: Lock, stated: Stated) -> Iterator[str]:
    """The requirements to keep: without those that only came with others in a frozen list."""
    parents = lock.required_by()
    for text in asked:
        name = canonicalize_name(text)
        if parents.get(name) and name in stated.pinned:
            continue
        yield text
