"""A dependency group for Poetry with the lock's versions, each for the lock's environment.

Source: https://python-poetry.org/docs/dependency-specification/. Poetry has no constraints and no
overrides: a version is set by naming the package, in a group that ``poetry install`` takes along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import toml_text as toml
from .header import commented, sentences
from .project import GROUP, brings_cuda, head, unsaid_limits, unsaid_metadata
from .wheels_only import of_wheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..limits import Limits

TABLE = f"tool.poetry.group.{GROUP}.dependencies"


def render(limits: Sequence[Limits]) -> str:
    """The text of the table."""
    lines = [*head(limits, "poetry lock"), f"[{TABLE}]", *rows(limits)]
    return "\n".join([*lines, *commented(unsaid(limits))]) + "\n"


def rows(limits: Sequence[Limits]) -> list[str]:
    """One row a package; raises HoldsConda or SameMarkers."""
    of_wheels(limits, "Poetry")
    versions: dict[str, list[str]] = {}
    for one in limits:
        pair = {package.name for package in one.pair}
        for package in one.lock.wheels:
            extras = (
                f", extras = {toml.array(['and-cuda'])}"
                if package.name in pair and brings_cuda(package)
                else ""
            )
            versions.setdefault(package.name, []).append(
                f"{{ version = {toml.text(f'=={package.version}')}, "
                f"markers = {toml.text(one.marker)}{extras} }}"
            )
    return [
        f"{name} = {found[0]}" if len(found) == 1 else f"{name} = [{', '.join(found)}]"
        for name, found in sorted(versions.items())
    ]


def unsaid(limits: Sequence[Limits]) -> list[str]:
    """What the group cannot express, as lines."""
    return ["", "What Poetry cannot say:", *sentences(dict.fromkeys(_unsaid(limits)))]


def _unsaid(limits: Sequence[Limits]) -> Iterator[str]:
    for one in limits:
        combo = one.lock.combo
        if combo.macos_min:
            yield f"{combo.id} runs on macOS {combo.macos_min} and newer"
        yield from (f"{text}. Poetry goes by what is stated, and refuses" for text in one.stated)
        yield from unsaid_metadata(one)
        yield from unsaid_limits(one)
