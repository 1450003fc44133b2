"""The package index as a worker asks it, and the memory that it could not be asked.

An index that is away costs every request that needs it all its tries, and a worker's time. So
once it is known to be away, all workers of the service use only what is cached, for a while.
"""

from __future__ import annotations

import threading
import time
from ctypes import c_double
from typing import TYPE_CHECKING

from ..pypi import open_index
from ..pypi.model import Observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..pypi.client import IndexClient
    from .settings import Settings

AWAY_SECONDS = 15.0
"""How long an index that is away is not asked."""
CLIENT_SECONDS = 600
"""How long an index client, which remembers every page, is used before a new one is made."""
CLIENT_JOBS = 50
PROBE = "tensorflow-metal"
"""A small page, by which is seen whether the index answers."""
PROBE_SECONDS = 2.0


class Index:
    """Gives the client to use. ``away`` holds when the index is asked again; workers share it."""

    def __init__(
        self,
        settings: Settings,
        away: c_double | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._away = c_double(0.0) if away is None else away
        self._clock = clock
        self._client: IndexClient | None = None
        self._offline = settings.offline
        self._until = 0.0
        self._jobs = 0
        self._probe: threading.Thread | None = None

    @property
    def is_away(self) -> bool:
        """Whether the index could not be asked lately."""
        return self._clock() < self._away.value

    def client(self) -> IndexClient:
        """The client, a new one after some time so that pages do not grow old."""
        now = self._clock()
        offline = self._settings.offline or self.is_away
        if self._client is None or self._offline != offline or now >= self._until or not self._jobs:
            self.forget()
            self._client = open_index(
                index_url=self._settings.index_url,
                extra_index_urls=self._settings.extra_index_urls,
                cache=self._settings.cache,
                offline=offline,
                observer=_Doubts(self),
            )
            self._offline, self._until, self._jobs = offline, now + CLIENT_SECONDS, CLIENT_JOBS
        self._jobs -= 1
        return self._client

    def forget(self) -> None:
        """Make a new client next time: this one also remembers what it could not fetch."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def doubt(self) -> None:
        """Find out in the background whether the index is away, since something failed.

        What failed may lie in what a client asked for, so it alone proves nothing.
        """
        looking = self._probe is not None and self._probe.is_alive()
        if self._client is None or self._offline or self.is_away or looking:
            return
        self._probe = threading.Thread(target=self._look, daemon=True)
        self._probe.start()

    def _look(self) -> None:
        from dataclasses import replace

        from ..pypi.cache import Cache
        from ..pypi.client import IndexClient
        from ..pypi.config import IndexConfig
        from ..pypi.errors import IndexFault, IndexUnreachable
        from ..pypi.http import Limits

        config = IndexConfig.load(index_url=self._settings.index_url)
        config = replace(config, retries=0, timeout=min(config.timeout, PROBE_SECONDS))
        limits = Limits(page_seconds=PROBE_SECONDS)
        with IndexClient(config, Cache(None), limits=limits) as client:
            try:
                client.project(PROBE)
            except IndexUnreachable:
                self._away.value = self._clock() + AWAY_SECONDS
            except IndexFault:
                pass  # it answers


class _Doubts(Observer):
    """Doubts the index as soon as something has to be tried again."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def retrying(self, url: str, reason: str, seconds: float) -> None:  # noqa: ARG002 - the observer's call
        """A request failed."""
        self._index.doubt()
