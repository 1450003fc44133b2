"""The few kinds of TOML values that the formats need, written without a TOML library.

Source: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def text(value: str) -> str:
    """A basic string: JSON's escapes are TOML's too, and DEL, which TOML forbids, is added."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def array(values: Iterable[str]) -> str:
    """An array of strings on one line."""
    return f"[{', '.join(map(text, values))}]"


def items(values: Iterable[str]) -> list[str]:
    """The lines of an array of strings, one a line."""
    return [f"    {text(value)}," for value in values]


def notes(lines: Iterable[str]) -> list[str]:
    """Comments between the lines of an array."""
    return [f"    # {line}" for line in lines]
