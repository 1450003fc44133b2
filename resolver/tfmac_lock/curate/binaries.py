"""Keeps ``matrix/binaries`` up to date with the index: what is missing is read, no more.

Plugins come first, since what they import is what TensorFlow is asked for. A TensorFlow release
whose file does not answer for every symbol that some plugin imports is read again.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from ..check.binary_facts import read_plugin, read_tensorflow
from ..errors import MissingExtra
from ..files import write_whole
from ..macho.errors import DamagedBinary
from ..matrix.base import METAL, TENSORFLOW_PACKAGES
from ..matrix.binaries import (
    Binary,
    PluginBinary,
    TensorFlowBinary,
    load,
    load_folder,
    to_document,
)
from ..wheels.archive import Wheel
from ..wheels.names import WheelName, highest_version, parse_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ..pypi.model import IndexFile
    from ..pypi.wheels import IndexWheels

OLDEST = Version("2.5.0")
ARCHES = ("arm64", "x86_64")


def refresh(
    folder: Path,
    source: IndexWheels,
    *,
    shard: tuple[int, int] = (1, 1),
    every_python: bool = True,
    tell: Callable[[str], None] = lambda _line: None,
) -> list[Path]:
    """Reads the releases that ``folder`` lacks, and returns the files that were written.

    ``shard`` (I, N) takes the I-th of N equal parts, I from 1, of the TensorFlow releases; every
    shard reads the few small plugins for itself. Of each release all Pythons are read, or, not
    ``every_python``, the newest alone. A release that cannot be read does not keep the others
    from being read; the first such error is raised in the end.
    """
    written: list[Path] = []
    for version, wheels in releases(source, METAL):
        path = release_path(folder, METAL, version)
        if path.exists():
            continue
        tell(f"{METAL} {version}")
        binaries = _read_all(source, wheels, read_plugin, every_python=True)
        written.append(write(path, binaries))
    asked = asked_symbols(folder)
    work = [
        (package, version, wheels)
        for package in TENSORFLOW_PACKAGES
        for version, wheels in releases(source, package)
    ]
    part, parts = shard
    damaged: list[DamagedBinary] = []
    for package, version, wheels in work[part - 1 :: parts]:
        path = release_path(folder, package, version)
        if path.exists() and not needs_reading(load(path), asked):
            continue
        tell(f"{package} {version}")

        def read(wheel: Wheel, sha256: str, arch: str) -> TensorFlowBinary:
            return read_tensorflow(wheel, sha256, arch, asked)

        try:
            binaries = _read_all(source, wheels, read, every_python=every_python)
        except DamagedBinary as error:
            tell(str(error))
            damaged.append(error)
        else:
            written.append(write(path, binaries))
    if damaged:
        raise damaged[0]
    return written


def release_path(folder: Path, package: str, version: Version | str) -> Path:
    """Where the facts of a release are kept."""
    return folder / package / f"{version}.toml"


def asked_symbols(folder: Path) -> frozenset[str]:
    """What all the plugins known to ``folder`` want of TensorFlow."""
    return frozenset(
        one.symbol
        for binary in load_folder(folder)
        if isinstance(binary, PluginBinary)
        for one in binary.imports
    )


def needs_reading(binaries: Iterable[Binary], asked: frozenset[str]) -> bool:
    """Whether a release file leaves one of the symbols without an answer."""
    return any(
        not binary.was_asked(symbol)
        for binary in binaries
        if isinstance(binary, TensorFlowBinary)
        for symbol in asked
    )


def write(path: Path, binaries: tuple[Binary, ...]) -> Path:
    """Writes one release file, whole or not at all."""
    try:
        import tomli_w
    except ImportError as error:
        raise MissingExtra("writing facts", "curate") from error
    write_whole(path, tomli_w.dumps(to_document(binaries)))
    return path


def for_mac(
    files: Iterable[IndexFile], counts: Callable[[WheelName], bool] = lambda _: True
) -> dict[Version, list[IndexFile]]:
    """The wheels of a project for a Mac by their release, those whose name ``counts`` alone."""
    found: dict[Version, list[IndexFile]] = {}
    for file in files:
        if not file.filename.endswith(".whl"):
            continue
        try:
            name = parse_name(file.filename)
            version = Version(name.version)
        except (DamagedBinary, InvalidVersion):
            continue
        if name.macos is not None and counts(name):
            found.setdefault(version, []).append(file)
    return found


def releases(source: IndexWheels, package: str) -> Iterator[tuple[Version, list[IndexFile]]]:
    """The releases that have a wheel for the Mac, oldest first.

    Final ones, and the candidates of the one to come.
    """
    found = for_mac(source.files(package))
    newest_final = max((v for v in found if not v.is_prerelease), default=OLDEST)
    for version in sorted(found):
        recent = not version.is_prerelease or version > newest_final
        if recent and (package == METAL or version >= OLDEST):
            yield version, found[version]


def _read_all(
    source: IndexWheels,
    wheels: Iterable[IndexFile],
    read: Callable[[Wheel, str, str], Binary],
    *,
    every_python: bool,
) -> tuple[Binary, ...]:
    """What the wheels of a release say; those that agree are one binary with many files."""
    binaries: list[Binary] = []
    for arch in ARCHES:
        fitting = [w for w in wheels if arch in parse_name(w.filename).arches]
        fitting.sort(key=lambda w: parse_name(w.filename).newest_python, reverse=True)
        for file in fitting if every_python else fitting[:1]:
            with source.open(file) as opened:
                # An index need not state hashes; then the whole file is read for it.
                sha256 = file.sha256 or _digest(opened)
                binaries.append(read(Wheel(opened, file.filename), sha256, arch))
    return merge(binaries)


def merge(binaries: Iterable[Binary]) -> tuple[Binary, ...]:
    """One binary for all wheels of a release that say the same.

    The SDK, which decides nothing, may differ; the highest is kept.
    """
    merged: list[Binary] = []
    for binary in binaries:
        for index, known in enumerate(merged):
            if replace(known, files=(), sdk=None) == replace(binary, files=(), sdk=None):
                files = tuple(sorted(known.files + binary.files))
                sdk = highest_version((known.sdk, binary.sdk))
                merged[index] = replace(known, files=files, sdk=sdk)
                break
        else:
            merged.append(binary)
    return tuple(merged)


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()
