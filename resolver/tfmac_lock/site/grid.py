"""The pair grid of the site: a pair with a published lock stands as that lock states it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..matrix import grid
from ..matrix.grid import OnPython
from ..matrix.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..matrix.facts import Matrix
    from ..matrix.verdict import Pair
    from ..target import Arch
    from .inputs import PublishedLock


def make_grid(matrix: Matrix, arch: Arch, locks: Sequence[PublishedLock]) -> grid.Grid:
    """All final pairs of that architecture, the newest plugin first and none last."""
    by_pair = {
        (combo.package, combo.tensorflow, combo.metal, combo.python): item
        for item in locks
        for combo in [item.lock.combo]
        if combo.arch is arch
    }
    plugins = [
        release.version
        for release in reversed(grid.plugin_releases(matrix, arch))
        if release.final and release.pythons(arch)
    ]

    def judged(pair: Pair) -> OnPython:
        item = by_pair.get((pair.package, pair.tensorflow, pair.metal, pair.python))
        if item is not None:
            return OnPython(
                pair=pair,
                verdict=item.lock.verdict,
                macos_min=str(item.lock.combo.macos_min),
                lock=item.id,
            )
        floor = matrix.floor(pair.metal, pair.arch, pair.python) if pair.metal else None
        return OnPython(
            pair=pair,
            verdict=judge(matrix, pair),
            macos_min=str(floor.run) if floor else None,
        )

    return grid.make_grid(
        matrix,
        arch,
        rows=grid.payload_rows(matrix, arch),
        plugins=[*plugins, None],
        judged=judged,
    )
