"""The static half of the API: every document, from the inputs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from .. import __version__
from ..errors import DataError
from ..files import escaped
from ..matrix.facts import WheelFile
from ..matrix.plain import plain
from ..target import Arch
from . import companion_documents
from . import documents as doc
from .changes import changes
from .inputs import FORMAT_TITLES, covered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..matrix.facts import Matrix, Release
    from ..matrix.grid import Cell, Grid, OnPython
    from .companion_documents import CompanionFacts
    from .inputs import Inputs, PublishedLock

ROOT = "api/v1"

M = TypeVar("M", bound=BaseModel)


def render(
    inputs: Inputs, grids: Sequence[Grid], companions: Sequence[CompanionFacts]
) -> Iterator[tuple[str, str]]:
    """Every document with its path below the site's root, the index last."""
    paths = []
    for path, document in _documents(inputs, grids, companions):
        paths.append(f"{ROOT}/{path}")
        yield paths[-1], dump(document)
    for item in inputs.locks:
        paths.append(lock_path(item.id))
        yield paths[-1], item.files["lock.json"]
    index = doc.Index(as_of=inputs.as_of, version=__version__, documents=sorted(paths))
    yield f"{ROOT}/index.json", dump(index)


def dump(document: doc.Document) -> str:
    """The bytes of a document."""
    fields = document.model_dump(by_alias=True)
    return escaped(json.dumps(fields, ensure_ascii=False, separators=(",", ":"))) + "\n"


def lock_path(lock: str) -> str:
    """Where the document of the lock with that id is."""
    return f"{ROOT}/locks/{lock}.json"


def checksums(files: Mapping[str, bytes]) -> doc.Checksums:
    """The checksums of these files, by path."""
    return doc.Checksums(
        files=[
            doc.Checksum(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
            for path, content in sorted(files.items())
        ]
    )


def _documents(
    inputs: Inputs, grids: Sequence[Grid], companions: Sequence[CompanionFacts]
) -> Iterator[tuple[str, doc.Document]]:
    matrix = inputs.matrix
    yield "platforms.json", _platforms(matrix)
    yield "combos.json", _combos(inputs)
    cells = [cell for grid in grids for cell in grid.cells]
    yield (
        "pairs.json",
        doc.Pairs(as_of=inputs.as_of, pairs=[_pair_row(cell) for cell in cells]),
    )
    for cell in cells:
        yield f"pairs/{cell.id}.json", _pair(matrix, cell)
    rows = [_release_row(release) for release in matrix.releases]
    yield "releases.json", doc.Releases(as_of=inputs.as_of, releases=rows)
    for release in matrix.releases:
        yield f"releases/{release.package}-{release.version}.json", _release(release)
    yield (
        "companions.json",
        companion_documents.CompanionList(
            as_of=inputs.as_of, companions=[companion_documents.row(one) for one in companions]
        ),
    )
    for one in companions:
        yield f"companions/{one.name}.json", one
    yield "bounds.json", doc.Bounds(bounds=list(matrix.bounds))
    yield "defects.json", doc.Defects(defects=list(matrix.defects))
    yield "reports.json", doc.Reports(reports=list(matrix.reports))
    yield (
        "symptoms.json",
        doc.Symptoms(
            frameworks=_checked(doc.Frameworks, inputs.frameworks),
            symptoms=[_checked(doc.Symptom, item) for item in inputs.symptoms],
        ),
    )
    yield (
        "figures.json",
        doc.Figures(
            figures=[_checked(doc.Figure, item) for item in inputs.figures.get("figures", ())]
        ),
    )
    tried = covered(inputs)
    yield (
        "coverage.json",
        doc.CoverageDocument(
            as_of=tried.as_of,
            counts=doc.CoverageCounts(**tried.counts),
            locks=list(tried.locks),
            wanted=list(tried.wanted),
        ),
    )
    yield "changes.json", doc.Changes(changes=list(changes(inputs)))


def _checked(model: type[M], item: dict[str, Any]) -> M:
    """A part of a compiled document; raises DataError where it is not one."""
    try:
        return model.model_validate(item)
    except ValidationError as error:
        what = f"{model.__name__.lower()} {item.get('id')}"
        raise DataError(what, f"is damaged at {error.errors()[0]['loc']}") from error


def _platforms(matrix: Matrix) -> doc.Platforms:
    platforms = matrix.platforms
    return doc.Platforms(
        chips=[doc.Chip.model_validate(plain(chip)) for chip in platforms.chips],
        macos=[doc.MacOS(major=row.major, name=row.name) for row in platforms.macos],
        pythons=[row.series for row in platforms.pythons],
    )


def _combos(inputs: Inputs) -> doc.Combos:
    return doc.Combos(
        as_of=inputs.as_of,
        combos=[_combo_row(item) for item in inputs.locks],
        unpublished=[doc.Unpublished(**one._asdict()) for one in inputs.unpublished],
    )


def _combo_row(item: PublishedLock) -> doc.ComboRow:
    lock = doc.Lock.model_validate_json(item.files["lock.json"])
    return doc.ComboRow(
        **{name: getattr(lock.combo, name) for name in doc.Combo.model_fields},
        status=lock.verdict.status,
        grade=lock.verdict.grade,
        lock=lock_path(item.id),
        files=[name for name in FORMAT_TITLES if name in item.files],
    )


def _on_python(item: OnPython) -> doc.PairOnPython:
    return doc.PairOnPython(
        python=item.python,
        status=item.verdict.status,
        grade=item.verdict.grade,
        macos_min=item.macos_min,
        lock=lock_path(item.lock) if item.lock else None,
    )


def _pair_row(cell: Cell) -> doc.PairRow:
    assert cell.status is not None
    return doc.PairRow(
        id=cell.id,
        package=cell.package,
        tensorflow=cell.tensorflow,
        metal=cell.metal,
        arch=cell.arch,
        loads=cell.load.loads if cell.load else None,
        status=cell.status,
        pythons=[_on_python(item) for item in cell.pythons],
    )


def _pair(matrix: Matrix, cell: Cell) -> doc.Pair:
    row = _pair_row(cell)
    missing = cell.load.missing_symbols if cell.load else ()
    return doc.Pair(
        **{name: getattr(row, name) for name in doc.PairRow.model_fields},
        missing_symbols=list(missing),
        missing_libraries=list(cell.load.missing_libraries if cell.load else ()),
        demangled=[doc.Symbol(mangled=name, demangled=matrix.readable(name)) for name in missing],
        reasons=[reason for reason, _ in cell.reasons],
    )


def _release(release: Release) -> doc.Release:
    return doc.Release(
        package=release.package,
        version=release.version,
        prerelease=not release.final,
        wheels=[
            WheelFile(**{one.name: getattr(wheel, one.name) for one in fields(WheelFile)})
            for wheel in release.wheels
        ],
    )


def _release_row(release: Release) -> doc.ReleaseRow:
    return doc.ReleaseRow(
        package=release.package,
        version=release.version,
        prerelease=not release.final,
        arm64=list(release.pythons(Arch.ARM64)),
        x86_64=list(release.pythons(Arch.X86_64)),
        document=f"{ROOT}/releases/{release.package}-{release.version}.json",
    )
