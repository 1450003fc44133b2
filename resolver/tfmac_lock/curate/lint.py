"""Checks on the facts that no single file can make of itself.

What a file alone can get wrong, its model refuses (M001). The rest is here: one code, one
function, and a good and a bad example each in the tests.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ..errors import DataError
from ..matrix.base import METAL, TENSORFLOW_PACKAGES
from ..matrix.companions import plain_name
from ..matrix.facts import series_of
from ..matrix.toml import read_file
from ..target import Arch
from .folder import read_folder
from .models import BinariesFile
from .natives import NativesFile, read_natives
from .symptom_files import lint_examples
from .trial_files import needs_with_taken_ids, stale_trials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .folder import MatrixFolder


class Code(Enum):
    """Every check, with what it demands."""

    M001 = "every file fits its model"
    M002 = "no id stands twice in one file"
    M003 = "a source is an address, or says what was run or compared"
    M004 = "a defect names reports that exist, and every report about a defect is named by one"
    M005 = "a range of TensorFlow or plugin versions meets at least one known release"
    M006 = "every plugin release has a macOS floor for each architecture and Python it is built for"
    M007 = "the versions tried for a bound agree with it: those that work inside, the rest outside"
    M008 = "a wheel is the release's own, and stands there once"
    M009 = "a stub leads to a payload, or packages.toml says that it leads nowhere"
    M010 = "a symptom that is named exists"
    M011 = "a proof is of a known release; a twin speaks of its pins alone, others of a lock"
    M012 = "a symptom's patterns are harmless, its examples recognised, its near misses not"
    M013 = "a file that people write names its schema in the first line"
    M014 = "a run is of a recipe that exists, of its smoke test, and of all that it asks for"
    M015 = "a trial ran the smoke test and the settings that the facts have, and is named after it"
    M016 = "no id stands twice among a companion's needs or defects, nor begins as those of trials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that does not hold, with the way to it."""

    code: Code
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.code.name} {self.path}: {self.text}"


def lint(root: Path) -> list[Problem]:
    """All problems of matrix/; where a file cannot be read at all, only that one (M001)."""
    try:
        folder = read_folder(root)
    except DataError as error:
        return [Problem(code=Code.M001, path=error.path, text=error.reason)]
    return [problem for check in CHECKS for problem in check(folder)]


def _unique_ids(folder: MatrixFolder) -> Iterator[Problem]:
    listed = {
        "bounds.toml": [entry.id for entry in folder.bounds.bounds],
        "defects.toml": [entry.id for entry in folder.defects.defects],
        "platforms.toml": [entry.id for entry in folder.platforms.chips],
    }
    for name, ids in listed.items():
        for one, count in Counter(ids).items():
            if count > 1:
                yield Problem(code=Code.M002, path=name, text=f"{one} stands there {count} times")


SOURCE = re.compile(r"https?://\S+\.\S+|(twin|binary|index|comparison): ?\S+")
"""An address, or what was run or read, named by its first word."""


def _sources(folder: MatrixFolder) -> Iterator[Problem]:
    for bound in folder.bounds.bounds:
        if not SOURCE.match(bound.source):
            yield Problem(code=Code.M003, path=f"bounds.toml: {bound.id}", text=bound.source)
    for defect in folder.defects.defects:
        for source in defect.sources:
            if not source.startswith("https://"):
                yield Problem(code=Code.M003, path=f"defects.toml: {defect.id}", text=source)
    for recipe in folder.recipes:
        for source in recipe.sources:
            if not SOURCE.match(source):
                yield Problem(code=Code.M003, path=f"recipes/{recipe.name}.toml", text=source)
    for row in folder.packages.packages:
        for source in row.sources:
            if not source.startswith("https://"):
                yield Problem(code=Code.M003, path=f"packages.toml: {row.name}", text=source)


def _defects_and_reports(folder: MatrixFolder) -> Iterator[Problem]:
    about = {entry.id: entry.about for entry in folder.reports}
    named = {name for defect in folder.defects.defects for name in defect.reports}
    for name in sorted(named):
        if about.get(name) != "defect":
            what = "is not about a defect" if name in about else "does not exist"
            yield Problem(code=Code.M004, path="defects.toml", text=f"report {name} {what}")
    for name, kind in about.items():
        if kind == "defect" and name not in named:
            yield Problem(code=Code.M004, path=f"reports/{name}.toml", text="no defect names it")


def _ranges(folder: MatrixFolder) -> Iterator[Problem]:
    tensorflow = [Version(entry.version) for _, entry in folder.releases if entry.package != METAL]
    plugins = [Version(entry.version) for _, entry in folder.releases if entry.package == METAL]
    ranges = [
        *(
            ("bounds.toml", entry.id, entry.tensorflow, tensorflow)
            for entry in folder.bounds.bounds
        ),
        *(
            ("defects.toml", entry.id, entry.tensorflow, tensorflow)
            for entry in folder.defects.defects
        ),
        *(
            ("defects.toml", entry.id, entry.metal, plugins)
            for entry in folder.defects.defects
            if entry.metal is not None
        ),
        *(
            ("vendor.toml", f"metal {entry.metal}", entry.tensorflow, tensorflow)
            for entry in folder.vendor.pairs
        ),
        *(
            ("vendor.toml", f"metal {entry.metal}", f"=={entry.metal}", plugins)
            for entry in folder.vendor.pairs
        ),
        *(
            ("reports", entry.id, entry.tensorflow, tensorflow)
            for entry in folder.reports
            if entry.about == "pair" and entry.tensorflow is not None
        ),
        *(
            ("reports", entry.id, f"=={entry.metal}", plugins)
            for entry in folder.reports
            if entry.about == "pair" and entry.metal is not None
        ),
    ]
    for name, where, text, known in ranges:
        if not any(SpecifierSet(text).contains(one, prereleases=True) for one in known):
            yield Problem(
                code=Code.M005, path=f"{name}: {where}", text=f"no known release is {text}"
            )


def _floors(folder: MatrixFolder) -> Iterator[Problem]:
    built = {
        (entry.version, arch, series)
        for _, entry in folder.releases
        if entry.package == METAL
        for wheel in entry.wheels
        for arch in ("arm64", "x86_64")
        if wheel.filename.endswith(f"{arch}.whl")
        for series in [series_of(wheel.filename)]
    }
    for version, arch, series in sorted(built):
        found = [
            floor for floor in folder.floors.floors if floor.concerns(version, Arch(arch), series)
        ]
        if len(found) != 1:
            yield Problem(
                code=Code.M006,
                path="floors.toml",
                text=f"{METAL} {version} for {arch} and Python {series} has {len(found)} floors",
            )


def _attempts(folder: MatrixFolder) -> Iterator[Problem]:
    for bound in folder.bounds.bounds:
        allowed = SpecifierSet(bound.specifier)
        for attempt in bound.tried:
            inside = allowed.contains(attempt.package_version, prereleases=True)
            if inside != attempt.works:
                word = "works and is outside" if attempt.works else "fails and is inside"
                yield Problem(
                    code=Code.M007,
                    path=f"bounds.toml: {bound.id}",
                    text=f"{bound.package} {attempt.package_version} {word} {bound.specifier}",
                )


def _wheels(folder: MatrixFolder) -> Iterator[Problem]:
    for path, release in folder.releases:
        where = path.relative_to(folder.root).as_posix()
        for filename, count in Counter(wheel.filename for wheel in release.wheels).items():
            if count > 1:
                yield Problem(code=Code.M008, path=where, text=f"{filename} stands there twice")
        for wheel in release.wheels:
            name, version, _, _ = parse_wheel_filename(wheel.filename)
            if (name, version) != (canonicalize_name(release.package), Version(release.version)):
                text = f"{wheel.filename} is not of this release"
                yield Problem(code=Code.M008, path=where, text=text)


def _stubs(folder: MatrixFolder) -> Iterator[Problem]:
    payload = {
        (release.package, release.version)
        for _, release in folder.releases
        if any(wheel.payload for wheel in release.wheels)
    }
    gone = [row for row in folder.packages.packages if row.kind == "gone" and row.versions]
    for path, release in folder.releases:
        if (release.package, release.version) in payload:
            continue
        leads = {
            (requirement.name, str(Version(spec.version)))
            for metadata in release.metadata
            for requirement in map(Requirement, metadata.requires)
            for spec in requirement.specifier
            if spec.operator == "=="
        }
        known = any(
            row.name == release.package and SpecifierSet(row.versions).contains(release.version)
            for row in gone
        )
        if not leads & payload and not known:
            where = path.relative_to(folder.root).as_posix()
            yield Problem(code=Code.M009, path=where, text="holds no TensorFlow and leads to none")


def _symptoms(folder: MatrixFolder) -> Iterator[Problem]:
    known = {path.stem for path in folder.root.glob("symptoms/*.toml")}
    if not known:
        return
    named = [
        *(("bounds.toml", entry.id, entry.symptom) for entry in folder.bounds.bounds),
        *(("defects.toml", entry.id, entry.symptom) for entry in folder.defects.defects),
        *(("reports", entry.id, entry.symptom) for entry in folder.reports),
    ]
    for name, where, symptom in named:
        if symptom is not None and symptom not in known:
            yield Problem(
                code=Code.M010, path=f"{name}: {where}", text=f"symptom {symptom} does not exist"
            )


def _proofs(folder: MatrixFolder) -> Iterator[Problem]:
    known = {(release.package, release.version) for _, release in folder.releases}
    for path, proof in folder.proofs:
        where = path.relative_to(folder.root).as_posix()
        if (proof.package, proof.tensorflow) not in known:
            text = f"{proof.package} {proof.tensorflow} is not known"
            yield Problem(code=Code.M011, path=where, text=text)
        if proof.grade == "twin":
            named = sorted({*TENSORFLOW_PACKAGES, METAL} & set(proof.pins))
            if named or proof.lock or proof.arch or proof.metal:
                text = "is a twin and names a lock, an architecture, TensorFlow or the plugin"
                yield Problem(code=Code.M011, path=where, text=text)
        elif proof.pins.get(proof.package) != proof.tensorflow or not (proof.lock and proof.arch):
            text = f"pins lack {proof.package} {proof.tensorflow}, or the lock is not named"
            yield Problem(code=Code.M011, path=where, text=text)


def _recipe_runs(folder: MatrixFolder) -> Iterator[Problem]:
    known = {recipe.name: recipe for recipe in folder.recipes}
    for path, run in folder.recipe_runs:
        where = path.relative_to(folder.root).as_posix()
        recipe = known.get(run.recipe)
        if recipe is None or path.parent.name != run.recipe:
            text = f"recipe {run.recipe} does not exist, or has its runs elsewhere"
            yield Problem(code=Code.M014, path=where, text=text)
            continue
        if run.program != recipe.digest:
            text = f"the smoke test is another one now: tfmac-lock prove recipe {recipe.name}"
            yield Problem(code=Code.M014, path=where, text=text)
        for name in map(plain_name, recipe.requirements):
            if name not in run.pins and name not in TENSORFLOW_PACKAGES:
                yield Problem(code=Code.M014, path=where, text=f"no pin of {name}")


def _stand_ins(folder: MatrixFolder) -> Iterator[Problem]:
    known = {release.version for _, release in folder.releases if release.package != METAL}
    for path, run in folder.stand_ins:
        where = path.relative_to(folder.root).as_posix()
        if run.tensorflow not in known:
            text = f"TensorFlow {run.tensorflow} is not known"
            yield Problem(code=Code.M011, path=where, text=text)
        if run.tensorflow not in run.pins.values():
            yield Problem(code=Code.M011, path=where, text=f"no pin is {run.tensorflow}")


def _schema_lines(folder: MatrixFolder) -> Iterator[Problem]:
    """Editors find the schema by a comment in the first line."""
    for path in (*folder.root.glob("*.toml"), *folder.root.glob("reports/*.toml")):
        yield from _schema_line(folder, path, "report" if path.parent != folder.root else path.stem)
    for path in folder.root.glob("symptoms/*.toml"):
        yield from _schema_line(folder, path, "symptom")
    for path in folder.root.glob("recipes/*.toml"):
        yield from _schema_line(folder, path, "recipe")


def _schema_line(folder: MatrixFolder, path: Path, schema: str) -> Iterator[Problem]:
    up = "../" * (len(path.relative_to(folder.root).parts) - 1)
    wanted = f"#:schema {up}schemas/{schema}.schema.json"
    with path.open(encoding="utf-8") as file:
        if file.readline().rstrip("\n") != wanted:
            where = path.relative_to(folder.root).as_posix()
            yield Problem(code=Code.M013, path=where, text=f"the first line is not {wanted}")


def _binaries(folder: MatrixFolder) -> Iterator[Problem]:
    for path in sorted(folder.root.glob("binaries/*/*.toml")):
        try:
            read_file(path, BinariesFile)
        except DataError as error:
            yield Problem(code=Code.M001, path=error.path, text=error.reason)


def _natives(folder: MatrixFolder) -> Iterator[Problem]:
    """The packages that may bind to TensorFlow, and the rows of those that do."""
    try:
        read_file(folder.root / "natives.toml", NativesFile)
        read_natives(folder.root / "binaries")
    except DataError as error:
        yield Problem(code=Code.M001, path=error.path, text=error.reason)


def _symptom_examples(folder: MatrixFolder) -> Iterator[Problem]:
    try:
        faults = lint_examples(folder.root / "symptoms")
    except DataError as error:
        yield Problem(code=Code.M012, path=error.path, text=error.reason)
        return
    for fault in faults:
        where, _, text = fault.partition(": ")
        yield Problem(code=Code.M012, path=f"symptoms/{where}", text=text)


def _trials(folder: MatrixFolder) -> Iterator[Problem]:
    for where, text in stale_trials(folder):
        yield Problem(code=Code.M015, path=where, text=text)
    for where, text in needs_with_taken_ids(folder):
        yield Problem(code=Code.M016, path=where, text=text)


CHECKS: tuple[Callable[[MatrixFolder], Iterator[Problem]], ...] = (
    _unique_ids,
    _sources,
    _defects_and_reports,
    _ranges,
    _floors,
    _attempts,
    _wheels,
    _stubs,
    _symptoms,
    _proofs,
    _stand_ins,
    _symptom_examples,
    _schema_lines,
    _recipe_runs,
    _binaries,
    _trials,
    _natives,
)
"""M002 to M016, in their order, and M001 for what is read for nothing else."""
