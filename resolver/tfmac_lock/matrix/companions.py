"""Companions: packages that must fit TensorFlow or Keras beyond what their metadata say.

Facts about one are a file in matrix/companions/, and what came of trying it beside a TensorFlow
is a file in matrix/proofs/companions/. Everything here is a pure function of these facts and of
the packages of a lock.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from ..target import minor
from .base import METAL, TENSORFLOW_PACKAGES, Fact, admits, minor_number
from .reasons import Grade, Reason, Status
from .texts import (
    Identifier,
    PackageName,
    Rule,
    Sentence,
    Series,
    Sha256,
    Source,
    Sources,
    SpecifierText,
    VersionText,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from .natives import NativeLoad

TENSORFLOW = frozenset(TENSORFLOW_PACKAGES)
"""The names of TensorFlow on a Mac."""

TOUCHED = TENSORFLOW | {"keras", "tf-keras"}
"""Whoever requires one of these touches TensorFlow."""

DECISIVE = ("tensorflow", "keras", "tf-keras", "numpy", "protobuf")
"""A trial speaks for a lock that holds these in the very same versions."""

SCIENCE = ("scipy", "pandas", "scikit-learn")
"""Packages whose minor releases take names away that others import."""

TAKES_AWAY = 12
"""CPython 3.12 has no distutils, asynchat, asyncore and imp any more (PEP 594, PEP 632)."""

OF_TRIALS = "tried-"
"""How the id of a need begins that is made from trials."""


def _requirement(text: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        found = Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error)) from error
    if found.marker is not None or found.url is not None:
        raise ValueError("write a name with versions, without a marker or an address")
    return text


RequirementText = Annotated[str, Rule(parse=_requirement)]
VariableName = Annotated[str, Rule(pattern=r"^[A-Z][A-Z0-9_]*$")]
ModuleName = Annotated[str, Rule(pattern=r"^[A-Za-z_][\w.]*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed(Fact):
    """A requirement that the metadata of some versions lack.

    It holds for these ``versions`` of the companion beside these of ``tensorflow`` and on these
    of ``python``; nothing written there stands for all.
    """

    id: Identifier
    versions: SpecifierText = ""
    tensorflow: SpecifierText = ""
    python: SpecifierText = ""
    requires: RequirementText
    reason: Sentence
    source: Source

    @property
    def is_of_trials(self) -> bool:
        """Whether no person wrote it: it was made from trials when the matrix was compiled."""
        return self.id.startswith(OF_TRIALS)

    def holds(self, tensorflow: str, python: str) -> bool:
        """Whether it holds beside that TensorFlow and on that Python series."""
        return admits(self.tensorflow, tensorflow) and admits(self.python, python)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Fact):
    """An environment variable that the companion needs to run."""

    versions: SpecifierText = ""
    tensorflow: SpecifierText = ""
    name: VariableName
    value: str
    reason: Sentence
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionDefect(Fact):
    """A part of the companion that fails where the rest of it runs, and the way out.

    It holds for these ``versions`` of the companion beside these of ``tensorflow``; a lock with
    such a pair is ``caution`` at best.
    """

    id: Identifier
    versions: SpecifierText = ""
    tensorflow: SpecifierText = ""
    text: Sentence
    source: Source

    def holds(self, version: str, tensorflow: str) -> bool:
        """Whether that version has it beside that TensorFlow."""
        return admits(self.versions, version) and admits(self.tensorflow, tensorflow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion(Fact):
    """What is known of a companion (matrix/companions/<name>.toml).

    ``couples`` says by what: ``binary`` (its images bind to TensorFlow's), ``keras`` (a
    generation of Keras), ``tensorflow`` (a range of TensorFlow) or ``nothing`` beyond its
    metadata. ``modules`` are imported where there is no ``smoke``, the few lines that import it
    and use it once, without a network. ``same_minor`` is who says that each minor release is for
    the same one of TensorFlow, where that is so. ``ended`` is the month of the last release of
    one that is not kept any more, and ``successor`` what to take instead.
    """

    name: PackageName
    couples: Literal["binary", "keras", "tensorflow", "nothing"]
    text: Sentence
    modules: tuple[ModuleName, ...] = ()
    smoke: str = ""
    same_minor: Source | None = None
    needs: tuple[Needed, ...] = ()
    settings: tuple[Setting, ...] = ()
    defects: tuple[CompanionDefect, ...] = ()
    ended: Annotated[str, Rule(pattern=r"^(\d{4}-\d{2})?$")] = ""
    successor: str = ""
    sources: Sources

    def __post_init__(self) -> None:
        if not self.smoke and not self.modules:
            raise ValueError("a companion has a smoke test, or modules to import")

    def defects_of(self, version: str, tensorflow: str) -> tuple[CompanionDefect, ...]:
        """The defects that a version of it has beside a TensorFlow."""
        return tuple(one for one in self.defects if one.holds(version, tensorflow))

    @property
    def program(self) -> str:
        """The Python that tries it: the smoke test, or the imports alone."""
        return self.smoke or "".join(f"import {module}\n" for module in self.modules)

    @property
    def digest(self) -> str:
        """The sha256 of the program."""
        return digest_of(self.program)


def digest_of(program: str) -> str:
    """The sha256 by which a trial names the program that it ran."""
    return hashlib.sha256(program.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Fact):
    """What came of running a smoke test beside the versions of a lock, on Linux.

    ``pins`` are all packages of the environment, named as in the lock of the Mac, and ``wheel``
    is the file that stood in for the Mac's TensorFlow. ``without_cuda`` has the files that stood
    in for PyTorch and its kin. ``program`` is the sha256 of what ran.
    """

    tensorflow: VersionText
    python: str
    date: datetime.date
    outcome: Literal["works", "broken"]
    error: str = ""
    seconds: float
    program: Sha256
    system: str
    wheel: str
    environment: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    without_cuda: dict[str, str] = field(default_factory=dict)
    pins: dict[str, str]

    @property
    def sentence(self) -> str:
        """What came of it, in one sentence."""
        beside = f"beside TensorFlow {self.tensorflow} on Linux with CPython {self.python}"
        if self.outcome == "works":
            return f"its smoke test ran {beside}"
        return f"its smoke test failed {beside}: {self.error}"

    @property
    def decisive(self) -> dict[str, str]:
        """The versions beside which it was tried, TensorFlow under one name."""
        return decisive_of(self.pins, self.tensorflow)

    @property
    def versions(self) -> dict[str, str]:
        """All that was there, TensorFlow too."""
        return {**self.pins, "tensorflow": self.tensorflow}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(Run):
    """What came of trying a companion beside a TensorFlow (matrix/proofs/companions/)."""

    companion: PackageName
    version: VersionText

    def tried(self, source: str) -> Tried:
        """What is kept of it in the compiled matrix; ``source`` is where all of it is."""
        return Tried(
            companion=self.companion,
            version=self.version,
            outcome=self.outcome,
            python=minor(self.python),
            text=self.sentence,
            source=source,
            pins=self.decisive,
            science={name: minor(self.pins[name]) for name in SCIENCE if name in self.pins},
            environment=self.environment,
        )


def decisive_of(pins: Mapping[str, str], tensorflow: str) -> dict[str, str]:
    """Those of the pins beside which a companion is tried, TensorFlow under one name."""
    found = {**pins, "tensorflow": tensorflow}
    return {name: found[name] for name in DECISIVE if name in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A trial as the compiled matrix has it: ``pins`` are the decisive ones.

    ``science`` has the minor series of those packages beside it that change what they hold with
    each of them. A lock with another series of one is another case; one without it is not.
    It counts only where the environment variables that companions need are the same: one that
    ran with Keras 3 says nothing of a lock that takes Keras 2 in its place.
    """

    companion: str
    version: str
    outcome: Literal["works", "broken"]
    python: Series
    text: str
    source: str
    pins: dict[str, str]
    science: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def speaks_for(self, name: str, version: str, pins: Mapping[str, str]) -> bool:
        """Whether it was made with that version beside the very same decisive packages.

        ``pins`` are all packages of a lock, TensorFlow under one name. Whether those of
        ``science`` are alike is another question (``unlike``), and so is on which Pythons it
        counts (``counts_on``).
        """
        return (
            (self.companion, self.version) == (name, version)
            and all(pins.get(one) == pinned for one, pinned in self.pins.items())
            and all(one in self.pins for one in ("tf-keras",) if one in pins)
        )

    def unlike(self, pins: Mapping[str, str]) -> dict[str, str]:
        """The packages of ``science`` of which the pins have another series, with the trial's."""
        return {
            name: series
            for name, series in self.science.items()
            if name in pins and minor(pins[name]) != series
        }

    def counts_on(self, python: Series) -> bool:
        """Whether what came of it says something of another Python series.

        Each CPython takes modules away that old packages import (distutils, imp, pipes), so
        what ran says nothing of a newer one. What failed fails there too; but where it failed
        on a CPython without these modules, that says nothing of those that have them.
        """
        here, there = minor_number(self.python), minor_number(python)
        if self.outcome == "works":
            return there <= here
        return there >= here or not takes_away(self.python)


def takes_away(python: Series) -> bool:
    """Whether that CPython, and each newer one, lacks modules that many old packages import."""
    return minor_number(python) >= TAKES_AWAY


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionVerdict:
    """What to expect of one companion of a lock, and why.

    ``tried_on`` are the Python series on which it was run, where none of them is the lock's; of
    an ``unproven`` one those on which it ran, which say nothing of the lock's.
    """

    name: str
    version: str
    status: Status
    grade: Grade | None
    reasons: tuple[Reason, ...]
    tried_on: tuple[Series, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Companions:
    """All that is known of companions."""

    facts: tuple[Companion, ...] = ()
    trials: tuple[Tried, ...] = ()

    def named(self, name: str) -> Companion | None:
        """The facts of the companion of that name."""
        return next((found for found in self.facts if found.name == name), None)

    def with_trial(self, trial: Trial, source: str) -> Companions:
        """The same with one more trial; a release that failed is not to be had beside it."""
        rest = tuple(fact for fact in self.facts if fact.name != trial.companion)
        fact = self.named(trial.companion) or Companion(
            name=trial.companion,
            couples="tensorflow",
            text="It is known by a trial alone.",
            modules=(trial.companion,),
            sources=(source,),
        )
        if trial.outcome == "broken":
            need = Needed(
                id=f"{OF_TRIALS}{trial.tensorflow}-{trial.version}",
                versions=f"=={trial.version}",
                requires=f"tensorflow !={trial.tensorflow}",
                reason=f"it fails there: {trial.error}",
                source=source,
            )
            fact = replace(fact, needs=(*fact.needs, need))
        facts = tuple(sorted((*rest, fact), key=lambda one: one.name))
        return replace(self, facts=facts, trials=(*self.trials, trial.tried(source)))

    def untried(self) -> Companions:
        """The same without all that trials say, so that they can be made again."""
        facts = (
            replace(fact, needs=tuple(need for need in fact.needs if not need.is_of_trials))
            for fact in self.facts
        )
        return replace(self, facts=tuple(facts), trials=())

    def judge(
        self,
        packages: Collection[Locked],
        naming: Collection[str] = (),
        load: Callable[[str, str], NativeLoad | None] = lambda *_: None,
        *,
        python: Series,
    ) -> tuple[CompanionVerdict, ...]:
        """A verdict on each package that touches TensorFlow and that the pair does not bring.

        The pair's own packages are vouched for by the pair's evidence. ``naming`` are packages
        that name TensorFlow or Keras in their metadata; they touch it too. ``load`` is the load
        check of a package's version beside the pair, and ``python`` the series of the lock. Of a
        package that does not touch it there is a verdict where it was tried all the same.
        """
        pins = pins_of(packages)
        loads = {package.name: load(package.name, package.version) for package in packages}
        listed = {fact.name for fact in self.facts} | {*naming}
        listed |= {name for name, found in loads.items() if found is not None}
        there = {package.name: package.version for package in packages}
        settings = self.settings(there)
        trials = [one for one in self.trials if one.environment == settings]
        listed |= {
            one.companion
            for one in trials
            if one.companion in there
            and one.speaks_for(one.companion, there[one.companion], pins)
            and not one.unlike(pins)
            and one.counts_on(minor(python))
        }
        return tuple(
            self._judge(package, trials, pins, loads[package.name], minor(python))
            for package in touching(packages, listed)
        )

    def environment(self, packages: Collection[Locked]) -> dict[str, str]:
        """The environment variables that the packages need, by name."""
        return self.settings({package.name: package.version for package in packages})

    def settings(self, versions: Mapping[str, str]) -> dict[str, str]:
        """The same for packages of which only the versions are known, by name."""
        tensorflow = next((versions[name] for name in TENSORFLOW_PACKAGES if name in versions), "")
        found: dict[str, str] = {}
        for fact in self.facts:
            for setting in fact.settings if fact.name in versions else ():
                here = admits(setting.versions, versions[fact.name])
                if here and admits(setting.tensorflow, tensorflow):
                    found[setting.name] = setting.value
        return dict(sorted(found.items()))

    def _judge(
        self,
        package: Locked,
        trials: Iterable[Tried],
        pins: Mapping[str, str],
        load: NativeLoad | None,
        python: Series,
    ) -> CompanionVerdict:
        name, version = package.name, package.version
        near = [one for one in trials if one.speaks_for(name, version, pins)]
        beside_these = [one for one in near if not one.unlike(pins)]
        # What was run on this very Python is the best that can be known.
        trials = [one for one in beside_these if one.python == python] or [
            one for one in beside_these if one.counts_on(python)
        ]
        broken = [one for one in trials if one.outcome == "broken"]
        if broken:
            status, grade = Status.BROKEN, Grade.TWIN
        elif trials:
            status, grade = Status.WORKS, Grade.TWIN
        else:
            status, grade = Status.UNPROVEN, Grade.RESOLVES
        status, grade = with_load(status, grade, load)
        reasons = [
            Reason(
                kind="twin",
                text=one.text,
                source=one.source,
                grade=Grade.TWIN,
                against=bool(broken),
                fatal=bool(broken),
            )
            for one in broken or trials
        ]
        if not trials:
            beside = ", ".join(f"{one} {pins[one]}" for one in DECISIVE if one in pins)
            if near and not beside_these:
                others = near[-1].unlike(pins).items()
                beside = ", ".join(f"{one} {pins[one]} (but {tried})" for one, tried in others)
            trials = [one for one in beside_these if one.outcome == "works"]
            on = " and ".join(_series(trials))
            text = f"not tried beside {beside}" + (
                f" with Python {python}; it ran there with Python {on}" if on else ""
            )
            reasons.append(Reason(kind="untried", text=text, source="matrix/proofs/companions"))
        if load is not None:
            reasons.append(reason_of(load))
        companion = self.named(name)
        defects = companion.defects_of(version, pins.get("tensorflow", "")) if companion else ()
        if defects:
            status = max(status, Status.CAUTION)
            reasons += [
                Reason(kind="defect", text=one.text, source=one.source, against=True)
                for one in defects
            ]
        if companion and companion.ended:
            text = f"its last release is of {companion.ended}"
            text += f"; take {companion.successor}" if companion.successor else ""
            reasons.append(Reason(kind="ended", text=text, source=companion.sources[0]))
        return CompanionVerdict(
            name=name,
            version=version,
            status=status,
            grade=grade,
            reasons=tuple(reasons),
            tried_on=_series(one for one in trials if one.python != python),
        )


def _series(trials: Iterable[Tried]) -> tuple[Series, ...]:
    """The Python series of the trials, each once."""
    return tuple(sorted({one.python for one in trials}, key=minor_number))


def with_load(status: Status, grade: Grade, load: NativeLoad | None) -> tuple[Status, Grade]:
    """What the load check on the Mac makes of a status that rests on Linux."""
    if load is None:
        return status, grade
    if load.loads is False and status is not Status.BROKEN:
        return Status.BROKEN, Grade.LOADS
    if load.loads is None:
        # What runs on Linux may not on the Mac, where the wheel is another one.
        return max(status, Status.CAUTION if load.copies else Status.UNPROVEN), grade
    return status, Grade.LOADS if grade is Grade.RESOLVES else grade


def reason_of(load: NativeLoad) -> Reason:
    """The load check as a reason."""
    return Reason(
        kind="binaries",
        text=load.text,
        source=load.source,
        grade=Grade.LOADS,
        against=not load.loads,
        fatal=load.loads is False,
    )


class Locked(Protocol):
    """What is asked of a package of a lock: its name, version and requirements."""

    @property
    def name(self) -> str:
        """The normalised name."""

    @property
    def version(self) -> str:
        """The version."""

    @property
    def requires(self) -> tuple[str, ...]:
        """The requirements that hold for the target."""


def pins_of(packages: Iterable[Locked]) -> dict[str, str]:
    """The version of each package; TensorFlow under one name."""
    return {
        "tensorflow" if package.name in TENSORFLOW else package.name: package.version
        for package in packages
    }


def decisive_pins(packages: Iterable[Locked]) -> dict[str, str]:
    """The versions beside which a companion was or was not tried; TensorFlow under one name."""
    found = pins_of(packages)
    return {name: found[name] for name in DECISIVE if name in found}


def own_names(packages: Iterable[Locked]) -> set[str]:
    """The names of TensorFlow, the plugin, and all that these bring themselves."""
    requires = required_by(packages)
    own, todo = set(TENSORFLOW | {METAL}), [*TENSORFLOW, METAL]
    while todo:
        for name in requires.get(todo.pop(), ()):
            if name not in own:
                own.add(name)
                todo.append(name)
    return own


def touching(packages: Collection[Locked], listed: Collection[str]) -> Iterator[Locked]:
    """The packages that touch TensorFlow beyond those that the pair brings itself, by name.

    A package touches it that requires TensorFlow or Keras, or that is ``listed``.
    """
    requires, own = required_by(packages), own_names(packages)
    for package in sorted(packages, key=lambda package: package.name):
        if package.name not in own and (package.name in listed or requires[package.name] & TOUCHED):
            yield package


def required_by(packages: Iterable[Locked]) -> dict[str, set[str]]:
    """The normalised names that each package requires, by its name."""
    return {package.name: {plain_name(text) for text in package.requires} for package in packages}


def plain_name(requirement: str) -> str:
    """The normalised name at the head of a requirement; empty where there is none."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""
