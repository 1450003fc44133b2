"""What the user's requirements say of the pair.

People have tensorflow and its variants in their requirements files. There they choose the pair;
they are no rivals of the one that would be chosen without them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..matrix.ranking import NoCombo, package_row
from ..matrix.reasons import Reason
from ..resolve.pairs import TENSORFLOW_NAMES
from ..resolve.requirement import ByUser, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..matrix.facts import Matrix
    from .request import LockRequest

TENSORFLOW = canonicalize_name("tensorflow")
VARIANTS = {
    canonicalize_name(name): metal
    for name, metal in (
        ("tensorflow-cpu", "none"),
        ("tensorflow-gpu", "auto"),
        ("tensorflow-intel", "auto"),
    )
}
"""Packages that are TensorFlow itself on other systems, and which plugin goes with them."""


def for_the_pair(matrix: Matrix, request: LockRequest) -> tuple[LockRequest, list[Reason]]:
    """The request with the pair that its requirements ask for, and what was taken for what."""
    pair, notes = request.pair, []
    for item in request.requirements:
        if item.name in VARIANTS:
            notes.append(_taken_for(matrix, item))
            metal = VARIANTS[item.name]
            pair = replace(pair, metal=metal if pair.metal == "auto" else pair.metal)
    requirements = tuple(map(_renamed, request.requirements))
    constraints = tuple(map(_renamed, request.constraints))
    versions = {
        str(item.specifier): None
        for item in (*requirements, *constraints)
        if item.name in TENSORFLOW_NAMES and str(item.specifier)
    }
    if versions:
        stated = [pair.tensorflow.specifier] if pair.tensorflow.specifier else []
        both = ",".join([*stated, *versions])
        pair = replace(pair, tensorflow=replace(pair.tensorflow, specifier=both))
    changed = replace(request, pair=pair, requirements=requirements, constraints=constraints)
    return changed, notes


def naming_who_asks(error: NoCombo, request: LockRequest) -> NoCombo:
    """The refusal of a pair together with the requirements that ask for it.

    What is near does not meet a recipe, which has a Python of its own.
    """
    asked = [
        f"  you ask for {item.text} [{item.origin.where}]"
        for item in (*request.requirements, *request.constraints)
        if item.name in TENSORFLOW_NAMES and isinstance(item.origin, ByUser)
    ]
    recipe, near = request.recipe, error.nearest
    if recipe is not None and recipe.python != request.pair.python.series:
        command = f"tfmac-lock --for {recipe.name} {request.pair.machine}"
        asked.append(f"The Python of {recipe.name} is {recipe.python}:\n  {command}")
        near = ()
    return NoCombo("\n".join([error.text, *asked]), near, error.machine)


def _renamed(item: Requirement) -> Requirement:
    return replace(item, name=TENSORFLOW, extras=frozenset()) if item.name in VARIANTS else item


def _taken_for(matrix: Matrix, item: Requirement) -> Reason:
    row = package_row(matrix, item.name)
    plugin = ", without the plugin" if VARIANTS[item.name] == "none" else ""
    text = f"{item.text} was taken for tensorflow{item.specifier}{plugin}"
    source = f"https://pypi.org/project/{item.name}/"
    if row is not None:
        text, source = f"{text}. {row.text}", next(iter(row.sources), source)
    return Reason(kind="asked", text=text, source=source)


def by_users(items: Iterable[Requirement]) -> list[Requirement]:
    """Those of the requirements that the user wrote, other than of the pair, without a pin."""
    return [
        item
        for item in items
        if isinstance(item.origin, ByUser)
        and not item.origin.chosen
        and not item.is_exact
        and item.name not in TENSORFLOW_NAMES
    ]
