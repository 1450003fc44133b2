"""The few kinds of TOML values that the formats need, written without a TOML library.

Source: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNSEEN = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def text(value: str) -> str:
    """A basic string: JSON's escapes are TOML's too.

    DEL is added, which TOML forbids, and what an editor would take for the end of a line or for a
    change of direction.
    """
    written = json.dumps(value, ensure_ascii=False)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def array(values: Iterable[str]) -> str:
    """An array of strings on one line."""
    return f"[{', '.join(map(text, values))}]"


def items(values: Iterable[str]) -> list[str]:
    """The lines of an array of strings, one a line."""
    return [f"    {text(value)}," for value in values]


def notes(lines: Iterable[str]) -> list[str]:
    """Comments between the lines of an array."""
    return [f"    # {line}" for line in lines]
