"""``tfmac-lock prove recipe``: whether what a recipe locks does run, tried on Linux."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from .arguments import add_command, add_list
from .proving import PROOFS, add_run_options, bar, index_of, resolver_of, share_of, twins_in
from .terminal import print_json

if TYPE_CHECKING:
    import argparse

    from ..lock.make import Resolver
    from ..matrix.recipes import Recipe
    from ..prove.recipes import RecipeTask
    from ..prove.twin import Twins
    from .arguments import Commands

CHIPS = ("m1", "intel")
"""One Mac of each architecture."""


ABOUT = """
Lock each recipe, install the lock's versions from their Linux wheels, train where none of the
pair's proofs is of these versions, run the recipe's smoke test and those of the companions, and
write one file a run. What was tried already with the same packages is skipped.
"""


def add_parser(commands: Commands) -> None:
    """Register the command beneath ``prove``."""
    summary = "try whether what a recipe locks does run"
    parser = add_command(commands, "recipe", run, ABOUT, help=summary)
    parser.add_argument("names", nargs="*", metavar="NAME", help="recipes (default: all)")
    add_list(parser, "--chip", metavar="CHIP", help="(default: m1 and intel)")
    parser.add_argument("--python", metavar="3.X", help="(default: the recipe's)")
    parser.add_argument(
        "-U", "--upgrade", action="store_true", help="lock the newest versions, not the proved ones"
    )
    add_run_options(parser, PROOFS, known="was tried")


def run(args: argparse.Namespace) -> int:
    """Try them: 0 all that could be locked ran, 1 one failed, 3 one could not be tried."""
    from ..errors import Refusal, TfmacLockError
    from ..lock.recipes import recipe_named
    from ..matrix import loading
    from ..prove.processes import Processes

    matrix = loading.matrix()
    if args.names:
        chosen = [recipe_named(matrix.recipes, name) for name in args.names]
    else:
        chosen = [recipe for recipe in matrix.recipes.facts if not recipe.refused]
    todo = share_of([(recipe, chip) for recipe in chosen for chip in args.chip or CHIPS], args)
    rows: list[dict[str, str]] = []
    index = index_of(args)
    with twins_in(args.output / "twin", index, Processes()) as twins, bar(len(todo)) as tick:
        resolver = resolver_of(matrix, index, keep_proven=not args.upgrade)
        for recipe, chip in todo:
            try:
                outcome, text = _try(args, twins, resolver, recipe, chip)
            except Refusal as error:
                outcome, text = "no-lock", str(error)
            except TfmacLockError as error:
                outcome, text = "not-tried", str(error)
            text = " ".join(text.split())[:300]
            rows.append({"recipe": recipe.name, "chip": chip, "outcome": outcome, "text": text})
            tick(f"{recipe.name} on {chip}: {outcome}: {text}")
    return _summary(rows, as_json=args.json)


def _try(
    args: argparse.Namespace, twins: Twins, resolver: Resolver, recipe: Recipe, chip: str
) -> tuple[str, str]:
    """What came of the recipe there: a word for it, and a sentence."""
    from ..prove.recipes import is_trained, try_recipe

    task = _task(args, resolver, recipe, chip)
    if recipe.unproved:
        return "not-tried", recipe.unproved
    companions = resolver.matrix.companions
    run, known = try_recipe(twins, task, companions, args.output, again=args.again)
    if not is_trained(task.lock) and twins.done(task.locked) is None:
        twins.prove([task.locked])
    return (
        run.outcome,
        f"{run.error or run.sentence} ({'known' if known else f'{run.seconds:.0f} s'})",
    )


def _task(args: argparse.Namespace, resolver: Resolver, recipe: Recipe, chip: str) -> RecipeTask:
    """The recipe's lock for that chip, and what is to be run in its twin."""
    from ..lock.model import to_json
    from ..lock.recipes import as_proved
    from ..lock.request import Words, make_request
    from ..prove.locked import locked_set
    from ..prove.recipes import RecipeTask

    platforms = resolver.matrix.platforms
    request, _ = make_request(
        Words(recipe=recipe),
        platforms,
        chip=platforms.chip(chip),
        python=platforms.python(args.python or recipe.python),
        macos=None,
        any_minor=False,
    )
    if not args.upgrade:
        request = as_proved(request, resolver.matrix.recipes)
    made = resolver.lock(request)
    locked = locked_set(to_json(made.lock), made.lock.combo.id)
    return RecipeTask(recipe=recipe, lock=made.lock, locked=locked)


def _summary(rows: list[dict[str, str]], *, as_json: bool) -> int:
    """Print what came out and return the exit status."""
    count = Counter(row["outcome"] for row in rows)
    if as_json:
        print_json({"schema_version": 1, "outcomes": rows})
    else:
        sys.stdout.write(
            f"{count['works']} of {len(rows)} run, {count['broken']} do not, "
            f"{count['no-lock']} have no lock, {count['not-tried']} not tried\n"
        )
    return 1 if count["broken"] else 3 if count["not-tried"] else 0
