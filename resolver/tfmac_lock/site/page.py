"""What a page is before it is written, and what all pages are made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..languages import ENGLISH
from ..target import Arch
from .companion_documents import facts_of_all
from .constraints import Constraints, published
from .openapi import describe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..matrix.grid import Cell, Grid
    from .companion_documents import CompanionFacts
    from .inputs import Inputs, PublishedLock
    from .openapi import Computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Findable:
    """How the site's search finds a page: by its title and by words that need not stand there."""

    kind: str
    title: str
    words: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: where it is, its template, and what fills that besides what all pages have.

    ``here`` is the part of the site that the navigation marks.
    """

    path: str
    template: str
    here: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    found: Findable | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """What all pages are made from.

    ``base`` is the path that the site will stand under, for its 404 page alone: that one is
    shown at any depth, so its links cannot be relative. ``address`` is the whole address, for
    search engines, or empty where it is not known. ``repository`` is the address of the
    project's repository, or empty. ``service`` is the address of a service elsewhere, or empty,
    and ``computed`` is what a service that answers at the same
    address computes, or None where only files are there. ``languages`` are the codes of those
    that it is made in, English first.
    """

    inputs: Inputs
    grids: Sequence[Grid]
    base: str = "/"
    address: str = ""
    repository: str = ""
    service: str = ""
    computed: Computed | None = None
    languages: Sequence[str] = (ENGLISH,)

    @cached_property
    def by_python(self) -> list[tuple[Arch, str, list[PublishedLock]]]:
        """The locks of each architecture and Python, the best first."""
        rows = []
        for arch in Arch:
            for python in reversed(self.inputs.matrix.platforms.pythons):
                found = [
                    item
                    for item in self.inputs.locks
                    if item.lock.combo.arch is arch and item.lock.combo.python == python.series
                ]
                if found:
                    rows.append((arch, python.series, found))
        return rows

    @cached_property
    def best(self) -> list[tuple[Arch, str, PublishedLock | None, PublishedLock | None]]:
        """For each architecture and Python the best lock with the plugin and without."""
        return [
            (
                arch,
                python,
                next((item for item in found if item.lock.combo.metal), None),
                next((item for item in found if not item.lock.combo.metal), None),
            )
            for arch, python, found in self.by_python
        ]

    def first(self, arch: Arch) -> PublishedLock | None:
        """The lock that the first page shows of itself: the best one for the commonest Mac.

        That is one with the plugin on Apple silicon, and without on Intel, by status and then by
        the newest Python.
        """
        rows = [(gpu, cpu) for its, _, gpu, cpu in self.best if its is arch]
        wanted = [gpu if arch is Arch.ARM64 else cpu for gpu, cpu in rows]
        found = [item for item in wanted if item and "requirements.txt" in item.files]
        return min(found, key=lambda item: item.status.rank, default=None)

    @cached_property
    def cell_of(self) -> dict[str, Cell]:
        """The pair of each lock, by the lock's id."""
        return {
            on.lock: cell
            for grid in self.grids
            for cell in grid.cells
            for on in cell.pythons
            if on.lock
        }

    @cached_property
    def constraints(self) -> list[Constraints]:
        """The constraints of each TensorFlow minor, newest first."""
        return list(published(self.inputs))

    @cached_property
    def companions(self) -> list[CompanionFacts]:
        """All that is known of each companion, by name."""
        return facts_of_all(self.inputs.matrix)

    @cached_property
    def description(self) -> dict[str, Any]:
        """The description of the API."""
        return describe(self.computed)
