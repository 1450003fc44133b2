"""What the summary says about the GPU, found in advance: which pair is sound, which is newest.

It is a small file of its own, so that the main job need not read the whole matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..files import guarded

if TYPE_CHECKING:
    from pathlib import Path

    from ..target import Arch

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A pair with a plugin that can be asked for on some Python.

    ``first`` says that it is what comes without a version being named.
    """

    python: str
    package: str
    tensorflow: str
    metal: str
    first: bool

    def command(self, chip: str) -> str:
        """The command line that asks for it on that chip."""
        asked = "" if self.first else f" --tensorflow {self._named} --metal {self.metal}"
        return f"tfmac-lock --python {self.python} --chip {chip}{asked}"

    @property
    def _named(self) -> str:
        package = "" if self.package == "tensorflow" else f"{self.package}=="
        return f"{package}{self.tensorflow}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to offer besides a lock, for one architecture and Python.

    ``sound`` is the pair with a plugin that works, on the nearest Python that has one; ``newer``
    the best pair with a known fault on this very Python that is newer than those without.
    ``switch`` says for each plugin release that has a fault what avoids it: (what goes wrong,
    what to do, when).
    """

    sound: Offer | None
    newer: Offer | None
    switch: dict[str, tuple[str, str, str]]


def load_advice(path: Path, arch: Arch, python: str) -> Advice:
    """Read advice.json; raises DataError where it is missing or damaged."""
    return guarded(path, SCHEMA_VERSION, lambda data: _advice(data, arch, python))


def _advice(data: Any, arch: Arch, python: str) -> Advice:
    row = data["slots"].get(f"{python}-{arch.value}")
    if row is None:
        return Advice(sound=None, newer=None, switch={})
    return Advice(
        sound=Offer(**row["sound"]) if row["sound"] else None,
        newer=Offer(**row["newer"]) if row["newer"] else None,
        switch={metal: (words[0], words[1], words[2]) for metal, words in row["switch"].items()},
    )
