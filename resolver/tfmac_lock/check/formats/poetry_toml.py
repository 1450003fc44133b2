"""``[tool.poetry.dependencies]`` of a pyproject.toml, for projects that have no ``[project]``.

Source: https://python-poetry.org/docs/dependency-specification/. A caret admits what keeps the
first number that is not zero, a tilde what keeps the minor release.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ...errors import InputFileError
from ..pins import Pin, PinFile, checked, holds, normalized
from . import toml_file

if TYPE_CHECKING:
    from pathlib import Path

    from ...target import Target

PARTS = re.compile(r"\d{1,9}(\.\d{1,9}){0,4}")


def has_table(path: Path) -> bool:
    """Whether the file has such a table, and no ``[project]`` with dependencies."""
    data, _ = toml_file.load(path)
    project = data.get("project")
    own = isinstance(project, dict) and "dependencies" in project
    return not own and isinstance(_poetry(data).get("dependencies"), dict)


def read(path: Path, target: Target) -> PinFile:
    """What the project requires on the target, its groups left out; raises InputFileError."""
    if not has_table(path):
        raise InputFileError(
            str(path),
            "has no [tool.poetry.dependencies]; requirements in [project] are no pins to judge, "
            "and become a lock with -r pyproject.toml",
        )
    data, _ = toml_file.load(path)
    pins = []
    for name, value in _poetry(data).get("dependencies", {}).items():
        for row in value if isinstance(value, list) else [value]:
            pin = _pin(name, row, path, target)
            pins += [pin] if pin is not None else []
    return PinFile(path=str(path), format="pyproject.toml of Poetry", pins=tuple(pins))


def _poetry(data: dict[str, Any]) -> dict[str, Any]:
    tool = data.get("tool")
    found = tool.get("poetry") if isinstance(tool, dict) else None
    return found if isinstance(found, dict) else {}


def _pin(name: str, row: object, path: Path, target: Target) -> Pin | None:
    table = row if isinstance(row, dict) else {"version": row}
    if name.lower() == "python" or table.get("optional") is True:
        return None
    python = _specifier(toml_file.text_of(table, "python"))
    if python and not SpecifierSet(python).contains(f"{target.python.series}.0"):
        return None
    if not holds([toml_file.text_of(table, "markers")], target, path):
        return None
    kinds = [key for key in ("git", "path", "url", "file") if key in table]
    extras = table.get("extras")
    exact = toml_file.text_of(table, "version").strip().removeprefix("==").strip()
    version = exact if PARTS.fullmatch(exact) else ""
    return checked(
        Pin(
            name=normalized(name),
            version=version,
            specifier="" if version else _specifier(toml_file.text_of(table, "version")),
            extras=tuple(map(str, extras)) if isinstance(extras, list) else (),
            source=kinds[0] if kinds else "",
            path=str(path),
        )
    )


def _specifier(text: str) -> str:
    """Poetry's constraint as a specifier; alternatives (``||``) admit everything."""
    if "|" in text:
        return ""
    parts = [part for one in text.split(",") if (part := _part(one.strip()))]
    try:
        return str(SpecifierSet(",".join(parts)))
    except InvalidSpecifier:
        return ""


def _part(text: str) -> str:
    number = text.lstrip("^~=<>! ")
    if text in ("", "*"):
        return ""
    if not PARTS.fullmatch(number.removesuffix(".*")):
        return text
    numbers = [int(part) for part in number.removesuffix(".*").split(".")]
    if text.startswith("^"):
        place = next((at for at, one in enumerate(numbers) if one), len(numbers) - 1)
        return f">={number},<{_next(numbers, place)}"
    if text.startswith("~") and not text.startswith("~="):
        return f">={number},<{_next(numbers, min(1, len(numbers) - 1))}"
    return f"=={text}" if text[0].isdigit() else text


def _next(numbers: list[int], place: int) -> str:
    """The first version in which the number at that place is another one."""
    return ".".join(map(str, [*numbers[:place], numbers[place] + 1]))
