"""Recipes: what an application or a course needs on a Mac, and what came of trying it.

A recipe is a file in matrix/recipes/; what came of its smoke test, beside the versions of a lock
that was made for it, is a file in matrix/proofs/recipes/.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from ..target import Arch  # noqa: TC001 - the compiled matrix is read by its annotations
from .base import Fact
from .companions import DECISIVE, RequirementText, Run, decisive_pins, pins_of, plain_name
from .reasons import Grade, Reason, Status
from .texts import Identifier, PackageName, Rule, Sentence, Series, Source, Sources
from .waivers import Waiver

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .companions import Companions, Locked

VariableName = Annotated[str, Rule(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""Applications have names of variables that are not all in capitals."""

Title = Annotated[str, Rule(pattern=r"^.{5,45}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeSetting(Fact):
    """An environment variable that must be set before it runs."""

    name: VariableName
    value: str
    reason: Sentence
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(Fact):
    """What an application or a course needs (matrix/recipes/<name>.toml).

    ``title`` is one line for a list, ``text`` what is known of it on a Mac. ``requirements`` and
    ``constraints`` are as a user would write them, ``allow_source`` what is compiled on the Mac
    for want of wheels. ``waivers`` hold for every lock with the package whose metadata they are
    about. ``smoke`` uses it once, without a network. ``refused`` says why no lock can be had,
    and ``instead`` what to do; ``unproved``
    why the smoke test cannot be run where there is no Mac.
    """

    name: Identifier
    kind: Literal["application", "course", "library", "converter", "stack"]
    title: Title
    text: Sentence
    python: Series
    requirements: tuple[RequirementText, ...] = ()
    constraints: tuple[RequirementText, ...] = ()
    allow_source: tuple[PackageName, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    settings: tuple[RecipeSetting, ...] = ()
    smoke: str = ""
    unproved: str = ""
    refused: str = ""
    instead: str = ""
    sources: Sources

    def __post_init__(self) -> None:
        if bool(self.refused) == bool(self.requirements):
            raise ValueError("a recipe has requirements, or says why it is refused")
        if self.requirements and bool(self.smoke) == bool(self.unproved):
            raise ValueError("a recipe has a smoke test, or says why none can be run")

    @property
    def digest(self) -> str:
        """The sha256 of the smoke test, by which a run names it."""
        return hashlib.sha256(self.smoke.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeRun(Run):
    """What came of the smoke test of a recipe (matrix/proofs/recipes/<name>/).

    ``arch`` is that of the lock whose versions were tried, and ``imported`` are the packages of
    which a module was imported when it ended.
    """

    recipe: Identifier
    arch: Arch
    imported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeTried:
    """A run as the compiled matrix has it; ``pins`` are all packages of the lock."""

    recipe: str
    outcome: Literal["works", "broken"]
    arch: Arch
    python: Series
    tensorflow: str
    date: str
    text: str
    source: str
    pins: dict[str, str]
    imported: frozenset[str] = frozenset()

    def speaks_for(self, recipe: Recipe, pins: Mapping[str, str]) -> bool:
        """Whether it was made with the versions of all that decides.

        ``pins`` are those of a lock, with TensorFlow under one name.
        """
        decide = {*DECISIVE, *map(plain_name, recipe.requirements)}
        mine = self.pins | {"tensorflow": self.tensorflow}
        return self.recipe == recipe.name and all(
            pins.get(name) == mine.get(name) for name in decide
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeVerdict:
    """What to expect of a recipe in a lock, and why."""

    name: str
    status: Status
    grade: Grade | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipes:
    """All recipes by name, and every run of their smoke tests."""

    facts: tuple[Recipe, ...] = ()
    runs: tuple[RecipeTried, ...] = ()

    def named(self, name: str) -> Recipe | None:
        """The recipe of that name."""
        return next((found for found in self.facts if found.name == name), None)

    def status(self, recipe: Recipe) -> Status:
        """What is known of it: the best that any run came to."""
        if recipe.refused:
            return Status.BROKEN
        found = [Status(one.outcome) for one in self.runs if one.recipe == recipe.name]
        return min(found, key=lambda one: one.rank, default=Status.UNPROVEN)

    def proved(self, name: str, arch: Arch, python: str) -> Mapping[str, str]:
        """The versions that the recipe was last seen to run with there; none where it was not."""
        found = [
            one
            for one in self.runs
            if (one.recipe, one.arch, one.python, one.outcome) == (name, arch, python, "works")
        ]
        return max(found, key=lambda one: one.date).pins if found else {}

    def run_for(self, recipe: Recipe, packages: Collection[Locked]) -> RecipeTried | None:
        """The last run that speaks for a lock of these packages.

        Of the same versions the other architecture's run says the same.
        """
        pins = pins_of(packages)
        runs = [one for one in self.runs if one.speaks_for(recipe, pins)]
        return max(runs, key=lambda one: one.date, default=None)

    def judge(self, recipe: Recipe, packages: Collection[Locked]) -> RecipeVerdict:
        """A verdict on the recipe in a lock of these packages."""
        run = self.run_for(recipe, packages)
        if run is None:
            beside = ", ".join(f"{one} {at}" for one, at in decisive_pins(packages).items())
            text = recipe.unproved or f"its smoke test was not run beside {beside}"
            reason = Reason(kind="untried", text=text, source="matrix/proofs/recipes")
            return RecipeVerdict(
                name=recipe.name, status=Status.UNPROVEN, grade=Grade.RESOLVES, reasons=(reason,)
            )
        status = Status(run.outcome)
        against = status is Status.BROKEN
        reason = Reason(
            kind="twin",
            text=run.text,
            source=run.source,
            grade=Grade.TWIN,
            against=against,
            fatal=against,
        )
        return RecipeVerdict(name=recipe.name, status=status, grade=Grade.TWIN, reasons=(reason,))

    def used(
        self, recipe: Recipe, packages: Collection[Locked], companions: Companions
    ) -> frozenset[str]:
        """The packages that the recipe's smoke test ran with, as far as it vouches for them.

        Those are the ones that the recipe names, and what they import of which no smoke test is
        known: of that the import alone has to go well.
        """
        run = self.run_for(recipe, packages)
        if run is None or run.outcome != "works":
            return frozenset()
        there = {one.name for one in packages if run.pins.get(one.name) == one.version}
        return frozenset(there & vouched_for(recipe, run.imported, companions))


def vouched_for(recipe: Recipe, imported: Iterable[str], companions: Companions) -> frozenset[str]:
    """The packages that a run of the recipe vouches for, which imported these."""
    unknown = {name for name in imported if companions.named(name) is None}
    return frozenset({*map(plain_name, recipe.requirements)} | unknown)
