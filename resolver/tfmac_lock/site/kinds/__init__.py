"""The kinds of pages, one module each. A new kind is a new module and its line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import api, companions, constraints, docs, grids, locks, other, releases, symptoms, tools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..page import Page, Site

KINDS: tuple[Callable[[Site], Iterator[Page]], ...] = (
    grids.pages,
    locks.pages,
    constraints.pages,
    releases.pages,
    companions.pages,
    symptoms.pages,
    tools.pages,
    docs.pages,
    api.pages,
    other.pages,
)
"""What makes the pages of each kind."""
