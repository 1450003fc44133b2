"""Measured figures: what people wrote down, and what recorded proofs measured besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from packaging.version import Version

from ..matrix.compiled import SCHEMA_VERSION
from ..matrix.facts import Fact
from ..matrix.texts import Identifier, Rule, Sentence, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..matrix.proofs import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureEntry(Fact):
    """One measurement: a value, or a range where ``high`` is given."""

    label: str
    machine: str
    low: float
    high: float | None = None
    date: Annotated[str, Rule(pattern=r"^\d{4}(-\d\d(-\d\d)?)?$")]
    source: Source

    def __post_init__(self) -> None:
        if self.low < 0 or (self.high is not None and self.high < self.low):
            raise ValueError("low is negative, or high is less than low")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureEntry(Fact):
    """A chart: measurements of one thing in one unit. ``better`` says which end is the good one."""

    id: Identifier
    title: Sentence
    text: Sentence
    unit: str
    better: Literal["less", "more"]
    measures: tuple[MeasureEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresFile(Fact):
    """matrix/figures.toml."""

    figures: tuple[FigureEntry, ...]


PROVED = (
    ("train_seconds", "seconds", "less", "How long the proof trained"),
    ("accuracy", "accuracy", "more", "What accuracy the proof reached"),
)
"""Figures of proofs that make charts: key, unit, better end, title."""

GRADES = {
    "twin": "on Linux, with the same pins",
    "trained-cpu": "on the CPU of a Mac",
    "trained-gpu": "on the GPU of a Mac",
}


def compile_figures(file: FiguresFile, proofs: Iterable[Proof]) -> dict[str, Any]:
    """The content of figures.json."""
    figures = [
        {
            "id": figure.id,
            "title": figure.title,
            "text": figure.text,
            "unit": figure.unit,
            "better": figure.better,
            "measures": [
                {
                    "label": measure.label,
                    "machine": measure.machine,
                    "low": measure.low,
                    "high": measure.low if measure.high is None else measure.high,
                    "date": measure.date,
                    "source": measure.source,
                }
                for measure in figure.measures
            ],
        }
        for figure in file.figures
    ]
    return {"schema_version": SCHEMA_VERSION, "figures": figures + _of_proofs(list(proofs))}


def _of_proofs(proofs: list[Proof]) -> list[dict[str, Any]]:
    charts = []
    for grade, where in GRADES.items():
        passed = sorted(
            (proof for proof in proofs if proof.grade == grade and proof.outcome == "works"),
            key=lambda proof: (
                Version(proof.tensorflow),
                Version(proof.python),
                proof.lock,
                proof.date,
            ),
            reverse=True,
        )
        for key, unit, better, title in PROVED:
            measures = [
                measure for proof in passed if (measure := _measure(proof, key)) is not None
            ]
            if measures:
                charts.append(
                    {
                        "id": f"{grade}-{key.replace('_', '-')}",
                        "title": f"{title}, {where}",
                        "text": "Every recorded run that passed. Machines and days differ, so "
                        "compare the rows of one machine and day.",
                        "unit": unit,
                        "better": better,
                        "measures": measures,
                    }
                )
    return charts


def _measure(proof: Proof, key: str) -> dict[str, Any] | None:
    figure = proof.figures.get(key)
    if figure is None:
        return None
    plugin = f" + metal {proof.metal}" if proof.metal and proof.grade != "twin" else ""
    return {
        "label": f"{proof.package} {proof.tensorflow}{plugin}, Python {proof.python}",
        "machine": proof.chip,
        "low": figure,
        "high": figure,
        "date": proof.date.isoformat(),
        "source": proof.source,
    }
