"""How large the wheels of TensorFlow and its plugin are, and when they were uploaded.

The matrix has read both from the index, so they are the same wherever a lock is made. They stand
in a small file of their own, so that the main job need not read the whole matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..files import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .facts import Release

SCHEMA_VERSION = 1


class Upload(NamedTuple):
    """Size in bytes and time of upload (RFC 3339, UTC) of a file."""

    size: int
    time: str


def to_json(releases: Iterable[Release]) -> dict[str, Any]:
    """The content of uploads.json: the files by their sha256."""
    found = {
        wheel.sha256: [wheel.size, wheel.uploaded.replace("+00:00", "Z")]
        for release in releases
        for wheel in release.wheels
        if wheel.size is not None and wheel.uploaded is not None
    }
    rows = [[sha256, *found[sha256]] for sha256 in sorted(found)]
    return {"schema_version": SCHEMA_VERSION, "uploads": rows}


def load_uploads(path: Path) -> dict[str, Upload]:
    """Read uploads.json; raises DataError where it is missing or damaged."""
    return guarded(
        path,
        SCHEMA_VERSION,
        lambda data: {sha256: Upload(size, time) for sha256, size, time in data["uploads"]},
    )
