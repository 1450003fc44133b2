"""The HTML form of a project page.

PEP 503 (pages, ``#sha256=``, ``data-requires-python``), PEP 592 (``data-yanked``), PEP 629
(the version in a ``meta`` tag), PEP 658 and 714 (``data-dist-info-metadata``,
``data-core-metadata``); and ``data-upload-time``, which no specification has but some mirrors
write.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from . import links
from .errors import BadIndexAnswer
from .model import is_usable, pack_row

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse(body: bytes, url: str, encoding: str | None = None) -> tuple[str, ...]:
    """The rows (``IndexFile.pack``) of the files that a page links to, in page order.

    ``url`` is where the page came from, against which links are resolved unless the page has
    a ``base``. ``BadIndexAnswer`` when this is another kind of page: a login form, a start
    page, or no HTML at all. A project without files has a page without links.
    """
    try:
        text = body.decode(encoding or "utf-8", "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    page = _Page(url)
    start = max(text.find("<a "), 0)
    page.feed(text[:start])
    # Only between tags is a link a link: not in a comment, a script or half a tag.
    if page.is_between_tags:
        start = _read_plain_links(text, start, page)
    page.feed(text[start:])
    page.close()
    if page.version is not None and page.version.partition(".")[0] != "1":
        raise BadIndexAnswer(url, f"it speaks version {page.version[:20]!r} of the simple API")
    if not page.distributions and (page.other_links or page.interactive or not page.is_html):
        raise BadIndexAnswer(url, "it is not the page of a project: it links to no files")
    return tuple(page.rows)


# What nearly every index writes, line after line. The pages of one resolve hold 43000 links:
# 1.5 s by html.parser, 0.2 s by this.
_PLAIN_LINK = re.compile(
    r'<a href="(' + links.PLAIN_FILE + r')(?:#sha256=([0-9a-f]{64}))?"'
    r'((?: data-[a-z-]+="[^"]*")*)>[^<]*</a>\s*(?:<br ?/?>\s*)?'
)
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')


def _read_plain_links(text: str, start: int, page: _Page) -> int:
    """Read links as long as they are plain; where that ends is returned."""
    while link := _PLAIN_LINK.match(text, start):
        url, filename, sha256, more = link.groups()
        start = link.end()
        attributes = {key: _unescape(value) for key, value in _ATTRIBUTE.findall(more)}
        page.add(filename, url, sha256, attributes)
    return start


@lru_cache(maxsize=1000)
def _unescape(text: str) -> str:
    return html.unescape(text)


class _Page(HTMLParser):
    """Collects what matters; character references in attributes are decoded by the base."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.base: str | None = None
        self.version: str | None = None
        self.rows: list[str] = []
        self.distributions = 0
        self.other_links = False
        self.is_html = False
        self.interactive = False

    @property
    def is_between_tags(self) -> bool:
        """Whether all that was fed is complete, so that what follows is read as new."""
        return not self.rawdata and self.cdata_elem is None

    def handle_decl(self, decl: str) -> None:
        self.is_html = self.is_html or decl.lower().startswith("doctype html")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "a":
            self._link(attributes)
        elif tag == "base" and self.base is None:
            href = links.resolve(self.url, attributes.get("href") or "")
            self.base = href[0] if href else None
        elif tag == "meta" and attributes.get("name") == "pypi:repository-version":
            self.version = attributes.get("content") or ""
        elif tag in {"html", "body"}:
            self.is_html = True
        elif tag in {"form", "script", "input"}:
            self.interactive = True

    def add(
        self, filename: str, url: str, sha256: str | None, attributes: Mapping[str, str | None]
    ) -> None:
        """Keep a file, if it is one of a kind that installers ever knew."""
        if not links.is_distribution(filename) or not links.is_safe_name(filename):
            self.other_links = True
            return
        self.distributions += 1
        if not is_usable(filename):
            return
        # PEP 714: the new name of the attribute wins where both are there.
        promised = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
        kind, _, digest = (promised or "").partition("=")
        self.rows.append(
            pack_row(
                filename,
                url,
                sha256,
                None,
                attributes.get("data-requires-python"),
                (attributes["data-yanked"] or "") if "data-yanked" in attributes else None,
                attributes.get("data-upload-time"),
                links.sha256(digest) if kind == "sha256" else None,
                kind == "true" or bool(digest),
            )
        )

    def _link(self, attributes: Mapping[str, str | None]) -> None:
        if "href" not in attributes:
            return
        resolved = links.resolve(self.base or self.url, attributes["href"] or "")
        if resolved is None:
            self.other_links = True
            return
        url, fragment = resolved
        hashes = [part.partition("=") for part in fragment.split("&")]
        sha256 = next((links.sha256(value) for key, _, value in hashes if key == "sha256"), None)
        self.add(links.filename_of(url), url, sha256, attributes)
