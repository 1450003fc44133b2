"""``[tool.uv]`` for a project's pyproject.toml: with it ``uv lock`` comes to the lock's versions.

Source: https://docs.astral.sh/uv/reference/settings/. uv reads these settings from the
pyproject.toml at the root of a project or workspace alone. ``environments`` limits uv.lock to
what the lock was made for, ``required-environments`` asks for wheels there,
``constraint-dependencies`` pin, ``override-dependencies`` replace what others require, and
``dependency-metadata`` replaces what a package itself states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import toml_text as toml
from .constraints_txt import why
from .environment import marker_elsewhere
from .header import commented, sentences
from .project import head
from .wheels_only import of_wheels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ..limits import Limits
    from ..model import LockedPackage


KEYS = (
    "environments",
    "required-environments",
    "constraint-dependencies",
    "override-dependencies",
    "dependency-metadata",
)
"""The keys of the table that are written."""


def render(limits: Sequence[Limits]) -> str:
    """The text of the table."""
    made = arrays(limits)
    lines = head(limits, "uv lock")
    lines.append("[tool.uv]")
    for key, body in made.items():
        if body:
            lines += [f"{key} = [", *body, "]"]
    lines += commented(unsaid(limits))
    return "\n".join(lines) + "\n"


def arrays(
    limits: Sequence[Limits], foreign: Collection[str] = (), *, several: bool = False
) -> dict[str, list[str]]:
    """The arrays of the table, each as its lines of TOML; raises HoldsConda or SameMarkers.

    ``foreign`` are requirements of the project on a TensorFlow that goes by another name in the
    lock; they are dropped where the lock holds. ``several`` says that the project has other
    environments besides.
    """
    of_wheels(limits, "[tool.uv]")
    environments = [one.marker for one in limits]
    several = several or len(limits) > 1
    bodies = (
        toml.items(environments),
        toml.items(environments),
        list(_constraints(limits, several=several)),
        list(_overrides(limits, foreign, several=several)),
        list(_metadata(limits, several=several)),
    )
    return dict(zip(KEYS, bodies, strict=True))


def unsaid(limits: Sequence[Limits]) -> list[str]:
    """What the table cannot express, as lines; empty where it can express everything."""
    said = {package.name for one in limits for package in one.metadata}
    texts = [
        text
        for one in limits
        for text in one.needs_unsaid
        if not any(text.startswith(f"{name} ") for name in said)
    ]
    floors = [
        f"{one.lock.combo.id} runs on macOS {one.lock.combo.macos_min} and newer; uv picks the "
        "files for the Mac that it runs on, and its lock records no floor"
        for one in limits
        if one.lock.combo.macos_min
    ]
    return ["", "What [tool.uv] cannot say:", *sentences(dict.fromkeys([*floors, *texts]))]


def _constraints(limits: Sequence[Limits], *, several: bool) -> Iterator[str]:
    for one in limits:
        there = f" ; {one.marker}" if several else ""
        yield from toml.notes([f"the versions of {one.lock.combo.id}"])
        yield from toml.items(f"{item.name}=={item.version}{there}" for item in one.lock.wheels)
        for limit in one.unlocked:
            yield from toml.notes(why(limit))
            yield from toml.items([f"{limit.requirement}{there}"])


def _overrides(
    limits: Sequence[Limits], foreign: Collection[str], *, several: bool
) -> Iterator[str]:
    for one in limits:
        there = f" ; {one.marker}" if several else ""
        for limit in one.overrides:
            yield from toml.notes(why(limit))
            yield from toml.items([f"{limit.requirement}{there}"])
    for name in foreign:
        yield from toml.notes([f"{limits[0].lock.combo.package} is the same TensorFlow there"])
        yield from toml.items([f"{name} ; {marker_elsewhere(limits[0].lock.combo)}"])


def _metadata(limits: Sequence[Limits], *, several: bool) -> Iterator[str]:
    """One row a release: what it requires in each of the environments."""
    wanted = {(item.name, item.version) for one in limits for item in one.metadata}
    for name, version in sorted(wanted):
        rows: dict[str, None] = {}
        for one in limits:
            for item in one.lock.wheels:
                if (item.name, item.version) == (name, version):
                    rows |= dict.fromkeys(_requires(item, one, several=several))
        fields = [f"name = {toml.text(name)}", f"version = {toml.text(version)}"]
        fields.append(f"requires-dist = {toml.array(rows)}")
        yield f"    {{ {', '.join(fields)} }},"


def _requires(package: LockedPackage, limits: Limits, *, several: bool) -> list[str]:
    there = f" ; {limits.marker}" if several else ""
    return [f"{text}{there}" for text in package.requires]
