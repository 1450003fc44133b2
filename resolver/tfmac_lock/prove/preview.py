"""What a report would change, for the person who is to accept it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..matrix.verdict import Pair, judge
from ..target import Arch, MacOSVersion

if TYPE_CHECKING:
    from ..matrix.facts import Matrix
    from ..matrix.reasons import Verdict
    from .intake import Believed

LONGEST = 400
"""Characters of a text from outside; more is cut off."""


def preview(
    matrix: Matrix, believed: Believed, *, submitter: str, source: str
) -> tuple[Verdict, Verdict]:
    """The verdict on the report's lock without it, and the one with it; nothing is written."""
    lock = believed.lock
    pair = Pair(
        package=lock.package,
        tensorflow=lock.tensorflow,
        metal=lock.metal,
        arch=Arch(lock.arch),
        python=lock.series,
    )
    macos = MacOSVersion.parse(lock.macos_min) if lock.macos_min else None
    more = tuple(run.evidence(source, submitter) for run in believed.runs)

    def verdict(facts: Matrix) -> Verdict:
        return judge(facts, pair, macos=macos, pins=lock.pins, resolved=True)

    return verdict(matrix), verdict(replace(matrix, evidence=(*matrix.evidence, *more)))


def markdown(believed: Believed, before: Verdict, after: Verdict, file: str) -> str:
    """The report for a pull request: what it says, the verdict before and after, what to do.

    Nothing of the text that was handed in is markup in it.
    """
    lock, host = believed.lock.id, believed.submission.parsed[0].host
    lines = [
        f"A report from {_plain(host.chip)}, macOS {_plain(host.release)}, about `{lock}`.",
        "",
        "| | verdict | strongest evidence |",
        "|---|---|---|",
        f"| before | {before.status.value} | {before.grade or 'none'} |",
        f"| after | {after.status.value} | {after.grade or 'none'} |",
        "",
    ]
    for run in believed.runs:
        lines.append(f"- {run.grade}, {run.date.isoformat()}: {_plain(run.text)}")
        for word, names in (("seen", run.faults), ("not seen", run.checked)):
            if names:
                lines.append(f"  - {word}: {', '.join(names)}")
    new = [reason for reason in after.reasons if reason not in before.reasons]
    lines += ["", "What the verdict then says besides:", ""]
    lines += [f"- {_plain(reason.kind)}: {_plain(reason.text)}" for reason in new]
    lines += [
        "",
        f"The report passed every check and is filed as `{file}`, where it decides nothing.",
        "Nobody can tell a careful forgery from a report: look at who sends it. To accept it:",
        "",
        f"    tfmac-lock prove accept {believed.submission.id}",
        "    tfmac-lock matrix compile && tfmac-lock publish render",
        "",
    ]
    return "\n".join(lines)


def refusal(text: str) -> str:
    """Why a report was not taken, for whoever sent it; nothing in it is markup."""
    lines = [_plain(line) for line in text.splitlines() if line.strip()]
    return "\n".join(
        [
            "Thank you. This report cannot be taken as evidence:",
            "",
            *(f"- {line}" for line in lines[:20]),
            "",
            "A new run with the newest tfmac-lock, in an environment of a published lock and",
            "nothing else, settles most of these: `tfmac-lock prove --lock LOCK --share`.",
            "",
        ]
    )


def _plain(text: str) -> str:
    """The text on one line, without anything that Markdown, HTML or a mention is made of."""
    line = " ".join(text.split())[:LONGEST]
    return re.sub(r"[^\w .,:;()+=/%'-]", " ", line, flags=re.ASCII)
