"""The facts kept of a release's binaries, and their TOML form in ``matrix/binaries/``.

One file a release, ``matrix/binaries/<package>/<version>.toml``, written by
``tfmac-lock matrix refresh`` and never by hand. A release has one binary for each architecture,
and more than one only where its Pythons disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import DataError
from ..foreign import parse_toml
from .base import Fact
from .plain import plain, read
from .texts import Sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ReadFile(Fact):
    """A wheel that was read, and the CPython tag it is for.

    ``inner_tags`` are the platform tags inside ``dist-info/WHEEL``, which often differ from the
    file name's.
    """

    filename: str
    sha256: Sha256
    python: str
    inner_tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts(Fact):
    """One Mach-O file that ``import tensorflow`` loads before it loads plugins.

    ``path`` is relative to ``site-packages``. ``libraries`` are those outside of the system.
    ``calls_dlopen`` says that it holds the function that loads plugins, whose rpaths count when
    the plugin's libraries are looked for. ``local`` says that Python loads it with
    ``RTLD_LOCAL``, which hides its symbols from lookups that name no library.
    """

    path: str
    install_name: str | None = None
    libraries: tuple[str, ...]
    rpaths: tuple[str, ...]
    calls_dlopen: bool
    local: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A release as it was read on one architecture.

    ``minos`` and ``sdk`` are the highest of any image, ``macos_tag`` the lowest macOS of the file
    name.
    """

    package: str
    version: str
    arch: str
    files: tuple[ReadFile, ...]
    macos_tag: str
    minos: str | None
    sdk: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFlowBinary(_Read):
    """A TensorFlow release for one architecture, as far as plugins are concerned.

    ``exports`` holds for each symbol that any plugin asks for the paths of the images that
    offer it, through re-exports too; ``elsewhere`` names those that no image offers to everyone
    and some file exports that need not be loaded; ``absent`` those that no file exports. A
    symbol in none of the three was never asked for. A stub has no images and ``payload`` false;
    ``requires`` says what it asks for.

    ``numpy_generation`` is "1", "1+2" or "2": the numpy major versions that the extension
    modules can run on, None where none of them uses numpy's C API.
    """

    payload: bool
    requires: tuple[str, ...]
    numpy_generation: str | None
    images: tuple[ImageFacts, ...]
    exports: dict[str, frozenset[str]]
    elsewhere: frozenset[str]
    absent: frozenset[str]

    def was_asked(self, symbol: str) -> bool:
        """Whether the facts say anything of ``symbol``."""
        return symbol in self.exports or symbol in self.elsewhere or symbol in self.absent


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PluginImport:
    """A symbol that the plugin needs from outside of itself and of the system's libraries.

    ``library`` is the name of the library it is bound to, None for a lookup in all images.
    """

    symbol: str
    library: str | None
    weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginBinary(_Read):
    """A plugin release for one architecture.

    ``libraries`` are the linked libraries outside of the system, with True for weak ones;
    ``path`` is relative to ``site-packages``.
    """

    path: str
    install_name: str | None
    libraries: tuple[tuple[str, bool], ...]
    rpaths: tuple[str, ...]
    imports: tuple[PluginImport, ...]


Binary: TypeAlias = TensorFlowBinary | PluginBinary


def to_document(binaries: tuple[Binary, ...]) -> dict[str, Any]:
    """The TOML document of one release; its binaries sorted by architecture and Python."""
    first = binaries[0]
    return {
        "schema_version": SCHEMA_VERSION,
        "package": first.package,
        "version": first.version,
        "binaries": [_row(binary) for binary in sorted(binaries, key=lambda b: (b.arch, b.files))],
    }


def _row(binary: Binary) -> dict[str, Any]:
    """The plain form but for symbols, which stand in groups, and without what is not stated."""
    row: dict[str, Any] = plain(replace(binary, files=tuple(sorted(binary.files))))
    if isinstance(binary, TensorFlowBinary):
        offered: dict[tuple[str, ...], list[str]] = {}
        for symbol, images in binary.exports.items():
            offered.setdefault(tuple(sorted(images)), []).append(symbol)
        row["exports"] = [
            {"images": list(images), "symbols": sorted(symbols)}
            for images, symbols in sorted(offered.items())
        ]
        row["requires"] = row["requires"] or None
    else:
        row["libraries"] = [{"name": name, "weak": weak} for name, weak in binary.libraries]
        wanted: dict[tuple[str, bool], list[str]] = {}
        for one in binary.imports:
            wanted.setdefault((one.library or "", one.weak), []).append(one.symbol)
        row["imports"] = [
            {
                **({"library": library} if library else {"flat": True}),
                "weak": weak,
                "symbols": sorted(symbols),
            }
            for (library, weak), symbols in sorted(wanted.items())
        ]
    del row["package"], row["version"]
    return {name: _stated(item) for name, item in row.items() if item is not None}


def _stated(value: Any) -> Any:
    """The value without fields that are None, which TOML cannot say."""
    if isinstance(value, dict):
        return {name: _stated(item) for name, item in value.items() if item is not None}
    return [_stated(item) for item in value] if isinstance(value, list) else value


def load(path: Path) -> tuple[Binary, ...]:
    """The binaries of one release file.

    Raises :class:`DataError` with the way to the datum where the file is damaged.
    """
    try:
        document = parse_toml(path.read_bytes())
    except ValueError as error:
        raise DataError(str(path), f"is not TOML ({error})") from error
    if document.get("schema_version") != SCHEMA_VERSION:
        raise DataError(f"{path}: schema_version", f"is not {SCHEMA_VERSION}")
    binaries: list[Binary] = []
    for index, row in enumerate(document.get("binaries", ())):
        try:
            binaries.append(_read(document, row))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: binaries[{index}]", f"is damaged ({error!r})") from error
    return tuple(binaries)


def load_folder(folder: Path) -> Iterator[Binary]:
    """The binaries of all release files under ``matrix/binaries``, in the order of paths."""
    for path in sorted(folder.glob("*/*.toml")):
        yield from load(path)


def _read(document: Mapping[str, Any], row: dict[str, Any]) -> Binary:
    kind: type[Binary] = PluginBinary if "imports" in row else TensorFlowBinary
    named = {"package": document["package"], "version": document["version"]}
    images = [{"install_name": None, **image} for image in row.get("images", ())]
    row = {"install_name": None, "numpy_generation": None, "requires": [], **row, "images": images}
    row = {"minos": None, "sdk": None, **row, **named}
    if kind is TensorFlowBinary:
        row["exports"] = {
            symbol: frozenset(group["images"])
            for group in row["exports"]
            for symbol in group["symbols"]
        }
    else:
        row["libraries"] = [(one["name"], one["weak"]) for one in row["libraries"]]
        row["imports"] = [
            PluginImport(symbol=symbol, library=group.get("library"), weak=group["weak"])
            for group in row["imports"]
            for symbol in group["symbols"]
        ]
    return read(kind, {field.name: row[field.name] for field in fields(kind)})
