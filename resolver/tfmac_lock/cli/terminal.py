"""What the terminal can show: colours on stdout, and lines that change on stderr."""

from __future__ import annotations

import os
import sys


def has_color() -> bool:
    """Whether stdout shows colours: a terminal, and neither NO_COLOR nor TERM=dumb says no.

    Source: https://no-color.org.
    """
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and not _is_dumb()


def has_bars() -> bool:
    """Whether stderr shows lines that change: a terminal that can go back in a line."""
    return sys.stderr.isatty() and not _is_dumb()


def _is_dumb() -> bool:
    return os.environ.get("TERM") == "dumb"
