"""The compiled matrix: all facts as JSON that loads in milliseconds.

It is made from matrix/ by ``tfmac-lock matrix compile`` (see ``compiling.py``) and shipped
inside the package; the TOML files stay what people and programs edit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import DataError
from ..target import Arch, Chip, MacOSRelease, MacOSVersion, Platforms, PythonSeries
from . import facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA_VERSION = 1

T = TypeVar("T")


def load_platforms(path: Path) -> Platforms:
    """Read platforms.json, all of the matrix that the fast path needs; raises DataError."""
    return _guarded(path, _platforms)


def load_matrix(path: Path, platforms: Platforms) -> facts.Matrix:
    """Read matrix.json; raises DataError where it is missing or damaged."""
    return _guarded(path, lambda data: _matrix(data, platforms))


def _guarded(path: Path, build: Callable[[Any], T]) -> T:
    try:
        data = json.loads(path.read_bytes())
        if data["schema_version"] != SCHEMA_VERSION:
            raise DataError(str(path), f"schema_version is not {SCHEMA_VERSION}; reinstall")
        return build(data)
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror}); reinstall") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DataError(str(path), f"is damaged ({error!r}); reinstall tfmac-lock") from error


def _platforms(data: Any) -> Platforms:
    return Platforms(
        macos=tuple(
            MacOSRelease(major=row["major"], name=row["name"], darwin=row["darwin"])
            for row in data["macos"]
        ),
        chips=tuple(
            Chip(
                id=row["id"],
                name=row["name"],
                arch=Arch(row["arch"]),
                first_macos=MacOSVersion.parse(row["first_macos"]),
                last_macos=row["last_macos"],
                gpu=row["gpu"],
            )
            for row in data["chips"]
        ),
        pythons=tuple(
            PythonSeries(
                series=row["series"],
                micro={Arch(arch): micro for arch, micro in row["micro"].items()},
            )
            for row in data["pythons"]
        ),
    )


def _matrix(data: Any, platforms: Platforms) -> facts.Matrix:
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
