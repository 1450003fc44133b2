"""TOML files that anybody may have written: read within bounds, and asked with types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...errors import InputFileError
from ...foreign import parse_toml
from ..pins import MAX_PINS, read_text

if TYPE_CHECKING:
    from pathlib import Path


def load(path: Path) -> tuple[dict[str, Any], str]:
    """The document and its text; raises InputFileError where it is not TOML."""
    text = read_text(path)
    try:
        return parse_toml(text), text
    except ValueError as error:
        raise InputFileError(str(path), f"is not TOML: {str(error)[:200]}") from error


def tables(data: object, path: Path, key: str) -> list[dict[str, Any]]:
    """The list of tables under a key; raises InputFileError where it is something else."""
    found = data.get(key, []) if isinstance(data, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InputFileError(str(path), f"{key} is not a list of tables")
    if len(found) > MAX_PINS:
        raise InputFileError(str(path), f"names more than {MAX_PINS} packages")
    return found


def text_of(row: dict[str, Any], key: str) -> str:
    """The text under a key, or an empty one where there is none or something else."""
    value = row.get(key)
    return value if isinstance(value, str) else ""


def lines_of(text: str, header: str) -> list[int]:
    """The line numbers of a table's headers, such as ``[[package]]``."""
    pattern = re.compile(rf"^[ \t]*{re.escape(header)}", re.MULTILINE)
    numbers, at, line = [], 0, 1
    for found in pattern.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        numbers.append(line)
    return numbers


def line(numbers: list[int], index: int) -> int:
    """The line of the n-th table; 0 where the file is written in another style."""
    return numbers[index] if index < len(numbers) else 0
