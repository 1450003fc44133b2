"""The pair of TensorFlow and plugin as one package of the solver's.

Its versions are the options: the pairs of the matrix in the order of their rank, each once for
every macOS that the lock may be raised to, the oldest first. What depends on the pair (its
files, its bounds, what any package requires of TensorFlow, the macOS of a wheel) is then a
limit on that one package, and a conflict leads straight to the next option that can work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL, version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..matrix.facts import Bound
    from ..matrix.verdict import Pair
    from ..target import MacOSVersion
    from .versions import VersionSet

PAIR = "the pair"
"""The solver's name for it; no project can have one with a blank."""

TENSORFLOW_NAMES = frozenset(map(canonicalize_name, TENSORFLOW_PACKAGES))
METAL_NAME = canonicalize_name(METAL)
PAIR_NAMES = TENSORFLOW_NAMES | {METAL_NAME}
"""What every other package gets from the pair, whichever name carries TensorFlow's files."""


@dataclass(frozen=True, slots=True)
class Option:
    """A pair, and the oldest macOS that its lock would run on."""

    pair: Pair
    macos: MacOSVersion

    @property
    def pins(self) -> dict[NormalizedName, Version]:
        """The packages that it consists of."""
        found = {canonicalize_name(self.pair.package): version(self.pair.tensorflow)}
        if self.pair.metal:
            found[METAL_NAME] = version(self.pair.metal)
        return found


class Options:
    """All options of a request, the best first."""

    def __init__(self, options: Iterable[Option]) -> None:
        self.all = tuple(options)
        self._admitted: dict[tuple[bool, SpecifierSet], int] = {}

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, place: int) -> Option:
        return self.all[place]

    def where(self, holds: Callable[[Option], bool]) -> int:
        """The options for which that holds, as bits."""
        return sum(1 << place for place, option in enumerate(self.all) if holds(option))

    def admitted(self, name: NormalizedName, specifier: SpecifierSet) -> int:
        """The options whose TensorFlow, or plugin, the specifier admits.

        One TensorFlow has two names on the index, so a requirement of either is met by both.
        """
        key = (name == METAL_NAME, specifier)
        if key not in self._admitted:

            def holds(option: Option) -> bool:
                text = option.pair.metal if key[0] else option.pair.tensorflow
                return text is not None and specifier.contains(text, prereleases=True)

            self._admitted[key] = self.where(holds)
        return self._admitted[key]

    def under(self, bound: Bound) -> int:
        """The options for which the bound holds."""
        return self.where(lambda option: bound.applies(option.pair.tensorflow, option.pair.python))

    def from_macos(self, macos: MacOSVersion | None) -> int:
        """The options that may have a file which needs that macOS."""
        if macos is None:
            return (1 << len(self.all)) - 1
        return self.where(lambda option: option.macos >= macos)

    def by_pin(self) -> Mapping[tuple[NormalizedName, Version], int]:
        """For each package in a version that options consist of: these options."""
        found: dict[tuple[NormalizedName, Version], int] = {}
        for place, option in enumerate(self.all):
            for pin in option.pins.items():
                found[pin] = found.get(pin, 0) | 1 << place
        return found

    def kept(self, keep: VersionSet) -> Options:
        """Only these options."""
        return Options(option for place, option in enumerate(self.all) if place in keep)
