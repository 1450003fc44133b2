"""The documents of the API about companions, which are what their pages show, too.

For each TensorFlow minor: which version passed its trial, or why none can, or that nobody tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..matrix.base import TENSORFLOW_PACKAGES, specifier, version
from ..matrix.companions import TENSORFLOW, Companion, Needed, Setting, Tried
from ..matrix.reasons import Status
from .documents import Document, Part, SitePath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..matrix.facts import Matrix

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


class OnTensorFlow(Part):
    """A companion beside one minor series of TensorFlow.

    ``version`` is the newest version that passed there, else the newest that failed, else null.
    ``broken`` without a version means that a fact rules every version out; ``unproven`` that no
    version was tried.
    """

    tensorflow: str
    status: Status
    version: str | None
    text: str
    source: str
    trials: list[CompanionTrial]


class CompanionRow(Part):
    """A companion in short. ``works`` are the TensorFlow minors beside which a version passed.

    ``broken`` are those beside which all failed that were tried, or that a fact rules out.
    """

    name: str
    couples: Literal["binary", "keras", "tensorflow", "nothing", "unknown"]
    text: str
    ended: str
    successor: str
    works: list[str]
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
    return CompanionFacts(
        name=name,
        couples=known.couples if known else "unknown",
        text=known.text if known else "",
        ended=known.ended if known else "",
        successor=known.successor if known else "",
        needs=list(known.needs) if known else [],
        settings=list(known.settings) if known else [],
        smoke=known.program if known else "",
        sources=list(known.sources) if known else [],
        minors=[_on_minor(known, trials, minor, releases) for minor, releases in minors],
    )


def _on_minor(
    known: Companion | None, trials: Sequence[Tried], minor: str, releases: Sequence[str]
) -> OnTensorFlow:
    here = [one for one in trials if minor_of(one.pins.get("tensorflow", "")) == minor]
    here.sort(key=lambda one: (one.outcome == "works", version(one.version)), reverse=True)
    told = [
        CompanionTrial(
            version=one.version,
            tensorflow=one.pins["tensorflow"],
            python=one.python,
            status=one.outcome,
            text=one.text,
            source=one.source,
            pins=one.pins,
        )
        for one in here
    ]
    if told:
        best = told[0]
        status, text, source = Status(best.status), best.text, best.source
        return OnTensorFlow(
            tensorflow=minor,
            status=status,
            version=best.version,
            text=text,
            source=source,
            trials=told,
        )
    ruled = (
        next((need for need in known.needs if _rules_out(need, releases)), None) if known else None
    )
    return OnTensorFlow(
        tensorflow=minor,
        status=Status.BROKEN if ruled else Status.UNPROVEN,
        version=None,
        text=ruled.reason if ruled else "",
        source=ruled.source if ruled else "",
        trials=[],
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
