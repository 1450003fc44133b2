"""Why there is no solution, in few lines: the solver's proof cut down to the facts that decide."""

from __future__ import annotations

import functools
import textwrap
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nab_resolver.types import IncompatibilityCause
from packaging.utils import canonicalize_name

from ..errors import Refusal, TfmacLockError
from .companions import Need
from .natives import Unloadable, span, unloadable
from .pairs import METAL_NAME, PAIR, PAIR_NAMES, Options
from .provider import Facts, NotLookedAt, UnusableFile, limit_of, split
from .requirement import ByItsBinaries, ByMatrix, ByUser, Requirement
from .versions import VersionSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nab_resolver.types import Incompatibility
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..target import Target

    Proof = Incompatibility[str, int]
    Search = Callable[[Facts], dict[str, int] | Proof]

MAX_LINES = 12
WIDTH = 80
GROUPS = 2
"""Requirements of one package in its versions that are shown one by one, the newest first."""

MAX_SECONDS = 2.0
"""For leaving out what has no part in a conflict; what is still in then stays in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact of a conflict.

    ``kind`` is ``asked``, ``constraint``, ``requires``, ``bound``, ``pair``, ``lacking`` (no
    version fits) or ``fault`` (metadata that cannot be read). ``about`` is the package that it
    says something of, ``source`` who says it. ``missing`` tells that no version meets it.
    """

    kind: str
    about: NormalizedName
    text: str
    source: str = ""
    left_out: str = ""

    def __str__(self) -> str:
        return f"{self.text} [{self.source}]" if self.source else self.text


class Unsatisfiable(Refusal):
    """No set of files meets all requirements on the target; ``facts`` is why.

    They are found out when somebody asks for them: many a conflict only leads to another try.
    """

    def __init__(self, target: Target, explain: Callable[[], Iterable[Fact]]) -> None:
        super().__init__(str(target))
        self.target = target
        self._explain = explain

    @functools.cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that decide, in the order in which a person would tell them."""
        return tuple(self._explain())

    @property
    def names(self) -> list[NormalizedName]:
        """The packages that the conflict is about."""
        return list(dict.fromkeys(fact.about for fact in self.facts))

    @property
    def proof(self) -> list[dict[str, str]]:
        """The facts as data, for ``--json``."""
        return [
            {"kind": fact.kind, "package": fact.about, "text": fact.text, "source": fact.source}
            for fact in self.facts
        ]

    @property
    def users_alone(self) -> bool:
        """Whether the user's own requirements contradict each other, whatever the pair."""
        return len(self.facts) > 1 and all(
            fact.kind in ("asked", "constraint") for fact in self.facts
        )

    @property
    def lacking(self) -> list[NormalizedName]:
        """The packages of which the index has files, and none that is needed fits."""
        return [fact.about for fact in self.facts if fact.kind == "lacking" and fact.left_out]

    def __str__(self) -> str:
        shown = list(self.facts)
        while len(lines := self._lines(shown)) > MAX_LINES and len(shown) > 1:
            del shown[_least(shown)]
        return "\n".join(lines)

    def _lines(self, shown: Sequence[Fact]) -> list[str]:
        lines = textwrap.wrap(f"no set of files meets every requirement for {self.target}:", WIDTH)
        for fact in shown:
            lines += textwrap.wrap(
                str(fact),
                WIDTH,
                initial_indent="  ",
                subsequent_indent="      ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        if left := len(self.facts) - len(shown):
            lines.append(f"  and {left} more {'fact' if left == 1 else 'facts'}; --json lists all")
        return lines


def _least(shown: Sequence[Fact]) -> int:
    """The place of the fact that a person misses least: the last one of all that are not alone."""
    for kind in ("fault", "requires"):
        places = [place for place, fact in enumerate(shown) if fact.kind == kind]
        if len(places) > (kind == "requires"):
            return places[-1]
    return len(shown) - 1


def explained(facts: Facts, proof: Proof, search: Search) -> list[Fact]:
    """The facts of a proof that decide, in the order in which a person would tell them."""
    own = _contradiction(facts, proof)
    if own:
        return [fact for item in own for fact in _asked(facts, item)]
    facts, proof = _smallest(facts, proof, search)
    found = dict.fromkeys(_deciding(facts, proof))
    order = ("asked", "pair", "constraint", "requires", "bound", "lacking", "fault")
    return sorted(found, key=lambda fact: order.index(fact.kind))


def _contradiction(facts: Facts, proof: Proof) -> list[Requirement]:
    """The user's own requirements and constraints on one package that no version meets at once."""
    touched = {str(term.package) for leaf in _leaves(proof) for term in leaf.terms}
    items = [*facts.asked, *facts.rules.constraints]
    for package in sorted(touched):
        sets = [(item, facts.sets(item).get(package)) for item in items]
        own = {item: found.bits for item, found in sets if found is not None and found.bits}
        for item in list(own):
            rest = [bits for other, bits in own.items() if other != item]
            if rest and functools.reduce(int.__and__, rest) == 0:
                del own[item]
        if own and functools.reduce(int.__and__, own.values()) == 0:
            return list(own)
    return []


def _smallest(facts: Facts, proof: Proof, search: Search) -> tuple[Facts, Proof]:
    """Without the requirements, constraints and bounds that the conflict has no need of."""
    until = time.monotonic() + MAX_SECONDS
    for part in _parts(facts, proof):
        if time.monotonic() > until:
            break
        fewer = _without(facts, part)
        try:
            found = search(fewer)
        except TfmacLockError:
            continue  # what the index fails to give is needed for another answer, not for this
        if not isinstance(found, dict):
            facts, proof = fewer, found
    return facts, proof


def _parts(facts: Facts, proof: Proof) -> list[Requirement]:
    """What may be left out for a try: all that the proof does not name at once, then the rest."""
    limits = [
        *facts.rules.constraints,
        *(limit_of(bound) for bound in facts.rules.bounds),
    ]
    touched = {term.package for leaf in _leaves(proof) for term in leaf.terms}
    named = {split(str(package))[0] for package in touched}
    if named & PAIR_NAMES or PAIR in touched:
        named |= PAIR_NAMES
    return [item for item in (*limits, *facts.asked) if item.name in named]


def _without(facts: Facts, part: Requirement) -> Facts:
    rules = replace(
        facts.rules,
        constraints=[item for item in facts.rules.constraints if item != part],
        bounds=[bound for bound in facts.rules.bounds if limit_of(bound) != part],
    )
    return Facts(rules, [item for item in facts.asked if item != part])


def _leaves(proof: Proof) -> list[Proof]:
    return [node for node in proof.walk() if node.cause is not IncompatibilityCause.DERIVED]


def _deciding(facts: Facts, proof: Proof) -> Iterator[Fact]:
    leaves = _leaves(proof)
    requires: dict[tuple[str, str], int] = {}
    faults: dict[NormalizedName, dict[int, UnusableFile]] = {}
    origins = {leaf.origin for leaf in leaves if leaf.cause is IncompatibilityCause.ROOT}
    for item in facts.asked:
        if item in origins:
            yield from _asked(facts, item)
    for leaf in leaves:
        if leaf.cause is IncompatibilityCause.ROOT:
            continue
        first, *rest = leaf.terms
        if any(term.package in facts.need_by_package for term in leaf.terms):
            need = facts.need_by_package.get(first.package)
            yield from _needed(facts, need) if need else ()
            continue
        if isinstance(leaf.origin, Unloadable):
            yield _unloadable(facts, leaf.origin)
            continue
        if isinstance(leaf.origin, Need):
            yield from _needed(facts, leaf.origin)
            continue
        bits = getattr(first.constraint, "bits", 0)
        if rest and rest[0].is_positive():
            outside = getattr(rest[0].constraint, "bits", 0)
            if rest[0].package == PAIR and first.package != PAIR:
                yield from _not_beside(facts, first.package, bits, outside)
            yield from _limits(facts, rest[0].package, outside, bits)
        elif rest and first.package != PAIR:
            about: str = split(rest[0].package)[0]
            requires[first.package, about] = requires.get((first.package, about), 0) | bits
        elif not rest and (bits < 0 or first.package == PAIR):
            yield from _without_files(facts, first.package, bits)
        elif not rest:
            for place in VersionSet(bits).places():
                for about in _impossible(facts, first.package, place):
                    key = (first.package, about)
                    requires[key] = requires.get(key, 0) | 1 << place
                for name, error in _faults(facts, first.package, place):
                    faults.setdefault(name, {})[place] = error
    for name, found in faults.items():
        yield from _unusable(name, [found[place] for place in sorted(found)])
    for (package, needed), bits in requires.items():
        yield from _requires(facts, package, needed, bits)
    if None in origins or (facts.rules.options and any(one in PAIR_NAMES for _, one in requires)):
        yield _pairs(facts.rules.options)


def _not_beside(facts: Facts, package: str, versions: int, options: int) -> Iterator[Fact]:
    """Why these versions are not beside those pairs.

    The solver makes one clause of several on the same package, and that one has no origin.
    """
    name, extra = split(package)
    if extra:
        return
    for need in facts.needs(name):
        outside = need.options & ~facts.sets(need.requirement)[PAIR].bits if need.of_the_pair else 0
        if need.versions & versions and outside & options:
            yield from _needed(facts, need)
    for found in unloadable(facts, name):
        if found.versions & versions and found.options & options:
            yield _unloadable(facts, found)


def _needed(facts: Facts, need: Need) -> Iterator[Fact]:
    """What a companion needs beyond its metadata."""
    name = need.requirement.name
    beside = _versions(facts.rules.options, need.options)
    text = f"{need.companion} {need.fact.versions} needs {need.requirement.text}{beside}"
    text = f"{' '.join(text.split())}: {need.fact.reason}"
    yield Fact(kind="bound", about=name, text=text, source=need.fact.source)
    yield from _lacking(facts, need.requirement)


def _unloadable(facts: Facts, what: Unloadable) -> Fact:
    """Versions of a companion that do not load beside some TensorFlows.

    Where these are all that fit, the others are missed by whoever knows of one for that
    TensorFlow; what became of them is said too.
    """
    about = canonicalize_name(what.companion)
    text = f"binaries: {what.text}"
    others = [
        place
        for place, release in enumerate(facts.project(about).releases)
        if not what.versions & 1 << place and not release.version.is_prerelease
    ]
    if not others and (left_out := str(facts.view.project(about).left_out)):
        text += f"; of its other versions no file fits (left out: {left_out})"
    return Fact(kind="bound", about=about, text=text, source=what.source)


def _asked(facts: Facts, item: Requirement) -> Iterator[Fact]:
    """What the user asks for, or allows."""
    if not isinstance(item.origin, ByUser):
        yield Fact(kind="requires", about=item.name, text=f"{item.origin} requires {item.text}")
    else:
        limits = item in facts.rules.constraints and item not in facts.asked
        where = "--with" if item.origin.where == f"--with {item.text}" else item.origin.where
        text = f"{item.text} is your constraint" if limits else f"you ask for {item.text}"
        kind = "constraint" if limits else "asked"
        yield Fact(kind=kind, about=item.name, text=text, source=where)
    yield from _lacking(facts, item)


def _lacking(facts: Facts, item: Requirement, by: NormalizedName | None = None) -> Iterator[Fact]:
    """That nothing meets the requirement, and why, where that is so."""
    sets = facts.sets(item, by)
    if not any(admitted.is_empty for admitted in sets.values()):
        return
    if PAIR in sets:
        yield _pairs(facts.rules.options)
        return
    given = facts.rules.given.get(item.name)
    project = facts.view.project(item.name)
    left_out = str(project.left_out)
    if given is not None:
        text, left_out = f"conda brings {item.name} {given}", ""
    elif project.unknown:
        text, left_out = f"the index has no project {item.name}", ""
    elif project.standing.is_unsafe:
        text, left_out = f"the index has {item.name} in quarantine, as unsafe to install", ""
        text += f": {project.standing.reason}" if project.standing.reason else ""
    else:
        text = f"no file of {item.name} that fits meets {item.text}"
        text += f" (left out: {left_out})" if left_out else ""
    yield Fact(kind="lacking", about=item.name, text=text, left_out=left_out)


def _without_files(facts: Facts, package: str, bits: int) -> Iterator[Fact]:
    """A limit whatever the pair, or pairs that the index has no files of."""
    options = facts.rules.options
    lacking = [
        named
        for named, those in options.by_pin().items()
        if package == PAIR and bits > 0 and those & ~bits == 0 and _has_no_file(facts, *named)
    ]
    for pin, version in lacking:
        left_out = str(facts.view.project(pin).left_out)
        text = f"{pin} {version} has no file that fits"
        text += f" (left out: {left_out})" if left_out else ""
        yield Fact(kind="lacking", about=pin, text=text, left_out=left_out)
    if not lacking:
        yield from _limits(facts, package, bits, 0)


def _has_no_file(facts: Facts, name: NormalizedName, version: Version) -> bool:
    return facts.project(name).place(version) is None


def _impossible(facts: Facts, package: str, place: int) -> list[NormalizedName]:
    """The packages of which a version requires what cannot be, by itself."""
    name, extra = split(package)
    try:
        items = facts.requires(name, place, extra)
    except UnusableFile:
        return []
    unmet = [
        item
        for item in items
        if any(admitted.is_empty for admitted in facts.sets(item, name).values())
    ]
    return list(dict.fromkeys(item.name for item in unmet or _at_odds(items)))


def _faults(
    facts: Facts, package: str, place: int
) -> Iterator[tuple[NormalizedName, UnusableFile]]:
    name, extra = split(package)
    try:
        facts.requires(name, place, extra)
    except UnusableFile as error:
        yield name, error


def _unusable(name: NormalizedName, errors: Sequence[UnusableFile]) -> Iterator[Fact]:
    """Why files of a package cannot be taken, the newest first; those nobody read are counted."""
    read = [error for error in errors if not isinstance(error, NotLookedAt)]
    unread = [error for error in errors if isinstance(error, NotLookedAt)]
    for error in read or unread[:1]:
        yield Fact(kind="fault", about=name, text=str(error))
    if left := len(unread) - (not read):
        archives = "one older archive was" if left == 1 else f"{left} older archives were"
        text = f"{archives} not looked at, since newer ones cannot be built"
        yield Fact(kind="fault", about=name, text=f"of {name} {text}")


def _at_odds(items: Sequence[Requirement]) -> list[Requirement]:
    """The requirements of one file that contradict each other."""
    names = [item.name for item in items]
    return [item for item in items if names.count(item.name) > 1]


def _limits(facts: Facts, package: str, outside: int, options: int) -> Iterator[Fact]:
    """The constraints and bounds that leave these versions out."""
    names = PAIR_NAMES if package == PAIR else (split(package)[0],)
    for name in names:
        for limit, those in facts.limits(name):
            admitted = facts.sets(limit).get(package)
            if admitted is None or ~admitted.bits != outside:
                continue
            if isinstance(limit.origin, ByMatrix):
                if options and not those & options:
                    continue
                bound = limit.origin.bound
                with_these = _versions(facts.rules.options, those & options)
                text = f"{limit.text}{with_these}: {bound.reason}"
                yield Fact(kind="bound", about=name, text=text, source=bound.source)
                yield from _lacking(facts, limit)
            else:
                yield from _asked(facts, limit)


def _versions(options: Options, bits: int) -> str:
    found = list(
        dict.fromkeys(options[place].pair.tensorflow for place in VersionSet(bits).places())
    )
    return f" with TensorFlow {span(found)}" if found else ""


def _pairs(options: Options) -> Fact:
    """The releases of TensorFlow that there are to choose from."""
    tensorflow = dict.fromkeys(option.pair.tensorflow for option in options.all)
    metal = dict.fromkeys(option.pair.metal for option in options.all)
    plugins = span([text for text in metal if text]) if any(metal) else ""
    text = f"your request leaves TensorFlow {span(list(tensorflow))}"
    text += f" with tensorflow-metal {plugins}" if plugins else ""
    return Fact(kind="pair", about=canonicalize_name("tensorflow"), text=text)


def _with_reason(item: Requirement) -> str:
    """The requirement, and why where its metadata do not say it."""
    if isinstance(item.origin, ByItsBinaries):
        return f"{item.text}, since {item.origin.reason}"
    return item.text


def _requires(facts: Facts, package: str, needed: str, bits: int) -> Iterator[Fact]:
    """What versions of a package require of another, those that say the same in one."""
    name, extra = split(package)
    if needed == name:
        return
    said: dict[str, list[str]] = {}
    items: list[Requirement] = []
    for place in VersionSet(bits).places():
        release = facts.project(name).releases[place]
        items = [
            item
            for item in facts.requires(name, place, extra)
            if needed in (item.name, *facts.sets(item, name))
        ]
        texts = [_with_reason(item) for item in items]
        if needed == PAIR and not items:
            texts.append(f"macOS {release.macos} or newer")
        said.setdefault(" and ".join(dict.fromkeys(texts)), []).append(str(release.version))
    shown = f"{name}[{extra}]" if extra else name
    about = items[0].name if items else canonicalize_name(METAL_NAME)
    groups = list(said.items())
    for text, versions in groups[:GROUPS]:
        verb = "requires" if len(versions) == 1 else "require"
        yield Fact(kind="requires", about=about, text=f"{shown} {span(versions)} {verb} {text}")
    others = [version for _, versions in groups[GROUPS:] for version in versions]
    if others:
        verb = "requires" if len(others) == 1 else "require"
        text = f"{shown} {span(others)} {verb} other versions of {about}"
        yield Fact(kind="requires", about=about, text=text)
    if len(groups) == 1 and items:
        yield from _lacking(facts, items[0], name)
