from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.support.facts import shipped
from tests.support.locks import package
from tfmac_lock.errors import DataError
from tfmac_lock.matrix.reasons import Grade, Status
from tfmac_lock.matrix.recipes import Recipe, Recipes, RecipeTried
from tfmac_lock.matrix.toml import checked
from tfmac_lock.pypi import open_index
from tfmac_lock.target import Arch

RECIPE = Recipe(
    name="finder",
    kind="application",
    title="Finder: finds things",
    text="It finds things in pictures.",
    python="3.11",
    requirements=("finder[tf]>=1", "tensorflow>=2.16"),
    smoke="import finder\n",
    sources=("https://example.org",),
)
PACKAGES = (
    package("finder", "1.2", "tensorflow"),
    package("tensorflow-macos", "2.18.1", "keras", "numpy"),
    package("keras", "3.15.1"),
    package("numpy", "2.0.2"),
    package("six", "1.17.0"),
)


def ran(outcome: str = "works", date: str = "2026-11-26", **pins: str) -> RecipeTried:
    return RecipeTried(
        recipe="finder",
        outcome=outcome,  # type: ignore[arg-type]
        arch=Arch.ARM64,
        python="3.11",
        tensorflow="2.18.1",
        date=date,
        text="its smoke test was run",
        source="matrix/proofs/recipes/finder/x.toml",
        pins={one.name: one.version for one in PACKAGES} | pins,
    )


@pytest.mark.parametrize(
    ("runs", "status", "grade"),
    [
        ((), Status.UNPROVEN, Grade.RESOLVES),
        ((ran(),), Status.WORKS, Grade.TWIN),
        ((ran("broken"),), Status.BROKEN, Grade.TWIN),
        ((ran("broken", "2026-11-25"), ran()), Status.WORKS, Grade.TWIN),
        ((ran(), ran("broken", "2026-11-27")), Status.BROKEN, Grade.TWIN),
        ((ran(finder="1.3"),), Status.UNPROVEN, Grade.RESOLVES),
        ((ran(keras="3.10.0"),), Status.UNPROVEN, Grade.RESOLVES),
        ((ran(**{"tf-keras": "2.18.0"}),), Status.UNPROVEN, Grade.RESOLVES),
        ((ran(six="1.16.0"),), Status.WORKS, Grade.TWIN),
    ],
)
def test_a_run_speaks_for_the_named_packages_and_those_that_decide(
    runs: tuple[RecipeTried, ...], status: Status, grade: Grade
) -> None:
    judged = Recipes(facts=(RECIPE,), runs=runs).judge(RECIPE, PACKAGES)
    assert (judged.status, judged.grade) == (status, grade)


def test_why_nothing_is_known_is_said_with_the_versions() -> None:
    judged = Recipes(facts=(RECIPE,)).judge(RECIPE, PACKAGES)
    assert judged.reasons[0].text == (
        "its smoke test was not run beside tensorflow 2.18.1, keras 3.15.1, numpy 2.0.2"
    )
    alone = replace(RECIPE, smoke="", unproved="it needs a camera")
    assert Recipes(facts=(alone,)).judge(alone, PACKAGES).reasons[0].text == "it needs a camera"


def test_the_versions_to_keep_are_those_of_the_last_run_that_went_well() -> None:
    runs = (ran(), ran("broken", "2026-11-28"), ran(date="2026-11-27", six="1.16.0"))
    known = Recipes(facts=(RECIPE,), runs=runs)
    assert known.proved("finder", Arch.ARM64, "3.11")["six"] == "1.16.0"
    assert known.proved("finder", Arch.X86_64, "3.11") == {}
    assert known.proved("finder", Arch.ARM64, "3.10") == {}


def test_the_status_in_the_list_is_the_best_that_was_seen() -> None:
    refused = replace(RECIPE, requirements=(), smoke="", refused="there is no wheel of it")
    assert Recipes().status(refused) is Status.BROKEN
    assert Recipes().status(RECIPE) is Status.UNPROVEN
    assert Recipes(runs=(ran("broken"),)).status(RECIPE) is Status.BROKEN
    assert Recipes(runs=(ran("broken"), ran())).status(RECIPE) is Status.WORKS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"requirements": []}, "has requirements, or says why it is refused"),
        ({"refused": "there is no wheel"}, "has requirements, or says why it is refused"),
        ({"smoke": ""}, "has a smoke test, or says why none can be run"),
        ({"unproved": "there is no camera"}, "has a smoke test, or says why none can be run"),
        ({"requirements": ["a; python_version<'3'"]}, "without a marker"),
        ({"title": "It is far too long for a line in a list of them"}, "pattern"),
        ({"colour": "red"}, "colour"),
        ({"settings": [{"name": "A B", "value": "1", "reason": "It is so."}]}, "name"),
    ],
)
def test_a_recipe_that_says_too_little_or_too_much_is_refused(
    change: dict[str, Any], told: str
) -> None:
    good = {
        "name": "finder",
        "kind": "application",
        "title": "Finder: finds things",
        "text": "It finds things in pictures.",
        "python": "3.11",
        "requirements": ["finder"],
        "smoke": "import finder",
        "sources": ["https://example.org"],
    }
    assert checked(dict(good), Recipe, "finder.toml").name == "finder"
    with pytest.raises(DataError, match=told):
        checked(good | change, Recipe, "finder.toml")


def test_every_recipe_that_people_ask_for_is_there() -> None:
    wanted = {
        *("spleeter", "deepface", "stardist", "deeplabcut-2.3", "keras-hub", "handson-ml3"),
        *("sleap", "basic-pitch", "tf-models-official", "magenta", "deepcell", "birdnetlib"),
        *("ktrain", "tfds-course", "data-science", "object-detection", "transformers-tf"),
        *("tf-agents", "gpflow", "tensorflowjs", "coremltools", "mediapipe-model-maker"),
        *("rasa", "autokeras", "t81-558"),
    }
    assert wanted <= {recipe.name for recipe in shipped().recipes.facts}


def test_every_recipe_has_run_or_says_why_not() -> None:
    known = shipped().recipes
    for recipe in known.facts:
        told = bool(recipe.refused or recipe.unproved)
        assert told != (known.status(recipe) is Status.WORKS), recipe.name


@pytest.mark.index
def test_every_waiver_of_a_recipe_is_of_a_requirement_that_really_stands_there() -> None:
    checked_ones = 0
    with open_index() as client:
        for recipe in shipped().recipes.facts:
            for waiver in recipe.waivers:
                (by,) = waiver.by
                files = [file for file in client.project(by).files if file.filename[-4:] == ".whl"]
                stated = {
                    requirement
                    for file in files
                    if waiver.is_by(by, file.filename.split("-")[1])
                    for text in client.metadata(file).requires_dist
                    if (requirement := Requirement(text)).name == waiver.package
                }
                specifiers = {one.specifier for one in stated}
                assert SpecifierSet(waiver.stated) in specifiers, waiver.id
                checked_ones += 1
    assert checked_ones
