"""The facts kept of a release's binaries, and their TOML form in ``matrix/binaries/``.

One file a release, ``matrix/binaries/<package>/<version>.toml``, written by
``tfmac-lock matrix refresh`` and never by hand. A release has one binary for each architecture,
and more than one only where its Pythons disagree.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ReadFile:
    """A wheel that was read, and the CPython tag it is for.

    ``inner_tags`` are the platform tags inside ``dist-info/WHEEL``, which often differ from the
    file name's.
    """

    filename: str
    sha256: str
    python: str
    inner_tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """One Mach-O file that ``import tensorflow`` loads before it loads plugins.

    ``path`` is relative to ``site-packages``. ``libraries`` are those outside of the system.
    ``calls_dlopen`` says that it holds the function that loads plugins, whose rpaths count when
    the plugin's libraries are looked for. ``local`` says that Python loads it with
    ``RTLD_LOCAL``, which hides its symbols from lookups that name no library.
    """

    path: str
    install_name: str | None
    libraries: tuple[str, ...]
    rpaths: tuple[str, ...]
    calls_dlopen: bool
    local: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFlowBinary:
    """A TensorFlow release for one architecture, as far as plugins are concerned.

    ``exports`` holds for each symbol that any plugin asks for the paths of the images that
    offer it, through re-exports too; ``elsewhere`` names those that no image offers to everyone
    and some file exports that need not be loaded; ``absent`` those that no file exports. A
    symbol in none of the three was never asked for. A stub has no images and ``payload`` false;
    ``requires`` says what it asks for.

    ``numpy_generation`` is "1", "1+2" or "2": the numpy major versions that the extension
    modules can run on, None where none of them uses numpy's C API. ``minos`` and ``sdk`` are the
    highest of any image, ``macos_tag`` the lowest macOS of the file name.
    """

    package: str
    version: str
    arch: str
    files: tuple[ReadFile, ...]
    payload: bool
    requires: tuple[str, ...]
    macos_tag: str
    minos: str | None
    sdk: str | None
    numpy_generation: str | None
    images: tuple[ImageFacts, ...]
    exports: Mapping[str, frozenset[str]]
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
class PluginBinary:
    """A plugin release for one architecture.

    ``libraries`` are the linked libraries outside of the system, with True for weak ones;
    ``path`` is relative to ``site-packages``.
    """

    package: str
    version: str
    arch: str
    files: tuple[ReadFile, ...]
    path: str
    install_name: str | None
    libraries: tuple[tuple[str, bool], ...]
    rpaths: tuple[str, ...]
    macos_tag: str
    minos: str | None
    sdk: str | None
    imports: tuple[PluginImport, ...]


Binary: TypeAlias = TensorFlowBinary | PluginBinary


def to_document(binaries: tuple[Binary, ...]) -> dict[str, Any]:
    """The TOML document of one release; its binaries sorted by architecture and Python."""
    first = binaries[0]
    rows = sorted(binaries, key=lambda b: (b.arch, b.files))
    return {
        "schema_version": SCHEMA_VERSION,
        "package": first.package,
        "version": first.version,
        "binaries": [
            _tensorflow_row(row) if isinstance(row, TensorFlowBinary) else _plugin_row(row)
            for row in rows
        ],
    }


def _common_row(binary: Binary) -> dict[str, Any]:
    row: dict[str, Any] = {
        "arch": binary.arch,
        "files": [
            {
                "filename": f.filename,
                "sha256": f.sha256,
                "python": f.python,
                "inner_tags": list(f.inner_tags),
            }
            for f in sorted(binary.files)
        ],
        "macos_tag": binary.macos_tag,
    }
    if binary.minos is not None:
        row["minos"] = binary.minos
    if binary.sdk is not None:
        row["sdk"] = binary.sdk
    return row


def _tensorflow_row(binary: TensorFlowBinary) -> dict[str, Any]:
    row = _common_row(binary)
    row["payload"] = binary.payload
    if binary.requires:
        row["requires"] = list(binary.requires)
    if binary.numpy_generation is not None:
        row["numpy_generation"] = binary.numpy_generation
    row["images"] = [
        {
            "path": image.path,
            **({"install_name": image.install_name} if image.install_name else {}),
            "libraries": list(image.libraries),
            "rpaths": list(image.rpaths),
            "calls_dlopen": image.calls_dlopen,
            "local": image.local,
        }
        for image in binary.images
    ]
    groups: dict[tuple[str, ...], list[str]] = {}
    for symbol, images in binary.exports.items():
        groups.setdefault(tuple(sorted(images)), []).append(symbol)
    row["exports"] = [
        {"images": list(images), "symbols": sorted(symbols)}
        for images, symbols in sorted(groups.items())
    ]
    row["elsewhere"] = sorted(binary.elsewhere)
    row["absent"] = sorted(binary.absent)
    return row


def _plugin_row(binary: PluginBinary) -> dict[str, Any]:
    row = _common_row(binary)
    row["path"] = binary.path
    if binary.install_name is not None:
        row["install_name"] = binary.install_name
    row["libraries"] = [{"name": name, "weak": weak} for name, weak in binary.libraries]
    row["rpaths"] = list(binary.rpaths)
    groups: dict[tuple[str, bool], list[str]] = {}
    for one in binary.imports:
        groups.setdefault((one.library or "", one.weak), []).append(one.symbol)
    row["imports"] = [
        {
            **({"library": library} if library else {"flat": True}),
            "weak": weak,
            "symbols": sorted(symbols),
        }
        for (library, weak), symbols in sorted(groups.items())
    ]
    return row


def load(path: Path) -> tuple[Binary, ...]:
    """The binaries of one release file.

    Raises :class:`DataError` with the way to the datum where the file is damaged.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"is not TOML ({error})") from error
    if document.get("schema_version") != SCHEMA_VERSION:
        raise DataError(f"{path}: schema_version", f"is not {SCHEMA_VERSION}")
    binaries: list[Binary] = []
    for index, row in enumerate(document.get("binaries", ())):
        try:
            read = _read_plugin if "imports" in row else _read_tensorflow
            binaries.append(read(document, row))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: binaries[{index}]", f"is damaged ({error!r})") from error
    return tuple(binaries)


def load_folder(folder: Path) -> Iterator[Binary]:
    """The binaries of all release files under ``matrix/binaries``, in the order of paths."""
    for path in sorted(folder.glob("*/*.toml")):
        yield from load(path)


def _read_files(row: Mapping[str, Any]) -> tuple[ReadFile, ...]:
    return tuple(
        ReadFile(
            filename=f["filename"],
            sha256=f["sha256"],
            python=f["python"],
            inner_tags=tuple(f["inner_tags"]),
        )
        for f in row["files"]
    )


def _read_tensorflow(document: Mapping[str, Any], row: Mapping[str, Any]) -> TensorFlowBinary:
    return TensorFlowBinary(
        package=document["package"],
        version=document["version"],
        arch=row["arch"],
        files=_read_files(row),
        payload=row["payload"],
        requires=tuple(row.get("requires", ())),
        macos_tag=row["macos_tag"],
        minos=row.get("minos"),
        sdk=row.get("sdk"),
        numpy_generation=row.get("numpy_generation"),
        images=tuple(
            ImageFacts(
                path=image["path"],
                install_name=image.get("install_name"),
                libraries=tuple(image["libraries"]),
                rpaths=tuple(image["rpaths"]),
                calls_dlopen=image["calls_dlopen"],
                local=image["local"],
            )
            for image in row["images"]
        ),
        exports={
            symbol: images
            for group in row["exports"]
            for images in (frozenset(group["images"]),)
            for symbol in group["symbols"]
        },
        elsewhere=frozenset(row["elsewhere"]),
        absent=frozenset(row["absent"]),
    )


def _read_plugin(document: Mapping[str, Any], row: Mapping[str, Any]) -> PluginBinary:
    return PluginBinary(
        package=document["package"],
        version=document["version"],
        arch=row["arch"],
        files=_read_files(row),
        path=row["path"],
        install_name=row.get("install_name"),
        libraries=tuple((one["name"], one["weak"]) for one in row["libraries"]),
        rpaths=tuple(row["rpaths"]),
        macos_tag=row["macos_tag"],
        minos=row.get("minos"),
        sdk=row.get("sdk"),
        imports=tuple(
            PluginImport(symbol=symbol, library=group.get("library"), weak=group["weak"])
            for group in row["imports"]
            for symbol in group["symbols"]
        ),
    )
