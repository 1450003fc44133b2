"""Whether a native companion loads into a TensorFlow: the rows, and the rules that decide.

A companion's images are loaded after ``import tensorflow``, by ``tf.load_op_library`` or as
modules of Python, and bind to TensorFlow's images by the rules of :mod:`.load_check`. What they
want is thousands of symbols, most of them the same from release to release. So all symbols
stand once, in one list, and what an image wants, or offers, is a row of bits: bit i stands for
the i-th symbol of the list.

Everything here is a pure function of these rows. They are a file of their own beside the
compiled matrix, read only where a package is in question that binds to TensorFlow.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..files import guarded
from .base import Fact, version
from .binaries import ImageFacts
from .load_check import find_library
from .plain import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeGroup(Fact):
    """Images of one folder that link the same libraries: what they want of TensorFlow.

    ``rpaths`` are those that lead to TensorFlow's folder, ``libraries`` those of TensorFlow's
    that are linked, weak ones left out. ``imports`` are the bits of what is bound to each
    library, and under the empty name of what is looked for in all images.
    """

    images: tuple[str, ...]
    rpaths: tuple[str, ...]
    libraries: tuple[str, ...]
    imports: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeBinary(Fact):
    """A companion's release on one architecture, for these Pythons ("cp311"; "py3" for all).

    ``copies`` are the paths of TensorFlow's own libraries that the wheel brings a second time.
    ``minos`` is the highest of its images that bind to TensorFlow.
    """

    package: str
    version: str
    arch: str
    pythons: tuple[str, ...]
    macos_tag: str
    minos: str | None = None
    numpy_generation: str | None = None
    copies: tuple[str, ...]
    groups: tuple[NativeGroup, ...]

    def runs_on(self, python: str) -> bool:
        """Whether a wheel of it is for that series of Python ("3.11")."""
        return not {"py3", f"cp{python.replace('.', '')}"}.isdisjoint(self.pythons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Fact):
    """What a TensorFlow release offers on one architecture.

    ``exports`` are the bits of each loaded image, re-exports followed; of the symbols from
    number ``asked`` on nothing is known.
    """

    package: str
    version: str
    arch: str
    asked: int
    images: tuple[ImageFacts, ...]
    exports: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeLoad:
    """What dyld would make of a companion's images beside a TensorFlow.

    ``loads`` is None where that is not decided: a symbol was never asked of this TensorFlow, or
    the wheel brings ``copies`` of TensorFlow's libraries and binds to these. ``images`` are
    those that fail, out of ``of`` that bind to TensorFlow. ``linked_for`` is the macOS that they
    were linked for, where that is newer than the file name says: on an older one a symbol of the
    system may be missing, as in tensorflow/decision-forests#195.
    """

    package: str
    version: str
    tensorflow: str
    arch: str
    loads: bool | None
    missing_symbols: tuple[str, ...] = ()
    missing_libraries: tuple[str, ...] = ()
    unknown_symbols: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    of: int = 0
    copies: tuple[str, ...] = ()
    linked_for: str | None = None

    @property
    def source(self) -> str:
        """The file of the row."""
        return f"matrix/binaries/companions/{self.package}/{self.version}.toml"

    @property
    def text(self) -> str:
        """The row as a sentence."""
        head = f"{self.package} {self.version}"
        beside = f"TensorFlow {self.tensorflow}"
        if self.loads:
            text = f"the images of {head} find all that they need in {beside}"
            newer = f"; they were linked for macOS {self.linked_for}, newer than the file name says"
            return text + newer if self.linked_for else text
        if self.loads is None:
            if self.copies:
                return (
                    f"{head} brings its own copy of {self.copies[0].rpartition('/')[2]} and binds "
                    f"to that: what it registers does not reach {beside}"
                )
            return f"whether {head} loads into {beside} was not read from the binaries"
        return f"{head} does not load into {beside}: {self.lacks}"

    @property
    def lacks(self) -> str:
        """What is missing, in few words."""
        count = len(self.missing_symbols)
        symbols = [f"{count} {'symbol' if count == 1 else 'symbols'} missing"] if count else []
        files = [f"there is no {_shown(name)}" for name in self.missing_libraries]
        return " and ".join(symbols + files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Natives:
    """All rows. ``symbols`` is the list that the bits count."""

    symbols: tuple[str, ...] = ()
    binaries: tuple[NativeBinary, ...] = ()
    offers: tuple[Offer, ...] = ()
    _known: dict[str, list[NativeBinary]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def of(self, package: str) -> list[NativeBinary]:
        """The rows of a companion, in their order."""
        if not self._known:
            for one in self.binaries:
                self._known.setdefault(one.package, []).append(one)
        return self._known.get(package, [])

    def binary(
        self, package: str, release: str, arch: str, python: str | None = None
    ) -> NativeBinary | None:
        """The row of a release; of several the one for that Python."""
        found = [
            one
            for one in self.of(package)
            if one.arch == arch and version(one.version) == version(release)
        ]
        fitting = [one for one in found if python is None or one.runs_on(python)]
        return next(iter(fitting or found), None)

    def offer(self, release: str, arch: str, package: str | None = None) -> Offer | None:
        """What a TensorFlow offers; ``package`` where two of one version differ."""
        found = [
            one
            for one in self.offers
            if one.arch == arch and version(one.version) == version(release)
        ]
        return next((one for one in found if one.package == package), next(iter(found), None))

    def check(
        self,
        package: str,
        release: str,
        tensorflow: str,
        arch: str,
        *,
        python: str | None = None,
        by: str | None = None,
    ) -> NativeLoad | None:
        """Whether the companion loads; None where one of the two was not read.

        ``by`` is the package that brings that TensorFlow, where its name makes a difference.
        """
        binary = self.binary(package, release, arch, python)
        offer = self.offer(tensorflow, arch, by)
        return None if binary is None or offer is None else check(binary, offer, self.symbols)

    def tensorflows(self, binary: NativeBinary) -> list[NativeLoad]:
        """The load check of a companion beside each TensorFlow on its architecture, by version."""
        offers = [one for one in self.offers if one.arch == binary.arch]
        # Where two packages bring one version, the plain name is the one that is taken.
        offers.sort(key=lambda one: (version(one.version), one.package != "tensorflow"))
        found: dict[str, Offer] = {}
        for one in offers:
            found.setdefault(one.version, one)
        return [check(binary, one, self.symbols) for one in found.values()]

    def place(self, symbol: str) -> int | None:
        """The number of a symbol, also as Linux writes it; None where no companion wants it."""
        for name in (symbol, f"_{symbol}"):
            if name in self.symbols:
                return self.symbols.index(name)
        return None

    def offering(self, symbol: str, arch: str) -> list[str]:
        """The TensorFlow releases of which some image offers the symbol, oldest first."""
        place = self.place(symbol)
        if place is None:
            return []
        found = {
            one.version
            for one in self.offers
            if one.arch == arch and any(bits_of(text) >> place & 1 for text in one.exports.values())
        }
        return sorted(found, key=version)

    def wanting(self, package: str, symbol: str, arch: str) -> list[str]:
        """The releases of a companion that want the symbol, oldest first."""
        place = self.place(symbol)
        if place is None:
            return []
        found = {
            one.version
            for one in self.of(package)
            if one.arch == arch
            and any(bits_of(t) >> place & 1 for g in one.groups for t in g.imports.values())
        }
        return sorted(found, key=version)


def _newer(minos: str | None, tag: str) -> str | None:
    """The macOS of the load commands, where it is newer than that of the file name."""
    return minos if minos and tag != "any" and version(minos) > version(tag) else None


def _shown(library: str) -> str:
    """A library as dyld looks for it: by its file's name, or in one place."""
    return library.removeprefix("@rpath/")


def check(binary: NativeBinary, offer: Offer, symbols: tuple[str, ...]) -> NativeLoad:
    """What dyld would make of the companion beside that TensorFlow."""
    hidden = {image.path for image in offer.images if image.local}
    exports = {path: bits_of(text) for path, text in offer.exports.items()}
    every = functools.reduce(int.__or__, exports.values(), 0)
    seen_by_all = functools.reduce(
        int.__or__, (bits for path, bits in exports.items() if path not in hidden), 0
    )
    known = (1 << offer.asked) - 1
    missing = unknown = 0
    libraries: set[str] = set()
    failing: list[str] = []
    for group in binary.groups:
        found = {
            name: find_library(offer.images, group.images[0], group.rpaths, name)
            for name in group.libraries
        }
        lost = {name for name, path in found.items() if path is None}
        lacks = 0
        for name, text in group.imports.items():
            if name in lost:
                continue  # the missing library is reason enough
            path = found.get(name)
            offered = exports.get(path, 0) if path else seen_by_all
            lacks |= bits_of(text) & ~offered
        unknown |= lacks & ~known & ~every
        lacks &= known | every
        if lacks or lost:
            failing += group.images
        missing |= lacks
        libraries |= lost
    decided = None if unknown or binary.copies else True
    return NativeLoad(
        package=binary.package,
        version=binary.version,
        tensorflow=offer.version,
        arch=binary.arch,
        loads=False if missing or libraries else decided,
        missing_symbols=names_of(missing, symbols),
        missing_libraries=tuple(sorted(libraries)),
        unknown_symbols=names_of(unknown, symbols),
        images=tuple(failing),
        of=sum(len(group.images) for group in binary.groups),
        copies=binary.copies,
        linked_for=_newer(binary.minos, binary.macos_tag),
    )


@functools.lru_cache(maxsize=8192)
def bits_of(text: str) -> int:
    """The bits that a file has as a hexadecimal number."""
    return int(text, 16) if text else 0


def names_of(bits: int, symbols: tuple[str, ...]) -> tuple[str, ...]:
    """The symbols that the bits stand for, sorted."""
    found = []
    while bits:
        low = bits & -bits
        found.append(symbols[low.bit_length() - 1])
        bits ^= low
    return tuple(sorted(found))


class Numbers:
    """The places of symbols in a list that only grows."""

    def __init__(self, symbols: Iterable[str] = ()) -> None:
        self._place = {symbol: place for place, symbol in enumerate(symbols)}

    @property
    def symbols(self) -> tuple[str, ...]:
        """The list."""
        return tuple(self._place)

    def bits(self, symbols: Iterable[str]) -> str:
        """The symbols as a hexadecimal number; new ones join the list in their order."""
        bits = 0
        for symbol in sorted(symbols):
            bits |= 1 << self._place.setdefault(symbol, len(self._place))
        return f"{bits:x}"


def to_json(natives: Natives) -> dict[str, object]:
    """The content of natives.json."""
    from .plain import plain

    rows: Mapping[str, object] = {
        "symbols": list(natives.symbols),
        "binaries": plain(natives.binaries),
        "offers": plain(natives.offers),
    }
    return {"schema_version": SCHEMA_VERSION, **rows}


def load_natives(path: Path) -> Natives:
    """Read natives.json; raises DataError where it is missing or damaged."""

    def build(data: dict[str, list[object]]) -> Natives:
        return Natives(
            symbols=tuple(str(one) for one in data["symbols"]),
            binaries=tuple(read(NativeBinary, row) for row in data["binaries"]),
            offers=tuple(read(Offer, row) for row in data["offers"]),
        )

    return guarded(path, SCHEMA_VERSION, build)
