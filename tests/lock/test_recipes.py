"""Locks that are made for a recipe: what it asks for, waives, prefers and sets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.lock.test_make import facts, index
from tests.matrix.test_recipes import RECIPE
from tests.support.facts import platforms
from tests.support.universe import as_indexed
from tfmac_lock.errors import UnknownChoice
from tfmac_lock.lock.judged import judged
from tfmac_lock.lock.make import Resolver
from tfmac_lock.lock.model import from_json, to_json
from tfmac_lock.lock.recipes import RefusedRecipe, as_proved, recipe_named
from tfmac_lock.lock.request import Words, make_request
from tfmac_lock.matrix.ranking import NoCombo
from tfmac_lock.matrix.reasons import Status
from tfmac_lock.matrix.recipes import Recipe, Recipes, RecipeSetting, RecipeTried
from tfmac_lock.matrix.waivers import Waiver
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from tests.support.universe import Universe
    from tfmac_lock.lock.model import Lock
    from tfmac_lock.lock.request import LockRequest

__all__ = ["index"]

WAIVER = Waiver(
    id="finder-helper",
    package="helper",
    stated="==1.0",
    specifier=">=1.1,<2",
    by=("finder",),
    versions=">=1",
    reason="helper 1.0 has no wheel for a Mac",
    source="https://example.org/helper",
)
FINDER = replace(
    RECIPE,
    waivers=(WAIVER,),
    settings=(
        RecipeSetting(
            name="FINDlight", value="1", reason="there are no windows", source="https://example.org"
        ),
    ),
)


def ran(outcome: str = "works", imported: tuple[str, ...] = (), **pins: str) -> RecipeTried:
    return RecipeTried(
        recipe="finder",
        outcome=outcome,  # type: ignore[arg-type]
        arch=Arch.ARM64,
        python="3.11",
        tensorflow="2.18.1",
        date="2026-11-26",
        text="its smoke test was run",
        source="matrix/proofs/recipes/finder/x.toml",
        pins={"finder": "1.2", "tensorflow": "2.18.1", "tensorflow-metal": "1.2.0"} | pins,
        imported=frozenset(imported),
    )


@pytest.fixture
def with_finder(index: Universe) -> Universe:
    index.add("helper", "1.0", tag="cp311-cp311-win_amd64")
    index.add("helper", "1.1", "tensorflow")
    for version in ("1.2", "1.3"):
        index.add("finder", version, "helper==1.0", "tensorflow==2.18.1")
    return index


def request(recipe: Recipe, python: str = "", **more: object) -> LockRequest:
    known = platforms()
    found, _ = make_request(
        Words(recipe=recipe, **more),  # type: ignore[arg-type]
        known,
        chip=known.chip("m1"),
        python=known.python(python or recipe.python),
        macos=None,
        any_minor=False,
    )
    return found


def lock(
    index: Universe,
    *runs: RecipeTried,
    recipe: Recipe = FINDER,
    python: str = "",
    **more: object,
) -> Lock:
    recipes = Recipes(facts=(recipe,), runs=runs)
    matrix = replace(as_indexed(facts(), index), recipes=recipes, waivers=recipe.waivers)
    resolver = Resolver(matrix=matrix, source=index, as_of="2026-11-26")
    return resolver.lock(as_proved(request(recipe, python, **more), recipes)).lock


def test_what_no_mac_can_meet_is_waived_and_told(with_finder: Universe) -> None:
    made = lock(with_finder)
    pins = {one.name: one.version for one in made.packages}
    assert (pins["finder"], pins["helper"], pins["tensorflow"]) == ("1.3", "1.1", "2.18.1")
    (told,) = [reason for reason in made.verdict.reasons if reason.kind == "waiver"]
    assert told.text.startswith("finder 1.3 asks for helper==1.0; >=1.1,<2 is taken to be enough")
    with pytest.raises(NoCombo, match=r"finder 1\.2 and 1\.3 require helper==1\.0"):
        lock(with_finder, recipe=replace(FINDER, waivers=()))


def test_the_lock_says_how_it_was_made_and_what_must_be_set(with_finder: Universe) -> None:
    made = lock(with_finder, packages=["six"])
    assert made.command == (
        "--python 3.11 --chip m1 --tensorflow 2.18.1 --metal 1.2.0 --for finder --with six"
    )
    assert made.environment == {"FINDlight": "1"}
    assert made.recipe is not None
    assert (made.recipe.name, made.recipe.status) == ("finder", Status.UNPROVEN)
    assert made.verdict.status is Status.UNPROVEN
    document = to_json(made)
    assert document["recipe"]["name"] == "finder"
    assert document["recipe"]["status"] == "unproven"
    assert from_json(document) == made


def test_the_versions_that_ran_are_kept_and_the_recipe_vouches_for_what_it_used(
    with_finder: Universe,
) -> None:
    run = ran(helper="1.1", numpy="2.0.2", imported=("helper",))
    made = lock(with_finder, run)
    pins = {one.name: one.version for one in made.packages}
    assert (pins["finder"], pins["numpy"]) == ("1.2", "2.0.2")
    assert {one.name: one.status for one in made.companions} == {
        "finder": Status.WORKS,
        "helper": Status.WORKS,
    }
    assert made.recipe is not None
    assert made.recipe.status is Status.WORKS
    assert made.verdict.status is Status.WORKS
    texts = [one.reasons[0].text for one in made.companions]
    assert texts == ["used by recipe finder: its smoke test was run"] * 2


def test_what_the_smoke_test_did_not_import_stays_unproven(with_finder: Universe) -> None:
    made = lock(with_finder, ran(helper="1.1", numpy="2.0.2"))
    assert {one.name: one.status for one in made.companions} == {
        "finder": Status.WORKS,
        "helper": Status.UNPROVEN,
    }
    assert made.verdict.status is Status.UNPROVEN


def test_a_recipe_that_failed_with_these_versions_is_refused(with_finder: Universe) -> None:
    run = ran("broken", helper="1.1", numpy="2.0.2", finder="1.3")
    recipes = Recipes(facts=(FINDER,), runs=(run,))
    matrix = replace(as_indexed(facts(), with_finder), recipes=recipes, waivers=FINDER.waivers)
    resolver = Resolver(matrix=matrix, source=with_finder, as_of="2026-11-26")
    assert as_proved(request(FINDER), recipes).preferred == {}
    made = resolver.lock(request(FINDER, packages=["numpy==1.26.4"])).lock
    assert made.verdict.status is Status.UNPROVEN
    with pytest.raises(NoCombo, match="its smoke test was run"):
        resolver.lock(request(FINDER, packages=["numpy==2.0.2"]))


def test_the_nearest_that_can_be_had_is_offered_with_the_recipe(with_finder: Universe) -> None:
    with pytest.raises(NoCombo) as told:
        lock(with_finder, tensorflow="2.17.1", packages=["six"])
    (command,) = told.value.commands
    assert command == (
        "tfmac-lock --python 3.11 --chip m1 --tensorflow 2.18.1 --metal 1.2.0 --for finder "
        "--with six"
    )


def test_on_a_python_without_its_tensorflow_the_recipes_own_python_is_named(
    with_finder: Universe,
) -> None:
    recipe = replace(FINDER, python="3.11")
    with pytest.raises(NoCombo) as told:
        lock(with_finder, recipe=recipe, python="3.13")
    assert told.value.nearest == ()
    assert str(told.value).endswith(
        "The Python of finder is 3.11:\n  tfmac-lock --for finder --chip m1"
    )


def test_a_lock_is_judged_again_with_its_recipe(with_finder: Universe) -> None:
    made = lock(with_finder)
    run = ran(finder="1.3", helper="1.1", numpy=made.combo.numpy or "", imported=("helper",))
    later = replace(as_indexed(facts(), with_finder), recipes=Recipes(facts=(FINDER,), runs=(run,)))
    again = judged(later, made)
    assert again.recipe is not None
    assert again.recipe.status is Status.WORKS
    assert again.environment == made.environment


def test_a_name_that_is_none_and_one_that_is_refused() -> None:
    refused = replace(
        RECIPE,
        name="lost",
        requirements=(),
        smoke="",
        refused="its last release pins what is gone.",
        instead="tfmac-lock --for finder",
    )
    known = Recipes(facts=(FINDER, refused))
    assert recipe_named(known, "Finder") is FINDER
    with pytest.raises(UnknownChoice, match="Did you mean 'finder'"):
        recipe_named(known, "fnder")
    with pytest.raises(RefusedRecipe) as told:
        recipe_named(known, "lost")
    assert str(told.value) == (
        "there is no lock for lost: its last release pins what is gone.\n"
        "Instead: tfmac-lock --for finder"
    )
