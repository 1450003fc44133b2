"""From a wheel to the facts that are kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..macho import image as macho
from ..macho import system
from ..macho.errors import DamagedBinary
from ..macho.exports import Exports
from ..macho.imports import Special, read_imports
from ..macho.numpy_generation import common_generation, numpy_generation
from ..matrix.binaries import ImageFacts, PluginBinary, PluginImport, ReadFile, TensorFlowBinary
from ..matrix.load_check import candidate_paths
from ..wheels.names import WheelName, highest_version, inner_tags, parse_name, requires

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ..macho.exports import Export
    from ..wheels.archive import Wheel

ROOT_IMAGE = "tensorflow/python/_pywrap_tensorflow_internal.so"
"""What ``import tensorflow`` loads first of all its machine code, in every release so far."""

_ROOT_IMPORTER = "tensorflow/python/pywrap_tensorflow.py"
_GLOBAL_FLAGS = "tensorflow/python/pywrap_dlopen_global_flags.py"
"""The importer loads the root with ``RTLD_LOCAL``, unless this module is there to prevent it."""

_DLOPEN_CALLERS = (
    "__ZN3tsl8internal18LoadDynamicLibraryEPKcPPv",
    "__ZN10tensorflow8internal18LoadDynamicLibraryEPKcPPv",
)
_PLUGIN_FOLDER = "tensorflow-plugins/"
_REEXPORT_DEPTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scanned:
    """What is kept of an image once its bytes are gone."""

    image: macho.MachO
    numpy: str | None
    offered: dict[str, Export]


@dataclass(slots=True, kw_only=True)
class _Scanner:
    """Inflates each image of a wheel at most once and looks the asked symbols up in it.

    Where not ``numpy``, its generation is left alone.
    """

    wheel: Wheel
    arch: str
    asked: tuple[str, ...]
    numpy: bool = False
    done: dict[str, _Scanned | None] = field(default_factory=dict)

    def scan(self, path: str) -> _Scanned | None:
        """The image at ``path``; None where it is not Mach-O or has no slice for the arch."""
        if path not in self.done:
            self.done[path] = self._scan(path)
        return self.done[path]

    def _scan(self, path: str) -> _Scanned | None:
        with self.wheel.inflated(path) as data:
            if not macho.is_macho(bytes(data[:8])):
                return None
            image = macho.read(data, f"{self.wheel.name}: {path}", self.arch)
            if image is None:
                return None
            exports = Exports(image)
            offered = {s: e for s in self.asked if (e := exports.find(s)) is not None}
            generation = numpy_generation(data) if self.numpy else None
            return _Scanned(image=image, numpy=generation, offered=offered)

    def find(self, path: str, symbol: str) -> Export | None:
        """One export, also of a name that was not among the asked ones."""
        scanned = self.scan(path)
        if scanned is None or symbol in self.asked:
            return scanned.offered.get(symbol) if scanned else None
        return _Scanner(wheel=self.wheel, arch=self.arch, asked=(symbol,)).find(path, symbol)


def read_tensorflow(wheel: Wheel, sha256: str, arch: str, asked: Iterable[str]) -> TensorFlowBinary:
    """The facts of a TensorFlow wheel, with regard to the symbols ``asked``."""
    return _read_tensorflow(wheel, sha256, arch, asked, ())


def read_for_plugin(wheel: Wheel, sha256: str, arch: str, plugin: PluginBinary) -> TensorFlowBinary:
    """The facts of a TensorFlow wheel with regard to one plugin, for little reading.

    Only the images that are loaded are read, so that the numpy generation is None, and the
    others only where a symbol is missing that no library is named for.
    """
    asked = {one.symbol for one in plugin.imports}
    flat = {one.symbol for one in plugin.imports if one.library is None} - system.FLAT
    return _read_tensorflow(wheel, sha256, arch, asked, flat)


def read_exports(
    wheel: Wheel, arch: str, asked: Iterable[str]
) -> tuple[tuple[ImageFacts, ...], dict[str, frozenset[str]]]:
    """The images that TensorFlow loads, and which of the ``asked`` symbols each offers, by path.

    Only these images are read. There are none where the wheel is a stub.
    """
    asked = tuple(sorted(asked))
    scanner = _Scanner(wheel=wheel, arch=arch, asked=asked + _DLOPEN_CALLERS)
    links = _loaded_images(scanner) if ROOT_IMAGE in wheel.paths else {}
    images = [
        _image_facts(wheel, path, one)
        for path, one in sorted(scanner.done.items())
        if one is not None and path in links
    ]
    exports = {
        path: frozenset(one for one in asked if _offers(scanner, links, path, one, 0))
        for path in sorted(links)
    }
    return tuple(images), exports


def _read_tensorflow(
    wheel: Wheel,
    sha256: str,
    arch: str,
    asked: Iterable[str],
    decisive: Collection[str],
) -> TensorFlowBinary:
    """With ``decisive`` symbols, all files are read only where one of these is missing."""
    name = parse_name(wheel.name)
    asked = tuple(sorted(asked))
    scanner = _Scanner(wheel=wheel, arch=arch, asked=asked + _DLOPEN_CALLERS, numpy=not decisive)
    payload = ROOT_IMAGE in wheel.paths
    native = wheel.native_paths
    if native and not payload:
        raise DamagedBinary(wheel.name, f"has machine code and no {ROOT_IMAGE}")
    links = _loaded_images(scanner) if payload else {}
    exports = {
        symbol: frozenset(p for p in links if _offers(scanner, links, p, symbol, 0))
        for symbol in asked
    }
    found = {symbol for symbol, images in exports.items() if images}
    if not found.issuperset(decisive) or not decisive:
        for path in native:
            scanner.scan(path)
    scanned = {path: one for path, one in scanner.done.items() if one is not None}
    images = tuple(_image_facts(wheel, path, scanned[path]) for path in sorted(links))
    hidden = {image.path for image in images if image.local}
    others = [one for path, one in scanned.items() if path not in links]
    elsewhere = {
        symbol
        for symbol in asked
        if exports[symbol] <= hidden and any(symbol in one.offered for one in others)
    }
    return TensorFlowBinary(
        package=name.package,
        version=name.version,
        arch=arch,
        files=(_read_file(wheel, sha256, name),),
        payload=payload,
        requires=() if payload else requires(wheel, arch),
        macos_tag=name.macos or "any",
        minos=highest_version(one.image.minos for one in scanned.values()),
        sdk=highest_version(one.image.sdk for one in scanned.values()),
        numpy_generation=common_generation(one.numpy for one in scanned.values()),
        images=images,
        exports={symbol: exports[symbol] for symbol in sorted(found)},
        elsewhere=frozenset(elsewhere),
        absent=frozenset(set(asked) - found - elsewhere),
    )


def _loaded_images(scanner: _Scanner) -> dict[str, dict[str, str]]:
    """The images that the root loads, each with its libraries' names and their paths.

    An image's libraries are looked for on its own rpaths and on those of the images that led
    to it, as dyld does.
    """
    links: dict[str, dict[str, str]] = {}
    by_install_name: dict[str, str] = {}
    todo: list[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]] = [(ROOT_IMAGE, ())]
    members = set(scanner.wheel.paths)
    while todo:
        path, parents = todo.pop(0)
        if path in links or (scanned := scanner.scan(path)) is None:
            continue
        links[path] = {}
        image = scanned.image
        if image.install_name:
            by_install_name.setdefault(image.install_name, path)
        chain = ((path, image.rpaths), *parents)
        for library in image.libraries:
            places = [c for p, rpaths in chain for c in candidate_paths(library.name, p, rpaths)]
            target = by_install_name.get(library.name) or next(
                (place for place in places if place in members), None
            )
            if target is not None:
                links[path][library.name] = target
                todo.append((target, chain))
    return links


def _offers(
    scanner: _Scanner, links: dict[str, dict[str, str]], path: str, symbol: str, depth: int
) -> bool:
    """Whether binding ``symbol`` to the image at ``path`` succeeds, re-exports followed."""
    scanned = scanner.scan(path)
    if scanned is None or depth > _REEXPORT_DEPTH:
        return False
    libraries = scanned.image.libraries
    export = scanner.find(path, symbol)
    if export is not None:
        if export.ordinal is None:
            return True
        if not 1 <= export.ordinal <= len(libraries):
            return False
        name = libraries[export.ordinal - 1].name
        if system.is_system(name):
            return True
        target = links.get(path, {}).get(name)
        imported = export.imported or symbol
        return target is not None and _offers(scanner, links, target, imported, depth + 1)
    return any(
        _offers(scanner, links, links[path][library.name], symbol, depth + 1)
        for library in libraries
        if library.kind is macho.LinkKind.REEXPORT and library.name in links.get(path, {})
    )


def _image_facts(wheel: Wheel, path: str, scanned: _Scanned) -> ImageFacts:
    own = (scanned.offered.get(symbol) for symbol in _DLOPEN_CALLERS)
    return ImageFacts(
        path=path,
        install_name=scanned.image.install_name,
        libraries=tuple(
            lib.name for lib in scanned.image.libraries if not system.is_system(lib.name)
        ),
        rpaths=scanned.image.rpaths,
        calls_dlopen=any(export is not None and export.ordinal is None for export in own),
        local=path == ROOT_IMAGE
        and _ROOT_IMPORTER in wheel.paths
        and _GLOBAL_FLAGS not in wheel.paths
        and "RTLD_LOCAL" in wheel.text(_ROOT_IMPORTER),
    )


def read_plugin(wheel: Wheel, sha256: str, arch: str) -> PluginBinary:
    """The facts of a plugin wheel, which has exactly one library in ``tensorflow-plugins``."""
    name = parse_name(wheel.name)
    paths = [path for path in wheel.native_paths if path.startswith(_PLUGIN_FOLDER)]
    if len(paths) != 1:
        raise DamagedBinary(wheel.name, f"has {len(paths)} libraries in {_PLUGIN_FOLDER}, not 1")
    what = f"{wheel.name}: {paths[0]}"
    image = macho.read(wheel.inflate(paths[0]), what, arch)
    if image is None:
        raise DamagedBinary(what, f"is not for {arch}")
    own = Exports(image)
    needed = set()
    for one in read_imports(image):
        library: str | None = None
        if one.ordinal > 0:
            if one.ordinal > len(image.libraries):
                raise DamagedBinary(what, f"binds {one.symbol} to library {one.ordinal} of none")
            library = image.libraries[one.ordinal - 1].name
            if system.is_system(library):
                continue
        elif one.ordinal == Special.SELF or (
            one.ordinal == Special.WEAK and own.find(one.symbol) is not None
        ):
            continue
        needed.add(PluginImport(symbol=one.symbol, library=library, weak=one.weak))
    return PluginBinary(
        package=name.package,
        version=name.version,
        arch=arch,
        files=(_read_file(wheel, sha256, name),),
        path=paths[0],
        install_name=image.install_name,
        libraries=tuple(
            (library.name, library.kind is macho.LinkKind.WEAK)
            for library in image.libraries
            if not system.is_system(library.name)
        ),
        rpaths=image.rpaths,
        macos_tag=name.macos or "any",
        minos=image.minos,
        sdk=image.sdk,
        imports=tuple(sorted(needed, key=lambda i: (i.library or "", i.symbol, i.weak))),
    )


def _read_file(wheel: Wheel, sha256: str, name: WheelName) -> ReadFile:
    return ReadFile(
        filename=wheel.name, sha256=sha256, python=name.python, inner_tags=inner_tags(wheel)
    )
