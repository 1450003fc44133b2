"""The oldest macOS that a lock runs on: by its plugin, and by the tags of its files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..target import MacOSVersion, Os

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..matrix.facts import Matrix
    from ..matrix.ranking import PairRequest
    from ..matrix.verdict import Pair
    from .model import LockedPackage


def oldest_macos(matrix: Matrix, pair: Pair, packages: Iterable[LockedPackage]) -> MacOSVersion:
    """The oldest macOS that the plugin runs on and every file's tag admits."""
    of_files = map(macos_of_package, packages)
    return max([*_of_plugin(matrix, pair), *(floor for floor in of_files if floor is not None)])


def first_macos(matrix: Matrix, request: PairRequest, pair: Pair) -> MacOSVersion:
    """The macOS to resolve for: the one given, else the oldest one for the pair's own files."""
    floors = _of_plugin(matrix, pair)
    if request.macos is not None:
        return max(request.macos, *floors) if request.any_minor else request.macos
    release = matrix.release(pair.package, pair.tensorflow)
    for wheel in release.wheels_for(request.arch) if release else ():
        if wheel.series == pair.python:
            floors.append(macos_of_wheel(wheel.filename) or floors[0])
    return max(floors)


def macos_to_try(matrix: Matrix, request: PairRequest, pair: Pair) -> list[MacOSVersion]:
    """The first macOS to resolve for, and the newer ones that it may be raised to."""
    first = first_macos(matrix, request, pair)
    if request.macos is not None or request.os is Os.LINUX:
        return [first]
    last = request.chip.last_macos
    majors = sorted({release.major for release in matrix.platforms.macos})
    newer = [major for major in majors if major > first.major and (last is None or major <= last)]
    return [first, *map(MacOSVersion, newer)]


def macos_of_wheel(filename: str) -> MacOSVersion | None:
    """The oldest macOS in the file name's platform tags; None for a file for any system."""
    found = re.findall(r"macosx_(\d+)_(\d+)_", filename)
    return min((MacOSVersion(int(major), int(minor)) for major, minor in found), default=None)


def macos_of_package(package: LockedPackage) -> MacOSVersion | None:
    """The oldest macOS that the file admits: by a wheel's tag, or a conda package's ``__osx``."""
    if package.manager == "pip":
        return macos_of_wheel(package.filename)
    specs = (*package.requires, *package.constrains)
    found = [re.match(r"__osx >=(\d+)(?:\.(\d+))?", spec) for spec in specs]
    floors = [MacOSVersion(int(one[1]), int(one[2] or 0)) for one in found if one]
    return max(floors, default=None)


def _of_plugin(matrix: Matrix, pair: Pair) -> list[MacOSVersion]:
    oldest = MacOSVersion(min(release.major for release in matrix.platforms.macos))
    floor = matrix.floor(pair.metal, pair.arch, pair.python) if pair.metal else None
    return [oldest, floor.run] if floor else [oldest]
