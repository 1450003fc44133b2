"""What the operator decides. Nothing of it can be changed by a client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one request and of all at once. Sizes in bytes, times in seconds.

    ``body`` is by operation; the bodies that come in at a time may have ``bodies_bytes``.
    ``header_bytes`` is for what stands around a body: headers, trailers, chunk sizes.
    ``connections`` are of all clients together. ``workers`` resolve and ``readers`` explain and
    check; for each kind ``waiting`` requests may wait, for ``wait_seconds``, and ``per_client``
    of one client are under way at a time.
    ``memory`` is what one job may take, and a worker that keeps more than ``grown`` after a job
    is replaced. The cache is trimmed to ``cache_bytes`` and ``cache_files``. The folder of reports
    takes ``reports`` of them and ``reports_bytes``, ``reports_per_client`` a day from one client.
    """

    body: Mapping[str, int] = field(
        default_factory=lambda: {
            "lock": MB // 4,
            "explain": 4 * MB,
            "check": 4 * MB,
            "report": MB // 4,
        }
    )
    bodies_bytes: int = 128 * MB
    bodies_per_client: int = 16
    body_seconds: float = 10.0
    header_bytes: int = 32 << 10
    header_seconds: float = 10.0
    connections: int = 2000
    connections_per_client: int = 200
    lock_seconds: float = 30.0
    read_seconds: float = 5.0
    wait_seconds: float = 60.0
    workers: int = 2
    readers: int = 2
    waiting: int = 32
    per_client: int = 4
    memory: int = 1024 * MB
    grown: int = 300 * MB
    cached_bytes: int = 64 * MB
    cached_seconds: float = 3600.0
    cache_bytes: int = 1024 * MB
    cache_files: int = 20_000
    reports: int = 1000
    reports_bytes: int = 64 * MB
    reports_per_client: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the service stands and whom it asks.

    ``base`` is the path below which it answers, ending in a slash; ``address`` is the whole
    address where it is known. ``index_url`` and ``extra_index_urls`` stand over pip's settings.
    ``cache`` is the one folder that is written, and ``reports`` where reports from Macs are kept
    for the operator; without it none are taken. ``origins`` are the sites whose pages may have
    something computed, ``*`` for all. ``repository`` is the address of the project's repository.
    """

    base: str = "/"
    address: str = ""
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    cache: Path | None = None
    reports: Path | None = None
    offline: bool = False
    origins: frozenset[str] = frozenset()
    repository: str = ""
    limits: Limits = Limits()
