"""Beside which TensorFlows a companion loads, out of the matrix's rows or read from wheels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..matrix.natives import Numbers, Offer, check
from ..wheels.archive import Wheel
from .binary_facts import read_exports
from .live_pair import tensorflow_wheel
from .native_facts import numbered, read_native

if TYPE_CHECKING:
    from ..matrix.natives import NativeBinary, NativeLoad, Natives
    from ..pypi.wheels import IndexWheels
    from .live_pair import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeAudit:
    """What was found out of one release, or one wheel, of a companion on one architecture.

    ``images`` is how many of its images bind to TensorFlow. ``beside`` is the load check with
    the TensorFlow that was asked for, None where none was. ``loads``, ``fails`` and ``open`` are
    the TensorFlow releases of the matrix by what comes of them, oldest first. ``source`` says
    where it was read.
    """

    package: str
    version: str
    arch: str
    images: int
    macos_tag: str
    minos: str | None
    copies: tuple[str, ...]
    beside: NativeLoad | None
    loads: tuple[str, ...]
    fails: tuple[str, ...]
    open: tuple[str, ...]
    source: str

    @property
    def is_fine(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.images or self.beside is None or self.beside.loads is True


def audited(
    natives: Natives, binary: NativeBinary, beside: Offer | None, source: str
) -> NativeAudit:
    """The audit of a row."""
    found = natives.tensorflows(binary)
    return NativeAudit(
        package=binary.package,
        version=binary.version,
        arch=binary.arch,
        images=sum(len(group.images) for group in binary.groups),
        macos_tag=binary.macos_tag,
        minos=binary.minos,
        copies=binary.copies,
        beside=check(binary, beside, natives.symbols) if beside is not None else None,
        loads=tuple(one.tensorflow for one in found if one.loads is True),
        fails=tuple(one.tensorflow for one in found if one.loads is False),
        open=tuple(one.tensorflow for one in found if one.loads is None),
        source=source,
    )


def read_binary(natives: Natives, wheel: Wheel, arch: str) -> tuple[Natives, NativeBinary]:
    """What a wheel wants, image by image, and the rows with its new symbols at their end."""
    numbers = Numbers(natives.symbols)
    (binary,) = numbered([read_native(wheel, arch)], numbers, apart=True)
    return replace(natives, symbols=numbers.symbols), binary


def find_offer(
    natives: Natives,
    binary: NativeBinary,
    tensorflow: str,
    source: IndexWheels,
    *,
    python: str | None = None,
    progress: Progress = lambda _member, _done, _all: None,
) -> Offer:
    """What a TensorFlow ("2.18.1", "2.18", "tensorflow-macos==2.9.0") offers the companion.

    It is read from the wheel where the matrix does not have it, or was not asked for what the
    companion wants. Raises :class:`NoSuchWheel`.
    """
    package, separator, version = tensorflow.rpartition("==")
    named = package if separator else None
    wanted = SpecifierSet(f"=={version}.*" if version.count(".") == 1 else f"=={version}")
    known = [
        one
        for one in natives.offers
        if one.arch == binary.arch
        and named in (None, one.package)
        and wanted.contains(one.version, prereleases=True)
    ]
    best = max(
        known,
        key=lambda one: (Version(one.version), one.package == "tensorflow"),
        default=None,
    )
    if best is not None and not check(binary, best, natives.symbols).unknown_symbols:
        return best
    if best is not None:
        named, version = best.package, best.version
    named, file = tensorflow_wheel(source, named, version, binary.arch, python)
    with source.open(file) as opened:
        wheel = Wheel(opened, file.filename, progress)
        images, exports = read_exports(wheel, binary.arch, natives.symbols)
    numbers = Numbers(natives.symbols)
    return Offer(
        package=named,
        version=version,
        arch=binary.arch,
        asked=len(natives.symbols),
        images=images,
        exports={path: numbers.bits(names) for path, names in exports.items()},
    )
