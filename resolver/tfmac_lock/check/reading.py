"""Reading a file of pins for a target, which the file itself may name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..errors import TfmacLockError
from ..target import Arch
from . import formats
from .findings import known_release

if TYPE_CHECKING:
    from pathlib import Path

    from ..host import Host
    from ..matrix.facts import Matrix
    from ..target import MacOSVersion, Target
    from .pins import PinFile

FALLBACK_PYTHON = "3.11"
"""Where neither the request, the file nor this Mac says: the series with the most pairs."""


def read_for_target(
    path: Path,
    matrix: Matrix,
    *,
    python: str | None = None,
    chip: str | None = None,
    macos: str | None = None,
    mac: Host | None = None,
) -> tuple[PinFile, Target, MacOSVersion | None]:
    """The file's pins, the target that they are judged for, and its macOS where it is known.

    What is not given is the file's, else that of ``mac``, the Mac that this runs on.

    The file is read twice where it names another Python or machine than was assumed: its markers
    may hold for one and not for the other.
    """
    made = _made_for(path, matrix)
    python = python or made.get("python")
    if not chip:
        chip = made.get("chip")
        here = mac is not None and chip and _arch(chip, matrix) is _arch(mac.chip, matrix)
        macos = macos or (mac.macos if mac is not None and here else made.get("macos"))
    assumed = python or (f"{sys.version_info.major}.{sys.version_info.minor}" if mac else "")
    target, known = _target(matrix, assumed or FALLBACK_PYTHON, chip, macos, mac)
    file = formats.read(path, target)
    named = file.python or ("" if assumed else _likely_python(file, target, matrix))
    other_python = named if not python and named != target.python.series else ""
    other_chip = _CHIPS.get(file.arch, "") if not chip else ""
    if other_python or other_chip:
        series = other_python or target.python.series
        target, known = _target(matrix, series, other_chip or chip, macos, mac)
        file = formats.read(path, target)
    return file, target, known


def _arch(chip: str, matrix: Matrix) -> Arch:
    return matrix.platforms.chip(chip).arch


_CHIPS = {Arch.ARM64.value: "m1", Arch.X86_64.value: "intel"}


def _made_for(path: Path, matrix: Matrix) -> dict[str, str]:
    """What the file's head says, if tfmac-lock made it; nothing where somebody spoilt it."""
    made = formats.made_for(path)
    platforms = matrix.platforms
    try:
        if "python" in made:
            platforms.python(made["python"])
        chip = platforms.chip(made.get("chip", "m1"))
        if "macos" in made:
            platforms.check(chip, platforms.macos_version(made["macos"]))
    except TfmacLockError:
        return {}
    return made


def _likely_python(file: PinFile, target: Target, matrix: Matrix) -> str:
    """The newest Python that all pinned releases of TensorFlow and the plugin have wheels for."""
    found: set[str] | None = None
    for pin in file.pins:
        release = known_release(matrix, pin.name, pin.version)
        if release is not None:
            pythons = set(release.pythons(target.arch))
            found = pythons if found is None else found & pythons
    return max(found or (), key=lambda series: int(series.partition(".")[2]), default="")


def _target(
    matrix: Matrix, python: str, chip_name: str | None, macos_text: str | None, mac: Host | None
) -> tuple[Target, MacOSVersion | None]:
    platforms = matrix.platforms
    chip = platforms.chip(chip_name or (mac.chip if mac else "m1"))
    macos = None
    if macos_text:
        macos = platforms.macos_version(macos_text)
        platforms.check(chip, macos)
    elif mac is not None and not chip_name:
        macos = platforms.macos_version(mac.macos)
    newest = platforms.newest_macos(chip)
    return platforms.target(platforms.python(python), chip, macos or newest), macos
