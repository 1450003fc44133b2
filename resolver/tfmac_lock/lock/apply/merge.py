"""The text of a project's file with a lock's tables in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import tomlkit
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from tomlkit.exceptions import TOMLKitError

from ...errors import InputFileError
from ...foreign import check_shape, parse_toml
from ..formats import pdm_toml, pixi_toml, poetry_toml, uv_toml
from ..formats.header import commented
from ..formats.project import GROUP
from . import region, uv_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..limits import Limits

PIXI = "pixi.toml"

TOOLS = ("uv", "poetry", "pdm", "pixi")
"""The tools whose tables can be written; the first is meant where nothing shows which."""


SHAPE = {
    "project": {"dynamic": [str], "dependencies": [str], "optional-dependencies": {"*": [str]}},
    "dependency-groups": {"*": [(str, dict)]},
    "environments": dict,
    "tool": {
        "uv": {"environments": (list, str), **dict.fromkeys(uv_toml.KEYS[1:], list)},
        "poetry": dict,
        "pdm": {"resolution": {"overrides": dict}},
        "pixi": {"environments": dict},
    },
}
"""What a file has, if anything, in the places that are looked at or written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The text of the file, and what its owner should know."""

    text: str
    notes: tuple[str, ...] = ()


def tool_of(path: str, text: str, beside: Collection[str]) -> str:
    """The tool that the project uses: by a lockfile beside it, else by its table, else uv."""
    if PurePath(path).name == PIXI:
        return "pixi"
    tables = _theirs(path, text).get("tool", {})
    by_lock = [tool for tool in TOOLS if f"{tool}.lock" in beside]
    by_table = [tool for tool in TOOLS if tool in tables]
    return next(iter([*by_lock, *by_table, *TOOLS]))


def next_command(tool: str, limits: Sequence[Limits]) -> str:
    """What to type next, so that the tool makes its own lock."""
    if tool == "pdm":
        return pdm_toml.lock_command(limits[0].lock.combo)
    return f"pixi install --environment {GROUP}" if tool == "pixi" else f"{tool} lock"


def merged(path: str, text: str, limits: Sequence[Limits], tool: str) -> Merged:
    """The file with the tool's tables of these locks.

    What is not ours means the same afterwards; that is looked at before anything is returned.
    Raises InputFileError, HoldsConda or SameMarkers.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    theirs = _theirs(path, plain)
    _check_python(path, theirs, limits)
    try:
        made = _made(path, plain, theirs, limits, tool)
    except TOMLKitError as error:
        raise InputFileError(path, f"cannot be written to: {error}") from error
    if _stripped(_theirs(path, made.text)) != _stripped(theirs):
        raise InputFileError(
            path,
            "has tables in an order that cannot be kept; put into it by hand what `tfmac-lock` "
            f"prints with --format {tool} -o -",
        )
    ending = "\r\n" if "\r\n" in text else "\n"
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return Merged(text=mark + made.text.replace("\n", ending), notes=made.notes)


def _made(
    path: str, text: str, theirs: Mapping[str, Any], limits: Sequence[Limits], tool: str
) -> Merged:
    if tool == "uv":
        changed, notes = uv_table.written(text, theirs, limits)
        return Merged(text=changed, notes=notes)
    if tool == "poetry":
        lines = [f"[{poetry_toml.TABLE}]", *poetry_toml.rows(limits)]
        return Merged(text=region.in_file(text, [*lines, *commented(poetry_toml.unsaid(limits))]))
    if tool == "pdm":
        return _with_overrides(text, theirs, limits)
    return Merged(text=_with_feature(path, text, theirs, limits))


def _with_overrides(text: str, theirs: Mapping[str, Any], limits: Sequence[Limits]) -> Merged:
    """Overrides for PDM: rows in the project's own table where it has one."""
    rows = pdm_toml.rows(limits)
    remarks = commented(pdm_toml.unsaid(limits))
    resolution = theirs.get("tool", {}).get("pdm", {}).get("resolution", {})
    if "overrides" not in resolution:
        return Merged(text=region.in_file(text, [f"[{pdm_toml.TABLE}]", *rows, *remarks]))
    own = {canonicalize_name(name) for name in resolution["overrides"]}
    notes = [f"it has an override of {name}, which stays" for name in sorted(own)]
    kept = [row for row in rows if row.partition(" ")[0] not in own]
    document: Any = tomlkit.parse(text)
    there = document["tool"]["pdm"]["resolution"]
    body = region.in_table(there["overrides"].as_string(), [*kept, *remarks])
    there["overrides"] = tomlkit.parse(f"[overrides]\n{body}")["overrides"]
    return Merged(text=tomlkit.dumps(document), notes=tuple(notes))


def _with_feature(path: str, text: str, theirs: Mapping[str, Any], limits: Sequence[Limits]) -> str:
    """A feature for pixi, and an environment with it."""
    alone = PurePath(path).name == PIXI
    above = "" if alone else "tool.pixi."
    lines = pixi_toml.feature(limits, above)
    own = theirs if alone else theirs.get("tool", {}).get("pixi", {})
    if "environments" not in own:
        lines += ["", f"[{above}environments]", f'{GROUP} = ["{GROUP}"]']
    elif GROUP not in own["environments"]:
        document: Any = tomlkit.parse(text)
        there = document if alone else document["tool"]["pixi"]
        there["environments"][GROUP] = [GROUP]
        text = tomlkit.dumps(document)
    return region.in_file(text, lines)


def _check_python(path: str, theirs: Mapping[str, Any], limits: Sequence[Limits]) -> None:
    stated = theirs.get("project", {}).get("requires-python")
    if not isinstance(stated, str):
        return
    series = limits[0].lock.combo.python
    try:
        admitted = SpecifierSet(stated)
        fits = any(admitted.contains(f"{series}.{micro}") for micro in range(100))
    except ValueError as error:
        raise InputFileError(path, f"has a requires-python that cannot be read: {error}") from error
    if not fits:
        raise InputFileError(
            path,
            f"requires-python = {stated!r} leaves out Python {series}, which the lock is for; "
            "widen it, or make a lock for a Python that it admits",
        )


def _theirs(path: str, text: str) -> dict[str, Any]:
    """The data of the file without what is ours; raises InputFileError."""
    try:
        data = parse_toml(text)
        theirs = parse_toml(region.without_region(text))
    except ValueError as error:
        raise InputFileError(path, f"is not TOML that can be read: {error}") from error
    try:
        check_shape(data, SHAPE)
        check_shape(theirs, SHAPE)
    except ValueError as error:
        raise InputFileError(path, str(error)) from error
    return theirs


def _stripped(data: Any) -> Any:
    """The data without empty tables and arrays, and without pixi's environment of ours."""
    if not isinstance(data, dict):
        return data
    kept = {key: _stripped(value) for key, value in data.items()}
    return {key: value for key, value in kept.items() if value not in ({}, [], [GROUP])}
