"""The formats that a lock is written in, by the name that ``--format`` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import lock_json, pylock_toml, requirements_txt

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Lock

FORMATS: dict[str, tuple[str, Callable[[Lock], str]]] = {
    "requirements": ("requirements.txt", requirements_txt.render),
    "pylock": ("pylock.toml", pylock_toml.render),
    "json": ("lock.json", lock_json.render),
}
"""Format: file name and the function that renders a lock to its text."""

PUBLISHED_FORMATS = ("requirements", "pylock")
"""The formats that are published as files; lock.json is made from the index."""

STORED: dict[str, Callable[[Lock], str]] = {
    "requirements": requirements_txt.render,
    "pylock": pylock_toml.render_brief,
}
"""How they are rendered into locks/; asked for, and on the site, pylock.toml tells more."""

CONDA_FORMAT_NAMES = ("conda-lock", "environment", "explicit")
"""The names of the formats of mixed locks; see conda.py."""

EXPORT_FORMAT_NAMES = ("constraints", "uv", "poetry", "pdm", "pixi")
"""The names of the formats for other tools; see exports.py."""

JOINT_FORMAT_NAMES = ("conda-lock", "uv", "poetry", "pdm", "pixi")
"""Those that have room for the locks of several machines in one file."""
