"""``[tool.pdm.resolution.overrides]`` with the lock's versions, and the command that locks there.

Source: https://pdm-project.org/latest/usage/dependency/#dependency-overrides. PDM has no
constraints; an override sets a version whatever others require, and holds on every platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...target import Os
from . import toml_text as toml
from .header import commented, sentences
from .project import head, unsaid_limits, unsaid_metadata
from .wheels_only import of_wheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..limits import Limits
    from ..model import Combo

TABLE = "tool.pdm.resolution.overrides"


def render(limits: Sequence[Limits]) -> str:
    """The text of the table."""
    commands = [lock_command(one.lock.combo) for one in limits]
    commands[1:] = [f"{command} --append" for command in commands[1:]]
    lines = [*head(limits, " && ".join(commands)), f"[{TABLE}]", *rows(limits)]
    return "\n".join([*lines, *commented(unsaid(limits))]) + "\n"


def lock_command(combo: Combo) -> str:
    """PDM's command that locks for the lock's machine, from any other one."""
    if combo.os is Os.LINUX:
        machine = "aarch64" if combo.arch == "arm64" else combo.arch.value
        platform = f"manylinux_2_28_{machine}"
    else:
        assert combo.macos_min is not None, "every Mac's lock has a floor"
        platform = f"macos_{combo.macos_min.major}_{combo.macos_min.minor}_{combo.arch.value}"
    return f'pdm lock --python "=={combo.python}.*" --platform {platform} --implementation cpython'


def rows(limits: Sequence[Limits]) -> list[str]:
    """One row a package that has one version in all of the locks; raises HoldsConda."""
    of_wheels(limits, "PDM")
    return [
        f"{name} = {toml.text(f'=={next(iter(found))}')}"
        for name, found in _versions(limits).items()
        if len(found) == 1
    ]


def _versions(limits: Sequence[Limits]) -> dict[str, dict[str, str]]:
    """The versions of each package, and in which lock."""
    versions: dict[str, dict[str, str]] = {}
    for one in limits:
        for package in one.lock.wheels:
            versions.setdefault(package.name, {}).setdefault(package.version, one.lock.combo.id)
    return dict(sorted(versions.items()))


def unsaid(limits: Sequence[Limits]) -> list[str]:
    """What the table cannot express, as lines."""
    return ["", "What PDM cannot say:", *sentences(dict.fromkeys(_unsaid(limits)))]


def _unsaid(limits: Sequence[Limits]) -> Iterator[str]:
    yield "an override holds on every platform and Python that the project is locked for"
    for name, found in _versions(limits).items():
        if len(found) > 1:
            versions = ", ".join(f"{version} in {combo}" for version, combo in found.items())
            yield f"{name} is {versions}"
    for one in limits:
        yield from unsaid_metadata(one)
        yield from unsaid_limits(one)
