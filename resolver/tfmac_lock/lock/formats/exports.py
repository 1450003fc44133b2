"""The formats for other tools, apart from the others, since they read the facts of the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...matrix import loading
from ..limits import limits_of
from . import constraints_txt, pdm_toml, pixi_toml, poetry_toml, uv_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..limits import Limits
    from ..model import Lock

EXPORTS: dict[str, tuple[str, Callable[[Sequence[Limits]], str]]] = {
    "constraints": ("constraints.txt", constraints_txt.render),
    "uv": ("pyproject-uv.toml", uv_toml.render),
    "poetry": ("pyproject-poetry.toml", poetry_toml.render),
    "pdm": ("pyproject-pdm.toml", pdm_toml.render),
    "pixi": ("pixi.toml", pixi_toml.render),
}
"""Format: file name and the function that renders what a lock, and those beside it, say."""


def render(name: str, locks: Sequence[Lock]) -> str:
    """The text of that format for the locks, the Mac's first."""
    matrix = loading.matrix()
    return EXPORTS[name][1]([limits_of(matrix, lock) for lock in locks])
