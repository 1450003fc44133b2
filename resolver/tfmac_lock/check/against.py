"""A file of pins beside the lock that it was made from: what somebody, or a bot, changed in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..lock.difference import gpu_headline
from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL
from .findings import Finding, Level, at_level
from .pins import Pin, PinFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lock.model import Lock, LockedPackage
    from .findings import Checked

LOCK_ALONE = frozenset({"pip", "setuptools", "wheel"})
"""What `pip freeze` leaves out."""


def against(file: PinFile, lock: Lock, shown: str) -> Iterator[Finding]:
    """What the file has otherwise than the lock; ``shown`` is the lock's path in messages."""
    locked = {package.name: package for package in lock.packages}
    pins = {pin.name: pin for pin in file.pins if pin.version}
    yield from _gpu(file, lock, pins, shown)
    changed: list[str] = []
    for pin in pins.values():
        package = locked.get(pin.name)
        if package is None:
            yield _finding(
                file, pin, f"{pin.name} {pin.version} is not in {shown}", "add it with --with"
            )
        elif not _same_version(pin.version, package.version):
            changed.append(pin.name)
            text = f"{pin.name} {package.version} -> {pin.version}: {shown} has the first"
            yield _finding(file, pin, text, f"tfmac-lock update {pin.name}")
        elif pin.hashes and package.sha256 not in pin.hashes:
            text = f"{pin.name} {pin.version} has other hashes than the file in {shown}"
            yield _finding(file, pin, text, f"tfmac-lock update {pin.name}", Level.ERROR)
    if file.complete or len(pins) > len(locked) // 2:
        for name in sorted(locked.keys() - {pin.name for pin in file.pins} - LOCK_ALONE):
            if locked[name].manager == "pip":
                yield _missing(file, locked[name], shown)


def _gpu(file: PinFile, lock: Lock, pins: dict[str, Pin], shown: str) -> Iterator[Finding]:
    """Whether the file's TensorFlow has the plugin that the lock's has."""
    combo = lock.combo
    there = next((pins[name] for name in sorted(TENSORFLOW_PACKAGES) if name in pins), None)
    plugin = pins.get(METAL)
    if there is None:
        return
    arrow = f"{combo.package} {combo.tensorflow}"
    if (there.name, there.version) != (combo.package, combo.tensorflow):
        arrow += f" -> {there.name} {there.version}"
    line = gpu_headline(arrow, combo.metal, plugin.version if plugin else None)
    if line is not None and plugin is None:
        yield Finding(
            code="against-lock",
            package=there.name,
            text=line.text,
            cure="keep the pair of the lock, or take the CPU on purpose with --metal none",
            source=shown,
            path=there.path or file.path,
            line=there.line,
        )


def as_pins(lock: Lock) -> PinFile:
    """The lock as a file of pins, to be judged like the file that is compared with it."""
    pins = [
        Pin(
            name=one.name,
            version=one.version,
            files=(one.filename,),
            hashed=True,
            hashes=(one.sha256,),
            manager=one.manager,
        )
        for one in lock.packages
        if one.manager == "pip"
    ]
    return PinFile(path="", format="lock.json", pins=tuple(pins), python=lock.combo.python)


def only_new(checked: Checked, of_lock: Checked) -> Checked:
    """The findings; those that the lock has as well become notes, since they are not new."""
    known = {(found.code, found.package, found.text) for found in of_lock.findings}
    findings = [
        at_level(Level.NOTE, found) if (found.code, found.package, found.text) in known else found
        for found in checked.findings
    ]
    return replace(checked, findings=tuple(findings))


def _same_version(one: str, other: str) -> bool:
    return one == other or one.partition("+")[0] == other


def _missing(file: PinFile, package: LockedPackage, shown: str) -> Finding:
    return Finding(
        code="against-lock",
        package=package.name,
        text=f"{package.name} {package.version} is in {shown} and not here",
        cure="tfmac-lock update",
        source=shown,
        level=Level.WARNING,
        path=file.path,
    )


def _finding(
    file: PinFile, pin: Pin, text: str, cure: str, level: Level = Level.WARNING
) -> Finding:
    return Finding(
        code="against-lock",
        package=pin.name,
        text=text,
        cure=cure,
        source=file.path if not pin.path else pin.path,
        level=level,
        path=pin.path or file.path,
        line=pin.line,
    )
