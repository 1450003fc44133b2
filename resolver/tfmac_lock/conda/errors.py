"""What can go wrong between a request and the conda half of its lock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import AnswerIsNo, OutsideError, UsageError
from ..resolve.requirement import ByMatrix, ByUser
from ..target import MacOSVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..matrix.facts import Lineage
    from ..target import Target
    from .specs import Want

MAX_TOLD = 600
"""Characters of the solver's own words in an explanation; beyond that nobody reads on."""


class BadChannel(UsageError):
    """A channel cannot be read from what the user wrote."""

    def __init__(self, given: str) -> None:
        super().__init__(given)
        self.given = given

    def __str__(self) -> str:
        return (
            f"channel {self.given!r}: write a name like conda-forge, an address that starts with "
            "https://, http:// or file://, or ADDRESS=MIRROR"
        )


class BadSpec(UsageError):
    """A conda spec cannot be read."""

    def __init__(self, given: str, reason: str) -> None:
        super().__init__(given, reason)
        self.given = given
        self.reason = reason

    def __str__(self) -> str:
        return f"--conda {self.given!r} is not a conda spec ({_one_line(self.reason)})"


class ChannelFault(OutsideError):
    """A channel cannot be reached, or what it sends is damaged."""

    def __init__(self, channels: Iterable[str], reason: str) -> None:
        super().__init__(*channels)
        self.channels = tuple(channels)
        self.reason = reason

    def __str__(self) -> str:
        return f"the conda channel {', '.join(self.channels)} failed: {_one_line(self.reason)}"


class Replaced(AnswerIsNo):
    """A conda package was asked for that a lock takes the place of."""

    def __init__(self, lineage: Lineage) -> None:
        super().__init__(lineage.package)
        self.lineage = lineage

    def __str__(self) -> str:
        lineage = self.lineage
        why = " ".join(f"{fault.title}." for fault in lineage.faults)
        return f"{lineage.package} is not needed. {lineage.text} {why} {lineage.instead}"


class NoCondaSolution(AnswerIsNo):
    """No set of conda packages meets all that is wanted of the channels.

    ``wants`` are the specs that take part in the conflict, as far as the solver names them.
    """

    def __init__(
        self, target: Target, channels: Iterable[str], wants: Iterable[Want], told: str
    ) -> None:
        super().__init__(str(target), told)
        self.target = target
        self.channels = tuple(channels)
        self.told = told
        named = tuple(want for want in wants if re.search(rf"\b{re.escape(want.name)}\b", told))
        self.wants = tuple(sorted(set(named), key=lambda want: (want.name, want.spec)))

    @property
    def only_the_users(self) -> bool:
        """Whether the user's own specs alone contradict the channel, whatever the pair."""
        return all(_is_users(want) for want in self.wants)

    @property
    def newer_macos(self) -> MacOSVersion | None:
        """The next macOS that a refused record asks for; it might make the difference."""
        asked = re.findall(r"__osx >=(\d+(?:\.\d+)?)", self.told)
        floors = (MacOSVersion.parse(text) for text in asked)
        return min((floor for floor in floors if floor > self.target.macos), default=None)

    def __str__(self) -> str:
        """The user's specs against what else is wanted of the same packages, if that is it.

        Otherwise all that takes part, and the solver's own words.
        """
        where = f"for {self.target}"
        mine = [want for want in self.wants if _is_users(want)]
        names = {want.name for want in mine}
        against = [want for want in self.wants if not _is_users(want) and want.name in names]
        if against:
            return (
                f"{', '.join(self.channels)} cannot bring {_list(mine)} {where}, since there has "
                f"to be {_list(sorted(against, key=_by_origin))}."
            )
        return (
            f"{', '.join(self.channels)} has no set of packages {where} with all of: "
            f"{_list(self.wants)}. The solver says: {_one_line(self.told)[:MAX_TOLD]}"
        )


def _is_users(want: Want) -> bool:
    return isinstance(want.origin, ByUser) and not want.origin.chosen


def _by_origin(want: Want) -> bool:
    """Packages that ask for it come before the matrix."""
    return isinstance(want.origin, ByMatrix)


def _list(wants: Iterable[Want]) -> str:
    return "; ".join(dict.fromkeys(map(_told, wants)))


def _told(want: Want) -> str:
    if isinstance(want.origin, ByMatrix):
        return f"{want.words or want.spec} ({want.origin.bound.reason})"
    return str(want)


def _one_line(text: str) -> str:
    """The solver's tree as running text."""
    lines = [re.sub(r"^[│├└─ ]+", "", line).strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line).removeprefix(
        "Cannot solve the request because of: "
    )
