"""Where a matrix has the rows of native companions: in a file of its own, read when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .natives import Natives

FILE = "natives.json"


class NativeRows:
    """The rows of the packages in ``names``, which are the only ones that have any.

    They are there as ``rows``, or lie at ``path``.
    """

    __slots__ = ("_path", "_rows", "names")

    def __init__(
        self, names: Iterable[str] = (), *, path: Path | None = None, rows: Natives | None = None
    ) -> None:
        self.names = frozenset(names)
        self._path = path
        self._rows = rows

    def get(self) -> Natives:
        """The rows; raises DataError where the file is missing or damaged."""
        if self._rows is None:
            from .natives import Natives, load_natives

            self._rows = load_natives(self._path) if self._path else Natives()
        return self._rows
