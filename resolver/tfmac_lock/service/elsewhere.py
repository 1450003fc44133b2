"""What pages of other sites may do: read what is published, and compute where it is allowed.

Source: https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .files import Headers

ANY = "*"


class Elsewhere:
    """The answers to other sites; ``origins`` are those whose pages may have something computed."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = {origin.encode() for origin in origins}

    def preflight(self, headers: Iterable[tuple[bytes, bytes]], *, computes: bool) -> Headers:
        """The headers that say what a page of that origin may send to a path."""
        allowed = self.headers(headers)
        if computes and any(name == b"access-control-allow-origin" for name, _ in allowed):
            methods, sent = b"POST", b"content-type"
        else:
            allowed = [(b"access-control-allow-origin", b"*")]
            methods, sent = b"GET, HEAD", b"if-none-match"
        return [
            *allowed,
            (b"access-control-allow-methods", methods),
            (b"access-control-allow-headers", sent),
            (b"access-control-max-age", b"86400"),
            (b"allow", b"GET, HEAD, POST, OPTIONS"),
        ]

    def headers(self, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        """The headers by which a page of that origin may read what was computed for it."""
        if not self._origins:
            return []
        vary = (b"vary", b"origin")
        origin = dict(headers).get(b"origin")
        if origin is not None and (origin in self._origins or ANY.encode() in self._origins):
            return [(b"access-control-allow-origin", origin), vary]
        return [vary]


def origins(given: Iterable[str]) -> frozenset[str]:
    """The origins that were named; raises UsageError where one is none."""
    found = set()
    for text in given:
        if text != ANY and not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", text):
            raise UsageError(
                f"--allow-origin {text!r}: write a site without a path, like "
                "https://example.org, or * for all"
            )
        found.add(text)
    return frozenset(found)
