"""The reasons that were read in binaries: whether the plugin loads, and what TensorFlow needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..target import Arch, Os
from .reasons import Grade, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .facts import Matrix
    from .verdict import Pair


def binary_reasons(matrix: Matrix, pair: Pair, os: Os, *, ran: bool) -> Iterator[Reason]:
    """What the binaries say; they decide nothing against a pair that ``ran`` on Macs."""
    if os is Os.LINUX:
        return _linux_binaries(matrix, pair)
    return _mac_binaries(matrix, pair, ran=ran)


def _linux_binaries(matrix: Matrix, pair: Pair) -> Iterator[Reason]:
    """What the Linux wheel for arm64 says; a guest on an Intel Mac is nobody's matter here."""
    found = matrix.linux_binary(pair.package, pair.tensorflow)
    if found is None or pair.arch is not Arch.ARM64:
        yield Reason(
            kind="binaries", text="the Linux wheels were not read", source="matrix/linux has none"
        )
        return
    yield Reason(
        kind="binaries",
        text=f"{found.text}; the twins ran the same versions on x86_64, "
        + (found.tried or "and nobody these wheels"),
        source=f"https://pypi.org/project/{found.package}/{found.version}/#files",
        grade=Grade.LOADS,
    )


def _mac_binaries(matrix: Matrix, pair: Pair, *, ran: bool) -> Iterator[Reason]:
    """What the Mac's binaries say."""
    if pair.metal is None:
        yield from _without_plugin(matrix, pair)
        return
    load = matrix.pair_load(pair.package, pair.tensorflow, pair.metal, pair.arch)
    if load is None or load.loads is None:
        yield Reason(
            kind="binaries",
            text="the binaries of this pair have not been read",
            source="matrix/binaries",
        )
        return
    if load.loads:
        text = "the plugin's symbols and libraries are all there"
    else:
        missing = (*load.missing_libraries, *load.missing_symbols)
        names, more = ", ".join(missing[:3]), len(missing) - 3
        text = f"the plugin does not load: {names} missing"
        if more > 0:
            text = f"the plugin does not load: {names} and {more} more missing"
    yield Reason(
        kind="binaries",
        text=text,
        source=f"the wheels of {load.package} {load.tensorflow} and tensorflow-metal {load.metal}",
        grade=Grade.LOADS,
        against=not load.loads,
        fatal=not load.loads and not ran,
    )


def _without_plugin(matrix: Matrix, pair: Pair) -> Iterator[Reason]:
    """TensorFlow's own binaries: without a plugin there is nothing that could fail to load."""
    payload = matrix.payload_of(pair.package, pair.tensorflow, pair.arch)
    for fact in matrix.binaries:
        if (fact.package, fact.version) == payload and fact.arch is pair.arch:
            yield Reason(
                kind="binaries",
                text="no plugin to load; TensorFlow's own binaries were read "
                f"(numpy generation {fact.numpy_generation or 'not stated'})",
                source=fact.source,
                grade=Grade.LOADS,
            )
            return
