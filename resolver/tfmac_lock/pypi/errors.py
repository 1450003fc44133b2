"""What can go wrong between here and the package index.

    OutsideError
    └── IndexFault
        ├── IndexUnreachable    no answer, or one that says no
        ├── BadIndexAnswer      an answer that cannot be used
        │   └── HashMismatch    other bytes than the page promised
        ├── ProjectNotFound     no configured index has the project
        ├── NotCached           offline, and not fetched before
        └── NoRoom              the file cannot be kept on this disk

Addresses in these texts never show credentials.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import OutsideError
from .urls import redact


class IndexFault(OutsideError):
    """Base of everything that the index client raises."""


@dataclass(eq=False)
class IndexUnreachable(IndexFault):
    """No answer came, or one that says no; ``hint`` is what the user can do."""

    url: str
    reason: str
    hint: str = (
        "Check the network and the proxy settings; with --offline only what was fetched before "
        "is used."
    )

    def __str__(self) -> str:
        return f"{redact(self.url)} could not be read: {self.reason}. {self.hint}"


@dataclass(eq=False)
class BadIndexAnswer(IndexFault):
    """An answer came and cannot be used: malformed, too large, or contradicting itself."""

    url: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{redact(self.url)} gave an unusable answer: {self.reason}. If the address is "
            "right, try another index with --index-url, or tell the people who run this one."
        )


class HashMismatch(BadIndexAnswer):
    """The bytes are not those that the index promised; ``expected`` and ``got`` are sha256."""

    def __init__(self, url: str, expected: str, got: str) -> None:
        super().__init__(url, f"its sha256 is {got}, but the index promised {expected}")
        self.expected = expected
        self.got = got


@dataclass(eq=False)
class ProjectNotFound(IndexFault):
    """No configured index has the project."""

    name: str
    indexes: tuple[str, ...]

    def __str__(self) -> str:
        where = " or ".join(redact(url) for url in self.indexes)
        return (
            f"there is no project {self.name!r} on {where}. Check the spelling, and the "
            "address of the index."
        )


@dataclass(eq=False)
class NotCached(IndexFault):
    """Working offline, and this was not fetched before."""

    what: str
    template = (
        "{what} is not in the cache, and --offline forbids fetching it. "
        "Run the same command once without --offline."
    )


@dataclass(eq=False)
class NoRoom(IndexFault):
    """A fetched file cannot be kept on this disk."""

    url: str
    reason: str

    def __str__(self) -> str:
        return f"{redact(self.url)} was fetched but cannot be kept: {self.reason}."
