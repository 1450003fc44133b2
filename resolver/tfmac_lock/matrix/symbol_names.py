"""The C++ names of symbols: a table in a file of its own, read when a name is shown.

``tfmac-lock matrix compile`` writes it, of every symbol that the compiled matrix names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import guarded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "symbols.json"
SCHEMA_VERSION = 1


class SymbolNames:
    """The names by symbol, as Mach-O spells it. They are there, or lie at ``path``."""

    __slots__ = ("_names", "_path")

    def __init__(self, names: Mapping[str, str] | None = None, *, path: Path | None = None) -> None:
        self._names = names
        self._path = path

    def get(self) -> Mapping[str, str]:
        """The table; raises DataError where the file is missing or damaged."""
        if self._names is None:
            self._names = load_symbol_names(self._path) if self._path else {}
        return self._names

    def readable(self, symbol: str) -> str:
        """The name as a C++ programmer writes it; an unknown symbol stays as it is.

        Linux spells a symbol with one underscore less.
        """
        names = self.get()
        return names.get(symbol) or names.get(f"_{symbol}", symbol)


def to_json(names: Mapping[str, str]) -> dict[str, object]:
    """The content of symbols.json."""
    return {"schema_version": SCHEMA_VERSION, "names": dict(names)}


def load_symbol_names(path: Path) -> dict[str, str]:
    """Read symbols.json; raises DataError where it is missing or damaged."""
    return guarded(path, SCHEMA_VERSION, lambda data: dict(data["names"]))
