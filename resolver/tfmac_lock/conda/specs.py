"""Requirements as conda specs, so that the bounds hold for conda's records too.

Sources: version specifiers, PEP 440
(https://packaging.python.org/en/latest/specifications/version-specifiers/); conda specs,
https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from .channels import Channel, secrets_cut
from .errors import BadSpec
from .names import conda_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.specifiers import Specifier, SpecifierSet

    from ..resolve.requirement import Origin, Requirement


@dataclass(frozen=True, slots=True)
class CondaRequirement:
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


def own_spec(text: str, channels: Iterable[Channel]) -> str:
    """The user's spec, with the channel that it may name (``bioconda::samtools``) as in locks.

    Raises BadSpec for a channel that is not among those of the lock, and for the address of a
    file: what comes from elsewhere would stand in no channel's state.
    """
    place, found, rest = text.strip().rpartition("::")
    shown = secrets_cut(text)
    if "/" in rest or re.search(r"\[.*\b(url|channel)\s*=", rest):
        raise BadSpec(
            shown, "says where to take it from; write NAME or CHANNEL::NAME, and --channel CHANNEL"
        )
    if not found:
        return rest
    known = {channel.url: channel.name for channel in channels}
    url = Channel.parse(place).url
    if url not in known:
        have = ", ".join(known.values())
        raise BadSpec(shown, f"is of another channel than {have}; add that with --channel")
    return f"{known[url]}::{rest}"


def limits_of(need: Requirement) -> Iterator[CondaRequirement]:
    """What the need says of the records that may hold its distribution."""
    text = version_spec(need.specifier)
    if text:
        for name in conda_names(need.name):
            yield CondaRequirement(f"{name} {text}", need.origin, f"{need.name} {need.specifier}")


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
    except ValueError:
        return None
