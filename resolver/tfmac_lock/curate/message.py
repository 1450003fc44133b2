"""A text that people read, and what it is of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PAGES, WORDS, SENTENCES, SYMPTOMS, FACTS, REPORTS = KINDS = (
    "pages",
    "words",
    "sentences",
    "symptoms",
    "facts",
    "reports",
)
"""What messages are of, by which the coverage is counted."""

GAP = re.compile(r"\{(\w+)\}")


@dataclass(slots=True, kw_only=True)
class Message:
    """An English text with where it stands. ``many`` is its plural, if it has one."""

    text: str
    kind: str
    many: str = ""
    places: list[str] = field(default_factory=list)

    @property
    def is_shape(self) -> bool:
        """Whether it is a sentence with gaps."""
        return self.kind in (SENTENCES, FACTS) and GAP.search(self.text) is not None
