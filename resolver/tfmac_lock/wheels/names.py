"""What a wheel says of itself: its file name, tags and requirements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ..macho.errors import DamagedBinary
from .metadata import headers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .archive import Wheel

_MACOS_TAG = re.compile(r"macosx_(\d+)_(\d+)_(\w+)")


_CPYTHON = re.compile(r"(?:cp|py)(\d)(\d*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelName:
    """What a wheel's file name says.

    ``python`` are its interpreter tags, joined by dots. ``macos`` is the oldest macOS, None for
    a wheel without machine code for the Mac, and ``arches`` its architectures there.
    """

    package: str
    version: str
    python: str
    macos: str | None
    arches: tuple[str, ...]
    any_platform: bool
    stable_abi: bool

    @property
    def newest_python(self) -> int:
        """The minor version of the newest Python 3 that is named, 0 where only "3" is."""
        tags = (_CPYTHON.fullmatch(tag) for tag in self.python.split("."))
        return max((int(t[2] or 0) for t in tags if t and t[1] == "3"), default=0)

    def fits(self, arch: str) -> bool:
        """Whether a Mac with ``arch`` can install the wheel."""
        return arch in self.arches if self.macos else self.any_platform

    def runs_on(self, python: str) -> bool:
        """Whether the wheel is for a series of CPython 3 ("3.12")."""
        minor = int(python.removeprefix("3."))
        tags = self.python.split(".")
        if f"cp3{minor}" in tags or "py3" in tags:
            return True
        return (self.stable_abi or "py3" in self.python) and 0 < self.newest_python <= minor


def parse_name(filename: str) -> WheelName:
    """The parts of a wheel's file name.

    Raises :class:`DamagedBinary` where it is no wheel's name.
    """
    try:
        package, version, _, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise DamagedBinary(filename, str(error)) from error
    pythons = sorted({tag.interpreter for tag in tags})
    floors: list[tuple[int, int]] = []
    arches: set[str] = set()
    for tag in tags:
        if match := _MACOS_TAG.fullmatch(tag.platform):
            floors.append((int(match[1]), int(match[2])))
            arches |= {"universal2": {"arm64", "x86_64"}}.get(match[3], {match[3]})
    macos = "{}.{}".format(*min(floors)) if floors else None
    return WheelName(
        package=package,
        version=str(version),
        python=".".join(pythons),
        macos=macos,
        arches=tuple(sorted(arches)),
        any_platform=any(tag.platform == "any" for tag in tags),
        stable_abi=any(tag.abi == "abi3" for tag in tags),
    )


def inner_tags(wheel: Wheel) -> tuple[str, ...]:
    """The platform tags inside of ``dist-info/WHEEL``, which need not be the file name's."""
    path = wheel.dist_info("WHEEL")
    lines = wheel.text(path).splitlines() if path else []
    tags = {line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("tag:")}
    return tuple(sorted({tag.rsplit("-", 1)[-1] for tag in tags}))


def requires(wheel: Wheel, arch: str) -> tuple[str, ...]:
    """What a plain install of the wheel on a Mac with ``arch`` requires as well."""
    path = wheel.dist_info("METADATA")
    found = headers(wheel.text(path)) if path else {}
    mac = {
        "sys_platform": "darwin",
        "platform_system": "Darwin",
        "platform_machine": arch,
        "extra": "",
    }
    wanted = set()
    for text in found.get("requires-dist", ()):
        try:
            requirement = Requirement(text)
            applies = requirement.marker is None or requirement.marker.evaluate(mac)
        # A marker may compare what cannot be compared, or nest deeper than Python can follow.
        except (ValueError, RecursionError) as error:
            reason = f"Requires-Dist: {text[:200]}: {' '.join(str(error).split())[:200]}"
            raise DamagedBinary(f"{wheel.name}: {path}", reason) from error
        if applies:
            wanted.add(f"{canonicalize_name(requirement.name)}{requirement.specifier}")
    return tuple(sorted(wanted))


def highest_version(versions: Iterable[str | None]) -> str | None:
    """The highest of some macOS versions, None where none is known."""
    return max((v for v in versions if v is not None), key=Version, default=None)
