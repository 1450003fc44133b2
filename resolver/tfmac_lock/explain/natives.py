"""What the binaries say of a companion that a text names: which TensorFlow it was built for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lookups import Fact, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.facts import Matrix
    from ..matrix.natives import NativeLoad, Natives
    from .lookups import Named

SOURCE = "the binaries of these releases"


def companion_binaries(matrix: Matrix, names: Named) -> Iterator[Fact]:
    """Whether the companion's images load, by the versions or by the symbol in the text."""
    if names.companion not in matrix.natives.names:
        return
    natives = matrix.natives.get()
    release = names.version_of(names.companion)
    if release and names.tensorflow:
        load = natives.check(names.companion, release, names.tensorflow, names.arch.value)
        if load is not None:
            yield Fact(text=_load(matrix, load), source=load.source)
    if release:
        yield from _where(natives, names, release)
    for symbol in names.symbols[:1]:
        yield from _by_symbol(matrix, names, symbol)


def _load(matrix: Matrix, load: NativeLoad) -> str:
    shown = [f"`{matrix.readable(symbol)}`" for symbol in load.missing_symbols[:2]]
    return f"{load.text} ({', '.join(shown)})" if shown else load.text


def _where(natives: Natives, names: Named, release: str) -> Iterator[Fact]:
    binary = natives.binary(names.companion, release, names.arch.value, names.python or None)
    if binary is None:
        return
    every = natives.tensorflows(binary)
    loads = [one.tensorflow for one in every if one.loads]
    if loads:
        text = f"{binary.package} {binary.version} loads into TensorFlow "
        text += runs([one.tensorflow for one in every], loads)
        yield Fact(text=text, source=f"matrix/binaries/companions/{binary.package}")


def _by_symbol(matrix: Matrix, names: Named, symbol: str) -> Iterator[Fact]:
    """Which TensorFlow the package was built for, by what it misses."""
    natives, arch = matrix.natives.get(), names.arch.value
    wanting = natives.wanting(names.companion, symbol, arch)
    if not wanting:
        return
    offers = [one.version for one in natives.offers if one.arch == arch]
    every = list(dict.fromkeys(offers))
    known = [one.version for one in natives.of(names.companion) if one.arch == arch]
    head = f"`{matrix.readable(symbol)}` is what {names.companion} "
    head += f"{runs(list(dict.fromkeys(known)), wanting)} "
    head += "wants" if len(wanting) == 1 else "want"
    offering = natives.offering(symbol, arch)
    verb = "offers" if len(offering) == 1 else "offer"
    tail = (
        f"TensorFlow {runs(every, offering)} {verb} it" if offering else "no TensorFlow offers it"
    )
    yield Fact(text=f"{head}, and {tail}", source=SOURCE)
