"""From matrix/ to the compiled matrix: vendor table, reports and proofs become evidence.

What it makes is a pure function of the folder: the same files give the same bytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..matrix.companions import Companions
from ..matrix.facts import (
    METAL,
    Bound,
    Evidence,
    Matrix,
    Outcome,
    Release,
    Wheel,
)
from ..matrix.native_rows import NativeRows
from ..matrix.reasons import Grade
from ..matrix.recipes import Recipes, RecipeTried
from ..matrix.symbol_names import SymbolNames
from ..matrix.tried_bounds import bounds_of, is_current, is_explained
from ..target import Arch, Chip, MacOSRelease, Platforms, PythonSeries, PythonVersion
from .demangle import demangle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..matrix.facts import BinaryFact, PairLoad
    from ..matrix.natives import Natives
    from .folder import MatrixFolder
    from .models import ReleaseFile

FIRST_SHARED_RELEASE = Version("2.13")
"""Below it the vendor's table speaks of tensorflow-macos alone; from it on, of `tensorflow`."""


def compile_platforms(folder: MatrixFolder) -> Platforms:
    """The platforms; a chip's variants become chips of their own."""
    return Platforms(
        macos=tuple(
            MacOSRelease(major=row.major, name=row.name, darwin=row.darwin)
            for row in folder.platforms.macos
        ),
        chips=tuple(
            Chip(
                id=f"{chip.id}-{variant}" if variant else chip.id,
                name=f"{chip.name} {variant.title()}" if variant else chip.name,
                arch=chip.arch,
                first_macos=chip.first_macos,
                last_macos=chip.last_macos,
                gpu=chip.gpu,
            )
            for chip in folder.platforms.chips
            for variant in ("", *chip.variants)
        ),
        pythons=tuple(
            PythonSeries(series=row.series, micro={Arch.ARM64: row.arm64, Arch.X86_64: row.x86_64})
            for row in folder.platforms.pythons
        ),
    )


def compile_matrix(
    folder: MatrixFolder,
    pair_loads: Iterable[PairLoad],
    binaries: Sequence[BinaryFact],
    natives: Natives,
) -> Matrix:
    """All facts; pair loads, binary facts and the rows of companions are read elsewhere."""
    pair_loads = tuple(pair_loads)
    missing = {symbol for load in pair_loads for symbol in load.missing_symbols}
    named = sorted(missing.union(natives.symbols))
    return Matrix(
        as_of=max(release.read for _, release in folder.releases).isoformat(),
        platforms=compile_platforms(folder),
        releases=tuple(
            _release(release)
            for _, release in sorted(
                folder.releases, key=lambda item: (item[1].package, Version(item[1].version))
            )
        ),
        bounds=(*_numpy_bounds(binaries), *folder.bounds.bounds),
        evidence=(*_vendor(folder), *_reports(folder), *_proofs(folder)),
        defects=folder.defects.defects,
        floors=tuple(
            replace(floor, source=floor.source or folder.floors.source)
            for floor in folder.floors.floors
        ),
        reports=folder.reports,
        pair_loads=pair_loads,
        binaries=tuple(binaries),
        packages=folder.packages.packages,
        waivers=(
            *folder.waivers.waivers,
            *(waiver for recipe in folder.recipes for waiver in recipe.waivers),
        ),
        lineage=folder.lineage,
        roads=folder.roads.roads,
        linux=folder.linux,
        kernels=tuple(
            one
            for _, file in sorted(folder.kernels, key=lambda item: Version(item[1].version))
            for one in file.plugins
        ),
        companions=_companions(folder),
        natives=NativeRows({row.package for row in natives.binaries}, rows=natives),
        recipes=_recipes(folder),
        symbols=SymbolNames({symbol: demangle(symbol) for symbol in named}),
    )


def _companions(folder: MatrixFolder) -> Companions:
    """Facts and trials; what failed for want of what is known to be needed says nothing more."""
    written = Companions(facts=folder.companions)
    filed = [
        (path.relative_to(folder.root.parent).as_posix(), trial)
        for path, trial in folder.trials
        if is_current(trial, written)
        and (trial.outcome == "works" or not is_explained(trial, written))
    ]
    return Companions(
        facts=tuple(
            replace(
                fact,
                needs=(
                    *fact.needs,
                    *bounds_of(
                        (one for one in filed if one[1].companion == fact.name),
                        binary=fact.couples == "binary",
                    ),
                ),
            )
            for fact in folder.companions
        ),
        trials=tuple(trial.tried(source) for source, trial in filed),
    )


def _recipes(folder: MatrixFolder) -> Recipes:
    return Recipes(
        facts=folder.recipes,
        runs=tuple(
            RecipeTried(
                recipe=run.recipe,
                outcome=run.outcome,
                arch=run.arch,
                python=PythonVersion.parse(run.python).series,
                tensorflow=run.tensorflow,
                date=run.date.isoformat(),
                text=run.sentence,
                source=path.relative_to(folder.root.parent).as_posix(),
                pins=run.pins,
                imported=frozenset(run.imported),
            )
            for path, run in folder.recipe_runs
            if any(run.program == recipe.digest for recipe in folder.recipes)
        ),
    )


def _release(release: ReleaseFile) -> Release:
    return Release(
        package=release.package,
        version=release.version,
        wheels=tuple(
            Wheel(
                filename=wheel.filename,
                url=wheel.url,
                sha256=wheel.sha256,
                size=wheel.size,
                uploaded=wheel.uploaded.isoformat() if wheel.uploaded else None,
                payload=wheel.payload,
                requires_python=release.metadata[wheel.metadata].requires_python,
                requires=release.metadata[wheel.metadata].requires,
            )
            for wheel in release.wheels
        ),
    )


def _numpy_bounds(binaries: Iterable[BinaryFact]) -> Iterator[Bound]:
    """The bound that follows from a TensorFlow's binaries: compiled before numpy 2, none of it."""
    first: dict[str, str] = {}
    for fact in binaries:
        if fact.package != METAL and fact.numpy_generation == "1":
            first.setdefault(fact.version, fact.source)
    for version, source in sorted(first.items(), key=lambda item: Version(item[0])):
        yield Bound(
            id=f"numpy-generation-{version}",
            package="numpy",
            specifier="<2",
            tensorflow=f"=={version}",
            reason=f"the binaries of TensorFlow {version} were compiled before numpy 2 and look "
            "for numpy.core._multiarray_umath, which they cannot use there",
            source=source,
        )


def _vendor(folder: MatrixFolder) -> Iterator[Evidence]:
    vendor = folder.vendor
    for pair in vendor.pairs:
        note = f" ({pair.note})" if pair.note else ""
        older = not any(
            Version(release.version) >= FIRST_SHARED_RELEASE
            and SpecifierSet(pair.tensorflow).contains(release.version)
            for _, release in folder.releases
        )
        yield Evidence(
            grade=Grade.VENDOR,
            outcome=Outcome.WORKS,
            package="tensorflow-macos" if older else None,
            tensorflow=pair.tensorflow,
            metal=pair.metal,
            text=f"the vendor's table lists TensorFlow {pair.tensorflow.replace('==', '')} "
            f"with {pair.metal}{note}",
            source=vendor.source,
            date=vendor.read.isoformat(),
        )


def _reports(folder: MatrixFolder) -> Iterator[Evidence]:
    for report in folder.reports:
        if report.about == "pair" and report.tensorflow is not None:
            yield Evidence(
                grade=Grade.REPORTED,
                outcome=Outcome(report.outcome),
                # On arm64 both packages bring the same binaries, so the name says nothing there.
                package=report.package if report.arch is Arch.X86_64 else None,
                tensorflow=report.tensorflow,
                metal=report.metal,
                arch=report.arch,
                text=f"{report.outcome}: {report.sentence}",
                source=report.source,
                date=report.date,
                results=report.stage == "result",
            )


def _proofs(folder: MatrixFolder) -> Iterator[Evidence]:
    for path, proof in folder.proofs:
        yield proof.evidence(path.relative_to(folder.root.parent).as_posix())
    for path, report in folder.mac_reports:
        for run in report.runs:
            where = path.relative_to(folder.root.parent).as_posix()
            yield run.evidence(where, report.submitter)
