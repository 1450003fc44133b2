"""Requirements of the pip half as conda specs, so that bounds reach both halves.

Sources: version specifiers, PEP 440
(https://packaging.python.org/en/latest/specifications/version-specifiers/); conda specs,
https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from .names import conda_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.specifiers import Specifier, SpecifierSet

    from ..resolve.requirement import Need, Origin


@dataclass(frozen=True, slots=True)
class Want:
    """A conda spec and who wants it; ``words`` say it for people, where the spec is unwieldy."""

    spec: str
    origin: Origin
    words: str = ""

    @property
    def name(self) -> str:
        """The package's name at the head of the spec."""
        found = re.search(r"[A-Za-z0-9._-]+", self.spec.rpartition("::")[2])
        return found[0].lower() if found else self.spec

    def __str__(self) -> str:
        return f"{self.words or self.spec} for {self.origin}"


def limits_of(need: Need) -> Iterator[Want]:
    """What the need says of the records that may hold its distribution."""
    text = version_spec(need.specifier)
    if text:
        for name in conda_names(need.name):
            yield Want(f"{name} {text}", need.origin, f"{need.name} {need.specifier}")


def version_spec(specifiers: SpecifierSet) -> str:
    """The same versions in conda's words; ``""`` for any version."""
    return ",".join(sorted(_one(specifier) for specifier in specifiers))


def _one(specifier: Specifier) -> str:
    operator, text = specifier.operator, specifier.version
    if operator == "===":
        return f"=={text}"
    if operator == "==" and text.endswith(".*"):
        return text
    if operator == "<":
        # PEP 440: "<2" leaves the pre-releases of 2 out; for conda they are smaller than 2.
        version = _version(text)
        return f"<{text}" if version is None or version.is_prerelease else f"<{text}a0"
    return f"{operator}{text}"


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
