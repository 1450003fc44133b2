"""The HTML form of a project page.

PEP 503 (pages, ``#sha256=``, ``data-requires-python``), PEP 592 (``data-yanked``), PEP 629
(the version in a ``meta`` tag), PEP 658 and 714 (``data-dist-info-metadata``,
``data-core-metadata``), PEP 740 (``data-provenance``), PEP 792 (the project's status in ``meta``
tags); and ``data-upload-time``, which no specification has but some mirrors
write.

The page is read in one pass, in which no byte is looked at more than a few times: a quantifier
that ends in ``+`` never gives back what it took, and every pattern that looks for an end takes
the rest of the page where there is none. ``html.parser`` has neither property before the
CPythons of 2025.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from . import links
from .errors import BadIndexAnswer
from .model import Listing, Standing, is_usable, pack_row

if TYPE_CHECKING:
    from collections.abc import Mapping

# The HTML standard, section 13.2.5, as far as links need it. A start tag has a name, of which
# some begin text that is no markup; in a tag a quoted text may hold anything.
_OPENING = re.compile(r"<(?=[a-zA-Z!/?])")
_MARKUP = re.compile(
    r"""<(?:
        !--(?:[^-]++|-(?!->))*+(?:-->|\Z)
        |[!/?][^>]*+(?:>|\Z)
        |([a-zA-Z][^\s/>]*+)((?:[^>"']++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))*+)(?:>|\Z)
    )""",
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s"'>]++)))?""")
_TEXT_ONLY = {
    name: re.compile(rf"</{name}(?=[\s/>])|\Z", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title")
}

# What nearly every index writes, line after line. The pages of one resolve hold 43000 links.
_PLAIN_LINK = re.compile(
    r'<a href="(' + links.PLAIN_FILE + r')(?:#sha256=([0-9a-f]{64}))?"'
    r'((?: data-[a-z-]++="[^"]*+")*+)>[^<]*+</a>\s*+(?:<br ?/?>\s*+)?'
)
_PLAIN_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')


def parse(body: bytes, url: str) -> Listing:
    """What a page says, with the rows (``IndexFile.pack``) of the files that it links to, in order.

    ``url`` is where the page came from, against which links are resolved unless the page has
    a ``base``. ``BadIndexAnswer`` when this is another kind of page: a login form, a start
    page, or no HTML at all. A project without files has a page without links.

    The page is taken for UTF-8 whatever its header says: names and addresses are ASCII.
    """
    text = body.decode("utf-8", "replace")
    page = _Page(url)
    opening = _OPENING.search(text)
    while opening:
        place = opening.start()
        if plain := _PLAIN_LINK.match(text, place):
            address, filename, sha256, more = plain.groups()
            found = _PLAIN_ATTRIBUTE.findall(more) if more else ()
            page.add(filename, address, sha256, {key: _unescape(value) for key, value in found})
            end = plain.end()
        else:
            end = _read_markup(text, place, page)
        opening = _OPENING.search(text, end)
    if page.version is not None and page.version.partition(".")[0] != "1":
        raise BadIndexAnswer(url, f"it speaks version {page.version[:20]!r} of the simple API")
    if not page.distributions and (page.other_links or page.interactive or not page.is_html):
        raise BadIndexAnswer(url, "it is not the page of a project: it links to no files")
    return Listing(tuple(page.rows), page.standing)


def _read_markup(text: str, place: int, page: _Page) -> int:
    """Read one tag, comment or declaration, and return where what follows it begins."""
    markup = _MARKUP.match(text, place)
    if markup is None:
        return place + 1
    if markup[1] is None:
        page.is_html = page.is_html or text[place : place + 14].lower() == "<!doctype html"
        return markup.end()
    name = markup[1].lower()
    page.start_tag(name, _attributes(markup[2][: links.LONGEST]))
    if name not in _TEXT_ONLY:
        return markup.end()
    closing = _TEXT_ONLY[name].search(text, markup.end())
    return closing.start() if closing else len(text)


def _attributes(text: str) -> dict[str, str]:
    """The attributes of a tag by lower-case name; of two of one name the first counts."""
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), _unescape("".join(values)))
    return found


@lru_cache(maxsize=1000)
def _unescape(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a reference of more digits than Python makes a number of
        return text


class _Page:
    """Collects what matters of a page."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.base: str | None = None
        self.version: str | None = None
        self.status: dict[str, str] = {}
        self.rows: list[str] = []
        self.distributions = 0
        self.other_links = False
        self.is_html = False
        self.interactive = False

    @property
    def standing(self) -> Standing:
        """The status of the project."""
        own = "pypi:project-status"
        return Standing.read(self.status.get(own), self.status.get(f"{own}-reason"))

    def start_tag(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take note of a tag."""
        if tag == "a":
            self._link(attributes)
        elif tag == "base" and self.base is None:
            href = links.resolve(self.url, attributes.get("href", ""))
            self.base = href[0] if href else None
        elif tag == "meta":
            name, content = attributes.get("name", ""), attributes.get("content", "")
            if name == "pypi:repository-version":
                self.version = content
            elif name.startswith("pypi:project-status"):
                self.status.setdefault(name, content)
        elif tag in {"html", "body"}:
            self.is_html = True
        elif tag in {"form", "script", "input"}:
            self.interactive = True

    def add(
        self, filename: str, url: str, sha256: str | None, attributes: Mapping[str, str]
    ) -> None:
        """Keep a file, if it is one of a kind that installers ever knew."""
        if not links.is_distribution(filename) or not links.is_safe_name(filename):
            self.other_links = True
            return
        self.distributions += 1
        if not is_usable(filename):
            return
        # PEP 714: the new name of the attribute wins where both are there.
        promised = attributes.get(
            "data-core-metadata", attributes.get("data-dist-info-metadata", "")
        )
        kind, _, digest = promised.partition("=")
        self.rows.append(
            pack_row(
                filename,
                url,
                sha256,
                None,
                attributes.get("data-requires-python"),
                attributes.get("data-yanked"),
                attributes.get("data-upload-time"),
                links.sha256(digest) if kind == "sha256" else None,
                kind == "true" or bool(digest),
                links.provenance(self.base or self.url, attributes.get("data-provenance")),
            )
        )

    def _link(self, attributes: Mapping[str, str]) -> None:
        if "href" not in attributes:
            return
        resolved = links.resolve(self.base or self.url, attributes["href"])
        if resolved is None:
            self.other_links = True
            return
        url, fragment = resolved
        hashes = [part.partition("=") for part in fragment.split("&")]
        sha256 = next((links.sha256(value) for key, _, value in hashes if key == "sha256"), None)
        self.add(links.filename_of(url), url, sha256, attributes)
