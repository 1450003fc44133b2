"""Recipes on the command line: what applications and courses need, by name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..lock.recipes import recipe_named
from ..matrix import loading
from .terminal import print_json

if TYPE_CHECKING:
    import argparse

    from ..matrix.recipes import Recipe, Recipes


def apply(args: argparse.Namespace) -> None:
    """Put into the options what the recipe says and they do not."""
    recipe = recipe_named(loading.matrix().recipes, args.recipe)
    args.recipe = recipe.name
    args.python = args.python or recipe.python


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
        "allow_source": list(recipe.allow_source),
        "environment": {setting.name: setting.value for setting in recipe.settings},
        "refused": recipe.refused,
        "instead": recipe.instead,
        "sources": list(recipe.sources),
    }
