"""A window of text in the forms that patterns run over."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import text

if TYPE_CHECKING:
    from .symptoms import Text

_MOST_MATCHES = 50
"""Of one pattern in one window; the rest cannot say more."""


@dataclass(slots=True, kw_only=True)
class View:
    """A window in the two forms that patterns run over, each with its folded text."""

    plain: str
    _forms: list[tuple[str, str]] | None = field(default=None, repr=False)
    _spans: dict[tuple[str, bool], list[tuple[int, int]]] = field(default_factory=dict, repr=False)

    def form(self, loose: bool) -> tuple[str, str]:
        """The text as it is or with its lines joined, and the same folded."""
        if self._forms is None:
            joined = text.unwrapped(self.plain)
            self._forms = [(form, text.folded(form)) for form in (self.plain, joined)]
        return self._forms[loose]

    def spans(self, pattern: Text, loose: bool) -> list[tuple[int, int]]:
        """Where the pattern matches in one of the forms.

        Several symptoms may ask for the same one.
        """
        key = (pattern.pattern, loose)
        if key not in self._spans:
            found = pattern.finditer(self.form(loose)[1], loose=loose)
            self._spans[key] = [match.span() for match in itertools.islice(found, _MOST_MATCHES)]
        return self._spans[key]

    def search(self, pattern: Text) -> tuple[bool, list[tuple[int, int]]]:
        """Whether it is the joined form that matches, and where."""
        if found := self.spans(pattern, loose=False):
            return False, found
        return True, self.spans(pattern, loose=True)
