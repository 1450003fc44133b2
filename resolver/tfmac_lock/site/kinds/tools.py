"""The pages on which something is asked: a file of pins, and the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..page import Site


def pages(_: Site) -> Iterator[Page]:
    """Both."""
    yield Page(path="check/index.html", template="check.html", here="check")
    yield Page(path="search/index.html", template="search.html")
