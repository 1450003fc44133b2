"""The compiled matrix: all facts as JSON that loads in milliseconds.

It is made from matrix/ by ``tfmac-lock matrix compile`` (see the ``curate`` package) and shipped
inside the package; the TOML files stay what people and programs edit. It is the plain form of
:class:`.facts.Matrix`, but for wheels: they are rows without names, and lists of requirements
that several of them share stand once.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ..files import guarded
from . import native_rows, symbol_names
from .facts import Matrix, Release, Wheel
from .plain import plain, read

if TYPE_CHECKING:
    from pathlib import Path

    from ..target import Platforms

SCHEMA_VERSION = 1

WHEEL_FIELDS = tuple(field.name for field in fields(Wheel))
"""The columns of a wheel's row; ``requires``, the last, is a place in the shared lists."""


def load_matrix(path: Path, platforms: Platforms) -> Matrix:
    """Read matrix.json; raises DataError where it is missing or damaged."""
    return guarded(path, SCHEMA_VERSION, lambda data: _matrix(data, platforms, path.parent))


def to_json(matrix: Matrix) -> dict[str, Any]:
    """The content of matrix.json; the platforms have a file of their own."""
    shared: dict[tuple[str, ...], int] = {}
    releases = [
        {
            "package": release.package,
            "version": release.version,
            "wheels": [
                [
                    *(getattr(wheel, name) for name in WHEEL_FIELDS[:-1]),
                    shared.setdefault(wheel.requires, len(shared)),
                ]
                for wheel in release.wheels
            ],
        }
        for release in matrix.releases
    ]
    rest = {
        field.name: plain(getattr(matrix, field.name))
        for field in fields(matrix)
        if field.name not in ("platforms", "releases", "natives", "symbols")
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": rest.pop("as_of"),
        "requires": list(shared),
        "releases": releases,
        "natives": sorted(matrix.natives.names),
        **rest,
    }


def _matrix(data: Any, platforms: Platforms, folder: Path) -> Matrix:
    del data["schema_version"]
    requires = [tuple(texts) for texts in data.pop("requires")]
    releases = tuple(
        Release(
            package=row["package"],
            version=row["version"],
            wheels=tuple(_wheel(wheel, requires) for wheel in row["wheels"]),
        )
        for row in data.pop("releases")
    )
    apart = {
        "platforms": platforms,
        "releases": releases,
        "natives": native_rows.NativeRows(data.pop("natives"), path=folder / native_rows.FILE),
        "symbols": symbol_names.SymbolNames(path=folder / symbol_names.FILE),
    }
    return read(Matrix, {**data, **apart})


def _wheel(row: list[Any], requires: list[tuple[str, ...]]) -> Wheel:
    return Wheel(**dict(zip(WHEEL_FIELDS[:-1], row[:-1], strict=True)), requires=requires[row[-1]])
