"""All releases, and a page for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...matrix.facts import METAL
from ...matrix.ranking import package_row
from ...target import Arch
from ..page import Findable, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...matrix.facts import Release
    from ..page import Site


def pages(site: Site) -> Iterator[Page]:
    """The list and each."""
    matrix = site.inputs.matrix
    packages = list(dict.fromkeys(release.package for release in matrix.releases))
    yield Page(
        path="releases/index.html",
        template="releases.html",
        here="releases",
        values={
            "by_package": {name: matrix.releases_of(name)[::-1] for name in packages},
            "notes": matrix.packages,
            "arm": Arch.ARM64,
            "intel": Arch.X86_64,
        },
    )
    for release in matrix.releases:
        yield _release(site, release)


def _release(site: Site, release: Release) -> Page:
    matrix = site.inputs.matrix
    return Page(
        path=f"releases/{release.package}-{release.version}/index.html",
        template="release.html",
        here="releases",
        values={
            "release": release,
            "arches": [(arch, _on_arch(site, release, arch)) for arch in Arch],
            "note": package_row(matrix, release.package, release.version),
            "floors": [
                floor
                for floor in matrix.floors
                if release.package == METAL and release.version in floor.versions
            ],
            "binaries": [
                fact
                for fact in matrix.binaries
                if (fact.package, fact.version) == (release.package, release.version)
            ],
            "bounds": [
                bound
                for bound in matrix.bounds
                if release.package != METAL
                and any(
                    bound.applies(release.version, row.series) for row in matrix.platforms.pythons
                )
            ],
        },
        found=Findable(kind="release", title=f"{release.package} {release.version}"),
    )


def _on_arch(site: Site, release: Release, arch: Arch) -> dict[str, Any]:
    """What a release is on an architecture: its Pythons, what it brings, its pairs."""
    grid = next(grid for grid in site.grids if grid.arch is arch)
    if release.package == METAL:
        pairs = [cell for cell in grid.cells if cell.metal == release.version]
    else:
        pairs = [
            cell
            for row in grid.rows
            if release in row.releases
            for cell in row.cells
            if cell.pythons
        ]
    payload: tuple[str, str] | None = (release.package, release.version)
    if release.package != METAL:
        payload = site.inputs.matrix.payload_of(release.package, release.version, arch)
    return {"pythons": release.pythons(arch), "payload": payload, "pairs": pairs}
