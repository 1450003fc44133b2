"""``[tool.uv]`` and the project's requirements, in a pyproject.toml that is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ...matrix.base import TENSORFLOW_PACKAGES
from ..asked import VARIANTS
from ..formats import uv_toml
from ..formats.project import roots
from ..formats.toml_text import items
from . import region

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..limits import Limits

SAME = {*TENSORFLOW_PACKAGES, *VARIANTS}
"""The names under which a project may require TensorFlow."""


def written(
    text: str, theirs: Mapping[str, Any], limits: Sequence[Limits]
) -> tuple[str, tuple[str, ...]]:
    """The text with the arrays of ours, and what the project's owner should know.

    ``theirs`` are the data without ours.
    """
    document: Any = tomlkit.parse(text)
    notes: list[str] = []
    required = dict.fromkeys(_required(theirs))
    missing = [one for one in roots(limits) if _name(one) not in required]
    project = theirs.get("project")
    if project is None or "dependencies" in project.get("dynamic", ()):
        if missing:
            what = "has no [project]" if project is None else "has dynamic dependencies"
            notes.append(f"it {what}, so require yourself: {', '.join(missing)}")
    else:
        _put(document["project"], "dependencies", items(missing))
    held = {package.name for one in limits for package in one.lock.packages}
    foreign = [name for name in required if name in SAME - held]
    own = theirs.get("tool", {}).get("uv", {})
    arrays = uv_toml.arrays(limits, foreign, several=bool(own.get("environments")))
    if own.get("environments"):
        arrays["environments"] = []
        notes.append("it has environments of its own, which stay; uv locks for those alone")
    if "[[tool.uv.dependency-metadata]]" in text and arrays["dependency-metadata"]:
        rows = " ".join(arrays["dependency-metadata"]).strip()
        notes.append(f"its dependency-metadata are tables of their own; add by hand: {rows}")
        arrays["dependency-metadata"] = []
    if "uv" not in document.get("tool", {}):
        document = tomlkit.parse(f"{tomlkit.dumps(document).rstrip()}\n\n[tool.uv]\n".lstrip())
    for key, lines in arrays.items():
        _put(document["tool"]["uv"], key, lines)
    return tomlkit.dumps(document), tuple(notes)


def _put(table: Any, key: str, lines: Sequence[str]) -> None:
    """Set the lines of ours in the array; an array that would be empty is left out."""
    there = table.get(key)
    if there is None and not lines:
        return
    old = "[]" if there is None else there.as_string()
    if there is not None and not lines and not region.has_region(old):
        return
    new = region.in_array(old, lines)
    made = tomlkit.parse(f"x = {new}\n")["x"]
    if there is None or made:
        table[key] = made
    else:
        del table[key]


def _required(data: Mapping[str, Any]) -> Iterator[str]:
    """The names of what the project requires, in its extras and groups too."""
    project = data.get("project", {})
    texts = list(project.get("dependencies", ()))
    for extra in project.get("optional-dependencies", {}).values():
        texts += extra
    for group in data.get("dependency-groups", {}).values():
        texts += (text for text in group if isinstance(text, str))
    for text in texts:
        try:
            yield _name(text)
        except InvalidRequirement:
            continue  # the tool will say so; here it names nothing


def _name(text: str) -> str:
    return canonicalize_name(Requirement(text).name)
