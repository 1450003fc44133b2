"""Filing reports from other people's Macs, and accepting them: one file each.

What is handed in lies as it came in ``matrix/proofs/submitted/`` and decides nothing. A person who
accepts it moves it, as evidence, to ``matrix/proofs/mac/``.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..files import guarded, write_whole
from ..matrix.proofs import MACS, SUBMITTED, MacReport
from .evidence import write_evidence
from .intake import Believed, judge
from .known import as_json
from .submission import Submission, from_json

if TYPE_CHECKING:
    from pathlib import Path

    from .known import Known

SUBMITTER = re.compile(r"([a-z]+:[A-Za-z0-9-]{1,39})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A report as it was handed in: by whom, as far as that is known, where and when."""

    submission: Submission
    submitter: str
    source: str
    received: str


def file_report(
    proofs: Path,
    submission: Submission,
    known: Known,
    *,
    submitter: str,
    source: str,
    where: str,
) -> tuple[Path, Believed]:
    """Check the submission and write it under ``proofs``; raises NotBelieved and writes nothing.

    One that the same submitter filed from the same source stays as it is: an interrupted run may
    have filed it and done no more.
    """
    if not SUBMITTER.fullmatch(submitter):
        raise UsageError(f"--submitter {submitter!r}: write it like github:NAME")
    path = proofs / SUBMITTED / f"{submission.id}.json"
    before = read_filed(path) if path.exists() else None
    is_filed = before is not None and (before.submission, before.submitter, before.source) == (
        submission,
        submitter,
        source,
    )
    if is_filed:
        return path, judge(submission, known.without(path.name), source, where)
    believed = judge(submission, known, source, where)
    content = {
        "schema_version": 1,
        "submitter": submitter,
        "source": source,
        "received": known.now.date().isoformat(),
        "reports": as_json(believed.reports),
        "submission": submission.model_dump(mode="json"),
    }
    write_whole(path, json.dumps(content, indent=1, sort_keys=True) + "\n")
    return path, believed


def read_filed(path: Path) -> Filed:
    """What was filed there; raises DataError or BadReport."""

    def build(data: Any) -> Filed:
        return Filed(
            submission=from_json(json.dumps(data["submission"]), str(path)),
            submitter=data["submitter"],
            source=data["source"],
            received=data["received"],
        )

    return guarded(path, 1, build)


def find_filed(proofs: Path, name: str) -> Path:
    """The file of that name, or of the report whose id begins so."""
    folder = proofs / SUBMITTED
    found = [
        path
        for path in sorted(folder.glob("*.json"))
        if path.name == name or path.stem.startswith(name) or str(path) == name
    ]
    if len(found) != 1:
        there = ", ".join(path.stem for path in sorted(folder.glob("*.json"))[:5]) or "none"
        raise UsageError(f"no one report {name!r} is filed in {folder}; there are: {there}")
    return found[0]


def accept(proofs: Path, path: Path, known: Known) -> tuple[Path, MacReport]:
    """Move a filed report to the evidence, all checks made again; raises NotBelieved."""
    filed = read_filed(path)
    believed = judge(filed.submission, others(known, path), filed.source, str(path))
    report = mac_report(believed, filed)
    target = proofs / MACS / _name(believed)
    write_evidence(report, target)
    path.unlink()
    return target, report


def others(known: Known, path: Path) -> Known:
    """What is known without that filed report, nor what an interrupted ``accept`` made of it."""
    made = [name for name in known.filed.values() if name.endswith(_ending(path.stem))]
    return known.without(path.name, *made)


def _ending(id_: str) -> str:
    return f"-{id_[:8]}.toml"


def mac_report(believed: Believed, filed: Filed) -> MacReport:
    """The evidence that the report is."""
    return MacReport(
        id=believed.submission.id,
        submitter=filed.submitter,
        source=filed.source,
        received=datetime.date.fromisoformat(filed.received),
        runs=believed.runs,
        reports=believed.reports,
    )


def _name(believed: Believed) -> str:
    host = believed.submission.parsed[0].host
    chip = re.sub(r"[^a-z0-9]+", "-", host.chip.lower()).strip("-")
    major = host.release.split(".")[0]
    return f"{believed.lock.id}-macos{major}-{chip[:40]}{_ending(believed.submission.id)}"
