"""Everything that is generated from matrix/: the compiled files and the JSON Schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from ..files import differing, dump_json, write_whole
from ..matrix import dated, natives, platforms, switches, symbol_names, uploads
from ..matrix.companions import Companion, Trial
from ..matrix.compiled import to_json
from ..matrix.contents import ContentsFile, TrainersFile
from ..matrix.facts import Lineage, Report
from ..matrix.linux import LinuxBinary
from ..matrix.plain import plain
from ..matrix.proofs import MacReport, Proof
from ..matrix.recipes import Recipe, RecipeRun
from ..matrix.switches import StandInRun
from ..matrix.toml import read_file
from ..prove.report import Report as ProofReport
from . import models
from .advice import compile_advice
from .compile import compile_matrix
from .dating import newest_day, shape
from .figures import FiguresFile, compile_figures
from .folder import read_folder
from .kernel_files import KernelsFile
from .natives import ExportsFile, NativeReleaseFile, NativesFile, ProjectFile, read_natives
from .pair_rows import binary_facts, pair_loads
from .symptom_files import Frameworks, SymptomFile, compile_symptoms
from .wordings import Wordings

if TYPE_CHECKING:
    from pathlib import Path

SCHEMAS: dict[str, type] = {
    "figures": FiguresFile,
    "platforms": models.PlatformsFile,
    "bounds": models.BoundsFile,
    "vendor": models.VendorFile,
    "report": Report,
    "defects": models.DefectsFile,
    "floors": models.FloorsFile,
    "packages": models.PackagesFile,
    "waivers": models.WaiversFile,
    "roads": models.RoadsFile,
    "lineage": Lineage,
    "release": models.ReleaseFile,
    "kernels": KernelsFile,
    "binaries": models.BinariesFile,
    "natives": NativesFile,
    "native-project": ProjectFile,
    "native-release": NativeReleaseFile,
    "native-exports": ExportsFile,
    "proof": Proof,
    "mac-report": MacReport,
    "contents": ContentsFile,
    "linux": LinuxBinary,
    "trainers": TrainersFile,
    "companion": Companion,
    "trial": Trial,
    "recipe": Recipe,
    "recipe-run": RecipeRun,
    "proof-report": ProofReport,
    "standin": StandInRun,
    "symptom": SymptomFile,
    "frameworks": Frameworks,
    "wordings": Wordings,
}
"""Each kind of file with its class; the schema lies in matrix/schemas/ under this name."""


def build(root: Path) -> dict[str, str]:
    """Every generated file with its text, by path relative to the checkout.

    Raises DataError where a file of matrix/ does not fit its class.
    """
    folder = read_folder(root / "matrix")
    binaries = folder.root / "binaries"
    rows = read_natives(binaries)
    matrix = compile_matrix(folder, pair_loads(binaries), binary_facts(binaries), rows)
    figures = read_file(folder.root / "figures.toml", FiguresFile)
    compiled = {
        "platforms": {
            "schema_version": platforms.SCHEMA_VERSION,
            **plain(matrix.platforms),
        },
        "matrix": to_json(matrix),
        "date": {
            "schema_version": dated.SCHEMA_VERSION,
            "date": newest_day(matrix),
            "shape": shape(),
        },
        "natives": natives.to_json(rows),
        "symbols": symbol_names.to_json(matrix.symbols.get()),
        "advice": compile_advice(
            matrix,
            {f"{path.name}-{path.parent.name}" for path in (root / "locks").glob("py3*/*")},
        ),
        "uploads": uploads.to_json(matrix.releases),
        "symptoms": compile_symptoms(folder.root / "symptoms"),
        "figures": compile_figures(figures, (proof for _, proof in folder.proofs)),
        "switches": switches.to_json(
            (f"matrix/{path.relative_to(folder.root).as_posix()}", run)
            for path, run in folder.stand_ins
        ),
    }
    files = {
        f"resolver/tfmac_lock/data/{name}.json": dump_json(content)
        for name, content in compiled.items()
    }
    for name, kind in SCHEMAS.items():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **TypeAdapter(kind).json_schema(),
        }
        files[f"matrix/schemas/{name}.schema.json"] = json.dumps(schema, indent=2) + "\n"
    return files


def write(root: Path, files: dict[str, str]) -> list[str]:
    """Bring the generated files up to date and return those that changed."""
    changed = differing(root, files)
    for name in changed:
        write_whole(root / name, files[name])
    return changed
