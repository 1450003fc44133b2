"""What is known of the files that an installer was to take: by package, by file name, by pins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..matrix.base import TENSORFLOW_PACKAGES, minor_number
from ..matrix.facts import version
from ..target import Arch, minor
from . import conflicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.facts import Matrix
    from .lookups import Named


def is_too_old(matrix: Matrix, python: str) -> bool:
    """Whether it is older than the Pythons of which releases were read."""
    return minor_number(python) < minor_number(matrix.platforms.pythons[0].series)


def too_old(matrix: Matrix, python: str) -> Iterator[tuple[str, str]]:
    """That nothing is known of such a Python."""
    oldest = matrix.platforms.pythons[0].series
    text = f"Python {python} is older than all that is known here: locks are made for {oldest}"
    yield f"{text} and newer", "matrix/platforms.toml"


def by_name(matrix: Matrix, names: Named) -> Iterator[tuple[str, str]]:
    """Which releases of the very package that was asked for an installer can see."""
    on = f" for Python {names.python}" if names.python else ""
    for arch in Arch if not names.arch_is_certain else (names.arch,):
        wheels = [
            (found.version, wheel)
            for found in matrix.releases_of(names.missing)
            if found.final
            for wheel in found.wheels_for(arch)
            if not names.python or wheel.series == names.python
        ]
        if not wheels:
            text = f"`{names.missing}` has no file{on} on {arch.value} Macs"
        else:
            known = sorted({release for release, _ in wheels}, key=version)
            span = known[0] if len(known) == 1 else f"{known[0]} to {known[-1]}"
            oldest = min(_macos_of(wheel.filename) for _, wheel in wheels)
            series = sorted({wheel.series for _, wheel in wheels}, key=minor_number)
            pythons = "" if names.python else f", Python {series[0]} to {series[-1]}"
            text = (
                f"`{names.missing}` has files{on} on {arch.value} Macs: {span}{pythons}, macOS "
                f"{'.'.join(map(str, oldest))} and newer"
            )
        yield text, f"https://pypi.org/project/{names.missing}/#files"


def _macos_of(filename: str) -> tuple[int, int]:
    """The oldest macOS that a wheel's name promises."""
    found = re.search(r"-macosx_(\d+)_(\d+)_", filename)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def under_another_name(matrix: Matrix, names: Named) -> str:
    """The newest release of the same series under TensorFlow's other name that holds it."""
    for package in TENSORFLOW_PACKAGES:
        fitting = [
            release.version
            for release in matrix.releases_of(package)
            if package != names.package
            and release.final
            and minor(release.version) == minor(names.tensorflow)
            and any(wheel.payload for wheel in release.wheels_for(names.arch))
        ]
        if fitting:
            return f"{package} {max(fitting, key=version)}"
    return ""


def of_name(wheel: str) -> Iterator[tuple[str, str]]:
    """What the name of a wheel says of it."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        tags = parse_wheel_filename(wheel)[3]
    except InvalidWheelFilename:
        return
    pythons = sorted({tag.interpreter for tag in tags})
    platforms = sorted({tag.platform for tag in tags})
    text = f"{wheel} is for {', '.join(map(_python_of, pythons))} on "
    text += ", ".join(map(_machine_of, platforms))
    yield text, "https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/"


def _python_of(tag: str) -> str:
    found = re.fullmatch(r"(cp|py|pp)(\d)(\d*)", tag)
    if found is None:
        return tag
    what = {"cp": "CPython", "py": "Python", "pp": "PyPy"}[found[1]]
    return f"{what} {found[2]}.{found[3]}" if found[3] else f"{what} {found[2]}"


def _machine_of(tag: str) -> str:
    found = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", tag)
    if found:
        arch = {"universal2": "all", "x86_64": "Intel"}.get(found[3], found[3])
        return f"{arch} Macs with macOS {found[1]}.{found[2]} and newer"
    if tag == "any":
        return "any machine"
    return "Windows" if tag.startswith("win") else "Linux" if "linux" in tag else tag


def unmet(matrix: Matrix, names: Named) -> Iterator[tuple[str, str]]:
    """Who wants what of a package, and whether one version can serve them all."""
    for package, rows in list(conflicts.by_package(names.unmet).items())[:3]:
        asks = "; ".join(f"{one.dependent} {one.release} wants {one.specifier}" for one in rows[:4])
        text = f"of {package}, {asks}; here it is {rows[-1].installed}"
        if conflicts.wanted(rows) is None:
            text += ". No version serves them all"
        yield text, "the text itself"
        following = conflicts.next_release(matrix, rows, names.arch, names.python)
        if following is not None and conflicts.wanted(rows) is None:
            release, wants = following
            wants = f"wants {package} {wants}" if wants else f"does not ask for {package}"
            text = f"{release.package} {release.version} {wants}"
            text += ": it is the next TensorFlow that goes with the others"
            yield text, f"https://pypi.org/project/{release.package}/{release.version}/"
