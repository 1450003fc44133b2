"""Recipes in lock requests: the one that is asked for, and the versions that it ran with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..errors import Refusal, UnknownChoice

if TYPE_CHECKING:
    from ..matrix.recipes import Recipe, Recipes
    from .request import LockRequest


@dataclass(eq=False)
class RefusedRecipe(Refusal):
    """It is known of an application or course that no lock for a Mac can be made."""

    recipe: Recipe

    def __str__(self) -> str:
        recipe = self.recipe
        text = f"there is no lock for {recipe.name}: {recipe.refused.rstrip('.')}."
        return f"{text}\nInstead: {recipe.instead}" if recipe.instead else text


def recipe_named(recipes: Recipes, name: str) -> Recipe:
    """The recipe that can be locked; raises UnknownChoice or RefusedRecipe."""
    found = recipes.named(name.lower())
    if found is None:
        raise UnknownChoice("recipe", name, [recipe.name for recipe in recipes.facts])
    if found.refused:
        raise RefusedRecipe(found)
    return found


def as_proved(request: LockRequest, recipes: Recipes) -> LockRequest:
    """The request that prefers the versions with which its recipe was seen to run."""
    if request.recipe is None:
        return request
    pair = request.pair
    pins = recipes.proved(request.recipe.name, pair.arch, pair.python.series)
    found = {canonicalize_name(name): Version(text) for name, text in pins.items()}
    return replace(request, preferred={**found, **request.preferred})
