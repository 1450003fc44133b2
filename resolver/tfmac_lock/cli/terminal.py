"""What may be printed on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text without control characters, which a hostile name could carry to the terminal."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
