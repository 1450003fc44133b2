"""The index of the site's search: the titles of the pages that can be found, and where they are.

Each language has its own, in which the English titles can be searched for too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..files import escaped
from ..languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..languages import Language
    from .page import Findable, Page


def index(pages: Iterable[Page], language: Language) -> str:
    """The index as JSON, in the order of the pages."""
    entries = [
        {
            "path": page.path.removesuffix("index.html"),
            "kind": page.found.kind,
            "title": _title(page.found, language),
            "words": _words(page.found, language),
            "status": page.found.status,
        }
        for page in pages
        if page.found
    ]
    text = json.dumps({"entries": entries}, ensure_ascii=False, separators=(",", ":"))
    return escaped(text) + "\n"


def _title(found: Findable, language: Language) -> str:
    """The title in the language; those of locks and pairs are lists of names."""
    if found.kind in ("lock", "pair"):
        return ", ".join(map(language.translated, found.title.split(", ")))
    return language.translated(found.title)


def _words(found: Findable, language: Language) -> str:
    own = [] if language.code == ENGLISH else [found.title]
    return " ".join([found.words, *own])
