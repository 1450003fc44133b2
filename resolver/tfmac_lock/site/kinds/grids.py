"""The first page, its twin for Intel Macs, and a page for each pair in their grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...matrix.reasons import Status
from ...target import Arch
from ..companion_documents import minor_of
from ..page import Findable, Page
from ..pairs import instead, sorted_reasons
from ..words import ARCH_TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...matrix.grid import Cell, Grid
    from ..companion_documents import OnTensorFlow
    from ..page import Site


def pages(site: Site) -> Iterator[Page]:
    """Both grids and all their pairs."""
    for grid in site.grids:
        path = "index.html" if grid.arch is Arch.ARM64 else "intel/index.html"
        first = site.first(grid.arch)
        yield Page(
            path=path,
            template="home.html",
            here="home",
            values={"grid": grid, "best": site.best, "first": first},
        )
        for cell in grid.cells:
            yield _pair(site, grid, cell)


def _pair(site: Site, grid: Grid, cell: Cell) -> Page:
    against, others = sorted_reasons(cell.reasons, len(cell.pythons))
    matrix = site.inputs.matrix
    assert cell.status is not None
    return Page(
        path=f"pairs/{cell.id}/index.html",
        template="pair.html",
        here="home",
        values={
            "cell": cell,
            "companions": _companions(site, cell),
            "against": against,
            "others": others,
            "instead": instead(grid, cell) if cell.status is Status.BROKEN else [],
            "missing": [
                (name, matrix.readable(name))
                for name in (cell.load.missing_symbols if cell.load else ())
            ],
        },
        found=Findable(
            kind="pair",
            title=f"{cell.title}, {ARCH_TITLES[cell.arch]}",
            words=cell.package,
            status=cell.status.value,
        ),
    )


def _companions(site: Site, cell: Cell) -> list[tuple[str, OnTensorFlow]]:
    """The companions of which something is known beside that TensorFlow, by name."""
    minor = minor_of(cell.tensorflow)
    return [
        (one.name, on)
        for one in site.companions
        for on in one.minors
        if on.tensorflow == minor and on.status is not Status.UNPROVEN
    ]
