"""What anybody may have written: parsed within bounds, and looked at before it is used.

Both functions raise ``ValueError`` with a text that says what is wrong and where; whoever reads
the file makes an error of it that names the file.
"""

from __future__ import annotations

import re
from typing import Any

MOST_DOTS = 40
"""Parts of a dotted key of TOML; the parser takes quadratic time for one."""

ABSURD = re.compile(r"\d{4000}")
"""A number of more digits than Python makes one of, which shows when it is compared."""

WORDS = {dict: "table", list: "list", str: "text", bool: "truth value", int: "whole number"}


def parse_toml(content: bytes | str) -> dict[str, Any]:
    """The tables of a TOML text."""
    import tomllib

    text = content.decode() if isinstance(content, bytes) else content
    part = r"(?:[\w\"'-]{1,80}[ \t]{0,4}\.[ \t]{0,4})"
    # A key stands in one line, and hardly a line has as many dots.
    dotted = (line for line in text.split("\n") if line.count(".") >= MOST_DOTS)
    if any(re.search(f"{part}{{{MOST_DOTS}}}", line) for line in dotted):
        raise ValueError(f"it has a key of more than {MOST_DOTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def check_shape(data: Any, shape: Any, place: str = "") -> None:
    """Raise ValueError at the first part of the data that is not of that shape.

    A shape is a type, ``[shape]`` for a list, a table of shapes by name (``*`` for all others),
    or a tuple of these of which one must fit, None among them for nothing. A name that is not
    there is no fault, and of one that is in no table anything may be.
    """
    options = shape if isinstance(shape, tuple) else (shape,)
    kinds = [type(one) if isinstance(one, dict | list) else one for one in options]
    found = next((one for one, kind in zip(options, kinds, strict=True) if _is(data, kind)), ())
    if found == ():
        words = " or ".join(WORDS[kind] for kind in kinds if kind is not None)
        raise ValueError(f"{place or 'the whole'} is not a {words}")
    if isinstance(found, list):
        for number, item in enumerate(data):
            check_shape(item, found[0], f"{place}[{number}]")
    elif isinstance(found, dict):
        for name, item in data.items():
            inner = found.get(name, found.get("*"))
            if inner is not None:
                check_shape(item, inner, f"{place}.{name}" if place else str(name))


def _is(data: Any, kind: type | None) -> bool:
    if kind is None:
        return data is None
    return isinstance(data, kind) and (kind is bool or not isinstance(data, bool))
