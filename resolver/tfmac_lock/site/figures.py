"""Charts, drawn when the site is built: each is a table whose last column holds the bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping

LENGTH = 1000
"""Of the longest bar, in the units of the drawing; it is stretched to the column's width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of a chart: its words, its figure as text and its drawing."""

    label: str
    machine: str
    shown: str
    date: str
    source: str
    drawing: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart; ``better`` is ``less`` or ``more``.

    ``date`` and ``source`` are those of all rows, or empty where the rows differ in them.
    """

    id: str
    title: str
    text: str
    unit: str
    better: str
    date: str
    source: str
    rows: tuple[Bar, ...]


def bars(figures: Mapping[str, Any]) -> list[Chart]:
    """The charts of the compiled figures, in their order."""
    return [_chart(figure) for figure in figures.get("figures", ())]


def _chart(figure: Mapping[str, Any]) -> Chart:
    measures = figure["measures"]
    longest = max((measure["high"] for measure in measures), default=1) or 1
    origins = {(measure["date"], measure["source"]) for measure in measures}
    day, source = origins.pop() if len(origins) == 1 else ("", "")
    return Chart(
        id=figure["id"],
        title=figure["title"],
        text=figure["text"],
        unit=figure["unit"],
        better=figure["better"],
        date=day,
        source=source,
        rows=tuple(
            Bar(
                label=measure["label"],
                machine=measure["machine"],
                shown=_shown(measure["low"], measure["high"]),
                date=measure["date"],
                source=measure["source"],
                drawing=drawing(measure["low"], measure["high"], longest),
            )
            for measure in measures
        ),
    )


def _shown(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def drawing(low: float, high: float, longest: float) -> Markup:
    """A bar up to ``low``, and a lighter piece from there to ``high`` where it is a range."""
    start, end = (round(LENGTH * value / longest) for value in (low, high))
    return Markup(
        '<svg class="bar" viewBox="0 0 {length} 10" preserveAspectRatio="none" '
        'aria-hidden="true" focusable="false">'
        '<rect class="track" width="{length}" height="10"/>'
        '<rect class="range" width="{end}" height="10"/>'
        '<rect class="value" width="{start}" height="10"/></svg>'
    ).format(length=LENGTH, start=start, end=end)
