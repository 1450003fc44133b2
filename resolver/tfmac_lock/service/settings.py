"""What the operator decides. Nothing of it can be changed by a client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one request and of all at once. Sizes in bytes, times in seconds.

    ``body`` is by operation; ``bodies`` may come in at a time, which bounds the memory they take.
    ``waiting`` requests may wait for one of the ``workers``; more are refused at once.
    ``per_client`` counts the requests of one address that are under way at a time.
    """

    body: Mapping[str, int] = field(
        default_factory=lambda: {"lock": 256 << 10, "explain": 4 << 20, "check": 4 << 20}
    )
    bodies: int = 64
    body_seconds: float = 10.0
    header_seconds: float = 10.0
    lock_seconds: float = 30.0
    read_seconds: float = 10.0
    workers: int = 1
    waiting: int = 8
    per_client: int = 4
    connections: int = 2000
    cached_bytes: int = 64 << 20
    cached_seconds: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the service stands and whom it asks.

    ``base`` is the path below which it answers, ending in a slash. ``index_url`` and
    ``extra_index_urls`` stand over pip's settings. ``cache`` is the one folder that is written.
    """

    base: str = "/"
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    cache: Path | None = None
    offline: bool = False
    limits: Limits = Limits()
