"""From a companion's wheel to what its images want of TensorFlow's.

An image binds to TensorFlow where it links one of its libraries, where it links a copy of one
that the wheel itself brings, or where it looks in all images for symbols of TensorFlow's names.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..macho import image as macho
from ..macho import system
from ..macho.errors import DamagedBinary
from ..macho.exports import Exports
from ..macho.imports import Special, read_imports
from ..macho.numpy_generation import common_generation, numpy_generation
from ..matrix.load_check import candidate_paths
from ..matrix.natives import NativeBinary, NativeGroup
from ..wheels.names import highest_version, parse_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..macho.imports import Import
    from ..matrix.natives import Numbers
    from ..wheels.archive import Wheel

LIBRARY = re.compile(r"(libtensorflow(_framework|_cc)?|_pywrap_tensorflow_internal)(\.\d+)*\.\w+")
"""The file names of TensorFlow's libraries; ``libtensorflow_framework.2.dylib`` is one."""

_OF_TENSORFLOW = re.compile(r"10tensorflow|3tsl|^__?TFE?_|^__?TSL_")
"""The names of TensorFlow."""

_WITH_TENSORFLOW = re.compile(r"3xla|15stream_executor|4absl|6google8protobuf|5Eigen")
"""The names of what is linked into TensorFlow and offered with it.

Of the lookups that name no library the rest are Python's and the system's.
"""

_PYTHON_IN_NAME = re.compile(r"\.cpython-3\d+-darwin(?=\.so$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeImage:
    """One image that binds to TensorFlow.

    ``wants`` are its symbols with the library that each is bound to, None for a lookup in all
    images. ``libraries`` are TensorFlow's that it links, weak ones left out.
    """

    path: str
    minos: str | None
    rpaths: tuple[str, ...]
    libraries: tuple[str, ...]
    wants: frozenset[tuple[str | None, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeWheel:
    """What one wheel wants of TensorFlow; no ``images`` where it does not bind to it.

    ``copies`` are TensorFlow's libraries that it brings, by path under ``site-packages``.
    """

    filename: str
    package: str
    version: str
    arch: str
    pythons: tuple[str, ...]
    macos_tag: str
    numpy_generation: str | None
    copies: tuple[str, ...]
    images: tuple[NativeImage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What is kept of an image once its bytes are gone; ``own`` are its symbols that count."""

    image: macho.MachO
    imports: tuple[Import, ...]
    exported: frozenset[str]
    numpy: str | None


Known: TypeAlias = "dict[tuple[str, int, int, str], _Read | None]"


def read_native(
    wheel: Wheel,
    arch: str,
    optional: Iterable[str] = (),
    known: Known | None = None,
) -> NativeWheel:
    """What the images of ``wheel`` want; those at ``optional`` paths are left out.

    ``known`` keeps what was read, since the wheels of a release for several Pythons have many
    files in common. Raises :class:`DamagedBinary`.
    """
    known = {} if known is None else known
    name = parse_name(wheel.name)
    read: dict[str, _Read] = {}
    for path in wheel.native_paths:
        key = (path.rpartition("/")[2], *wheel.checksum(path), arch)
        if key not in known:
            known[key] = _read(wheel, path, arch)
        if (one := known[key]) is not None:
            read[path] = one
    left_out = set(optional)
    copies = tuple(sorted(path for path in read if _name_of_tensorflows(path)))
    offered = {symbol for one in read.values() for symbol in one.exported}
    images = [
        _native_image(path, one, read, offered)
        for path, one in sorted(read.items())
        if path not in copies and path not in left_out
    ]
    return NativeWheel(
        filename=wheel.name,
        package=name.package,
        version=name.version,
        arch=arch,
        pythons=tuple(sorted(name.python.split("."))),
        macos_tag=name.macos or "any",
        numpy_generation=common_generation(one.numpy for one in read.values()),
        copies=copies,
        images=tuple(image for image in images if image is not None),
    )


def _read(wheel: Wheel, path: str, arch: str) -> _Read | None:
    what = f"{wheel.name}: {path}"
    with wheel.inflated(path) as data:
        if not macho.is_macho(bytes(data[:8])):
            return None
        image = macho.read(data, what, arch)
        if image is None:
            return None
        exports = Exports(image)
        # What a copy of TensorFlow's own imports is its builder's matter, and a lot to read.
        found = () if _name_of_tensorflows(path) else read_imports(image)
        imports = tuple(one for one in found if _counts(one, image))
        for one in imports:
            if one.ordinal > len(image.libraries):
                raise DamagedBinary(what, f"binds {one.symbol} to library {one.ordinal} of none")
        asked = {one.symbol for one in imports if one.ordinal < 0}
        return _Read(
            image=image,
            imports=imports,
            exported=frozenset(one for one in asked if exports.find(one) is not None),
            numpy=numpy_generation(data),
        )


def _counts(one: Import, image: macho.MachO) -> bool:
    """Whether TensorFlow may be what offers it: bound to a library of TensorFlow's, or to none."""
    if one.weak or one.ordinal in (Special.SELF, Special.MAIN_EXECUTABLE):
        return False
    if one.ordinal < 0:
        names = (_OF_TENSORFLOW, _WITH_TENSORFLOW)
        return one.symbol not in system.FLAT and any(name.search(one.symbol) for name in names)
    return one.ordinal > len(image.libraries) or _is_tensorflows(image.libraries[one.ordinal - 1])


def _is_tensorflows(library: macho.Library) -> bool:
    return _name_of_tensorflows(library.name)


def _name_of_tensorflows(path: str) -> bool:
    return bool(LIBRARY.fullmatch(posixpath.basename(path)))


def _native_image(
    path: str, one: _Read, read: dict[str, _Read], offered: set[str]
) -> NativeImage | None:
    """The image where it binds to TensorFlow, or to a copy of it in the wheel."""
    image = one.image
    linked = [library for library in image.libraries if _is_tensorflows(library)]
    own = {
        library.name
        for library in linked
        if any(place in read for place in candidate_paths(library.name, path, image.rpaths))
    }
    wants: set[tuple[str | None, str]] = set()
    for want in one.imports:
        library = image.libraries[want.ordinal - 1] if want.ordinal > 0 else None
        if library is None:
            if want.symbol not in offered:
                wants.add((None, want.symbol))
        elif library.kind is not macho.LinkKind.WEAK and library.name not in own:
            wants.add((library.name, want.symbol))
    # Others have a copy of their own of what is linked into TensorFlow.
    if not linked and not any(_OF_TENSORFLOW.search(symbol) for _, symbol in wants):
        return None
    return NativeImage(
        path=_PYTHON_IN_NAME.sub("", path),
        minos=image.minos,
        rpaths=tuple(rpath for rpath in image.rpaths if _leads_to_tensorflow(path, rpath)),
        libraries=tuple(
            sorted(
                library.name
                for library in linked
                if library.kind is not macho.LinkKind.WEAK and library.name not in own
            )
        ),
        wants=frozenset(wants),
    )


def _leads_to_tensorflow(path: str, rpath: str) -> bool:
    return any(
        place.partition("/")[0] == "tensorflow"
        for place in candidate_paths("@rpath/x", path, (rpath,))
    )


def numbered(
    wheels: Iterable[NativeWheel], numbers: Numbers, *, apart: bool = False
) -> tuple[NativeBinary, ...]:
    """The rows of a release on one architecture: wheels that want the same are one row.

    With ``apart`` each image is a group of its own, so that it is known which lacks what.
    """
    rows: dict[tuple[object, ...], list[NativeWheel]] = {}
    for wheel in wheels:
        key = (wheel.copies, wheel.macos_tag, wheel.numpy_generation, frozenset(wheel.images))
        rows.setdefault(key, []).append(wheel)
    return tuple(_row(found, numbers, apart) for found in rows.values())


def _row(wheels: list[NativeWheel], numbers: Numbers, apart: bool) -> NativeBinary:
    first = wheels[0]
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[NativeImage]] = {}
    for image in first.images:
        place = image.path if apart else posixpath.dirname(image.path)
        key = (place, image.rpaths, image.libraries)
        groups.setdefault(key, []).append(image)
    return NativeBinary(
        package=first.package,
        version=first.version,
        arch=first.arch,
        pythons=tuple(sorted({python for wheel in wheels for python in wheel.pythons})),
        macos_tag=first.macos_tag,
        minos=highest_version(image.minos for image in first.images),
        numpy_generation=first.numpy_generation,
        copies=first.copies,
        groups=tuple(
            NativeGroup(
                images=tuple(image.path for image in images),
                rpaths=rpaths,
                libraries=libraries,
                imports=_imports(images, numbers),
            )
            for (_, rpaths, libraries), images in sorted(groups.items())
        ),
    )


def _imports(images: list[NativeImage], numbers: Numbers) -> dict[str, str]:
    wanted: dict[str, set[str]] = {}
    for image in images:
        for library, symbol in image.wants:
            wanted.setdefault(library or "", set()).add(symbol)
    return {library: numbers.bits(symbols) for library, symbols in sorted(wanted.items())}
