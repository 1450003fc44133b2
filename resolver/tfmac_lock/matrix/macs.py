"""What runs of the proof on Macs add up to.

One Mac may be at fault itself, or its report wrong; two that have nothing to do with each other
hardly are. So two independent Macs decide, against what was read from binaries too, and one is
shown: where it failed it makes a pair ``caution`` at most, until a second says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from .facts import Outcome
from .reasons import Grade, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .facts import Evidence

RUN = frozenset({Grade.TRAINED_CPU, Grade.TRAINED_GPU})
"""Grades that this project's own program produced on a Mac."""

AGREED = "macs"
"""The kind of the reason that two independent Macs trained with the pair."""

FAILED = "mac-failed"
FAULTY = "mac-fault"
"""The kinds of the reasons that one Mac failed, and that a Mac computed something wrong."""


def independent(one: Evidence, other: Evidence) -> bool:
    """Whether the two are of different chips, releases of macOS, or people.

    What is not known of one of them tells them apart from nothing.
    """
    return any(
        bool(mine) and bool(theirs) and mine != theirs
        for mine, theirs in (
            (one.chip, other.chip),
            (one.macos, other.macos),
            (one.submitter, other.submitter),
        )
    )


def agreed(runs: Sequence[Evidence]) -> str | None:
    """The day since which two independent Macs say the same; None where no two do.

    Of several such pairs of Macs the newest counts, and of a pair its older run.
    """
    return max(
        (
            min(one.date or "", other.date or "")
            for one, other in combinations(runs, 2)
            if independent(one, other)
        ),
        default=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Macs:
    """The runs on Macs about one pair, and what they decide.

    ``works`` and ``broken`` say that two independent Macs decide so. ``alone`` is a run that
    failed, is no older than what was agreed on, and has no second.
    """

    good: tuple[Evidence, ...]
    bad: tuple[Evidence, ...]
    works: bool
    broken: bool
    alone: Evidence | None

    @classmethod
    def of(cls, evidence: Iterable[Evidence]) -> Macs:
        """What the runs among the evidence add up to; the newer agreement beats the older."""
        runs = [item for item in evidence if item.grade in RUN]
        good = tuple(item for item in runs if item.outcome is Outcome.WORKS)
        bad = tuple(item for item in runs if item.outcome is Outcome.BROKEN)
        works, broken = agreed(good), agreed(bad)
        decides = broken is not None and (works is None or broken >= works)
        newest = max(bad, key=lambda item: (item.date or "", item.text), default=None)
        alone = newest is not None and not decides and (newest.date or "") >= (works or "")
        return cls(
            good=good,
            bad=bad,
            works=works is not None and not decides,
            broken=decides,
            alone=newest if alone else None,
        )

    def cleared(self, fault: str) -> bool:
        """Whether two independent Macs looked for that fault on the GPU and none found it."""
        runs = (*self.good, *self.bad)
        looked = [item for item in runs if fault in item.checked]
        return agreed(looked) is not None and all(fault not in item.faults for item in runs)

    def reasons(self) -> Iterator[Reason]:
        """What they decide, in words; each run is a reason of its own besides."""
        if self.works:
            yield Reason(
                kind=AGREED,
                text=f"independent Macs trained with it: {_named(self.good)}",
                source=_newest(self.good).source,
                grade=max(item.grade for item in self.good),
            )
        if self.alone is not None:
            yield Reason(
                kind=FAILED,
                text=f"a run failed on {_machine(self.alone)}; until a second, independent Mac "
                "says the same this is a warning and no more",
                source=self.alone.source,
                against=True,
            )
        yield from self._faults()

    def _faults(self) -> Iterator[Reason]:
        runs = (*self.good, *self.bad)
        for fault in sorted({name for item in runs for name in item.faults}):
            seen = tuple(item for item in runs if fault in item.faults)
            yield Reason(
                kind=FAULTY,
                text=f"{fault} was seen in a run on {_named(seen)}",
                source=_newest(seen).source,
                against=True,
            )


def _newest(runs: Sequence[Evidence]) -> Evidence:
    return max(runs, key=lambda item: (item.date or "", item.source))


def _machine(item: Evidence) -> str:
    return f"{item.chip or 'a Mac'}{f', macOS {item.macos}' if item.macos else ''}"


def _named(runs: Iterable[Evidence]) -> str:
    return "; ".join(sorted({_machine(item) for item in runs}))
