"""All published locks with the verdicts of now; their files stay, and no index is asked.

Where the facts ask for another lock than the recorded one, that is said: `publish locks` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Refusal
from ..lock.judged import judged, pair_of
from ..lock.make import broken_text
from ..lock.model import combo_id
from ..lock.published import Index, Unpublished
from ..matrix.reasons import Status
from .locks import SlotResult, best, meets_bounds, pair_requests, rank, request_name

if TYPE_CHECKING:
    from pathlib import Path

    from ..lock.model import Lock
    from ..matrix.facts import Matrix
    from .locks import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A slot's locks with their verdicts, and the ids of those that must be resolved anew."""

    result: SlotResult
    outdated: tuple[str, ...]


def judged_slot(matrix: Matrix, slot: Slot, folder: Path, *, conda: bool = False) -> Judged:
    """What `publish locks` gives for the slot, as far as the recorded locks tell."""
    index = Index.within(folder, *slot, conda=conda)
    recorded = {lock.combo.id: lock for lock in index.locks()} if index.exists() else {}
    refused = dict(index.unpublished()) if index.exists() else {}
    locks: list[Lock] = []
    unpublished: list[Unpublished] = []
    outdated: list[str] = []
    for request in pair_requests(matrix, slot):
        name = request_name(request)
        try:
            choice = best(matrix, request)
        except Refusal as error:
            unpublished.append(Unpublished(combo=name, reason=str(error)))
            continue
        if choice is None:
            continue
        pair = choice.pair
        key = combo_id(pair.package, pair.tensorflow, pair.metal, pair.python, slot.arch.value)
        lock = judged(matrix, recorded[key]) if key in recorded else None
        if lock is None and name in refused:
            unpublished.append(Unpublished(combo=name, reason=refused[name]))
        elif lock is None or not meets_bounds(matrix, lock):
            outdated.append(key)
        elif lock.verdict.status == Status.BROKEN:
            reason = broken_text(pair_of(lock), lock.verdict)
            unpublished.append(Unpublished(combo=name, reason=reason))
        else:
            locks.append(lock)
    return Judged(
        result=SlotResult(
            slot=slot, locks=tuple(sorted(locks, key=rank)), unpublished=tuple(unpublished)
        ),
        outdated=tuple(outdated),
    )
