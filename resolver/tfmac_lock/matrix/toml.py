"""Reading the TOML files of matrix/, each checked against the class of what it holds.

The check is pydantic's, which only the commands that read such files need.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import DataError, MissingExtra
from ..foreign import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

T = TypeVar("T")

NAMES = ("id", "name", "filename", "version", "package_version", "metal")
"""Fields by which entries of a list are distinguished, the first that an entry has."""


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; raises DataError with the file's name."""
    try:
        return parse_toml(path.read_bytes())
    except OSError as error:
        raise DataError(str(path), error.strerror or str(error)) from error
    except ValueError as error:
        raise DataError(str(path), str(error)) from error


def read_file(path: Path, kind: type[T]) -> T:
    """The content of a TOML file as its class; raises DataError that leads to the datum."""
    return checked(read_toml(path), kind, str(path))


def checked(data: dict[str, Any], kind: type[T], where: str) -> T:
    """The tables of a file as their class; raises DataError that leads to the datum."""
    adapter = _adapter(kind)  # type: ignore[arg-type]  # a class can be hashed
    import pydantic

    try:
        return adapter.validate_python(data)  # type: ignore[no-any-return]
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        inside = _way(data, first["loc"])
        raise DataError(f"{where}: {inside}" if inside else where, first["msg"]) from error


def _way(data: Any, steps: Iterable[int | str]) -> str:
    """The way to a datum: fields by name, entries of lists by their id where they have one."""
    parts: list[str] = []
    for step in steps:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(step, int):
            named = data if isinstance(data, dict) else {}
            name = next((named[key] for key in NAMES if key in named), step)
            parts.append(f"[{name}]")
        else:
            parts.append(f".{step}" if parts else step)
    return "".join(parts)


@functools.cache
def _adapter(kind: type) -> Any:
    try:
        from pydantic import TypeAdapter
    except ImportError as error:
        raise MissingExtra("editing the matrix", "curate") from error
    return TypeAdapter(kind)
