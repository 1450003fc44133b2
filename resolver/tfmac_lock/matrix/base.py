"""What all facts share: their base class, and versions and specifiers that are parsed once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

T = TypeVar("T")

METAL = "tensorflow-metal"

TENSORFLOW_PACKAGES = ("tensorflow", "tensorflow-macos")
"""In the order of preference: where both bring the same binaries, the plain name is the one that
other packages require."""


MOST_KEPT = 32_768
"""Answers that a matrix keeps: more than there are pairs, on all machines."""


class Fact:
    """Base of what curators write: an unknown key is refused.

    A misspelt key would be a fact that nobody reads.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar = {"extra": "forbid"}


class Once:
    """Base of facts that are asked the same over and over: what follows from them is kept."""

    __slots__ = ("_kept",)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gives, made once for each key, since facts never change.

        Keys may name versions that somebody made up, so all is forgotten where they are too many.
        """
        kept: dict[Hashable, T] | None = getattr(self, "_kept", None)
        if kept is None:
            kept = {}
            object.__setattr__(self, "_kept", kept)  # the facts themselves are frozen
        if key in kept:
            return kept[key]
        if len(kept) >= MOST_KEPT:
            kept.clear()
        made = kept[key] = make()
        return made


@functools.lru_cache(maxsize=4096)
def specifier(text: str) -> SpecifierSet:
    """A specifier set, parsed once; pre-releases count, since the facts name them too."""
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(text, prereleases=True)


@functools.lru_cache(maxsize=65536)
def admits(versions: str, text: str) -> bool:
    """Whether the versions, as a specifier's text, hold the one; asked once of the same two."""
    return specifier(versions).contains(text)


@functools.lru_cache(maxsize=16384)
def version(text: str) -> Version:
    """A version, parsed once."""
    from packaging.version import Version

    return Version(text)


def minor_number(series: str) -> int:
    """Sorts Python series: 11 of ``3.11``."""
    return int(series.split(".")[1])
