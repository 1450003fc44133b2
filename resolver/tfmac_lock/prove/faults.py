"""What a report says of faults that show in no error.

A stage that compares the device with the CPU names the defect that it looks for. That it fails
says that the pair has this fault; a pair that trains all the same is not broken by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .report import DEFECTS

if TYPE_CHECKING:
    from .report import Report, StageResult

WRONG = frozenset({"failed", "died"})


def faults_of(report: Report) -> tuple[str, ...]:
    """The ids of the defects that a stage saw."""
    found = {
        _defect(stage) for stage in report.stages if stage.name in DEFECTS and stage.status in WRONG
    }
    return tuple(sorted(found))


def _defect(stage: StageResult) -> str:
    """What a stage that failed saw; of wrong probabilities the cause may be anything."""
    if stage.name == "agreement" and "relu" not in stage.error:
        return "results-differ"
    return DEFECTS[stage.name]


def checked_by(report: Report) -> tuple[str, ...]:
    """The ids of the defects that every stage about them looked for and did not see."""
    if not report.fault_stages:
        return ()
    about = [stage for stage in report.stages if stage.name in DEFECTS]
    passed = {DEFECTS[stage.name] for stage in about if stage.status == "passed"}
    return tuple(sorted(passed - {DEFECTS[s.name] for s in about if s.status != "passed"}))


def limits_of(report: Report) -> tuple[str, ...]:
    """The ids of what was refused with an error that says so."""
    return tuple(
        sorted(DEFECTS[stage.name] for stage in report.fault_stages if stage.status == "refused")
    )


def runs(report: Report) -> bool:
    """Whether everything went well but for stages that look at results."""
    return all(
        stage.held or stage.name in DEFECTS
        for stage in report.stages
        if not stage.name.startswith("bench-")
    )
