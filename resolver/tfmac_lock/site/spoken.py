"""How facts, days and sizes are written on the pages of a language."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from ..explain.symptoms import shown
from ..languages import ENGLISH
from .words import size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..languages import Language


DAY = "{year}-{month}-{day}"
MONTH = "{year}-{month}"
"""Messages of the catalogues; only the site's pages have them filled in."""


class Spoken:
    """The filters of one language's pages.

    What has no translation stays English and is marked as such, for those who hear the page.
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def translated(self, text: str) -> str:
        """A fact or a word in the language."""
        return self._marked_up(text, escape)

    def marked(self, text: str) -> str:
        """The same, with what stands between backticks as code."""
        return self._marked_up(text, marked)

    def _marked_up(self, text: str, shown: Callable[[str], Markup]) -> Markup:
        found = self._language.find(text)
        return self.in_english(text, shown) if found is None else shown(found)

    def in_english(self, text: str, shown: Callable[[str], Markup] = escape) -> Markup:
        """An English text, marked as such on the pages of other languages."""
        if self._language.code == ENGLISH or not any(map(str.isalpha, text)):
            return shown(text)
        return Markup('<span lang="en">{}</span>').format(shown(text))

    def day(self, iso: str) -> str:
        """A day or a month, as ISO 8601 writes them, the way that the language writes days."""
        found = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", iso)
        if found is None or self._language.code == ENGLISH:
            return iso
        pattern = DAY if found[3] else MONTH
        numbers = {"year": found[1], "month": int(found[2]), "day": int(found[3] or 0)}
        return self._language.translated(pattern).format_map(numbers)

    def size(self, count: int | None) -> str:
        """A number of bytes."""
        return self._language.translated(size(count))


def marked(text: str) -> Markup:
    """The text with what stands between backticks as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick without its partner is only itself
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )


def said(symptoms: Iterable[Mapping[str, Any]], language: Language) -> str:
    """What a language has for the texts of the symptoms, as JSON for the page that finds them."""
    texts = {text for symptom in symptoms for text in shown(symptom)}
    found = {text: own for text in sorted(texts) if (own := language.find(text))}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n"
