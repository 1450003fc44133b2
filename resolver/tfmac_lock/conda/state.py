"""What a conda channel offered; apart from the records, since the fast path reads no record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """What a channel offered of the packages of a lock.

    ``sha256`` is over the names and md5 of all ``files`` that it had of them; ``newest`` is the
    day of the newest one, ``""`` where none has a date.
    """

    url: str
    files: int
    newest: str
    sha256: str
