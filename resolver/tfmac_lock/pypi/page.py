"""A page of an index as it was last seen, and how it is fetched and kept fresh.

RFC 9111 as far as one user's cache needs it: ``max-age`` and ``no-cache`` say how long a page
is fresh, ``ETag`` and ``Last-Modified`` ask whether it changed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .errors import BadIndexAnswer, HashMismatch, IndexUnreachable
from .model import ACTIVE, Standing, group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .http import Limits, Reply, Transport
    from .model import IndexFile, Listing

# PEP 691's content negotiation: JSON where there is any, else a page marked as PEP 503, else
# whatever HTML a plain web server has. pip asks the same way.
ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.1, text/html;q=0.01"
)

_FRESH_BY_DEFAULT = 600.0  # seconds; what the public index says of its own pages
_FRESH_AT_MOST = 86400.0
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|,)\s*no-(?:cache|store)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an address said. Times are seconds since the epoch; for ``groups`` see ``Project``.

    No groups may also mean that the index has no such page, which is worth remembering, too:
    offline it lets the next index be asked. Some mirrors have an empty page for every project
    that they do not know, so the two are one. That there is none is asked anew each time: a server
    that is being repaired says so, too.
    """

    url: str
    fresh_until: float
    etag: str = ""
    last_modified: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    standing: Standing = ACTIVE

    def pack(self) -> str:
        """A head line, then the groups, each after its ending; ``unpack`` is its inverse."""
        kept = (self.url, repr(self.fresh_until), self.etag, self.last_modified)
        head = (*kept, *self.standing)
        groups = (f"{ending}\n{rows}" for ending, rows in self.groups.items())
        return "\n\t".join(("\t".join(head), *groups))  # no row begins with a tab

    def is_fresh(self, now: float) -> bool:
        """Whether it may be used without asking the index again.

        A page that was kept while the clock was ahead is not: it would be fresh for as long as
        the clock was wrong.
        """
        return 0 < self.fresh_until - now <= _FRESH_AT_MOST

    @classmethod
    def unpack(cls, text: str) -> Page:
        """The page that ``pack`` wrote; ``ValueError`` for anything else."""
        head, *groups = text.split("\n\t")
        url, fresh_until, etag, last_modified, status, reason = head.split("\t")
        return cls(
            url=url,
            fresh_until=float(fresh_until),
            etag=etag,
            last_modified=last_modified,
            groups=dict(rows.split("\n", 1) for rows in groups),
            standing=Standing(status, reason),
        )


def fetch_page(
    transport: Transport, limits: Limits, url: str, known: Page | None, now: float
) -> Page:
    """A project page, in whichever form the index has it; ``known`` is only revalidated."""
    return _fetch(transport, limits, url, known, now, ACCEPT, _parse_page)


def fetch_project_json(
    transport: Transport, limits: Limits, url: str, known: Page | None, now: float
) -> Page:
    """A project JSON, see ``simple_json.parse_project``."""
    return _fetch(transport, limits, url, known, now, "application/json", _parse_project)


def fetch_metadata(transport: Transport, limits: Limits, file: IndexFile) -> bytes | None:
    """The metadata file beside a wheel (PEP 658), checked against its hash.

    ``None`` where the index has none after all.
    """
    from ..wheels.metadata import LARGEST

    address, mark, query = file.url.partition("?")
    url = f"{address}.metadata{mark}{query}"

    def take(reply: Reply) -> bytes | None:
        if reply.status in {404, 410}:
            return None
        if reply.status != 200:
            raise IndexUnreachable(url, f"the server answers {reply.status}")
        return reply.read(LARGEST)

    text = transport.fetch(url, take, seconds=limits.page_seconds)
    if text is not None and file.metadata_sha256 is not None:
        digest = hashlib.sha256(text).hexdigest()
        if digest != file.metadata_sha256:
            raise HashMismatch(url, file.metadata_sha256, digest)
    return text


def _fetch(
    transport: Transport,
    limits: Limits,
    url: str,
    known: Page | None,
    now: float,
    accept: str,
    parse: Callable[[Reply, bytes], Listing],
) -> Page:
    headers = {"Accept": accept}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified

    def take(reply: Reply) -> Page:
        fresh_until = now + _fresh_seconds(reply.headers)
        if reply.status == 304 and known is not None:
            return replace(known, fresh_until=fresh_until)
        if reply.status in {404, 410}:
            return Page(url=url, fresh_until=now)
        if reply.status != 200:
            raise IndexUnreachable(url, f"the server answers {reply.status}")
        said = parse(reply, reply.read(limits.page_bytes))
        return Page(
            url=url,
            fresh_until=fresh_until,
            etag=_header(reply.headers, "etag"),
            last_modified=_header(reply.headers, "last-modified"),
            groups=group(said.rows),
            standing=said.standing,
        )

    return transport.fetch(url, take, headers=headers, seconds=limits.page_seconds)


def _parse_page(reply: Reply, body: bytes) -> Listing:
    content_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/vnd.pypi.simple.v1+json":
        from . import simple_json

        return simple_json.parse(body, reply.url)
    if content_type in {"application/vnd.pypi.simple.v1+html", "text/html"}:
        from . import simple_html

        return simple_html.parse(body, reply.url)
    raise BadIndexAnswer(reply.url, f"its content type is {content_type[:60] or 'missing'!r}")


def _parse_project(reply: Reply, body: bytes) -> Listing:
    from . import simple_json

    return simple_json.parse_project(body, reply.url)


def _fresh_seconds(headers: Mapping[str, str]) -> float:
    control = headers.get("cache-control", "")
    # no-store is taken for no-cache: working offline later is worth a copy in the user's own
    # folder, and it is never used without asking the index again.
    if _NO_CACHE.search(control):
        return 0.0
    found = _MAX_AGE.search(control)
    return min(float(found[1]), _FRESH_AT_MOST) if found else _FRESH_BY_DEFAULT


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    return value if value.isprintable() and len(value) < 200 else ""
