"""Badges: a combo's status as a small picture to link from elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..matrix.reasons import Status

COLORS = {"works": "#1a7f37", "caution": "#8a5a00", "unproven": "#57606a", "broken": "#b42318"}
"""White text on each has a contrast of 4.5 or more."""
GLYPH_WIDTH = 6.6
"""Of the 11 pixel sans-serif, on average; ``textLength`` makes the text fit exactly."""


def badge(label: str, status: Status) -> str:
    """An SVG of 20 pixels height that says ``label | status``."""
    left, right = (round(len(text) * GLYPH_WIDTH) + 12 for text in (label, status.value))
    name = escape(f"{label}: {status.value}")

    def text(at: float, width: int, content: str) -> str:
        return (
            f'<text x="{at:g}" y="14" textLength="{width - 12}" '
            f'lengthAdjust="spacingAndGlyphs">{escape(content)}</text>'
        )

    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{name}"><title>{name}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#24292f"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{COLORS[status.value]}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-size="11" '
        'font-family="Verdana,DejaVu Sans,sans-serif">'
        f"{text(left / 2, left, label)}{text(left + right / 2, right, status.value)}"
        "</g></svg>\n"
    )
