"""The formats that a lock is written in, by the name that ``--format`` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    conda_lock_yml,
    environment_yml,
    explicit_txt,
    lock_json,
    pylock_toml,
    requirements_txt,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import Lock

FORMATS: dict[str, tuple[str, Callable[[Lock], str]]] = {
    "requirements": ("requirements.txt", requirements_txt.render),
    "pylock": ("pylock.toml", pylock_toml.render),
    "json": ("lock.json", lock_json.render),
}
"""Format: file name and the function that renders a lock to its text."""

CONDA_FORMATS: dict[str, tuple[str, Callable[[Lock], str]]] = {
    "conda-lock": ("conda-lock.yml", lambda lock: conda_lock_yml.render([lock])),
    "environment": ("environment.yml", environment_yml.render),
    "explicit": ("explicit.txt", explicit_txt.render),
}
"""The formats of a lock with a conda half, in the same way."""
