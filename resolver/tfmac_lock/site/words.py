"""Words, signs and numbers as the pages write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..matrix.base import minor_number
from ..target import Arch

if TYPE_CHECKING:
    from collections.abc import Sequence

GLYPHS = {"works": "✓", "caution": "!", "unproven": "?", "broken": "✕"}
"""A sign for each status, since colour alone says nothing to many readers."""

STATUS_TITLES = {
    "works": "installs, loads and trains; nothing is known against it",
    "caution": "works, with a known defect and a way out",
    "unproven": "not enough is known",
    "broken": "cannot be installed, loaded or trained",
}

GRADE_TITLES = {
    "resolves": "every requirement has a wheel",
    "loads": "read off the binaries",
    "twin": "the same pins trained on Linux",
    "vendor": "listed by the vendor",
    "reported": "somebody reported it",
    "trained-cpu": "trained on a Mac's CPU",
    "trained-gpu": "trained on a Mac's GPU",
}

KIND_TITLES = {
    **GRADE_TITLES,
    "resolves": "resolution",
    "loads": "binaries",
    "twin": "twin on Linux",
    "vendor": "vendor",
    "reported": "report",
    "defect": "known defect",
    "floor": "macOS floor",
    "stub": "empty package",
    "unproven": "not known",
}

FOUND_TITLES = {
    "lock": "Lock",
    "pair": "Pair",
    "companion": "Companion",
    "error": "Error",
    "release": "Release",
    "document": "Document",
    "page": "Page",
}
"""What the search calls the pages of each kind that it finds."""

ARCH_TITLES = {Arch.ARM64: "Apple silicon", Arch.X86_64: "Intel"}

STAGE_TITLES = {
    "install": "while installing",
    "import": "on import",
    "device": "looking for the GPU",
    "train": "in training",
    "result": "in the results",
}


def general(command: str) -> str:
    """A cure's command for any Mac: capitals stand for what it would fill in from a log.

    What tfmac-lock finds out by itself is left out; Python stands for a common one.
    """
    command = re.sub(r" --[a-z]+ \{(?:m?_?chip|macos|tensorflow)\}| ?\{options\}", "", command)
    for name, word in GAPS.items():
        command = command.replace(f"{{{name}}}", word)
    return command.strip()


GAPS = {
    "python_minor": "3.11",
    "lock_python": "3.11",
    "tensorflow_minor": "2.X",
    "tensorflow": "2.X.Y",
    "companion": "PACKAGE",
    "missing": "PACKAGE",
    "wanted": '"PACKAGE==VERSION"',
    "unquoted": "PACKAGE[EXTRA]",
    "others": "--with PACKAGE",
}
"""The same table is in static/symptoms.js."""


def size(count: int | None) -> str:
    """A number of bytes for people: ``1.2 kB``, ``252 MB``."""
    if count is None:
        return "unknown"
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} GB"


def spans(series: Sequence[str]) -> str:
    """Python series, runs drawn together: ``3.9 to 3.12``, ``3.8, 3.10``."""
    minors = sorted({minor_number(text) for text in series})
    runs: list[list[int]] = []
    for one in minors:
        if runs and runs[-1][-1] == one - 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return ", ".join(
        f"3.{run[0]} to 3.{run[-1]}" if len(run) > 2 else ", ".join(f"3.{one}" for one in run)
        for run in runs
    )
