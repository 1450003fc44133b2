"""The formats of mixed locks, apart from the others, since the fast path needs none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import conda_lock_yml, environment_yml, explicit_txt

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Lock

CONDA_FORMATS: dict[str, tuple[str, Callable[[Lock], str]]] = {
    "conda-lock": ("conda-lock.yml", lambda lock: conda_lock_yml.render([lock])),
    "environment": ("environment.yml", environment_yml.render),
    "explicit": ("explicit.txt", explicit_txt.render),
}
"""Format: file name and the function that renders a lock to its text."""
