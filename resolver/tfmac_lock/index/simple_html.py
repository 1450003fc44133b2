"""The HTML form of a project page.

PEP 503 (pages, ``#sha256=``, ``data-requires-python``), PEP 592 (``data-yanked``), PEP 629
(the version in a ``meta`` tag), PEP 658 and 714 (``data-dist-info-metadata``,
``data-core-metadata``); and ``data-upload-time``, which no specification has but some mirrors
write.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from tfmac_lock.index import links
from tfmac_lock.index.errors import BadIndexAnswer
from tfmac_lock.index.model import IndexFile


def parse(body: bytes, url: str, encoding: str | None = None) -> tuple[IndexFile, ...]:
    """The files that a page links to, in page order.

    ``url`` is where the page came from, against which links are resolved unless the page has
    a ``base``. ``BadIndexAnswer`` when this is another kind of page: a login form, a start
    page, or no HTML at all. A project without files has a page without links.
    """
    try:
        text = body.decode(encoding or "utf-8", "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    page = _read(text)
    if page.version is not None and page.version.partition(".")[0] != "1":
        raise BadIndexAnswer(url, f"it speaks version {page.version[:20]!r} of the simple API")

    base = url if page.base is None else (links.resolve(url, page.base) or (url, ""))[0]
    files = []
    distributions = 0
    for attributes in page.anchors:
        resolved = links.resolve(base, attributes["href"] or "")
        if resolved is None:
            continue
        filename = links.filename_of(resolved[0])
        if not links.is_distribution(filename) or not links.is_safe_name(filename):
            continue
        distributions += 1
        files.append(_file(filename, *resolved, attributes))
    if not distributions and (page.anchors or page.interactive or not page.is_html):
        raise BadIndexAnswer(url, "it is not the page of a project: it links to no files")
    return tuple(files)


def _file(
    filename: str, address: str, fragment: str, attributes: dict[str, str | None]
) -> IndexFile:
    # PEP 714: the new name of the attribute wins where both are there.
    promised = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    kind, _, digest = (promised or "").partition("=")
    yanked = attributes.get("data-yanked", "") or ""
    uploaded = attributes.get("data-upload-time")
    return IndexFile(
        filename=filename,
        url=address,
        sha256=next(
            (
                links.sha256(part.removeprefix("sha256="))
                for part in fragment.split("&")
                if part.startswith("sha256=")
            ),
            None,
        ),
        requires_python=attributes.get("data-requires-python") or None,
        yanked=yanked if "data-yanked" in attributes else None,
        uploaded=links.moment(uploaded) if uploaded else None,
        metadata_sha256=links.sha256(digest) if kind == "sha256" else None,
        has_metadata=kind in {"true", "sha256"} or bool(digest),
    )


# What nearly every index writes, line after line. Reading such a run by this pattern takes a
# tenth of the time that html.parser takes, which is 1.1 s for the pages of one resolve.
_PLAIN_LINK = re.compile(r'<a((?: [a-z-]+="[^"]*")+)>[^<]*</a>\s*(?:<br ?/?>\s*)?')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')


def _read(text: str) -> _Page:
    page = _Page()
    start = max(text.find("<a "), 0)
    page.feed(text[:start])
    # Only between tags is a link a link: not in a comment, a script or half a tag.
    if page.is_between_tags:
        while link := _PLAIN_LINK.match(text, start):
            start = link.end()
            attributes = dict(_ATTRIBUTE.findall(link[1]))
            if "&" in link[1]:
                attributes = {key: html.unescape(value) for key, value in attributes.items()}
            if "href" in attributes:
                page.anchors.append(attributes)
    page.feed(text[start:])
    page.close()
    return page


class _Page(HTMLParser):
    """Collects what matters; character references in attributes are decoded by the base."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[dict[str, str | None]] = []
        self.base: str | None = None
        self.version: str | None = None
        self.is_html = False
        self.interactive = False

    @property
    def is_between_tags(self) -> bool:
        """Whether all that was fed is complete, so that what follows is read as new."""
        return not self.rawdata and self.cdata_elem is None

    def handle_decl(self, decl: str) -> None:
        self.is_html = self.is_html or decl.lower().startswith("doctype html")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            attributes = dict(attrs)
            if "href" in attributes:
                self.anchors.append(attributes)
        elif tag == "base" and self.base is None:
            self.base = dict(attrs).get("href")
        elif tag == "meta":
            attributes = dict(attrs)
            if attributes.get("name") == "pypi:repository-version":
                self.version = attributes.get("content") or ""
        elif tag in {"html", "body"}:
            self.is_html = True
        elif tag in {"form", "script", "input"}:
            self.interactive = True
