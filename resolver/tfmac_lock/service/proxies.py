"""Who a request is from, where proxies that the operator named stand in front.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, TypeAlias

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .app import Receive, Scope, Send, Service

Trusted: TypeAlias = "Callable[[str], bool]"

HEADER = b"x-forwarded-for"
LONGEST = 64
"""Addresses that are read at most, from the nearest on: no chain of proxies is longer."""


def trusted(given: str) -> Trusted:
    """Whether an address is one of those, given with commas between; ``*`` is any.

    Raises UsageError for what is neither an address nor a network.
    """
    if given.strip() == "*":
        return lambda _: True
    networks = []
    for text in filter(None, map(str.strip, given.split(","))):
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            raise UsageError(
                f"--proxies {text!r}: write addresses or networks like 10.0.0.0/8, with commas "
                "between"
            ) from None

    def contains(address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in networks)

    return contains


def client_of(peer: str, forwarded: bytes, trusts: Trusted) -> str:
    """The address that a request is from, by the connection and X-Forwarded-For.

    Each proxy adds the address that it was asked from to the end. So the last one that is no
    trusted proxy's is the client, and nothing before it counts: whoever sent the request may have
    written that. Where all are trusted, as with ``*``, only the nearest proxy's word counts.
    """
    if not trusts(peer):
        return peer
    nearest = ""
    for text in reversed(forwarded.decode("latin-1").split(",")[-LONGEST:]):
        address = _address(text.strip())
        if not address:
            break  # whoever wrote that is no proxy
        if not trusts(address):
            return address
        nearest = nearest or address
    return nearest or peer


def _address(text: str) -> str:
    """The address in ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1`` or ``[2001:db8::1]:80``."""
    found = re.fullmatch(r"\[([^]]+)\](:\d+)?|(\d+\.\d+\.\d+\.\d+):\d+", text)
    try:
        return str(ipaddress.ip_address((found[1] or found[3]) if found else text))
    except ValueError:
        return ""


class BehindProxies:
    """The service, with the true client in the scope of each request."""

    def __init__(self, service: Service, trusts: Trusted) -> None:
        self._service = service
        self._trusts = trusts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the service does."""
        if scope["type"] == "http" and scope["client"]:
            peer, port = scope["client"]
            forwarded = b",".join(value for name, value in scope["headers"] if name == HEADER)
            if forwarded:
                scope["client"] = (client_of(peer, forwarded, self._trusts), port)
        await self._service(scope, receive, send)
