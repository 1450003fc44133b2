"""Reading matrix/ as curators and programs wrote it, checked against the models."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import DataError, MissingExtra

if TYPE_CHECKING:
    from pathlib import Path

try:
    import pydantic

    from . import kernel_files, models
except ImportError as error:
    raise MissingExtra("editing the matrix", "curate") from error

M = TypeVar("M", bound="models.Model")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixFolder:
    """All of matrix/, valid by its models; releases and proofs with the file they came from."""

    root: Path
    platforms: models.PlatformsFile
    bounds: models.BoundsFile
    vendor: models.VendorFile
    reports: models.ReportsFile
    defects: models.DefectsFile
    floors: models.FloorsFile
    packages: models.PackagesFile
    waivers: models.WaiversFile
    lineage: models.LineageFile
    releases: tuple[tuple[Path, models.ReleaseFile], ...]
    proofs: tuple[tuple[Path, models.Proof], ...]
    kernels: tuple[tuple[Path, kernel_files.KernelsFile], ...]


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; raises DataError with the file's name."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DataError(str(path), error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(str(path), str(error)) from error


def read_file(path: Path, model: type[M]) -> M:
    """The content of a TOML file as its model; raises DataError that leads to the datum."""
    data = read_toml(path)
    try:
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]
        ).lstrip(".")
        raise DataError(f"{path}: {where}" if where else str(path), first["msg"]) from error


def read_folder(root: Path) -> MatrixFolder:
    """Read all of matrix/; raises DataError at the first file that does not fit its model."""
    return MatrixFolder(
        root=root,
        platforms=read_file(root / "platforms.toml", models.PlatformsFile),
        bounds=read_file(root / "bounds.toml", models.BoundsFile),
        vendor=read_file(root / "vendor.toml", models.VendorFile),
        reports=read_file(root / "reports.toml", models.ReportsFile),
        defects=read_file(root / "defects.toml", models.DefectsFile),
        floors=read_file(root / "floors.toml", models.FloorsFile),
        packages=read_file(root / "packages.toml", models.PackagesFile),
        waivers=read_file(root / "waivers.toml", models.WaiversFile),
        lineage=read_file(root / "lineage.toml", models.LineageFile),
        releases=tuple(
            (path, read_file(path, models.ReleaseFile))
            for path in sorted(root.glob("releases/*/*.toml"))
        ),
        proofs=tuple(
            (path, read_file(path, models.Proof)) for path in sorted(root.glob("proofs/**/*.toml"))
        ),
        kernels=tuple(
            (path, read_file(path, kernel_files.KernelsFile))
            for path in sorted(root.glob("kernels/*/*.toml"))
        ),
    )
