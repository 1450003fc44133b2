"""A whole file onto the disk, going on where an earlier try stopped.

RFC 9110 section 14.2: a server that knows no ranges sends everything, and then it begins anew.
What comes together is checked against the sha256, so a file that changed meanwhile is noticed;
then it is fetched once more from its start.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from .errors import BadIndexAnswer, HashMismatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .http import Limits, Reply, Transport
    from .model import IndexFile


def fetch(
    transport: Transport,
    limits: Limits,
    file: IndexFile,
    part: Path,
    progress: Callable[[int, int | None], None],
) -> None:
    """Fetch the file into ``part``, whole and checked; an error leaves there what came.

    ``progress`` is called with the bytes so far and, where known, in all.
    Raises IndexFault and OSError.
    """
    start = part.stat().st_size if part.exists() else 0
    if start and _get(transport, limits, file, part, start, progress) == file.sha256:
        return
    digest = _get(transport, limits, file, part, 0, progress)
    if file.sha256 is not None and digest != file.sha256:
        part.unlink()
        raise HashMismatch(file.url, file.sha256, digest)


def _get(
    transport: Transport,
    limits: Limits,
    file: IndexFile,
    part: Path,
    start: int,
    progress: Callable[[int, int | None], None],
) -> str:
    """The sha256 of all that is in ``part`` after the bytes from ``start`` on were fetched."""

    def take(reply: Reply) -> None:
        begin = _begin(reply, file, start)
        if begin is None:
            return  # all of it is there
        total = begin + int(length) if (length := _length(reply)) else None
        with part.open("r+b" if part.exists() else "w+b") as into:
            into.seek(begin)
            into.truncate()
            done = begin
            for chunk in reply.raw(limits.wheel_bytes):
                into.write(chunk)
                done += len(chunk)
                progress(done, total)

    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    transport.fetch(file.url, take, headers=headers, seconds=limits.wheel_seconds)
    return sha256_of(part)


def _begin(reply: Reply, file: IndexFile, start: int) -> int | None:
    """Where the bytes of the answer belong; None where it has none, since there are no more."""
    if reply.status == 200:
        return 0
    if reply.status == 416 and start:
        return None
    if reply.status != 206:
        raise BadIndexAnswer(file.url, f"the index lists the file, the server says {reply.status}")
    said = reply.headers.get("content-range", "")
    found = re.fullmatch(r"bytes (\d{1,15})-\d{1,15}/(?:\d{1,15}|\*)", said)
    if found is None or int(found[1]) != start:
        raise BadIndexAnswer(file.url, f"asked for bytes from {start} on, it serves {said[:60]!r}")
    return start


def _length(reply: Reply) -> str:
    said = reply.headers.get("content-length", "")
    return said if said.isdecimal() and len(said) < 16 else ""


def sha256_of(path: Path) -> str:
    """The sha256 of a file; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
