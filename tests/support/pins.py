"""Files of pins for the tests: written, and read for a Mac."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.facts import target
from tfmac_lock.check import formats

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.check.pins import Pin, PinFile
    from tfmac_lock.target import Target


def read(folder: Path, name: str, text: str | bytes, mac: Target | None = None) -> PinFile:
    """What the file of that name and text says for a Mac, an M1 with Python 3.11 by default."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return formats.read(path, mac or target())


def by_name(file: PinFile) -> dict[str, Pin]:
    return {pin.name: pin for pin in file.pins}


def pins(file: PinFile) -> dict[str, str]:
    """The version of each package, or what is allowed where it has none."""
    return {pin.name: pin.version or pin.specifier for pin in file.pins}
