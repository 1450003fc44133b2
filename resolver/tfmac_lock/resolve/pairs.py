"""The pair of TensorFlow and plugin as one package of the solver's.

Its versions are the options: the pairs of the matrix in the order of their rank, each once for
every macOS that the lock may be raised to, the oldest first. What depends on the pair (its
files, its bounds, what any package requires of TensorFlow, the macOS of a wheel) is then a
limit on that one package, and a conflict leads straight to the next option that can work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from packaging.utils import canonicalize_name

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL, version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..matrix.facts import Bound
    from ..matrix.verdict import Pair
    from ..target import MacOSVersion

K = TypeVar("K")

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
        self._under: dict[str, int] = {}
        self._tensorflow = self._grouped(
            lambda option: (option.pair.tensorflow, option.pair.python)
        )
        self._metal = self._grouped(lambda option: option.pair.metal)
        self._macos = self._grouped(lambda option: option.macos)

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, place: int) -> Option:
        return self.all[place]

    def _grouped(self, key: Callable[[Option], K]) -> dict[K, int]:
        """The options that have the same key, as bits: what is asked of each is asked once."""
        found: dict[K, int] = {}
        for place, option in enumerate(self.all):
            found[key(option)] = found.get(key(option), 0) | 1 << place
        return found

    def where(self, holds: Callable[[Option], bool]) -> int:
        """The options for which that holds, as bits."""
        return sum(1 << place for place, option in enumerate(self.all) if holds(option))

    def admitted(self, name: NormalizedName, specifier: SpecifierSet) -> int:
        """The options whose TensorFlow, or plugin, the specifier admits.

        One TensorFlow has two names on the index, so a requirement of either is met by both.
        """
        key = (name == METAL_NAME, specifier)
        if key not in self._admitted:
            groups = self._metal.items() if key[0] else self._of_tensorflow()
            self._admitted[key] = sum(
                those
                for text, those in groups
                if text is not None and specifier.contains(text, prereleases=True)
            )
        return self._admitted[key]

    def _of_tensorflow(self) -> Iterator[tuple[str, int]]:
        return ((text, those) for (text, _), those in self._tensorflow.items())

    def under(self, bound: Bound) -> int:
        """The options for which the bound holds."""
        if bound.id not in self._under:
            self._under[bound.id] = sum(
                those
                for (tensorflow, python), those in self._tensorflow.items()
                if bound.applies(tensorflow, python)
            )
        return self._under[bound.id]

    def from_macos(self, macos: MacOSVersion | None) -> int:
        """The options that may have a file which needs that macOS."""
        if macos is None:
            return (1 << len(self.all)) - 1
        return sum(those for floor, those in self._macos.items() if floor >= macos)

    def by_pin(self) -> Mapping[tuple[NormalizedName, Version], int]:
        """For each package in a version that options consist of: these options."""
        found: dict[tuple[NormalizedName, Version], int] = {}
        for place, option in enumerate(self.all):
            for pin in option.pins.items():
                found[pin] = found.get(pin, 0) | 1 << place
        return found
