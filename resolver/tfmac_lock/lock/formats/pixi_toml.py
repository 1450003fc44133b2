"""pixi.toml: Python from conda, the lock's wheels from the index, the macOS floor as a requirement.

Source: https://pixi.sh/latest/reference/pixi_manifest/. A mixed lock keeps its conda packages, with
version and build. Several locks are distinguished by ``target``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import toml_text as toml
from .conda_lock_yml import platform
from .header import commented, header, sentences
from .project import GROUP, brings_cuda, unsaid_limits, unsaid_metadata
from .wheels_only import distinct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..limits import Limits
    from ..model import LockedPackage

CONDA_FORGE = "conda-forge"
FORGE_ADDRESS = "https://conda.anaconda.org/conda-forge"


def render(limits: Sequence[Limits]) -> str:
    """The text of a workspace of its own; raises SameMarkers."""
    lines = [line for one in limits for line in header(one.lock)]
    lines = commented([*lines, "   pixi install", ""])
    lines += [
        "[workspace]",
        f"name = {toml.text(GROUP)}",
        *_where(limits),
        *tables(limits, ""),
        *commented(unsaid(limits)),
    ]
    return "\n".join(lines) + "\n"


def feature(limits: Sequence[Limits], above: str) -> list[str]:
    """The tables of a feature of an existing workspace; ``above`` is ``tool.pixi.`` or nothing."""
    name = f"{above}feature.{GROUP}"
    return [f"[{name}]", *_where(limits), *tables(limits, f"{name}."), *commented(unsaid(limits))]


def tables(limits: Sequence[Limits], above: str) -> list[str]:
    """The tables below a workspace or a feature."""
    distinct(limits)
    lines = list(_requirements(limits, above))
    several = len(limits) > 1
    for one in limits:
        at = f"{above}target.{platform(one.lock.combo)}." if several else above
        lines += ["", f"[{at}dependencies]", *_from_conda(one)]
        lines += ["", f"[{at}pypi-dependencies]", *_from_index(one)]
        if one.lock.environment:
            lines += ["", f"[{at}activation.env]"]
            lines += [f"{key} = {toml.text(text)}" for key, text in one.lock.environment.items()]
    overrides = {limit.package: limit.specifier for one in limits for limit in one.overrides}
    if overrides:
        lines += ["", f"[{above}pypi-options.dependency-overrides]"]
        lines += [f"{name} = {toml.text(text)}" for name, text in sorted(overrides.items())]
    return lines


def _where(limits: Sequence[Limits]) -> list[str]:
    """The channels and the platforms."""
    channels = dict.fromkeys(
        CONDA_FORGE if channel.url == FORGE_ADDRESS else channel.url
        for one in limits
        for channel in one.lock.channels
    )
    return [
        f"channels = {toml.array(channels or [CONDA_FORGE])}",
        f"platforms = {toml.array(dict.fromkeys(platform(one.lock.combo) for one in limits))}",
    ]


def _requirements(limits: Sequence[Limits], above: str) -> Iterator[str]:
    """The system that the locks need; what a system has not got is ignored there."""
    floors = [one.lock.combo.macos_min for one in limits if one.lock.combo.macos_min]
    cuda = [one for one in limits if one.lock.has_cuda]
    if not floors and not cuda:
        return
    yield from ["", f"[{above}system-requirements]"]
    if floors:
        yield f"macos = {toml.text(str(max(floors)))}"
    if cuda:
        names = {package.name for one in cuda for package in one.lock.packages}
        yield f'cuda = "{13 if "nvidia-cuda-runtime" in names else 12}"'


def _from_conda(limits: Limits) -> list[str]:
    """What conda brings: Python alone, or the records of a mixed lock."""
    records = limits.lock.conda_packages
    if not records:
        return [f"python = {toml.text(f'{limits.lock.combo.python}.*')}"]
    return [
        f"{record.name} = {{ version = {toml.text(f'=={record.version}')}, "
        f"build = {toml.text(record.build)} }}"
        for record in records
    ]


def _from_index(limits: Limits) -> list[str]:
    return [_row(package, limits) for package in limits.lock.wheels]


def _row(package: LockedPackage, limits: Limits) -> str:
    version = toml.text(f"=={package.version}")
    if package in limits.pair and brings_cuda(package):
        return f"{package.name} = {{ version = {version}, extras = {toml.array(['and-cuda'])} }}"
    return f"{package.name} = {version}"


def unsaid(limits: Sequence[Limits]) -> list[str]:
    """What the manifest cannot express, as lines; empty where it can express everything."""
    texts = dict.fromkeys(_unsaid(limits))
    return ["", "What pixi cannot say:", *sentences(texts)] if texts else []


def _unsaid(limits: Sequence[Limits]) -> Iterator[str]:
    overrides = [limit for one in limits for limit in one.overrides]
    if overrides and len(limits) > 1:
        yield "a dependency override holds on every platform"
    for one in limits:
        yield from unsaid_metadata(one)
        yield from unsaid_limits(one)
