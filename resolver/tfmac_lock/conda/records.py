"""What a conda channel says of its package files; plain values that need no rattler."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaRecord:
    """A package file of a channel. Hashes are hexadecimal; ``""`` where the channel has none."""

    name: str
    version: str
    build: str
    subdir: str
    filename: str
    url: str
    md5: str
    sha256: str
    depends: tuple[str, ...]
    constrains: tuple[str, ...]


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
