"""What can go wrong between a request and the conda records of its lock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import OutsideError, Refusal, UsageError
from ..resolve.requirement import ByMatrix, ByUser
from ..target import MacOSVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..matrix.facts import Lineage
    from ..target import Target
    from .specs import CondaRequirement

MAX_TOLD = 600
"""Characters of the solver's own words in an explanation; beyond that nobody reads on."""


@dataclass(eq=False)
class BadChannel(UsageError):
    """A channel cannot be read from what the user wrote."""

    given: str
    template = (
        "channel {given!r}: write a name like conda-forge, an address that starts with "
        "https://, http:// or file://, or ADDRESS=MIRROR; in a password, / is %2F and @ is %40"
    )


@dataclass(eq=False)
class BadSpec(UsageError):
    """A conda spec cannot be used; ``reason`` goes on after it in a sentence."""

    given: str
    reason: str

    def __str__(self) -> str:
        return f"--conda {self.given!r} {_one_line(self.reason)}"


@dataclass(eq=False)
class NotFromConda(UsageError):
    """TensorFlow or its plugin was asked for as a conda package."""

    package: str
    template = (
        "--conda {package}: TensorFlow and its plugin are taken as wheels, of which it "
        "is known which ones fit together; choose them with --tensorflow and --metal"
    )


@dataclass(eq=False)
class ChannelFault(OutsideError):
    """A channel cannot be reached, or what it sends is damaged."""

    channels: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        return f"the conda channel {', '.join(self.channels)} failed: {_one_line(self.reason)}"


@dataclass(eq=False)
class CacheFault(OutsideError):
    """The folder in which rattler keeps the channels' records cannot be written."""

    reason: str

    def __str__(self) -> str:
        return (
            f"rattler's cache cannot be written: {_one_line(self.reason)}. RATTLER_CACHE_DIR can "
            "name another folder"
        )


@dataclass(eq=False)
class NoSha256(Refusal):
    """The channel gives only an md5 for the one file that fits."""

    filename: str
    template = (
        "the channel has no sha256 of {filename}, the only one that fits, so it cannot be locked"
    )


@dataclass(eq=False)
class Replaced(Refusal):
    """A conda package was asked for that a lock takes the place of."""

    lineage: Lineage

    def __str__(self) -> str:
        lineage = self.lineage
        why = " ".join(f"{fault.title}." for fault in lineage.faults)
        return f"{lineage.package} is not needed. {lineage.text} {why} {lineage.instead}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """One of the user's specs, and each want of the same package that leaves no record of it.

    Where the channels have none in the first place, ``against`` is empty.
    """

    asked: CondaRequirement
    against: tuple[CondaRequirement, ...]


class NoCondaSolution(Refusal):
    """No set of conda packages meets all that is wanted of the channels.

    ``wants`` are those of the clash, if there is a plain one; otherwise the specs that take part
    in the conflict, as far as the solver names them.
    """

    def __init__(
        self,
        target: Target,
        channels: Iterable[str],
        wants: Iterable[CondaRequirement],
        message: str,
        clash: Clash | None = None,
    ) -> None:
        super().__init__(str(target), message)
        self.target = target
        self.channels = tuple(channels)
        self.message = message
        self.clash = clash
        if clash is not None:
            wants = (clash.asked, *clash.against)
        named = tuple(want for want in wants if re.search(rf"\b{re.escape(want.name)}\b", message))
        self.wants = tuple(sorted(set(named), key=lambda want: (want.name, want.spec)))

    @property
    def users_alone(self) -> bool:
        """Whether the user's own specs alone contradict the channel, whatever the pair."""
        return all(is_users(want) for want in self.wants)

    @property
    def newer_macos(self) -> MacOSVersion | None:
        """The next macOS that a refused record asks for; it might make the difference."""
        asked = re.findall(r"__osx >=(\d+(?:\.\d+)?)", self.message)
        floors = (MacOSVersion.parse(text) for text in asked)
        return min((floor for floor in floors if floor > self.target.macos), default=None)

    def __str__(self) -> str:
        """The clash, if there is a plain one; else all that takes part, in the solver's words."""
        channels, where = ", ".join(self.channels), f"for {self.target}"
        if self.clash is None:
            return (
                f"{channels} has no set of packages {where} with all of: {_list(self.wants)}. "
                f"The solver says: {_cut(_one_line(self.message))}"
            )
        asked, against = self.clash.asked, self.clash.against
        if not against:
            return (
                f"{channels} has no {asked.words or asked.spec} {where}; it is wanted for "
                f"{asked.origin}."
            )
        return (
            f"{channels} cannot bring {_words(asked)} {where}, since there has to be "
            f"{_list(sorted(against, key=_by_origin))}."
        )


def is_users(want: CondaRequirement) -> bool:
    """Whether the user wrote it, and could write another."""
    return isinstance(want.origin, ByUser) and not want.origin.chosen


def _by_origin(want: CondaRequirement) -> bool:
    """Packages that ask for it come before the matrix."""
    return isinstance(want.origin, ByMatrix)


def _list(wants: Iterable[CondaRequirement]) -> str:
    return "; ".join(dict.fromkeys(map(_words, wants)))


def _words(want: CondaRequirement) -> str:
    if isinstance(want.origin, ByMatrix):
        return f"{want.words or want.spec} ({want.origin.bound.reason})"
    return str(want)


def _cut(text: str) -> str:
    """As much of the text as anybody reads, to the end of a word."""
    return text if len(text) <= MAX_TOLD else f"{text[:MAX_TOLD].rpartition(' ')[0]} …"


def _one_line(text: str) -> str:
    """The solver's tree as running text."""
    lines = [re.sub(r"^[│├└─ ]+", "", line).strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line).removeprefix(
        "Cannot solve the request because of: "
    )
