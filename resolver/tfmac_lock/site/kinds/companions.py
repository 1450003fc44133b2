"""All companions, and a page for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..companion_documents import row
from ..page import Findable, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..page import Site


def pages(site: Site) -> Iterator[Page]:
    """The list and each."""
    rows = [row(one) for one in site.companions]
    yield Page(
        path="companions/index.html",
        template="companions.html",
        here="companions",
        values={"rows": rows, "minors": site.companions[0].minors if site.companions else []},
    )
    for one in site.companions:
        yield Page(
            path=f"companions/{one.name}/index.html",
            template="companion.html",
            here="companions",
            values={"companion": one, "known": {other.name for other in site.companions}},
            found=Findable(kind="companion", title=one.name, words=one.text),
        )
