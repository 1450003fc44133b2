"""Charts, drawn when the site is built: each is a table whose last column holds the bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LENGTH = 1000
"""Of the longest bar, in the units of the drawing; it is stretched to the column's width."""


def charts(figures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The compiled figures that have measures, each with what its page shows besides.

    ``longest`` is the greatest value. ``date`` and ``source`` are those of all measures, or empty
    where the measures differ in them.
    """
    for figure in figures.get("figures", ()):
        measures = figure["measures"]
        if not measures:
            continue
        origins = {(measure["date"], measure["source"]) for measure in measures}
        day, source = origins.pop() if len(origins) == 1 else ("", "")
        longest = max(measure["high"] for measure in measures) or 1
        yield {**figure, "longest": longest, "date": day, "source": source}


def shown(measure: Mapping[str, Any]) -> str:
    """The value or the range as text."""
    low, high = measure["low"], measure["high"]
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def drawing(measure: Mapping[str, Any], longest: float) -> Markup:
    """A bar up to the low end, and a lighter piece from there to the high end."""
    start, end = (round(LENGTH * measure[key] / longest) for key in ("low", "high"))
    return Markup(
        '<svg class="bar" viewBox="0 0 {length} 10" preserveAspectRatio="none" '
        'aria-hidden="true" focusable="false">'
        '<rect class="track" width="{length}" height="10"/>'
        '<rect class="range" width="{end}" height="10"/>'
        '<rect class="value" width="{start}" height="10"/></svg>'
    ).format(length=LENGTH, start=start, end=end)
