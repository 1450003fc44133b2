"""Everything that is generated from matrix/: the compiled files and the JSON Schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from ..files import dump_json
from ..prove.evidence import Evidence
from ..prove.report import Report
from . import models
from .compile import compile_matrix, compile_platforms
from .figures import FiguresFile, compile_figures
from .folder import read_file, read_folder
from .pair_rows import pair_rows, release_rows
from .symptom_files import SymptomFile, compile_symptoms

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

SCHEMAS: dict[str, type[BaseModel]] = {
    "figures": FiguresFile,
    "platforms": models.PlatformsFile,
    "bounds": models.BoundsFile,
    "vendor": models.VendorFile,
    "reports": models.ReportsFile,
    "defects": models.DefectsFile,
    "floors": models.FloorsFile,
    "packages": models.PackagesFile,
    "waivers": models.WaiversFile,
    "lineage": models.LineageFile,
    "release": models.ReleaseFile,
    "proof": Evidence,
    "proof-report": Report,
    "symptom": SymptomFile,
}
"""Each kind of file with its model; the schema lies in matrix/schemas/ under this name."""


def build(root: Path) -> dict[str, str]:
    """Every generated file with its text, by path relative to the checkout.

    Raises DataError where a file of matrix/ does not fit its model.
    """
    matrix = root / "matrix"
    folder = read_folder(matrix)
    data = "resolver/tfmac_lock/data"
    files = {
        f"{data}/platforms.json": dump_json(compile_platforms(folder)),
        f"{data}/matrix.json": dump_json(
            compile_matrix(folder, _pair_loads(matrix), _binaries(matrix))
        ),
        f"{data}/symptoms.json": dump_json(compile_symptoms(matrix / "symptoms")),
    }
    figures = read_file(matrix / "figures.toml", FiguresFile)
    files[f"{data}/figures.json"] = dump_json(
        compile_figures(figures, (proof for _, proof in folder.proofs))
    )
    for name, model in SCHEMAS.items():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **model.model_json_schema(),
        }
        files[f"matrix/schemas/{name}.schema.json"] = json.dumps(schema, indent=2) + "\n"
    return files


def stale(root: Path, files: dict[str, str]) -> list[str]:
    """The generated files that are missing or different."""
    wrong = []
    for name, text in files.items():
        try:
            same = (root / name).read_text("utf-8") == text
        except FileNotFoundError:
            same = False
        if not same:
            wrong.append(name)
    return wrong


def write(root: Path, files: dict[str, str]) -> list[str]:
    """Bring the generated files up to date and return those that changed."""
    changed = stale(root, files)
    for name in changed:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name], "utf-8")
    return changed


def _pair_loads(matrix: Path) -> list[dict[str, Any]]:
    """The pairs of binaries; a stub's are those of the release that it leads to."""
    return [row.as_json() for row in pair_rows(matrix / "binaries") if row.payload == row.package]


def _binaries(matrix: Path) -> list[dict[str, Any]]:
    rows = [row for row in release_rows(matrix / "binaries") if row.payload]
    return [
        {
            "package": row.package,
            "version": row.version,
            "arch": row.arch,
            "numpy_generation": row.numpy_generation,
            "minos": row.minos,
            "source": ", ".join(row.evidence),
        }
        for row in sorted(rows, key=lambda row: (row.package, Version(row.version), row.arch))
    ]
