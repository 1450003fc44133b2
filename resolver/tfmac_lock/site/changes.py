"""What became known, and when: the feed is made of the dates that the facts themselves carry."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..matrix.facts import METAL
from ..matrix.reasons import Grade
from . import documents as doc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.facts import Evidence
    from .inputs import Inputs

MOST_ENTRIES = 60
ATOM = "http://www.w3.org/2005/Atom"


def changes(inputs: Inputs) -> Iterator[doc.Change]:
    """Releases, reports and proofs with a full date, newest first."""
    found = [*_releases(inputs), *_evidence(inputs)]
    yield from sorted(found, key=lambda change: (change.date, change.id), reverse=True)


def _releases(inputs: Inputs) -> Iterator[doc.Change]:
    for release in inputs.matrix.releases:
        dates = [wheel.uploaded[:10] for wheel in release.wheels if wheel.uploaded]
        if dates and release.final:
            yield doc.Change(
                id=f"release-{release.package}-{release.version}",
                date=min(dates),
                title=f"{release.package} {release.version} released",
                text=f"{len(release.wheels)} wheels for the Mac and its Linux guests.",
                page=f"releases/{release.package}-{release.version}/",
            )


def _evidence(inputs: Inputs) -> Iterator[doc.Change]:
    for item in inputs.matrix.evidence:
        # The vendor's table is undated; its date is the day on which it was read.
        if item.grade is Grade.VENDOR or not re.fullmatch(r"\d{4}-\d\d-\d\d", item.date or ""):
            continue
        yield doc.Change(
            id=f"evidence-{_fingerprint(item)}",
            date=item.date or "",
            title=f"{_pair(item)}: {item.outcome.value} ({item.grade.value})",
            text=item.text,
            page=_page(item),
        )


def _fingerprint(item: Evidence) -> str:
    """A name that stays the same when other evidence is added."""
    told = "|".join(
        map(str, (item.grade.value, item.tensorflow, item.metal, item.source, item.text))
    )
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _pair(item: Evidence) -> str:
    plugin = f" + {METAL} {item.metal}" if item.metal else ""
    return f"TensorFlow {item.tensorflow.removeprefix('==')}{plugin}"


def _page(item: Evidence) -> str:
    return f"releases/{METAL}-{item.metal}/" if item.metal else "releases/"


def atom(inputs: Inputs) -> str:
    """The feed (RFC 4287). Its links are relative, as the specification allows."""
    entries = list(changes(inputs))[:MOST_ENTRIES]
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    SubElement(feed, "id").text = "tag:tfmac-lock,2026:feed"
    SubElement(feed, "title").text = "tfmac-lock: changes in the matrix"
    newest = entries[0].date if entries else inputs.as_of
    SubElement(feed, "updated").text = f"{max(newest, inputs.as_of)}T00:00:00Z"
    SubElement(feed, "link", {"rel": "self", "href": "feed.xml"})
    SubElement(feed, "link", {"rel": "alternate", "href": "changes/"})
    author = SubElement(feed, "author")
    SubElement(author, "name").text = "tfmac-lock"
    for change in entries:
        entry = SubElement(feed, "entry")
        SubElement(entry, "id").text = f"tag:tfmac-lock,2026:{change.id}"
        SubElement(entry, "title").text = change.title
        SubElement(entry, "updated").text = f"{change.date}T00:00:00Z"
        SubElement(entry, "link", {"rel": "alternate", "href": change.page})
        SubElement(entry, "summary").text = change.text
    indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed, "unicode") + "\n"
