"""The index of the site's search: the titles of the pages that can be found, and where they are.

Each language has its own, in which the English titles can be searched for too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

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
    return json.dumps({"entries": entries}, ensure_ascii=False, separators=(",", ":")) + "\n"


def _title(found: Findable, language: Language) -> str:
    """The title in the language, its parts each for itself where it is none as a whole."""
    whole = language.find(found.title)
    return whole or ", ".join(map(language.translated, found.title.split(", ")))


def _words(found: Findable, language: Language) -> str:
    own = [] if language.code == ENGLISH else [found.title]
    return " ".join([found.words, *own])
