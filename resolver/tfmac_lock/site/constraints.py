"""The constraints of every TensorFlow minor under addresses that stay, for ``-c``.

They are made of the published locks and the facts when the site is built, and stored nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..lock.formats import constraints_txt
from ..lock.limits import limits_of
from ..matrix.base import version
from ..target import Os, minor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lock.model import Combo, Lock
    from .inputs import Inputs

FOLDER = "constraints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """The constraints of a TensorFlow minor on one architecture and Python: the best lock's."""

    name: str
    lock: Lock
    text: str

    @property
    def minor(self) -> str:
        """The TensorFlow minor, ``2.18``."""
        return minor(self.lock.combo.tensorflow)


def published(inputs: Inputs) -> Iterator[Constraints]:
    """Newest TensorFlow first; minors that wheels alone cannot serve have none."""
    best: dict[str, Lock] = {}
    for item in inputs.locks:  # best first, and one with the plugin before one without
        combo = item.lock.combo
        if item.lock.conda_packages or combo.os is not Os.MACOS:
            continue
        there = best.get(file_name(combo))
        if there is None or (there.combo.metal is None and combo.metal is not None):
            best[file_name(combo)] = item.lock
    for name, lock in sorted(best.items(), key=_newest_first):
        text = constraints_txt.render([limits_of(inputs.matrix, lock)], name)
        yield Constraints(name=name, lock=lock, text=text)


def file_name(combo: Combo) -> str:
    """The name that stays: ``tensorflow-2.18-macos-arm64-py3.11.txt``."""
    return f"tensorflow-{minor(combo.tensorflow)}-macos-{combo.arch.value}-py{combo.python}.txt"


def _newest_first(item: tuple[str, Lock]) -> tuple[int, ...]:
    combo = item[1].combo
    series = version(minor(combo.tensorflow)).release
    return (
        *(-part for part in series),
        list(type(combo.arch)).index(combo.arch),
        *version(combo.python).release,
    )
