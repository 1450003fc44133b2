"""``tfmac-lock prove record`` and ``prove accept``: reports from Macs become evidence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_folder
from .proving import PROOFS, known_locks, one_lock
from .terminal import print_json

if TYPE_CHECKING:
    import argparse

    from ..matrix.reasons import Verdict
    from ..prove.intake import Believed
    from ..prove.known import Known
    from ..prove.submission import Submission
    from .arguments import Commands

ABOUT = """
Check reports of the MNIST proof and write each as one file. With --lock they are runs of this
project's own, and evidence at once. Without it they are somebody else's: each must be of a
published lock, and is filed under submitted/ until `prove accept`.
"""


def add_parsers(commands: Commands) -> None:
    """Register both."""
    record = add_command(
        commands,
        "record",
        run_record,
        ABOUT,
        help="check a report from a Mac and file it",
        json="print the evidence as JSON",
    )
    record.add_argument("reports", nargs="*", type=Path, metavar="REPORT")
    record.add_argument(
        "--from-issue", type=Path, metavar="FILE", help="the report in the text of an issue"
    )
    record.add_argument("--lock", metavar="LOCK", help="the lock that this project's run is of")
    record.add_argument("--source", metavar="URL", help="where the run or the issue can be seen")
    record.add_argument(
        "--submitter", default="", metavar="KIND:NAME", help="who hands it in, like github:NAME"
    )
    record.add_argument(
        "--summary", type=Path, metavar="FILE", help="write what it would change, as Markdown"
    )
    accept = add_command(
        commands,
        "accept",
        run_accept,
        "Check a filed report again, move it to mac/, and say what to run next.",
        help="make evidence of a report that was filed",
        json="print the verdicts as JSON",
    )
    accept.add_argument("report", metavar="ID", help="its id, or as much as tells it apart")
    for parser in (record, accept):
        add_folder(parser, "where evidence files lie", PROOFS)


def known_here(output: Path) -> Known:
    """What reports are held against: the facts in the checkout's matrix/, the reports there."""
    from datetime import UTC, datetime

    from ..matrix import loading
    from ..prove.known import known_of

    return known_of(
        loading.checkout() / "matrix",
        loading.matrix(),
        known_locks(),
        datetime.now(UTC),
        proofs=output,
    )


def run_record(args: argparse.Namespace) -> int:
    """Write evidence; 0 whatever the report says, as long as it can be believed."""
    from ..errors import UsageError
    from ..files import write_named
    from ..prove.errors import BadReport
    from ..prove.intake import NotBelieved
    from ..prove.preview import refusal

    if bool(args.from_issue) == bool(args.reports):
        raise UsageError("name reports, or one issue with --from-issue")
    if args.lock:
        return _record_own(args)
    try:
        return _file_others(args)
    except (BadReport, NotBelieved) as error:
        if args.summary:
            write_named(args.summary, refusal(str(error)))
        raise


def _record_own(args: argparse.Namespace) -> int:
    from ..errors import UsageError
    from ..matrix.plain import plain
    from ..prove.evidence import evidence_file, evidence_of_mac, write_evidence
    from ..prove.report import read_report

    if not args.source or args.from_issue:
        raise UsageError("--lock is for runs of this project's own: name them, and their --source")
    _, lock = one_lock(args.lock)
    found = []
    for path in args.reports:
        evidence = evidence_of_mac(lock, read_report(path), args.source, str(path))
        target = evidence_file(evidence, args.output)
        write_evidence(evidence, target)
        found.append(plain(evidence) | {"file": str(target)})
        sys.stderr.write(f"{target}: {evidence.outcome}: {evidence.text}\n")
    if args.json:
        print_json({"schema_version": 1, "evidence": found})
    return 0


def _file_others(args: argparse.Namespace) -> int:
    from ..files import write_named
    from ..prove.filing import file_report
    from ..prove.preview import markdown, preview

    found = []
    handed = _read(args)
    known = known_here(args.output)
    source = args.source or "handed in as a file, without an address"
    for where, submission in handed:
        path, believed = file_report(
            args.output, submission, known, submitter=args.submitter, source=source, where=where
        )
        known = known_here(args.output)
        seen = preview(known.matrix, believed, submitter=args.submitter, source=source)
        if args.summary:
            write_named(args.summary, markdown(believed, *seen, path.as_posix()))
        found.append(_document(believed, *seen, path))
        if not args.json:
            _tell(believed, *seen, path, f"tfmac-lock prove accept {believed.submission.id[:8]}")
    if args.json:
        print_json({"schema_version": 1, "filed": found})
    return 0


def _read(args: argparse.Namespace) -> list[tuple[str, Submission]]:
    """What was handed in, with the names of the files that it is in."""
    from ..prove.submission import read_issue, read_submission

    if args.from_issue:
        return [(str(args.from_issue), read_issue(args.from_issue))]
    return [(str(path), read_submission(path)) for path in args.reports]


def run_accept(args: argparse.Namespace) -> int:
    """Move a filed report to the evidence; 1 where a check now refuses it."""
    from ..files import alone
    from ..prove.filing import accept, find_filed, others, read_filed
    from ..prove.intake import judge
    from ..prove.preview import preview

    with alone(args.output):
        path = find_filed(args.output, args.report)
        known = known_here(args.output)
        filed = read_filed(path)
        believed = judge(filed.submission, others(known, path), filed.source, str(path))
        seen = preview(known.matrix, believed, submitter=filed.submitter, source=filed.source)
        target, _ = accept(args.output, path, known)
    if args.json:
        print_json({"schema_version": 1, **_document(believed, *seen, target)})
    else:
        _tell(believed, *seen, target, "tfmac-lock matrix compile && tfmac-lock publish render")
    return 0


def _document(believed: Believed, before: Verdict, after: Verdict, path: Path) -> dict[str, Any]:
    return {
        "id": believed.submission.id,
        "lock": believed.lock.id,
        "file": path.as_posix(),
        "before": before.status.value,
        "after": after.status.value,
    }


def _tell(believed: Believed, before: Verdict, after: Verdict, path: Path, then: str) -> None:
    sys.stdout.write(
        f"{path}\n{believed.lock.id}: {before.status.value} before, {after.status.value} after "
        f"it is accepted\nNext: {then}\n"
    )
