"""``matrix/kernels/``: what the code of each plugin release says, one file a release.

Written by ``tfmac-lock matrix refresh`` and never by hand: the same wheels give the same bytes.
Wheels of a release whose libraries say the same make one entry.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Annotated, Any

from ..files import write_whole
from ..macho import image as macho
from ..macho.errors import DamagedBinary
from ..matrix.base import METAL, Fact
from ..matrix.facts import series_of
from ..matrix.kernels import Kernels
from ..matrix.plain import plain
from ..matrix.texts import AtLeastOne
from ..wheels.archive import Wheel
from ..wheels.names import parse_name
from .binaries import ARCHES, release_path, releases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ..pypi.model import IndexFile
    from ..pypi.wheels import IndexWheels


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelsFile(Fact):
    """matrix/kernels/<package>/<version>.toml, written by ``tfmac-lock matrix refresh``."""

    plugins: Annotated[tuple[Kernels, ...], AtLeastOne()]

    @property
    def version(self) -> str:
        """The release that all entries are of."""
        return self.plugins[0].version


def refresh_kernels(
    folder: Path, source: IndexWheels, tell: Callable[[str], None] = lambda _line: None
) -> list[Path]:
    """Read the plugin releases that ``folder`` lacks, and return the files that were written."""
    written = []
    for version, wheels in releases(source, METAL):
        path = release_path(folder, METAL, version)
        if path.exists():
            continue
        tell(f"{METAL} {version}")
        read = [
            kernels
            for arch in ARCHES
            for file in sorted(wheels, key=lambda one: one.filename)
            if arch in parse_name(file.filename).arches
            for kernels in [_read(source, file, arch)]
        ]
        write(path, merge(read))
        written.append(path)
    return written


def _read(source: IndexWheels, file: IndexFile, arch: str) -> Kernels:
    with source.open(file) as opened:
        return read_wheel(opened, file.filename, arch)


def read_wheel(opened: IO[bytes], filename: str, arch: str) -> Kernels:
    """What the plugin in a wheel says; raises MissingExtra without a disassembler."""
    from .kernels import read_kernels

    wheel = Wheel(opened, filename)
    paths = [path for path in wheel.native_paths if path.startswith("tensorflow-plugins/")]
    if len(paths) != 1:
        raise DamagedBinary(filename, f"has {len(paths)} libraries in tensorflow-plugins/, not 1")
    data = wheel.inflate(paths[0])
    what = f"{filename}: {paths[0]}"
    image = macho.read(data, what, arch)
    if image is None:
        raise DamagedBinary(what, f"is not for {arch}")
    return read_kernels(
        image,
        package=METAL,
        version=parse_name(filename).version,
        python=series_of(filename),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def merge(read: Iterable[Kernels]) -> tuple[Kernels, ...]:
    """One entry for all wheels whose libraries say the same."""
    merged: list[Kernels] = []
    for one in read:
        for index, known in enumerate(merged):
            if replace(known, pythons=(), sha256=()) == replace(one, pythons=(), sha256=()):
                pythons = sorted({*known.pythons, *one.pythons}, key=_series_key)
                hashes = sorted({*known.sha256, *one.sha256})
                merged[index] = replace(known, pythons=tuple(pythons), sha256=tuple(hashes))
                break
        else:
            merged.append(one)
    return tuple(merged)


def _series_key(series: str) -> int:
    return int(series.partition(".")[2])


def to_document(kernels: tuple[Kernels, ...]) -> dict[str, Any]:
    """The content of a release's file; what is None is left out, as TOML has none."""
    return {
        "plugins": [
            {key: value for key, value in plain(one).items() if value is not None}
            for one in kernels
        ]
    }


def write(path: Path, kernels: tuple[Kernels, ...]) -> None:
    """Write one release file."""
    import tomli_w

    write_whole(path, tomli_w.dumps(to_document(kernels)))
