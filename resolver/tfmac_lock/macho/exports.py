"""What a Mach-O file offers: its export trie, ``REEXPORT`` entries included.

A name is looked up by walking the trie, which costs its length; the 400,000 names of
TensorFlow are never made into strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .buffer import MAX_NAME
from .errors import DamagedBinary
from .symbols import symbol_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .buffer import Region
    from .image import MachO

MAX_NODES = 16_000_000
MAX_DEPTH = 256
"""Nodes on the way to a name; dyld gives up after 128."""

_REEXPORT = 0x08


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An exported symbol.

    Where ``ordinal`` is set it is a re-export: the symbol ``imported`` of that linked library
    is offered under the name ``symbol``.
    """

    symbol: str
    ordinal: int | None = None
    imported: str | None = None


class Exports:
    """The exports of one image, looked up by name.

    dyld uses the trie where there is one and the symbol table otherwise, and so does this.
    """

    __slots__ = ("_table", "_trie")

    def __init__(self, image: MachO) -> None:
        place = image.tables.exports
        self._trie: Region | None = None
        self._table: frozenset[str] = frozenset()
        if place is not None and place[1]:
            self._trie = image.region.sub(*place, "export trie")
        elif place is None:
            self._table = frozenset(e.name for e in symbol_table(image) if e.is_exported)

    def find(self, symbol: str) -> Export | None:
        """The export called ``symbol``, or None.

        Raises :class:`DamagedBinary` where the trie is damaged on the way to it.
        """
        if self._trie is None:
            return Export(symbol=symbol) if symbol in self._table else None
        trie, rest, node = self._trie, symbol.encode("utf-8", "surrogateescape"), 0
        # ld64 also writes edges without a name, so the way is kept to know a circle.
        way: set[int] = set()
        while node not in way and len(way) < MAX_DEPTH:
            way.add(node)
            size, body = trie.uleb(node)
            if size and not rest:
                return _terminal(trie, symbol, body, size)
            for edge, child in _children(trie, body + size):
                if rest.startswith(edge):
                    rest, node = rest[len(edge) :], child
                    break
            else:
                return None
        raise DamagedBinary(trie.what, f"the way to the node at {node} is a circle or too long")

    def __iter__(self) -> Iterator[Export]:
        if self._trie is None:
            yield from (Export(symbol=name) for name in sorted(self._table))
            return
        trie = self._trie
        seen: set[int] = {0}
        todo: list[tuple[int, bytes]] = [(0, b"")]
        while todo:
            node, name = todo.pop()
            size, body = trie.uleb(node)
            if size:
                yield _terminal(trie, name.decode("utf-8", "surrogateescape"), body, size)
            for edge, child in _children(trie, body + size):
                if child in seen or len(seen) >= MAX_NODES or len(name) + len(edge) > MAX_NAME:
                    raise DamagedBinary(trie.what, f"the node at {child} makes it no tree")
                seen.add(child)
                todo.append((child, name + edge))


def _children(trie: Region, at: int) -> Iterator[tuple[bytes, int]]:
    count = trie.bytes(at, 1)[0]
    at += 1
    for _ in range(count):
        start = trie.start + at
        stop = trie.data.find(b"\0", start, min(trie.end, start + MAX_NAME))
        if stop < 0:
            raise DamagedBinary(trie.what, f"the edge at {at} does not end")
        child, at_next = trie.uleb(stop + 1 - trie.start)
        yield bytes(trie.data[start:stop]), child
        at = at_next


def _terminal(trie: Region, symbol: str, at: int, size: int) -> Export:
    body = trie.sub(at, size, "entry")
    flags, at = body.uleb(0)
    if not flags & _REEXPORT:
        return Export(symbol=symbol)
    ordinal, at = body.uleb(at)
    imported, _ = body.string(at)
    return Export(symbol=symbol, ordinal=ordinal, imported=imported or symbol)
