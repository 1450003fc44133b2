"""What was tried of each published lock, how long ago, by how many Macs, and what would help most.

Only what was run counts: the twin, reports, runs of the proof on Macs. A pure function of the
locks and the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ..matrix.base import version
from ..matrix.companions import own_names
from ..matrix.macs import RUN
from ..matrix.reasons import Grade, Status
from .judged import pair_of
from .verify import pins_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..matrix.facts import Evidence, Matrix
    from .model import Lock

MOST_WANTED = 10
OLD = 365
"""Days after which a run on a Mac is due again: macOS has had a new release since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What was tried of one lock. Days are ``YYYY-MM-DD``, empty where nothing was tried.

    ``macs`` names the Macs, each with its chip and macOS, ``gpu`` those that used the GPU, and
    ``days`` is the age of the newest run, report or twin.
    """

    lock: str
    package: str
    tensorflow: str
    metal: str | None
    python: str
    arch: str
    status: str
    twin: str
    reports: int
    newest_report: str
    macs: tuple[str, ...]
    gpu: tuple[str, ...]
    newest_run: str
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A run that would help, what for, and the command to type on that Mac."""

    lock: str
    arch: str
    why: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All of it, on the day ``as_of``."""

    as_of: str
    locks: tuple[Covered, ...]
    wanted: tuple[Wanted, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many locks there are, and how many have what."""
        return {
            "locks": len(self.locks),
            "twin": sum(1 for row in self.locks if row.twin),
            "reported": sum(1 for row in self.locks if row.reports),
            "one_mac": sum(1 for row in self.locks if len(row.macs) == 1),
            "two_macs": sum(1 for row in self.locks if len(row.macs) > 1),
        }


def coverage(matrix: Matrix, slots: Iterable[Sequence[Lock]], today: date) -> Coverage:
    """What is covered; ``slots`` are the locks of each Python and architecture, best first."""
    rows: list[Covered] = []
    points: list[tuple[int, Lock, Covered]] = []
    for locks in slots:
        first = next((lock for lock in locks if lock.combo.metal), None)
        for lock in locks:
            row = _covered(matrix, lock, today)
            rows.append(row)
            if lock.conda_packages:  # conda has to install it, which the command leaves to people
                continue
            points.append((_points(row, chosen=lock is first, today=today), lock, row))
    return Coverage(
        as_of=today.isoformat(), locks=tuple(rows), wanted=tuple(_wanted(points, today))
    )


def _covered(matrix: Matrix, lock: Lock, today: date) -> Covered:
    pair, pins, own = pair_of(lock), pins_of(lock.packages), own_names(lock.packages)
    seen = [
        item
        for item in matrix.evidence
        if item.concerns(pair.package, pair.tensorflow, pair.metal, pair.arch, pair.python)
        and (not item.pins or item.pins_hold_in(pins, own))
    ]
    twins = [item for item in seen if item.grade is Grade.TWIN]
    said = [item for item in seen if item.grade is Grade.REPORTED]
    runs = [item for item in seen if item.grade in RUN]
    newest = _newest([*twins, *said, *runs])
    return Covered(
        lock=lock.combo.id,
        package=pair.package,
        tensorflow=pair.tensorflow,
        metal=pair.metal,
        python=pair.python,
        arch=pair.arch.value,
        status=str(lock.verdict.status),
        twin=_newest(twins),
        reports=len(said),
        newest_report=_newest(said),
        macs=_macs(runs),
        gpu=_macs(item for item in runs if item.grade is Grade.TRAINED_GPU),
        newest_run=_newest(runs),
        days=_age(newest, today),
    )


def _newest(items: Iterable[Evidence]) -> str:
    return max((item.date or "" for item in items), default="")


def _age(day: str, today: date) -> int | None:
    """Days since then; a month or a year alone is taken from its first day."""
    if not day:
        return None
    padded = f"{day}-01-01"[:10] if len(day) < 10 else day
    return max(0, (today - date.fromisoformat(padded)).days)


def _macs(runs: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(sorted({f"{item.chip or 'a Mac'}, macOS {item.macos or '?'}" for item in runs}))


def _points(row: Covered, *, chosen: bool, today: date) -> int:
    """How much a run would help: it decides something, or many people get this lock."""
    points = 0
    old = row.newest_run and (_age(row.newest_run, today) or 0) > OLD
    if row.metal is not None:
        points += {0: 4, 1: 5}.get(len(row.gpu), 2 if old else 0)
        points += 3 if row.status == Status.UNPROVEN else 0
    else:
        points += 0 if row.macs else 1
    if chosen:
        points += 4
    points += 2 if row.status == Status.CAUTION and not row.gpu else 0
    return points


def _wanted(points: list[tuple[int, Lock, Covered]], today: date) -> Iterable[Wanted]:
    """The runs that would help most, one a pair: another Python of it tells less."""
    order = sorted(
        (item for item in points if item[0] > 1),
        key=lambda item: (-item[0], tuple(-part for part in version(item[2].tensorflow).release)),
    )
    seen: set[tuple[str, str | None, str]] = set()
    for _, _, row in order:
        key = (row.tensorflow, row.metal, row.arch)
        if key in seen:
            continue
        seen.add(key)
        yield Wanted(
            lock=row.lock,
            arch=row.arch,
            why=_why(row, today),
            command=f"tfmac-lock prove --lock {row.lock} --share",
        )
        if len(seen) == MOST_WANTED:
            return


def _why(row: Covered, today: date) -> str:
    if not row.macs:
        tried = f"its twin trained on {row.twin}" if row.twin else "nothing of it was run"
        return f"{row.status}; no Mac has run it, {tried}"
    if len(row.macs) == 1:
        return f"{row.status}; one Mac has run it ({row.macs[0]}), a second one decides"
    return f"{row.status}; the newest run is {_age(row.newest_run, today)} days old"
