"""Packages that name TensorFlow or Keras in their metadata without requiring either.

Many that use TensorFlow leave the choice of it to their users. A lock with such a package must not
say ``works`` before somebody tried it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..matrix.companions import TOUCHED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from packaging.utils import NormalizedName

    from ..resolve.solve import Solved
    from ..resolve.source import Source


def naming(
    source: Source,
    solved: Mapping[NormalizedName, Solved],
    asked: Collection[str],
    listed: Collection[str],
    known: Collection[str],
) -> set[str]:
    """The packages of the solution whose metadata name TensorFlow or Keras.

    The description counts too for packages that somebody ``asked`` for. A package that comes in
    through one that touches TensorFlow is left out, since a trial of that one runs both.
    ``listed`` are packages with facts of their own, ``known`` the sha256 of files that the matrix
    has read.
    """
    found: set[str] = set()
    for name, one in solved.items():
        if one.file.sha256 in known:
            continue
        is_wheel = one.file.filename.endswith(".whl")
        file = source.metadata(one.file) if is_wheel else source.source_archive(one.file)
        mentions = file.mentions
        if mentions == "head" or (mentions and name in asked):
            found.add(name)
    requires = {name: {item.name for item in one.requires} for name, one in solved.items()}
    touching = {
        name
        for name, needs in requires.items()
        if name in found or (name not in TOUCHED and (name in listed or needs & TOUCHED))
    }
    brought = {name for parent in touching for name in _closure(requires, parent)}
    return {name for name in found if name in asked or name not in brought}


def _closure(
    requires: Mapping[NormalizedName, Collection[NormalizedName]], name: NormalizedName
) -> set[NormalizedName]:
    """What the package requires, directly and through others, without itself."""
    found: set[NormalizedName] = set()
    todo = [name]
    while todo:
        new = set(requires.get(todo.pop(), ())) - found
        found |= new
        todo += new
    return found - {name}
