"""A pair read off its wheels, without any stored fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from packaging.version import Version

from ..errors import UsageError
from ..macho.errors import DamagedBinary
from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL
from ..matrix.pair_row import pair_row, pins
from ..wheels.archive import Wheel
from ..wheels.names import parse_name
from .binary_facts import read_for_plugin, read_plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..matrix.binaries import PluginBinary, TensorFlowBinary
    from ..matrix.pair_row import PairRow
    from ..pypi.model import IndexFile
    from ..pypi.wheels import IndexWheels

    Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(eq=False)
class NoSuchWheel(UsageError):
    """The index has no wheel of a release for the Mac in question."""

    package: str
    version: str | None
    arch: str
    python: str | None

    def __str__(self) -> str:
        release = f"{self.package} {self.version}" if self.version else self.package
        python = f" and Python {self.python}" if self.python else ""
        return f"the index has no wheel of {release} for {self.arch}{python}"


def pick_wheel(
    source: IndexWheels,
    package: str,
    version: str | None,
    arch: str,
    python: str | None = None,
) -> IndexFile:
    """The wheel of a release for a Mac: of the newest version and Python where none is given.

    ``python`` is a series ("3.12"). A wheel for any platform fits every Mac. Raises
    :class:`NoSuchWheel`.
    """
    best: tuple[tuple[Version, bool, int], IndexFile] | None = None
    for file in source.files(package):
        if not file.filename.endswith(".whl"):
            continue
        try:
            name = parse_name(file.filename)
        except DamagedBinary:
            continue
        found = Version(name.version)
        wanted = found == Version(version) if version else not found.is_prerelease
        if not wanted or not name.fits(arch) or not (python is None or name.runs_on(python)):
            continue
        rank = (found, name.macos is not None, name.newest_python)
        if best is None or rank > best[0]:
            best = rank, file
    if best is None:
        raise NoSuchWheel(package, version, arch, python)
    return best[1]


def read_pair(
    source: IndexWheels,
    package: str | None,
    tensorflow: str,
    metal: str,
    arch: str,
    *,
    python: str | None = None,
    progress: Progress = lambda _member, _done, _all: None,
) -> PairRow:
    """The load check of a pair, from its wheels; only the images that are loaded are read.

    Where ``package`` is None it is ``tensorflow``, or ``tensorflow-macos`` where the other has
    no wheel of that version. A stub is followed to what it requires.
    """
    plugin_file = pick_wheel(source, METAL, metal, arch)
    with source.open(plugin_file) as opened:
        wheel = Wheel(opened, plugin_file.filename, progress)
        plugin = read_plugin(wheel, plugin_file.sha256 or "", arch)
    package, file = tensorflow_wheel(source, package, tensorflow, arch, python)
    binary = _read(source, file, arch, plugin, progress)
    seen = {(binary.package, binary.version)}
    todo = list(pins(binary))
    while not binary.payload and todo:
        pin = todo.pop()
        if pin in seen:
            continue
        seen.add(pin)
        file = pick_wheel(source, *pin, arch, python)
        binary = _read(source, file, arch, plugin, progress)
        todo += pins(binary)
    payload = [binary] if binary.payload else []
    return pair_row(package, tensorflow, metal, arch, payload, [plugin])


def tensorflow_wheel(
    source: IndexWheels, package: str | None, version: str, arch: str, python: str | None
) -> tuple[str, IndexFile]:
    """The wheel of a TensorFlow, of the package that is named or the first that has one.

    Raises :class:`NoSuchWheel`.
    """
    names: Iterable[str] = (package,) if package else TENSORFLOW_PACKAGES
    failed: NoSuchWheel | None = None
    for name in names:
        try:
            return name, pick_wheel(source, name, version, arch, python)
        except NoSuchWheel as error:
            failed = failed or error
    assert failed is not None
    raise failed


def _read(
    source: IndexWheels, file: IndexFile, arch: str, plugin: PluginBinary, progress: Progress
) -> TensorFlowBinary:
    with source.open(file) as opened:
        wheel = Wheel(opened, file.filename, progress)
        return read_for_plugin(wheel, file.sha256 or "", arch, plugin)
