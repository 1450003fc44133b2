"""The index of the site's search: the titles of the pages that can be found, and where they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..files import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .page import Page


def index(pages: Iterable[Page]) -> str:
    """The index as JSON, in the order of the pages."""
    entries = [
        {
            "path": page.path.removesuffix("index.html"),
            "kind": page.found.kind,
            "title": page.found.title,
            "words": page.found.words,
            "status": page.found.status,
        }
        for page in pages
        if page.found
    ]
    text = json.dumps({"entries": entries}, ensure_ascii=False, separators=(",", ":"))
    return escaped(text) + "\n"
