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
