"""The facts of all releases boiled down to rows for the compiled matrix.

They are what the program at run time knows of them: it reads neither these files nor wheels.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from packaging.version import Version

from ..matrix.binaries import PluginBinary, TensorFlowBinary, load_folder
from ..matrix.facts import BinaryFact, PairLoad
from ..matrix.pair_row import PairRow, pair_row, pins
from ..target import Arch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def pair_loads(folder: Path) -> list[PairLoad]:
    """What the compiled matrix keeps: a stub's pairs are those of the release it leads to."""
    return [
        PairLoad(**{one.name: getattr(row, one.name) for one in fields(PairLoad)})
        for row in pair_rows(folder)
        if row.payload == row.package
    ]


def binary_facts(folder: Path) -> list[BinaryFact]:
    """What the compiled matrix keeps of each release that is no stub."""
    return [
        BinaryFact(
            package=binary.package,
            version=binary.version,
            arch=Arch(binary.arch),
            numpy_generation=(
                None if isinstance(binary, PluginBinary) else binary.numpy_generation
            ),
            minos=binary.minos,
            source=", ".join(file.filename for file in binary.files),
        )
        for binary in sorted(load_folder(folder), key=_order)
        if isinstance(binary, PluginBinary) or binary.payload
    ]


def pair_rows(folder: Path) -> list[PairRow]:
    """The load check of every TensorFlow with every plugin in ``matrix/binaries``.

    Sorted by architecture, TensorFlow and plugin.
    """
    tensorflows: dict[tuple[str, str, str], list[TensorFlowBinary]] = {}
    plugins: dict[tuple[str, str], list[PluginBinary]] = {}
    for binary in load_folder(folder):
        if isinstance(binary, TensorFlowBinary):
            key = (binary.arch, binary.package, binary.version)
            tensorflows.setdefault(key, []).append(binary)
        else:
            plugins.setdefault((binary.arch, binary.version), []).append(binary)
    rows = []
    for arch, package, version in sorted(tensorflows, key=lambda k: (k[0], Version(k[2]), k[1])):
        payload = _payload(tensorflows, arch, package, version)
        for plugin_arch, metal in sorted(plugins, key=lambda k: (k[0], Version(k[1]))):
            if plugin_arch == arch:
                rows.append(pair_row(package, version, metal, arch, payload, plugins[arch, metal]))
    return rows


def _payload(
    tensorflows: Mapping[tuple[str, str, str], list[TensorFlowBinary]],
    arch: str,
    package: str,
    version: str,
) -> list[TensorFlowBinary]:
    """The binaries with the payload that installing a release gives; none for a dead end."""
    seen: set[tuple[str, str]] = set()
    todo = [(package, version)]
    while todo:
        package, version = todo.pop()
        found = tensorflows.get((arch, package, version), [])
        if (package, version) in seen:
            continue
        seen.add((package, version))
        if any(binary.payload for binary in found):
            return [binary for binary in found if binary.payload]
        todo += [pin for binary in found for pin in pins(binary)]
    return []


def _order(binary: TensorFlowBinary | PluginBinary) -> tuple[str, Version, str, list[object]]:
    pythons = sorted({file.python for file in binary.files}, key=_python_key)
    return binary.package, Version(binary.version), binary.arch, [*pythons]


def _python_key(tag: str) -> tuple[int, str]:
    return len(tag), tag
