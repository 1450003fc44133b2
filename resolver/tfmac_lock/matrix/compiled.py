"""The compiled matrix: all facts as JSON that loads in milliseconds.

It is made from matrix/ by ``tfmac-lock matrix compile`` (see ``compiling.py``) and shipped
inside the package; the TOML files stay what people and programs edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..files import guarded
from ..target import Arch, MacOSVersion
from . import facts, kernels

if TYPE_CHECKING:
    from pathlib import Path

    from ..target import Platforms

SCHEMA_VERSION = 1


def load_matrix(path: Path, platforms: Platforms) -> facts.Matrix:
    """Read matrix.json; raises DataError where it is missing or damaged."""
    return guarded(path, SCHEMA_VERSION, lambda data: matrix_from_json(data, platforms))


def matrix_from_json(data: Any, platforms: Platforms) -> facts.Matrix:
    """All facts out of the content of matrix.json."""
    requires = [tuple(texts) for texts in data["requires"]]
    return facts.Matrix(
        as_of=data["as_of"],
        platforms=platforms,
        releases=tuple(
            facts.Release(
                package=row["package"],
                version=row["version"],
                wheels=tuple(
                    facts.Wheel(
                        filename=filename,
                        url=url,
                        sha256=sha256,
                        size=size,
                        uploaded=uploaded,
                        payload=payload,
                        requires_python=requires_python,
                        requires=requires[which],
                    )
                    for (
                        filename,
                        url,
                        sha256,
                        size,
                        uploaded,
                        payload,
                        requires_python,
                        which,
                    ) in row["wheels"]
                ),
            )
            for row in data["releases"]
        ),
        bounds=tuple(facts.Bound(**row) for row in data["bounds"]),
        evidence=tuple(_evidence(row) for row in data["evidence"]),
        defects=tuple(
            facts.Defect(
                **{
                    **row,
                    "arch": _arch(row["arch"]),
                    "with_packages": tuple(row["with_packages"]),
                    "sources": tuple(row["sources"]),
                    "switches": tuple(facts.Switch(**one) for one in row["switches"]),
                }
            )
            for row in data["defects"]
        ),
        floors=tuple(
            facts.Floor(
                **{
                    **row,
                    "arch": Arch(row["arch"]),
                    "load": MacOSVersion.parse(row["load"]),
                    "run": MacOSVersion.parse(row["run"]),
                }
            )
            for row in data["floors"]
        ),
        pair_loads=tuple(
            facts.PairLoad(
                **{
                    **row,
                    "arch": Arch(row["arch"]),
                    "missing_symbols": tuple(row["missing_symbols"]),
                    "missing_libraries": tuple(row["missing_libraries"]),
                }
            )
            for row in data["pair_loads"]
        ),
        binaries=tuple(
            facts.BinaryFact(**{**row, "arch": Arch(row["arch"])}) for row in data["binaries"]
        ),
        packages=tuple(
            facts.PackageRow(**{**row, "sources": tuple(row["sources"])})
            for row in data["packages"]
        ),
        waivers=tuple(
            facts.Waiver(**{**row, "by": tuple(row["by"]), "arch": _arch(row["arch"])})
            for row in data["waivers"]
        ),
        lineage=_lineage(data["lineage"]),
        kernels=tuple(kernels.from_json(row) for row in data["kernels"]),
    )


def _lineage(data: Any) -> facts.Lineage:
    return facts.Lineage(
        **{
            **data,
            "faults": tuple(
                facts.LineageFault(**{**row, "sources": tuple(row["sources"])})
                for row in data["faults"]
            ),
            "releases": tuple(
                facts.LineageRelease(
                    **{
                        **row,
                        "depends": tuple(row["depends"]),
                        "sources": tuple(row["sources"]),
                    }
                )
                for row in data["releases"]
            ),
        }
    )


def _evidence(row: Any) -> facts.Evidence:
    return facts.Evidence(
        **{
            **row,
            "grade": facts.Grade.parse(row["grade"]),
            "outcome": facts.Outcome(row["outcome"]),
            "arch": _arch(row["arch"]),
            "pins": tuple((name, pinned) for name, pinned in row["pins"]),
        }
    )


def _arch(text: str | None) -> Arch | None:
    return None if text is None else Arch(text)
