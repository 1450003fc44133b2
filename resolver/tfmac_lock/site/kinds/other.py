"""The pages of which there is one each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..changes import MOST_ENTRIES, changes
from ..figures import charts
from ..inputs import covered
from ..page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...matrix.facts import Report
    from ..page import Site


def pages(site: Site) -> Iterator[Page]:
    """Figures, changes, reports, the other roads, and the page for what is missing."""
    matrix = site.inputs.matrix
    single: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("figures", "", {"figures": list(charts(site.inputs.figures))}),
        ("changes", "", {"changes": list(changes(site.inputs))[:MOST_ENTRIES]}),
        ("reports", "", {"reports": _newest_first(site)}),
        ("coverage", "", {"coverage": covered(site.inputs)}),
        ("roads", "install", {"roads": matrix.roads}),
    )
    for name, here, values in single:
        yield Page(path=f"{name}/index.html", template=f"{name}.html", here=here, values=values)
    yield Page(path="404.html", template="404.html")


def _newest_first(site: Site) -> list[Report]:
    return sorted(site.inputs.matrix.reports, key=lambda one: one.date or "", reverse=True)
