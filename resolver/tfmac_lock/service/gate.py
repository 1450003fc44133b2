"""Who may come in: a bounded number at once, and a bounded number of each client."""

from __future__ import annotations

import ipaddress
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gate:
    """Admits up to ``room`` requests at a time, up to ``per_client`` of one client.

    It never makes anybody wait: whoever finds no room hears so at once.
    """

    def __init__(self, room: int, per_client: int) -> None:
        self._room = room
        self._per_client = per_client
        self._inside: Counter[str] = Counter()

    @property
    def inside(self) -> int:
        """How many requests are under way."""
        return self._inside.total()

    @contextmanager
    def admit(self, client: str) -> Iterator[None]:
        """Hold a place for the duration; raises Refused where there is none."""
        if self.inside >= self._room:
            raise Refused(503, "busy", "too many requests are waiting; come again", 5)
        if self._inside[client] >= self._per_client:
            raise Refused(429, "too-many", "too many of your requests are under way", 2)
        self._inside[client] += 1
        try:
            yield
        finally:
            self._inside[client] -= 1
            if not self._inside[client]:
                del self._inside[client]


def client_key(address: str) -> str:
    """What counts as one client: an address, or for IPv6 the /64 that one household gets."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
