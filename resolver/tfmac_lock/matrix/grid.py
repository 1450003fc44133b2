"""The pair grid: TensorFlow releases down, plugin releases across, one verdict a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Refusal
from .facts import METAL, specifier, version
from .ranking import TENSORFLOW_PACKAGES, TensorFlowRequest
from .verdict import Pair, judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..target import Arch
    from .facts import Matrix, Release
    from .reasons import Verdict


class UnknownRelease(Refusal):
    """The matrix knows no such release."""


def rows(matrix: Matrix, arch: Arch, *, everything: bool = False) -> list[Release]:
    """The TensorFlow releases for an architecture, newest first.

    Only final releases with a payload of their own, unless ``everything`` is asked for: a stub's
    row would repeat that of the release it leads to.
    """
    found = [
        release
        for package in TENSORFLOW_PACKAGES
        for release in matrix.releases_of(package)
        if release.wheels_for(arch)
        and (
            everything
            or (release.final and any(wheel.payload for wheel in release.wheels_for(arch)))
        )
    ]
    return sorted(
        found, key=lambda release: (version(release.version), release.package), reverse=True
    )


def columns(matrix: Matrix, arch: Arch) -> list[str]:
    """The plugin's releases for an architecture, oldest first."""
    return [release.version for release in matrix.releases_of(METAL) if release.wheels_for(arch)]


def cells(
    matrix: Matrix, arch: Arch, releases: Iterable[Release], plugins: Iterable[str]
) -> dict[Pair, Verdict]:
    """The verdict of every pair, row by row."""
    plugins = list(plugins)
    found = {}
    for release in releases:
        for plugin in plugins:
            pair = Pair(
                package=release.package,
                tensorflow=release.version,
                metal=plugin,
                arch=arch,
                python=common_python(matrix, release, plugin, arch),
            )
            found[pair] = pair_verdict(matrix, pair)
    return found


def pair_verdict(matrix: Matrix, pair: Pair) -> Verdict:
    """The verdict on a pair as such, taken to resolve where both have a wheel for one Python."""
    return judge(matrix, pair, resolved=bool(pair.python))


def common_python(matrix: Matrix, release: Release, plugin: str | None, arch: Arch) -> str:
    """The newest Python that both have a wheel for; empty where there is none."""
    pythons = release.pythons(arch)
    if plugin is not None:
        other = matrix.release(METAL, plugin)
        offered = other.pythons(arch) if other else ()
        pythons = tuple(python for python in pythons if python in offered)
    return pythons[-1] if pythons else ""


def find_pair(matrix: Matrix, tensorflow: str, metal: str, arch: Arch, python: str | None) -> Pair:
    """The pair that somebody names, by version or ``package==version``; raises UnknownRelease.

    Of a version that both packages have, the one that holds the payload is meant.
    """
    wish = TensorFlowRequest.parse(tensorflow)
    found = [
        release
        for package in TENSORFLOW_PACKAGES
        if wish.package in (None, package)
        for release in reversed(matrix.releases_of(package))
        if specifier(wish.specifier).contains(release.version) and release.wheels_for(arch)
    ]
    if not found:
        raise UnknownRelease(f"the matrix knows no TensorFlow {tensorflow} for {arch.value} Macs")
    best = next(
        (release for release in found if any(wheel.payload for wheel in release.wheels_for(arch))),
        found[0],
    )
    plugin = None if metal == "none" else metal
    if plugin is not None:
        known = matrix.release(METAL, plugin)
        if known is None:
            every = ", ".join(release.version for release in matrix.releases_of(METAL))
            raise UnknownRelease(f"there is no {METAL} {metal}; there are {every}")
        plugin = known.version
    return Pair(
        package=best.package,
        tensorflow=best.version,
        metal=plugin,
        arch=arch,
        python=python or common_python(matrix, best, plugin, arch),
    )
