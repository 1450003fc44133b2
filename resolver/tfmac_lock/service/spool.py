"""The folder in which the service keeps reports from Macs until its operator looks at them.

A report is a file, whole or not at all, named after its own content; what is there is never
written again. Nothing of the sender but the report is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import write_whole
from ..prove.handing import text_of
from ..prove.train_mnist import digest_of
from .problems import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from ..prove.submission import Submission
    from .settings import Limits


def keep(folder: Path, submission: Submission, limits: Limits) -> str:
    """Keep the submission and return its id; raises Refused."""
    for report in submission.reports:
        if report.get("digest") != digest_of(dict(report)):
            raise Refused(422, "bad-request", "the report was changed after it was made")
    path = folder / f"{submission.id}.json"
    try:
        if not path.exists():
            _make_room(folder, limits)
            write_whole(path, text_of(submission.model_dump(mode="json")) + "\n")
    except OSError:
        raise Refused(503, "no-room", "reports cannot be kept now; come again", 3600) from None
    return submission.id


def _make_room(folder: Path, limits: Limits) -> None:
    """Raise Refused where the folder has all that it may hold; nothing is thrown away."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = [path.stat().st_size for path in folder.glob("*.json")]
    if len(sizes) >= limits.reports or sum(sizes) >= limits.reports_bytes:
        raise Refused(503, "no-room", "there are more reports than were looked at", 86400)
