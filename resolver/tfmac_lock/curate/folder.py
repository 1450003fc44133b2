"""Reading matrix/ as curators and programs wrote it, checked against its classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..errors import DataError
from ..matrix.companions import Companion, Trial
from ..matrix.facts import Lineage, Report
from ..matrix.linux import LinuxBinary
from ..matrix.proofs import MACS, SUBMITTED, MacReport, Proof
from ..matrix.recipes import Recipe, RecipeRun
from ..matrix.switches import StandInRun
from ..matrix.toml import read_file
from . import kernel_files, models

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

STAND_INS = "standin"
"""The folder of proofs that are runs of the stand-in plugin, and of no lock's."""

OTHERS = frozenset({"companions", "recipes", STAND_INS, MACS, SUBMITTED})
"""The folders of proofs that hold something else than one run each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixFolder:
    """All of matrix/, valid by its classes; releases and proofs with the file they came from."""

    root: Path
    platforms: models.PlatformsFile
    bounds: models.BoundsFile
    vendor: models.VendorFile
    reports: tuple[Report, ...]
    defects: models.DefectsFile
    floors: models.FloorsFile
    packages: models.PackagesFile
    waivers: models.WaiversFile
    roads: models.RoadsFile
    lineage: Lineage
    releases: tuple[tuple[Path, models.ReleaseFile], ...]
    proofs: tuple[tuple[Path, Proof], ...]
    mac_reports: tuple[tuple[Path, MacReport], ...]
    kernels: tuple[tuple[Path, kernel_files.KernelsFile], ...]
    linux: tuple[LinuxBinary, ...]
    companions: tuple[Companion, ...]
    trials: tuple[tuple[Path, Trial], ...]
    recipes: tuple[Recipe, ...]
    recipe_runs: tuple[tuple[Path, RecipeRun], ...]
    stand_ins: tuple[tuple[Path, StandInRun], ...]


def read_folder(root: Path) -> MatrixFolder:
    """Read all of matrix/; raises DataError at the first file that does not fit its class."""
    return MatrixFolder(
        root=root,
        platforms=read_file(root / "platforms.toml", models.PlatformsFile),
        bounds=read_file(root / "bounds.toml", models.BoundsFile),
        vendor=read_file(root / "vendor.toml", models.VendorFile),
        reports=_named(root, "reports/*.toml", Report, "id"),
        defects=read_file(root / "defects.toml", models.DefectsFile),
        floors=read_file(root / "floors.toml", models.FloorsFile),
        packages=read_file(root / "packages.toml", models.PackagesFile),
        waivers=read_file(root / "waivers.toml", models.WaiversFile),
        roads=read_file(root / "roads.toml", models.RoadsFile),
        lineage=read_file(root / "lineage.toml", Lineage),
        releases=_each(root, "releases/*/*.toml", models.ReleaseFile),
        proofs=tuple(
            (path, read_file(path, Proof))
            for path in sorted(root.glob("proofs/**/*.toml"))
            if not OTHERS & set(path.relative_to(root).parts)
        ),
        mac_reports=_each(root, f"proofs/{MACS}/*.toml", MacReport),
        stand_ins=_each(root, f"proofs/{STAND_INS}/*.toml", StandInRun),
        companions=_named(root, "companions/*.toml", Companion, "name"),
        trials=_each(root, "proofs/companions/*/*.toml", Trial),
        recipes=_named(root, "recipes/*.toml", Recipe, "name"),
        recipe_runs=_each(root, "proofs/recipes/*/*.toml", RecipeRun),
        linux=tuple(read_file(path, LinuxBinary) for path in sorted(root.glob("linux/*/*.toml"))),
        kernels=_each(root, "kernels/*/*.toml", kernel_files.KernelsFile),
    )


def _each(root: Path, pattern: str, kind: type[T]) -> tuple[tuple[Path, T], ...]:
    return tuple((path, read_file(path, kind)) for path in sorted(root.glob(pattern)))


def _named(root: Path, pattern: str, kind: type[T], field: str) -> tuple[T, ...]:
    """Facts whose files have their names; raises DataError where that is not so."""
    found = _each(root, pattern, kind)
    for path, fact in found:
        name = getattr(fact, field)
        if path.stem != name:
            raise DataError(f"{path}: {field}", f"is {name!r}, but the file is named {path.stem!r}")
    return tuple(fact for _, fact in found)
