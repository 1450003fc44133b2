"""The documents of the API about companions, which are what their pages show, too.

For each TensorFlow minor: which version passed its trial, or why none can, or that nobody tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..matrix.base import TENSORFLOW_PACKAGES, specifier, version
from ..matrix.companions import (
    TENSORFLOW,
    Companion,
    CompanionDefect,
    Needed,
    Setting,
    Tried,
    with_load,
)
from ..matrix.reasons import Grade, Status
from ..target import Arch
from .documents import Document, Part, SitePath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..matrix.facts import Matrix
    from ..matrix.natives import NativeLoad

ROOT = "api/v1/companions"


class CompanionTrial(Part):
    """One trial: that version beside that TensorFlow, and what came of it."""

    version: str
    tensorflow: str
    python: str
    status: Literal["works", "broken"]
    text: str
    source: str
    pins: dict[str, str]


class CompanionLoad(Part):
    """Whether the images of that version load into that TensorFlow, as its binaries say.

    ``loads`` is null where that is not decided.
    """

    version: str
    tensorflow: str
    arch: Arch
    loads: bool | None
    missing_symbols: int
    missing_libraries: list[str]
    text: str
    source: str


class OnTensorFlow(Part):
    """A companion beside one minor series of TensorFlow, on Apple silicon.

    ``version`` is the newest version that passed there, else the newest that failed, else null.
    ``broken`` without a version means that a fact or the binaries rule every version out;
    ``unproven`` that no version was tried. ``loads`` has the newest version that loads on each
    architecture, or the newest that does not where none does.
    """

    tensorflow: str
    status: Status
    version: str | None
    text: str
    source: str
    trials: list[CompanionTrial]
    loads: list[CompanionLoad]


class CompanionRow(Part):
    """A companion in short. ``works`` are the TensorFlow minors beside which a version passed.

    ``caution`` are those where it passed on Linux, and its binaries for the Mac leave a doubt or
    a part of it is known to fail, ``broken`` those beside which all failed that were tried, or
    that a fact rules out.
    """

    name: str
    couples: Literal["binary", "keras", "tensorflow", "nothing", "unknown"]
    text: str
    ended: str
    successor: str
    works: list[str]
    caution: list[str]
    broken: list[str]
    untried: list[str]
    document: SitePath


class CompanionList(Document):
    """All companions that the matrix has facts of, or trials."""

    as_of: str
    companions: list[CompanionRow]


class CompanionFacts(Document):
    """All that is known of one companion.

    ``couples`` says by what it is bound to TensorFlow; ``unknown`` where only trials are there.
    ``ended`` is the month of the last release of one that is not kept any more.
    """

    name: str
    couples: Literal["binary", "keras", "tensorflow", "nothing", "unknown"]
    text: str
    ended: str
    successor: str
    needs: list[Needed]
    settings: list[Setting]
    defects: list[CompanionDefect]
    smoke: str
    sources: list[str]
    minors: list[OnTensorFlow]


def facts_of_all(matrix: Matrix) -> list[CompanionFacts]:
    """Every companion, by name."""
    known = {one.name: one for one in matrix.companions.facts}
    names = sorted(known.keys() | {trial.companion for trial in matrix.companions.trials})
    minors = list(_minors(matrix))
    return [_facts(matrix, name, known.get(name), minors) for name in names]


def row(facts: CompanionFacts) -> CompanionRow:
    """The companion in short."""

    def minors(status: Status) -> list[str]:
        return [one.tensorflow for one in facts.minors if one.status is status]

    shared = ("name", "couples", "text", "ended", "successor")
    return CompanionRow(
        **{name: getattr(facts, name) for name in shared},
        works=minors(Status.WORKS),
        caution=minors(Status.CAUTION),
        broken=minors(Status.BROKEN),
        untried=minors(Status.UNPROVEN),
        document=f"{ROOT}/{facts.name}.json",
    )


def _minors(matrix: Matrix) -> Iterator[tuple[str, list[str]]]:
    """Each minor series of TensorFlow with its final releases, the newest first."""
    series: dict[str, list[str]] = {}
    for package in TENSORFLOW_PACKAGES:
        for release in matrix.releases_of(package):
            if release.final and release.wheels:
                series.setdefault(minor_of(release.version), []).append(release.version)
    for minor in sorted(series, key=version, reverse=True):
        yield minor, series[minor]


def minor_of(tensorflow: str) -> str:
    """The minor series of a TensorFlow: ``2.18`` of ``2.18.1``."""
    return ".".join(tensorflow.split(".")[:2])


def _facts(
    matrix: Matrix, name: str, known: Companion | None, minors: Sequence[tuple[str, list[str]]]
) -> CompanionFacts:
    trials = [trial for trial in matrix.companions.trials if trial.companion == name]
    loads = list(_loads(matrix, name))
    return CompanionFacts(
        name=name,
        couples=known.couples if known else "unknown",
        text=known.text if known else "",
        ended=known.ended if known else "",
        successor=known.successor if known else "",
        needs=list(known.needs) if known else [],
        settings=list(known.settings) if known else [],
        defects=list(known.defects) if known else [],
        smoke=known.program if known else "",
        sources=list(known.sources) if known else [],
        minors=[
            _on_minor(
                known,
                [one for one in trials if minor_of(one.pins.get("tensorflow", "")) == minor],
                [one for one in loads if minor_of(one.tensorflow) == minor],
                minor,
                releases,
            )
            for minor, releases in minors
        ],
    )


def _loads(matrix: Matrix, name: str) -> Iterator[NativeLoad]:
    """What the binaries of each version say beside each TensorFlow."""
    if name in matrix.natives.names:
        natives = matrix.natives.get()
        for binary in natives.of(name):
            yield from natives.tensorflows(binary)


def _on_minor(
    known: Companion | None,
    trials: Sequence[Tried],
    loads: Sequence[NativeLoad],
    minor: str,
    releases: Sequence[str],
) -> OnTensorFlow:
    ranked = sorted(
        ((_status(one, loads), one) for one in trials),
        key=lambda row: (-row[0][0].rank, version(row[1].version)),
        reverse=True,
    )
    best = list(_best(loads))
    status, release, text, source = Status.UNPROVEN, None, "", ""
    ruled = known and next((need for need in known.needs if _rules_out(need, releases)), None)
    if ranked:
        (status, load), trial = ranked[0]
        release = trial.version
        text, source = (load.text, load.source) if load else (trial.text, trial.source)
        defects = known.defects_of(release, trial.pins["tensorflow"]) if known else ()
        if defects and status is Status.WORKS:
            status, text, source = Status.CAUTION, defects[0].text, defects[0].source
    elif ruled:
        status, text, source = Status.BROKEN, ruled.reason, ruled.source
    elif best and all(one.loads is False for one in best):
        status, text, source = Status.BROKEN, best[0].text, best[0].source
    return OnTensorFlow(
        tensorflow=minor,
        status=status,
        version=release,
        text=text,
        source=source,
        trials=[
            CompanionTrial(
                version=one.version,
                tensorflow=one.pins["tensorflow"],
                python=one.python,
                status=one.outcome,
                text=one.text,
                source=one.source,
                pins=one.pins,
            )
            for _, one in ranked
        ],
        loads=[
            CompanionLoad(
                version=one.version,
                tensorflow=one.tensorflow,
                arch=Arch(one.arch),
                loads=one.loads,
                missing_symbols=len(one.missing_symbols),
                missing_libraries=list(one.missing_libraries),
                text=one.text,
                source=one.source,
            )
            for one in best
        ],
    )


def _status(trial: Tried, loads: Sequence[NativeLoad]) -> tuple[Status, NativeLoad | None]:
    """What a trial on Linux is worth on Apple silicon, and the load check that says otherwise."""
    if trial.outcome == "broken":
        return Status.BROKEN, None
    found = next(
        (
            one
            for one in loads
            if one.arch == Arch.ARM64
            and version(one.version) == version(trial.version)
            and version(one.tensorflow) == version(trial.pins["tensorflow"])
        ),
        None,
    )
    status, _ = with_load(Status.WORKS, Grade.TWIN, found)
    return status, None if status is Status.WORKS else found


def _best(loads: Sequence[NativeLoad]) -> Iterator[NativeLoad]:
    """For each architecture the newest version that loads, else the newest that does not."""
    for arch in Arch:
        here = [one for one in loads if one.arch == arch]
        if here:
            yield max(
                here,
                key=lambda one: (
                    one.loads is True,
                    one.loads is None,
                    version(one.version),
                    version(one.tensorflow),
                ),
            )


def _rules_out(need: Needed, releases: Sequence[str]) -> bool:
    """Whether no version of the companion goes beside any of these releases of TensorFlow."""
    from packaging.requirements import Requirement

    asked = Requirement(need.requires)
    return (
        not need.versions
        and asked.name in TENSORFLOW
        and all(
            specifier(need.tensorflow).contains(one)
            and not specifier(str(asked.specifier)).contains(one)
            for one in releases
        )
    )
