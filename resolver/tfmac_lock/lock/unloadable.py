"""Which versions of native companions can be beside a lock's TensorFlow, as specifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..matrix.base import version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..matrix.facts import Matrix
    from .model import Lock

Clause = tuple[str, str, str]
"""A specifier with its reason and the source of that."""

NOTHING = "<0"
"""The specifier that no release of anything meets."""


def loadable(matrix: Matrix, lock: Lock) -> Iterator[tuple[str, Clause]]:
    """Each native companion with the clause of the versions that remain.

    Companions of which every known version loads are left out, as are those that no version of
    was read.
    """
    for name in sorted(matrix.natives.names):
        rows = matrix.natives.get().of(name)
        known = sorted({row.version for row in rows if row.runs_on(lock.combo.python)}, key=version)
        loads = [matrix.native_load(name, one, lock.combo) for one in known]
        failed = [load for load in loads if load is not None and load.loads is False]
        if failed:
            newest = failed[-1]
            specifier = without(known, [load.version for load in failed])
            yield name, (specifier, newest.text, newest.source)


def without(known: Sequence[str], failed: Sequence[str]) -> str:
    """The specifier of what remains of the known versions, oldest first, without the failed ones.

    Older ones than all that remain are left out with those that are not known, and so are newer
    ones; between them each failed one is named.
    """
    good = [one for one in known if one not in failed]
    if not good:
        return NOTHING
    clauses = [f">={good[0]}"] if known[0] in failed else []
    clauses += [f"<={good[-1]}"] if known[-1] in failed else []
    inner = known[known.index(good[0]) : known.index(good[-1])]
    return ",".join([*clauses, *(f"!={one}" for one in inner if one in failed)])
