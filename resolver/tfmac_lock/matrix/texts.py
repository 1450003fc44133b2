"""Texts that facts are made of, with the rule that each kind keeps.

The rules are checked where facts are edited, by pydantic, which asks a rule for its schema. At
run time they are notes beside the types, and nothing of pydantic is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ..target import MacOSVersion

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text must be: it fits ``pattern``, has ``least`` characters, and ``parse`` takes it.

    ``parse`` returns what the text stands for and raises ValueError where it stands for nothing.
    """

    pattern: str | None = None
    least: int | None = None
    parse: Callable[[str], Any] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The rule as a schema of pydantic's core, which alone calls this."""
        from pydantic_core import core_schema

        text = core_schema.str_schema(pattern=self.pattern, min_length=self.least)
        if self.parse is None:
            return text
        return core_schema.no_info_after_validator_function(self.parse, text)


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """A list that is not empty."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The rule as a schema of pydantic's core, which alone calls this."""
        return {**handler(source), "min_length": 1}


def _version(text: str) -> str:
    from packaging.version import Version

    return str(Version(text))


def _specifier(text: str) -> str:
    from packaging.specifiers import SpecifierSet

    SpecifierSet(text)
    return text


def _name(text: str) -> str:
    from packaging.utils import canonicalize_name

    if canonicalize_name(text) != text:
        raise ValueError(f"write the normalised name {canonicalize_name(text)!r}")
    return text


MacOSText = Annotated[MacOSVersion, Rule(pattern=r"^\d{2}\.\d{1,2}$", parse=MacOSVersion.parse)]
VersionText = Annotated[str, Rule(parse=_version)]
SpecifierText = Annotated[str, Rule(parse=_specifier)]
PackageName = Annotated[str, Rule(parse=_name)]
Series = Annotated[str, Rule(pattern=r"^3\.\d{1,2}$")]
Sha256 = Annotated[str, Rule(pattern=r"^[0-9a-f]{64}$")]
Md5 = Annotated[str, Rule(pattern=r"^[0-9a-f]{32}$")]
Address = Annotated[str, Rule(pattern=r"^https?://\S+$")]
Sentence = Annotated[str, Rule(least=10)]
Source = Annotated[str, Rule(least=8)]
Sources = Annotated[tuple[Source, ...], AtLeastOne()]
Identifier = Annotated[str, Rule(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
TensorFlowPackage = Literal["tensorflow", "tensorflow-macos"]
Severity = Literal["broken", "caution"]
