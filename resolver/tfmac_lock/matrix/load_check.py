"""Whether a plugin loads into a TensorFlow, decided from stored facts as dyld decides it.

The rules are those of dyld4 (``Loader::resolveSymbol``, ``Loader::forEachPath``) for
``dlopen(plugin, RTLD_NOW | RTLD_LOCAL)``, which is what TensorFlow calls at the end of
``import tensorflow``:

1. Every linked library must be found: a loaded image with that install name, or a file on the
   rpaths of the plugin and of the image that called ``dlopen``; weakly linked ones may miss.
2. A symbol bound to a library must be exported by that library, re-exports included.
3. A symbol bound to none (ordinal -2) is looked for in every loaded image that is not hidden
   by ``RTLD_LOCAL``. Python loads ``_pywrap_tensorflow_internal.so`` so; hence the reported
   "symbol not found in flat namespace '_TF_GetInputPropertiesList'" with releases in which that
   file alone exports it.
4. Symbols with the weak flag may miss, as may those of a weak library that is missing.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..macho import system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .binaries import ImageFacts, PluginBinary, TensorFlowBinary

_DLOPEN_FLAGS = 0x6
"""RTLD_NOW | RTLD_LOCAL, as dyld prints the flags of the call."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class MissingSymbol:
    """A symbol that nobody offers where the plugin looks for it."""

    symbol: str
    library: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What dyld would make of a pair.

    ``loads`` is None where a symbol that decides was never asked of this TensorFlow release
    (``unknown_symbols``), so that its wheel has to be read again.
    """

    loads: bool | None
    missing_symbols: tuple[MissingSymbol, ...] = ()
    missing_libraries: tuple[str, ...] = ()
    unknown_symbols: tuple[str, ...] = ()
    dyld_message: str | None = None


def check_pair(tensorflow: TensorFlowBinary, plugin: PluginBinary) -> LoadResult:
    """Whether ``plugin`` loads into ``tensorflow``; both must be for one architecture.

    A stub offers nothing: ask with the release that holds the payload.
    """
    if tensorflow.arch != plugin.arch:
        raise ValueError(f"{tensorflow.arch} and {plugin.arch} cannot make a pair")
    found = {
        name: find_library(tensorflow.images, plugin.path, plugin.rpaths, name)
        for name, _ in plugin.libraries
    }
    missing_libraries = tuple(
        name for name, weak in plugin.libraries if found[name] is None and not weak
    )
    hidden = {image.path for image in tensorflow.images if image.local}
    missing: list[MissingSymbol] = []
    unknown: list[str] = []
    for one in plugin.imports:
        if one.weak or (one.library is None and one.symbol in system.FLAT):
            continue
        offered = tensorflow.exports.get(one.symbol, frozenset())
        if one.library is None:
            seen, undecided = bool(offered - hidden), one.symbol in tensorflow.elsewhere
        elif (image := found.get(one.library)) is not None:
            seen, undecided = image in offered, False
        else:
            continue  # the missing library is reason enough, or it is weak
        if seen:
            continue
        if undecided or not tensorflow.was_asked(one.symbol):
            unknown.append(one.symbol)
        else:
            missing.append(MissingSymbol(symbol=one.symbol, library=one.library))
    loads = False if missing or missing_libraries else None if unknown else True
    return LoadResult(
        loads=loads,
        missing_symbols=tuple(sorted(missing, key=lambda m: (m.symbol, m.library or ""))),
        missing_libraries=missing_libraries,
        unknown_symbols=tuple(sorted(unknown)),
        dyld_message=_message(plugin, missing, missing_libraries) if loads is False else None,
    )


def find_library(
    images: Sequence[ImageFacts], loader: str, rpaths: tuple[str, ...], name: str
) -> str | None:
    """The path of the loaded image that dyld takes for the library ``name``, or None.

    It is asked for by the image at ``loader``, which has these ``rpaths``.
    """
    for image in images:
        if image.install_name == name:
            return image.path
    loaded = {image.path for image in images}
    callers = [(i.path, i.rpaths) for i in images if i.calls_dlopen]
    for asking, its in [(loader, rpaths), *callers]:
        for path in candidate_paths(name, asking, its):
            if path in loaded:
                return path
    return None


def candidate_paths(name: str, loader: str, rpaths: tuple[str, ...]) -> list[str]:
    """Where dyld looks for ``name`` on behalf of the image at ``loader``.

    Paths are relative to ``site-packages``; those outside of it are left out.
    """
    if name.startswith("@rpath/"):
        tried = [posixpath.join(rpath, name.removeprefix("@rpath/")) for rpath in rpaths]
    else:
        tried = [name]
    folder = posixpath.dirname(loader)
    paths = []
    for one in tried:
        if one.startswith("@loader_path"):
            inside = one.removeprefix("@loader_path").lstrip("/")
            path = posixpath.normpath(posixpath.join(folder, inside))
            if not path.startswith(".."):
                paths.append(path)
    return paths


def _message(plugin: PluginBinary, missing: list[MissingSymbol], libraries: tuple[str, ...]) -> str:
    """The words of dyld on macOS 12 and newer; it stops at the first thing it misses."""
    head = f"dlopen({plugin.path}, {_DLOPEN_FLAGS:#06x}): "
    if libraries:
        return (
            f"{head}Library not loaded: {libraries[0]}\n"
            f"  Referenced from: {plugin.path}\n"
            "  Reason: tried: (no such file)"
        )
    first = missing[0]
    where = "flat namespace" if first.library is None else first.library
    if first.library is None:
        return f"{head}symbol not found in flat namespace '{first.symbol}'"
    return (
        f"{head}Symbol not found: {first.symbol}\n"
        f"  Referenced from: {plugin.path}\n"
        f"  Expected in: {where}"
    )
