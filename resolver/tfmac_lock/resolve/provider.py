"""The rules of the resolution, in the form that nab-resolver asks for them.

Bounds of the matrix and the user's constraints are clauses of their own: they join as soon as
anybody requires the package that they limit, and never bring a package in by themselves. So a
conflict with one of them is a conflict like any other, and is explained in the fact's own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nab_resolver.resolver import BaseProvider
from nab_resolver.types import Incompatibility, IncompatibilityCause, Term
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import Refusal
from .companions import DOES_NOT, Need, clauses, needs_of
from .compiled import of_its_time
from .natives import clause_of, unloadable
from .pairs import PAIR, PAIR_NAMES, Options
from .requirement import (
    ByMatrix,
    ByPackage,
    Origin,
    Requirement,
    UnreadableMarker,
    applies,
    only,
    parse,
    stated,
)
from .versions import EMPTY, VersionSet
from .view import ProjectView

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import packaging.requirements
    from nab_resolver.types import RangeProtocol
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..matrix.companions import Companion
    from ..matrix.facts import Bound
    from ..matrix.natives import NativeLoad
    from ..matrix.verdict import Pair
    from ..matrix.waivers import Waiver
    from ..pypi.model import IndexFile
    from .candidates import FittingFile
    from .view import View

FEW = 3
"""Versions of a package that are tried one by one; then metadata are fetched many at a time."""

MANY = 12
"""How many at a time."""

TROUBLE = 5
"""Conflicts after which a package is decided before the others."""


ARCHIVES = 3
"""Source archives of a package that are fetched and refused; older ones are then not looked at."""


@dataclass(eq=False)
class UnusableFile(Refusal):
    """A file cannot come into a lock; ``reason`` goes on after its name in a sentence."""

    filename: str
    reason: str
    template = "{filename} {reason}"


class BadMetadata(UnusableFile):
    """A file states a requirement that cannot be read."""

    def __init__(self, filename: str, text: str) -> None:
        super().__init__(filename, f"states a requirement that cannot be read: {text!r}")


class NotLookedAt(UnusableFile):
    """A source archive that was passed over, since those of newer versions cannot be built."""

    def __init__(self, filename: str) -> None:
        super().__init__(filename, "was not looked at, since newer ones cannot be built")


@dataclass(slots=True, kw_only=True)
class Rules:
    """What holds for a resolution besides the requirements themselves.

    ``view`` is what the target sees of the index, ``options`` are the pairs to choose from.
    ``constraints`` are the user's, ``bounds`` and ``waivers`` the matrix's. ``known`` are the
    requirements of files that need not be asked of the index, by sha256. ``given`` are packages
    that are there already in just that version, from conda. ``preferred`` are versions to be
    taken before newer ones, ``allow_source`` packages that may be built with a compiler.
    ``companions`` need more than their metadata say. ``native_load`` is the load check of a
    package's version beside a pair, for the packages in ``native_names``.
    """

    view: View
    options: Options = field(default_factory=lambda: Options(()))
    constraints: Sequence[Requirement] = ()
    bounds: Sequence[Bound] = ()
    waivers: Sequence[Waiver] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    given: Mapping[NormalizedName, Version] = field(default_factory=dict)
    preferred: Mapping[NormalizedName, Version] = field(default_factory=dict)
    allow_source: frozenset[str] = frozenset()
    companions: Mapping[str, Companion] = field(default_factory=dict)
    native_names: Collection[str] = ()
    native_load: Callable[[str, str, Pair], NativeLoad | None] = lambda *_: None


class Facts:
    """What is known of packages on the target: versions, files, requirements.

    ``asked`` are the user's requirements. Nothing in here depends on the state of a search. With
    ``all_pre`` pre-releases count everywhere, after the final releases.
    """

    def __init__(
        self, rules: Rules, asked: Iterable[Requirement], *, all_pre: bool = False
    ) -> None:
        self.rules = rules
        self.all_pre = all_pre
        self.guess_nightlies = True
        self.guessed = False
        self.left_pre_out = False
        self.view = rules.view
        self.asked = tuple(asked)
        self._environment = rules.view.target.markers()
        own = (*self.asked, *rules.constraints)
        self._pre = {item.name for item in own if item.specifier.prereleases}
        self._pinned = {(item.name, item.specifier) for item in own if item.is_exact}
        self.opened: dict[NormalizedName, int] = {}
        self.closed: dict[NormalizedName, int] = {}
        self._sets: dict[tuple[NormalizedName, SpecifierSet], int] = {}
        self._requires: dict[tuple[str, str], tuple[Requirement, ...] | UnusableFile] = {}
        self._refused: dict[NormalizedName, int] = {}
        self._needs: dict[str, tuple[Need, ...]] = {}
        self.need_by_package: dict[str, Need] = {}

    # -- versions

    def project(self, name: NormalizedName) -> ProjectView:
        """The project; of a package from conda only the version that it has there."""
        given = self.rules.given.get(name)
        if given is None:
            return self.view.project(name)
        return GivenVersion.of(given)

    def admitted(self, item: Requirement) -> VersionSet:
        """The versions that meet the requirement.

        Pre-releases count where the requirement, or the user, names one, or where nothing else
        meets it. Yanked versions count only where they are pinned (PEP 592), source archives
        only where no wheel meets it.
        """
        key = (item.name, item.specifier)
        if key not in self._sets:
            found = self.released(item).bits
            self._sets[key] = found & self.project(item.name).wheels or found
        return VersionSet(self._sets[key])

    def released(self, item: Requirement) -> VersionSet:
        """The same, and source archives count as much as wheels."""
        project = self.project(item.name)
        found = project.admitted(item.specifier)
        yanked = project.yanked & ~self.opened.get(item.name, 0)
        if not (item.is_exact or self._user_pins(item.name, found)):
            found &= ~yanked
        if not (self.counts_pre(item.name) or item.specifier.prereleases or self.all_pre):
            self.left_pre_out |= bool(found & project.finals and found & ~project.finals)
            found = found & project.finals or found
        return VersionSet(found)

    def counts_pre(self, name: NormalizedName) -> bool:
        """Whether pre-releases of the package count as much as final releases."""
        return self.view.pre or name in self._pre

    def _user_pins(self, name: NormalizedName, versions: int) -> bool:
        project = self.project(name)
        return any(
            project.admitted(pinned) & versions & project.yanked
            for one, pinned in self._pinned
            if one == name
        )

    def open_yanked(self, name: NormalizedName, versions: int) -> None:
        """Let these yanked versions count, since a package in the search pins them."""
        self.opened[name] = self.opened.get(name, 0) | versions
        self._forget(name)

    def close_yanked(self, name: NormalizedName, versions: int) -> None:
        """Let them count no more, and never again: nothing in the solution pins them."""
        self.opened[name] &= ~versions
        self.closed[name] = self.closed.get(name, 0) | versions
        self._forget(name)

    def _forget(self, name: NormalizedName) -> None:
        self._sets = {key: found for key, found in self._sets.items() if key[0] != name}

    def sets(self, item: Requirement, by: NormalizedName | None = None) -> dict[str, VersionSet]:
        """What the requirement says of each of the solver's packages.

        What is required of TensorFlow or the plugin is said of the pair, unless ``by`` is one of
        the pair's own packages: the empty releases of TensorFlow require their contents. Its extra
        brings CUDA, which no Mac has.
        """
        if self.rules.options and item.name in PAIR_NAMES and by not in PAIR_NAMES:
            of_pair = VersionSet(self.rules.options.admitted(item.name, item.specifier))
            return {PAIR: of_pair, **(self._extras(item) if self.view.target.has_cuda else {})}
        return {item.name: self.admitted(item), **self._extras(item)}

    def _extras(self, item: Requirement) -> dict[str, VersionSet]:
        return {f"{item.name}[{extra}]": self.admitted(item) for extra in sorted(item.extras)}

    def limits(self, name: NormalizedName) -> Iterator[tuple[Requirement, int]]:
        """Constraints and bounds on the package, each with the options that it is about."""
        every = (1 << len(self.rules.options)) - 1
        for item in self.rules.constraints:
            if item.name == name:
                yield item, every
        for bound in self.rules.bounds:
            if bound.package == name:
                yield limit_of(bound), self.rules.options.under(bound) if every else 0

    def needs(self, name: str) -> tuple[Need, ...]:
        """What versions of a companion need beyond their metadata."""
        if name not in self._needs:
            companion = self.rules.companions.get(name)
            found = tuple(needs_of(self, companion)) if companion else ()
            self._needs[name] = found
            self.need_by_package |= {need.package: need for need in found}
        return self._needs[name]

    # -- files and what they require

    def file(self, name: NormalizedName, place: int) -> FittingFile:
        """The file whose metadata speak for the version: the one for the oldest macOS."""
        return self.project(name).releases[place].file_for(self.view.target.macos)

    def requires(
        self, name: NormalizedName, place: int, extra: str = ""
    ) -> tuple[Requirement, ...]:
        """What the version requires on the target, or what its extra requires besides.

        Raises UnusableFile where that cannot be read.
        """
        if name in self.rules.given:
            return self._of_given(name, extra)
        file = self.file(name, place).file
        key = (file.url, extra)
        if key not in self._requires:
            version = str(self.project(name).releases[place].version)
            try:
                self._requires[key] = self._read(file, ByPackage(name, version), extra)
            except UnusableFile as error:
                self._requires[key] = error
        found = self._requires[key]
        if isinstance(found, UnusableFile):
            raise found
        return found

    def of_extra(
        self, name: NormalizedName, version: Version, extra: str
    ) -> tuple[Requirement, ...]:
        """What an extra of that version requires besides; nothing where there is no such version.

        Raises UnusableFile.
        """
        place = self.project(name).place(version)
        return () if place is None else self.requires(name, place, extra)

    def _requires_dist(self, name: NormalizedName, file: IndexFile) -> tuple[str, ...]:
        """Requires-Dist of the file, from the matrix where it has read that very file."""
        if not file.filename.endswith(".whl"):
            return self._requires_of_source(name, file)
        known = self.rules.known.get(file.sha256 or "")
        return known if known is not None else self.view.source.metadata(file).requires_dist

    def _requires_of_source(self, name: NormalizedName, file: IndexFile) -> tuple[str, ...]:
        if self._refused.get(name, 0) >= ARCHIVES:
            raise NotLookedAt(file.filename)
        archive = self.view.source.source_archive(file)
        reason = archive.fault
        if archive.native and name not in self.rules.allow_source:
            reason = (
                f"needs a compiler on the Mac ({archive.native}); --allow-source {name} takes it "
                "all the same"
            )
        if reason:
            self._refused[name] = self._refused.get(name, 0) + 1
            raise UnusableFile(file.filename, reason)
        return archive.requires_dist

    def _read(self, file: IndexFile, origin: ByPackage, extra: str) -> tuple[Requirement, ...]:
        """What a file requires; a wheel is read once for all searches of a target."""
        if not file.filename.endswith(".whl"):
            found = self._counting(file, origin, extra)
        else:
            key = (file.url, extra)
            if key not in self.view.stated:
                self.view.stated[key] = self._counting(file, origin, extra)
            found = self.view.stated[key]
        return tuple(self._waived(item, origin) for item in found)

    def _counting(self, file: IndexFile, origin: ByPackage, extra: str) -> tuple[Requirement, ...]:
        """The requirements of a file that count on the target."""
        found = []
        for text in self._requires_dist(canonicalize_name(origin.name), file):
            requirement = parse(text)
            if requirement is None:
                raise BadMetadata(file.filename, text)
            try:
                counts = self._applies(requirement, text)
                if extra:
                    counts = not counts and self._applies(requirement, text, extra)
            except UnreadableMarker:
                raise BadMetadata(file.filename, text) from None
            if counts:
                found.append(of_its_time(stated(requirement, origin), file))
        return tuple(found)

    def _applies(
        self, requirement: packaging.requirements.Requirement, text: str, extra: str = ""
    ) -> bool:
        """Whether it counts on the target; the releases of a project say mostly the same."""
        key = (text, extra)
        known = self.view.applied.get(key)
        if known is None:
            known = self.view.applied[key] = applies(requirement, self._environment, extra)
        return known

    def _of_given(self, name: NormalizedName, extra: str) -> tuple[Requirement, ...]:
        """What an extra of a package from conda requires, by the wheel of that version.

        Extras of other such packages in it are not followed, so that none leads round in a ring.
        """
        given = self.rules.given[name]
        place = self.view.project(name).place(given)
        if not extra or place is None:
            return ()
        file = self.view.project(name).releases[place].file_for(self.view.target.macos)
        return tuple(
            replace(item, extras=frozenset()) if item.name in self.rules.given else item
            for item in self._read(file.file, ByPackage(name, str(given)), extra)
        )

    def _waived(self, item: Requirement, origin: ByPackage) -> Requirement:
        for waiver in self.rules.waivers:
            if (
                item.name == waiver.package
                and waiver.is_by(origin.name, origin.version)
                and item.specifier == SpecifierSet(waiver.stated)
            ):
                return replace(item, specifier=SpecifierSet(waiver.specifier))
        return item


class GivenVersion(ProjectView):
    """A project of which only the one version that conda brings can be had."""

    @classmethod
    def of(cls, version: Version) -> GivenVersion:
        """The project of that version."""
        from .candidates import LeftOut
        from .view import Release

        made = cls(releases=(), left_out=LeftOut())
        made.releases = (Release(version, ()),)
        made.finals = made.wheels = 1
        return made


class OpenYanked(Exception):
    """A package of the search pins a yanked version, which did not count so far."""

    def __init__(self, name: NormalizedName, versions: int) -> None:
        super().__init__(name)
        self.name = name
        self.versions = versions


def limit_of(bound: Bound) -> Requirement:
    """The bound as a requirement."""
    return Requirement(
        canonicalize_name(bound.package),
        frozenset(),
        SpecifierSet(bound.specifier),
        ByMatrix(bound),
    )


class Provider(BaseProvider[str, int]):
    """nab-resolver's questions, answered for one target.

    Its packages are names, names with one extra (``name[extra]``), which require the plain
    package in the same version, and the pair.
    """

    def __init__(self, facts: Facts, order: Iterable[NormalizedName] = ()) -> None:
        self.facts = facts
        self._order = {str(name): place for place, name in enumerate(order)}
        self._asked = {item.name for item in facts.asked}
        self._pending: list[Incompatibility[str, int]] = []
        self._limited: set[str] = set()
        self._tried: dict[str, int] = {}
        self._strides: dict[str, int] = {}
        self._dependencies: dict[tuple[str, int], dict[str, VersionSet]] = {}

    # -- which package, which version

    def prioritize(
        self,
        package: str,
        version_range: RangeProtocol[int],
        conflict_counts: Mapping[str, int],
        culprit_counts: Mapping[str, int] | None = None,
    ) -> tuple[int | str, ...]:
        """The pair and its packages first, then what is in trouble, then what was asked for.

        Of these first what has one version left, then whoever requires a package before it.
        """
        del culprit_counts
        name, _ = split(package)
        if package == PAIR:
            return (0,)
        if is_ours(package) or (self.facts.rules.options and name in PAIR_NAMES):
            return (1, package)
        tier = 3 if name in self._asked else 4
        if conflict_counts[package] >= TROUBLE:
            tier = 2
        bits = bits_of(version_range)
        last = len(self._order)
        return (tier, bits & (bits - 1) != 0, self._order.get(name, last), package)

    def has_satisfying_version(self, package: str, version_range: RangeProtocol[int]) -> bool:
        """Whether there is any version."""
        return bool(bits_of(version_range) & self._every(package))

    def choose_version(self, package: str, version_range: RangeProtocol[int]) -> int | None:
        """The preferred version, else the newest; of the pair the best option.

        The first time that a package is asked for, the limits on it come in instead.
        """
        if package not in self._limited and package not in self.facts.need_by_package:
            self._limited.add(package)
            self._pending += self._limits_on(package)
            if self._pending:
                return None
        found = bits_of(version_range) & self._every(package)
        if not found:
            return None
        name, extra = split(package)
        preferred = self.facts.rules.preferred.get(name)
        if preferred is not None and not is_ours(package):
            place = self.facts.project(name).place(preferred)
            if place is not None and found >> place & 1:
                return place
        if not is_ours(package):
            if self.facts.all_pre and not self.facts.counts_pre(name):
                found = found & self.facts.project(name).finals or found
            if not extra:
                self._fetch_ahead(name, found)
        return (found & -found).bit_length() - 1

    def _every(self, package: str) -> int:
        if package == PAIR:
            return (1 << len(self.facts.rules.options)) - 1
        if package in self.facts.need_by_package:
            return 0b11
        return self.facts.project(split(package)[0]).every

    def _fetch_ahead(self, name: NormalizedName, found: int) -> None:
        """Where version after version fails, fetch the metadata of the next ones together."""
        tried = self._tried[name] = self._tried.get(name, 0) + 1
        if tried == FEW:
            self._strides[name] = MANY
        if tried < FEW or (tried - FEW) % MANY or name in self.facts.rules.given:
            return
        if self._strides[name] <= MANY:  # else the builds in between are not looked at
            places = VersionSet(found).places()
            self._fetch(name, [place for place, _ in zip(places, range(MANY), strict=False)])

    def _fetch(self, name: NormalizedName, places: Iterable[int]) -> None:
        files = [self.facts.file(name, place).file for place in places]
        known = self.facts.rules.known
        self.facts.view.source.prefetch_metadata(
            file
            for file in files
            if file.filename.endswith(".whl") and (file.sha256 or "") not in known
        )

    # -- clauses

    def consume_pending_clauses(self) -> list[Incompatibility[str, int]]:
        """The limits that came in."""
        pending, self._pending = self._pending, []
        return pending

    def _limits_on(self, package: str) -> Iterator[Incompatibility[str, int]]:
        options = self.facts.rules.options
        if package == PAIR:
            for pin, those in options.by_pin().items():
                admitted = self._pinned(*pin)
                terms = [Term(PAIR, VersionSet(those), positive=True)]
                if not admitted.is_empty:
                    terms.append(Term(pin[0], admitted, positive=False))
                yield clause(terms)
            names: Iterable[NormalizedName] = PAIR_NAMES
        else:
            name, extra = split(package)
            names = () if extra or (options and name in PAIR_NAMES) else (name,)
            for need in () if extra else self.facts.needs(name):
                if need.of_the_pair:
                    yield from clauses(need, self.facts.sets(need.requirement)[PAIR])
            for found in () if extra else unloadable(self.facts, name):
                yield clause_of(found)
        for name in names:
            for limit, those in self.facts.limits(name):
                for about, admitted in self.facts.sets(replace(limit, extras=frozenset())).items():
                    outside = Term(about, ~admitted, positive=True)
                    if about == PAIR or not isinstance(limit.origin, ByMatrix) or not options:
                        yield clause([outside])
                    elif those:
                        yield clause([Term(PAIR, VersionSet(those), positive=True), outside])

    def get_dependencies(self, package: str, version: int) -> Mapping[str, VersionSet]:
        """What that version of the package requires of others.

        A version that requires what nothing meets, or whose metadata cannot be read, is said to
        require that it is not itself: a conflict like any other, so that the search goes on.
        """
        key = (package, version)
        if key not in self._dependencies:
            self._dependencies[key] = self._find_dependencies(package, version)
        return self._dependencies[key]

    def _find_dependencies(self, package: str, version: int) -> dict[str, VersionSet]:
        if package == PAIR:
            pins = self.facts.rules.options[version].pins
            return {name: self._pinned(name, pin) for name, pin in pins.items()}
        if package in self.facts.need_by_package:
            return self._find_needed(self.facts.need_by_package[package], version)
        name, extra = split(package)
        found: dict[str, VersionSet] = {}
        try:
            items = self.facts.requires(name, version, extra)
        except UnusableFile:
            return {package: EMPTY}
        if extra:
            found[name] = VersionSet.singleton(version)
        self.facts.view.fetch_ahead(item.name for item in items)
        for item in items:
            for about, admitted in self.facts.sets(item, name).items():
                self._open_yanked(item, admitted)
                found[about] = found[about] & admitted if about in found else admitted
        for need in () if extra else self.facts.needs(name):
            if need.versions >> version & 1 and not need.of_the_pair:
                found[need.package] = VersionSet(0b11)
        floor = self._macos(name, version)
        if floor is not None:
            found[PAIR] = found[PAIR] & floor if PAIR in found else floor
        if any(admitted.is_empty for admitted in found.values()):
            return {package: EMPTY}
        return found

    def _find_needed(self, need: Need, version: int) -> dict[str, VersionSet]:
        """What the versions of the solver's package for a need require."""
        every = (1 << len(self.facts.rules.options)) - 1
        if version == DOES_NOT:
            beside = VersionSet(every & ~need.options)
            return {need.package: EMPTY} if beside.is_empty else {PAIR: beside}
        found = {PAIR: VersionSet(need.options), **self.facts.sets(need.requirement)}
        if any(admitted.is_empty for admitted in found.values()):
            return {need.package: EMPTY}
        return found

    def _pinned(self, name: NormalizedName, version: Version) -> VersionSet:
        return self.facts.admitted(only(name, version, NOBODY))

    def _macos(self, name: NormalizedName, version: int) -> VersionSet | None:
        """The options whose macOS has a file of that version; None where all have one."""
        options = self.facts.rules.options
        if not options or name in self.facts.rules.given:
            return None
        every = (1 << len(options)) - 1
        those = options.from_macos(self.facts.project(name).releases[version].macos)
        return VersionSet(those) if those != every else None

    def _open_yanked(self, item: Requirement, admitted: VersionSet) -> None:
        """Begin again where a package pins a yanked version that others should admit as well."""
        if not item.is_exact or (self.facts.rules.options and item.name in PAIR_NAMES):
            return
        facts = self.facts
        versions = admitted.bits & facts.project(item.name).yanked
        versions &= ~facts.opened.get(item.name, 0) & ~facts.closed.get(item.name, 0)
        if versions:
            raise OpenYanked(item.name, versions)

    def widen_decision(self, package: str, version: int) -> VersionSet | None:
        """The nightly builds that require the same as this one; of others, itself alone.

        A project may have a thousand nightly builds. After the first few only some are read, at
        growing distances, and those between two that require the same are taken to do so too.
        That only ever rules versions out, and ``search`` rules none out by it where it would find
        no solution otherwise.
        """
        name, extra = split(package)
        stride = self._strides.get(name, 0)
        if not stride or extra or not self.facts.guess_nightlies:
            return None
        own = self.get_dependencies(package, version)
        releases = self.facts.project(name).releases
        last = len(releases) - 1
        # What is looked at now, whatever comes out, and what may be looked at next.
        probes = {version + (stride >> half) for half in range(stride.bit_length())}
        probes |= {version + stride + 1, version + 3 * stride + 1}
        self._fetch(name, sorted(place for place in probes if place <= last))
        while stride > 1:
            other = min(version + stride, last)
            nightly = all(one.version.is_devrelease for one in releases[version : other + 1])
            if nightly and other > version and self.get_dependencies(package, other) == own:
                self._strides[name] = stride * 2
                self.facts.guessed = True
                return VersionSet(((1 << (other - version + 1)) - 1) << version)
            stride //= 2
            self._strides[name] = max(stride, 2)
        return None

    def narrow_for_display(
        self, package: str, constraint: RangeProtocol[int]
    ) -> RangeProtocol[int]:
        """The constraint itself: conflicts are explained by ``conflict``, not by the solver."""
        del package
        return constraint


ANY = SpecifierSet()
NOBODY: Origin = ByPackage("", "")


def split(package: str) -> tuple[Any, str]:
    """Name and extra of one of the solver's packages."""
    name, _, extra = package.partition("[")
    return name, extra.removesuffix("]")


def is_ours(package: str) -> bool:
    """Whether it is a package of the solver's own, the pair or a need, and no project."""
    return " " in package


def bits_of(versions: RangeProtocol[int]) -> int:
    """The bits of a set, which the solver knows only by its protocol."""
    assert isinstance(versions, VersionSet)
    return versions.bits


def clause(terms: list[Term[str, int]]) -> Incompatibility[str, int]:
    """What cannot be true together."""
    return Incompatibility(terms, cause=IncompatibilityCause.DEPENDENCY)
