"""Recipes on the command line: what applications and courses need, by name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..errors import Refusal, UnknownChoice
from ..matrix import loading
from .terminal import print_json

if TYPE_CHECKING:
    import argparse

    from ..matrix.recipes import Recipe, Recipes


class RefusedRecipe(Refusal):
    """It is known of an application or course that no lock for a Mac can be made."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe.name)
        self.recipe = recipe

    def __str__(self) -> str:
        recipe = self.recipe
        text = f"there is no lock for {recipe.name}: {recipe.refused.rstrip('.')}."
        return f"{text}\nInstead: {recipe.instead}" if recipe.instead else text


def named(recipes: Recipes, name: str) -> Recipe:
    """The recipe that can be locked; raises UnknownChoice or RefusedRecipe."""
    found = recipes.named(name.lower())
    if found is None:
        raise UnknownChoice("recipe", name, [recipe.name for recipe in recipes.facts])
    if found.refused:
        raise RefusedRecipe(found)
    return found


def apply(args: argparse.Namespace) -> None:
    """Put into the options what the recipe says and they do not."""
    recipe = named(loading.matrix().recipes, args.recipe)
    args.recipe = recipe.name
    args.python = args.python or recipe.python
    args.conda_specs += [spec for spec in recipe.conda if spec not in args.conda_specs]


def run_list(*, as_json: bool) -> int:
    """Print every recipe with a line of its own."""
    recipes = loading.matrix().recipes
    if as_json:
        rows = [_as_json(recipes, recipe) for recipe in recipes.facts]
        print_json({"schema_version": 1, "recipes": rows})
        return 0
    wide = max(len(recipe.name) for recipe in recipes.facts)
    for recipe in recipes.facts:
        status = recipes.status(recipe).value
        sys.stdout.write(f"{recipe.name:<{wide}}  {status:<9} {recipe.title}\n")
    sys.stdout.write("\nLock one: tfmac-lock --for NAME --chip m1\n")
    return 0


def _as_json(recipes: Recipes, recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "kind": recipe.kind,
        "title": recipe.title,
        "text": recipe.text,
        "status": recipes.status(recipe).value,
        "python": recipe.python,
        "requirements": list(recipe.requirements),
        "constraints": list(recipe.constraints),
        "conda": list(recipe.conda),
        "environment": {setting.name: setting.value for setting in recipe.settings},
        "refused": recipe.refused,
        "instead": recipe.instead,
        "sources": list(recipe.sources),
    }
