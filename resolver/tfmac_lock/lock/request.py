"""The lock request, and how it is made from the words of a user.

The command line and the service go the same way.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..errors import UsageError
from ..matrix.ranking import PairRequest, TensorFlowRequest
from ..resolve.pairs import METAL_NAME, Option
from ..resolve.pyproject import NAME as PYPROJECT
from ..resolve.pyproject import read_pyproject, split_extras
from ..resolve.requirement import ByUser
from ..resolve.requirements_in import Options, read_file, read_text, read_with
from ..target import MacOSVersion, Os
from .attested import ALL, OPTION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.markers import Environment
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..matrix.recipes import Recipe
    from ..matrix.verdict import Pair
    from ..resolve.requirement import Requirement
    from ..target import Chip, Platforms, PythonVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """What to lock: which pair, and what else goes in.

    ``requirements`` and ``constraints`` were read for the target's environment. ``before`` is
    the moment from which on files are too new. ``pre`` lets pre-releases count as much as final
    ones; ``wheels_only`` are packages of which no source archive may be taken, ``allow_source``
    those that may even need a compiler. ``options`` are the command line's words for all that
    is not the pair, so that the lock can say how it was made. ``accept_repacked`` takes
    TensorFlow and plugin files whose sha256 is not the release's. ``preferred`` are versions to
    be kept where they can be; ``recipe`` is what the lock is for. ``attested`` are the packages
    whose files must have attestations.
    """

    pair: PairRequest
    requirements: tuple[Requirement, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    before: datetime | None = None
    pre: bool = False
    wheels_only: frozenset[str] = frozenset()
    allow_source: frozenset[str] = frozenset()
    options: str = ""
    accept_repacked: bool = False
    attested: frozenset[str] = frozenset()
    preferred: Mapping[NormalizedName, Version] = field(default_factory=dict)
    recipe: Recipe | None = None

    def prefers(self, pair: Pair) -> bool:
        """Whether that very pair is to be kept."""
        pins = Option(pair, MacOSVersion(0)).pins
        kept = all(self.preferred.get(name) == version for name, version in pins.items())
        return kept and (METAL_NAME in pins) == (METAL_NAME in self.preferred)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is asked for besides the machine, as it was written.

    ``packages`` and ``limits`` are requirements; ``requirements`` and ``constraints`` are files
    of them. ``extras`` and ``groups`` are those of each pyproject.toml among the files. The
    ``recipe`` adds requirements and limits of its own.
    """

    tensorflow: str | None = None
    metal: str = "auto"
    packages: Sequence[str] = ()
    limits: Sequence[str] = ()
    requirements: Sequence[Path] = ()
    constraints: Sequence[Path] = ()
    extras: Sequence[str] = ()
    groups: Sequence[str] = ()
    allow_source: Sequence[str] = ()
    exclude_newer: str | None = None
    accept_repacked: bool = False
    attested: Sequence[str] = ()
    recipe: Recipe | None = None

    @property
    def options(self) -> str:
        """The command line's options for all that is not the pair."""
        parts = [f"--for {self.recipe.name}"] if self.recipe else []
        parts += [f"--with {shlex.quote(text)}" for text in self.packages]
        parts += [f"-r {shlex.quote(str(path))}" for path in self.requirements]
        parts += [f"-c {shlex.quote(str(path))}" for path in self.constraints]
        parts += [f"--extra {shlex.quote(name)}" for name in self.extras]
        parts += [f"--group {shlex.quote(name)}" for name in self.groups]
        parts += [f"--allow-source {shlex.quote(name)}" for name in self.allow_source]
        parts += [f"--exclude-newer {self.exclude_newer}"] if self.exclude_newer else []
        parts += ["--accept-repacked"] if self.accept_repacked else []
        parts += [f"{OPTION} {shlex.quote(name)}" for name in self.attested]
        return " ".join(parts)


def make_request(
    words: Words,
    platforms: Platforms,
    *,
    chip: Chip,
    python: PythonVersion,
    macos: MacOSVersion | None,
    any_minor: bool,
    system: Os = Os.MACOS,
) -> tuple[LockRequest, Options]:
    """The request, and what the files say besides packages; raises UsageError.

    ``any_minor`` says that ``macos`` names a major release, whatever its minor one.
    """
    environment = platforms.target(python, chip, macos, system).markers()
    said = Options()
    needs = [need for text in words.packages if (need := read_with(text, environment))]
    limits = [need for text in words.limits if (need := read_with(text, environment))]
    allowed = [*words.allow_source, *(words.recipe.allow_source if words.recipe else ())]
    if words.recipe is not None:
        needs += _of_recipe(words.recipe, words.recipe.requirements, environment)
        limits += _of_recipe(words.recipe, words.recipe.constraints, environment)
    needs += _of_files(words, environment, said)
    for path in words.constraints:
        limits += read_file(path, environment, said)
    pair = PairRequest(
        python=python,
        chip=chip,
        macos=macos,
        any_minor=any_minor,
        os=system,
        tensorflow=TensorFlowRequest.parse(words.tensorflow)
        if words.tensorflow
        else TensorFlowRequest(),
        metal=_metal(words.metal),
        extra=frozenset(item.name for item in needs),
    )
    request = LockRequest(
        pair=pair,
        requirements=tuple(needs),
        constraints=tuple(limits),
        before=before(words.exclude_newer),
        pre=said.pre,
        wheels_only=frozenset(said.only_binary),
        allow_source=frozenset(map(canonicalize_name, allowed)),
        options=words.options,
        accept_repacked=words.accept_repacked,
        attested=frozenset(
            name if name == ALL else canonicalize_name(name) for name in words.attested
        ),
        recipe=words.recipe,
    )
    return request, said


def _of_recipe(recipe: Recipe, texts: Sequence[str], environment: Environment) -> list[Requirement]:
    origin = ByUser(f"--for {recipe.name}")
    return [need for text in texts if (need := read_text(text, origin, environment))]


def _of_files(words: Words, environment: Environment, said: Options) -> list[Requirement]:
    """What the files require: requirements files, and pyproject.toml with extras and groups."""
    found: list[Requirement] = []
    projects = 0
    for named in words.requirements:
        text, extras = split_extras(str(named))
        path = Path(text)
        if path.name != PYPROJECT:
            found += read_file(path, environment, said)
            continue
        projects += 1
        extras = (*extras, *words.extras)
        found += read_pyproject(path, environment, extras=extras, groups=words.groups)
    if projects == 0 and words.extras:
        raise UsageError("--extra names an extra of a project: add -r pyproject.toml")
    if projects == 0 and words.groups:
        path = Path(PYPROJECT)
        found += read_pyproject(path, environment, project=False, groups=words.groups)
    return found


def before(given: str | None) -> datetime | None:
    """The moment from which on files are too new: the end of a day, or an exact time."""
    if given is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.ASCII):
            return end_of(date.fromisoformat(given))
        moment = datetime.fromisoformat(given)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--exclude-newer {given!r} is not a usable date; write it like 2026-01-31"
        ) from error


def end_of(day: date) -> datetime:
    """The moment from which on files are newer than the day; raises OverflowError for the last."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def _metal(given: str) -> str:
    if given in ("auto", "none") or re.fullmatch(r"\d{1,4}(\.\d{1,4}){0,3}", given, re.ASCII):
        return given
    raise UsageError(f"--metal {given!r}: write a version like 1.2.0, or auto, or none")
