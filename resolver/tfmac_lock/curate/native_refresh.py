"""Keeps ``matrix/binaries/companions`` up to date: who binds to TensorFlow, and what it wants.

Of each package that may bind (matrix/natives.toml and matrix/companions/) the newest and the
oldest wheel for each architecture is read; of one that does, every final release once. Then each
TensorFlow is asked for all symbols that any companion wants, and asked again when one wants new
ones.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from ..check.binary_facts import read_exports
from ..check.native_facts import Known, NativeWheel, numbered, read_native
from ..errors import MissingExtra
from ..files import write_whole
from ..matrix.binaries import TensorFlowBinary, load_folder
from ..matrix.natives import NativeBinary, Numbers
from ..matrix.plain import plain
from ..matrix.toml import read_file
from ..wheels.archive import Wheel
from ..wheels.names import parse_name
from .binaries import ARCHES, for_mac
from .natives import (
    EXPORTS,
    PROJECT,
    SYMBOLS,
    Exported,
    ExportsFile,
    NativeFile,
    NativeReleaseFile,
    NativesFile,
    Partly,
    ProjectFile,
    WheelRead,
    read_symbols,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ..pypi.model import IndexFile
    from ..pypi.wheels import IndexWheels

PYTHONS = tuple(f"3.{minor}" for minor in range(8, 15))
"""The Pythons whose wheels are read: 3.8 is the oldest on Apple silicon."""


def refresh_natives(
    matrix: Path,
    source: IndexWheels,
    *,
    shard: tuple[int, int] = (1, 1),
    tell: Callable[[str], None] = lambda _line: None,
) -> list[Path]:
    """Read what ``matrix/binaries/companions`` lacks; the files that are new or changed.

    ``shard`` (I, N) takes the I-th of N equal parts, I from 1, of the TensorFlow releases; every
    shard reads the companions for itself, which are small.
    """
    folder = matrix / "binaries" / "companions"
    facts = read_file(matrix / "natives.toml", NativesFile)
    numbers = Numbers(read_symbols(folder))
    written: list[Path] = []
    companions = {path.stem for path in (matrix / "companions").glob("*.toml")}
    for name in sorted({*facts.names, *companions}):
        partly = [one for one in facts.partly if one.package == name]
        written += _refresh_project(folder, source, name, partly, numbers, tell)
    written += _refresh_exports(matrix / "binaries", source, numbers.symbols, shard, tell)
    return written


def wheels_for_mac(files: Iterable[IndexFile]) -> dict[Version, list[IndexFile]]:
    """The wheels of a project for a Mac and for a Python that counts, by release."""
    found = for_mac(
        (file for file in files if file.yanked is None),
        lambda name: any(name.runs_on(python) for python in PYTHONS),
    )
    return dict(sorted(found.items()))


def _refresh_project(
    folder: Path,
    source: IndexWheels,
    name: str,
    partly: list[Partly],
    numbers: Numbers,
    tell: Callable[[str], None],
) -> Iterator[Path]:
    """One package: whether it binds, and if so each of its final releases."""
    releases = wheels_for_mac(source.files(name))
    path = folder / name / PROJECT
    known = read_file(path, ProjectFile) if path.exists() else None
    ends = list(_newest_and_oldest(releases))
    if known is None or {one.filename for one in known.read} != {file.filename for _, file in ends}:
        read = []
        for arch, file in ends:
            tell(f"{file.filename}")
            read.append(_wheel_read(source, file, arch, partly))
        known = ProjectFile(name=name, binds=any(one.binds for one in read), read=tuple(read))
        yield _write(path, plain(known))
    if not any(one.counts for one in known.read):
        return
    for version, files in releases.items():
        release = folder / name / f"{version}.toml"
        if version.is_prerelease or release.exists():
            continue
        tell(f"{name} {version}")
        found = _read_release(source, files, partly, numbers)
        # First the list that the rows count by: an interruption leaves it too long, which is
        # no harm, and never too short.
        write_whole(folder / SYMBOLS, "".join(f"{symbol}\n" for symbol in numbers.symbols))
        yield _write(release, plain(found))


def _newest_and_oldest(
    releases: dict[Version, list[IndexFile]],
) -> Iterator[tuple[str, IndexFile]]:
    for arch in ARCHES:
        of_arch = [
            [file for file in files if arch in parse_name(file.filename).arches]
            for files in releases.values()
        ]
        ends = [files for files in of_arch if files]
        chosen = {_newest_python(files).filename: files for files in (ends[-1:] + ends[:1])}
        for files in chosen.values():
            yield arch, _newest_python(files)


def _newest_python(files: list[IndexFile]) -> IndexFile:
    return max(files, key=lambda file: (parse_name(file.filename).newest_python, file.filename))


def _wheel_read(source: IndexWheels, file: IndexFile, arch: str, partly: list[Partly]) -> WheelRead:
    with source.open(file) as opened:
        wheel = Wheel(opened, file.filename)
        found = read_native(wheel, arch)
        left_out = _left_out(wheel, partly)
    return WheelRead(
        filename=file.filename,
        images=len(wheel.native_paths),
        binds=len(found.images),
        counts=sum(image.path not in left_out for image in found.images),
    )


def _read(
    source: IndexWheels, file: IndexFile, arch: str, partly: list[Partly], known: Known
) -> NativeWheel:
    with source.open(file) as opened:
        wheel = Wheel(opened, file.filename)
        return read_native(wheel, arch, _left_out(wheel, partly), known)


def _left_out(wheel: Wheel, partly: list[Partly]) -> list[str]:
    """The images that an import of the package does not load."""
    patterns = [pattern for one in partly for pattern in one.images]
    return [
        path
        for path in wheel.native_paths
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
    ]


def _read_release(
    source: IndexWheels, files: list[IndexFile], partly: list[Partly], numbers: Numbers
) -> NativeReleaseFile:
    binaries: list[NativeBinary] = []
    known: Known = {}
    for arch in ARCHES:
        fitting = sorted(
            (file for file in files if arch in parse_name(file.filename).arches),
            key=lambda file: file.filename,
        )
        wheels = [_read(source, file, arch, partly, known) for file in fitting]
        binaries += [one for one in numbered(wheels, numbers) if one.groups]
    return NativeReleaseFile(
        schema_version=1,
        files=tuple(
            NativeFile(filename=file.filename, sha256=file.sha256 or "")
            for file in sorted(files, key=lambda file: file.filename)
        ),
        binaries=tuple(binaries),
    )


# -- what the TensorFlows offer


def _refresh_exports(
    binaries: Path,
    source: IndexWheels,
    symbols: tuple[str, ...],
    shard: tuple[int, int],
    tell: Callable[[str], None],
) -> Iterator[Path]:
    """Ask each TensorFlow that was not asked for all symbols."""
    part, parts = shard
    for package, version, arches in payloads(binaries)[part - 1 :: parts]:
        path = binaries / "companions" / EXPORTS / f"{package}-{version}.toml"
        known = read_file(path, ExportsFile) if path.exists() else None
        if known and all(one.asked >= len(symbols) for one in known.offers):
            continue
        wheels = wheels_for_mac(source.files(package)).get(Version(version), [])
        offers = []
        for arch in arches:
            fitting = [file for file in wheels if arch in parse_name(file.filename).arches]
            if not fitting:
                continue
            file = _newest_python(fitting)
            tell(file.filename)
            with source.open(file) as opened:
                _, found = read_exports(Wheel(opened, file.filename), arch, symbols)
            numbers = Numbers(symbols)
            offers.append(
                Exported(
                    package=package,
                    version=version,
                    arch=arch,
                    filename=file.filename,
                    asked=len(symbols),
                    exports={image: numbers.bits(names) for image, names in found.items()},
                )
            )
        yield _write(path, plain(ExportsFile(schema_version=1, offers=tuple(offers))))


def payloads(binaries: Path) -> list[tuple[str, str, list[str]]]:
    """The TensorFlow releases that are no stubs, with their architectures, newest first."""
    found: dict[tuple[str, str], list[str]] = {}
    for binary in load_folder(binaries):
        if isinstance(binary, TensorFlowBinary) and binary.payload:
            arches = found.setdefault((binary.package, binary.version), [])
            if binary.arch not in arches:
                arches.append(binary.arch)
    rows = [(package, version, sorted(arches)) for (package, version), arches in found.items()]
    return sorted(rows, key=lambda row: (Version(row[1]), row[0]), reverse=True)


def _write(path: Path, content: Any) -> Path:
    try:
        import tomli_w
    except ImportError as error:
        raise MissingExtra("writing facts", "curate") from error
    write_whole(path, tomli_w.dumps(_stated(content)))
    return path


def _stated(value: Any) -> Any:
    """The value without fields that are None, which TOML cannot say."""
    if isinstance(value, dict):
        return {name: _stated(item) for name, item in value.items() if item is not None}
    return [_stated(item) for item in value] if isinstance(value, list) else value
