"""``matrix/wordings.toml``: one event in the words of every program that reports it.

A pattern of a symptom names the event, and where it needs one the package. It is compiled to one
pattern for each wording, so that a program that is learnt there is learnt for every symptom.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

FILE = "wordings.toml"
"""Beside the folder of symptoms."""

_PLACE = "PACKAGE"
"""What stands in a wording for the package."""

_WithPlace = Annotated[str, StringConstraints(pattern=_PLACE)]


class Wordings(BaseModel):
    """The file: the wordings of each event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    not_found: tuple[_WithPlace, ...] = ()
    not_built: tuple[_WithPlace, ...] = ()
    crashed: tuple[str, ...] = ()
    unsolved: tuple[str, ...] = ()


class Wording(BaseModel):
    """What a pattern looks for: one expression, or an event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    regex: str = Field(
        default="", description="A regular expression; a space stands for any white space"
    )
    not_found: str = Field(
        default="", description="Instead: the package that an installer has no file of"
    )
    not_built: str = Field(default="", description="Instead: the package that cannot be compiled")
    crashed: bool = Field(default=False, description="Instead: the process crashed")
    unsolved: bool = Field(default=False, description="Instead: a solver found no set of versions")

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        kinds = (self.regex, self.not_found, self.not_built, self.crashed, self.unsolved)
        if sum(map(bool, kinds)) != 1:
            raise ValueError("needs one of regex, not_found, not_built, crashed and unsolved")
        return self

    def regexes(self, wordings: Wordings) -> tuple[str, ...]:
        """The expression, or those of the event."""
        if self.regex:
            return (self.regex,)
        if self.crashed or self.unsolved:
            return wordings.crashed if self.crashed else wordings.unsolved
        words = wordings.not_found if self.not_found else wordings.not_built
        return tuple(one.replace(_PLACE, self.not_found or self.not_built) for one in words)
