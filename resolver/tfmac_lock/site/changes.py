"""What became known, and when: the feed is made of the dates that the facts themselves carry."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..files import on_one_line
from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL
from ..matrix.reasons import Grade
from . import documents as doc
from .words import KIND_TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.facts import Evidence
    from .inputs import Inputs

MOST_ENTRIES = 50
MOST_TEXTS = 3
"""How many observations of one day an entry quotes."""
ATOM = "http://www.w3.org/2005/Atom"


def changes(inputs: Inputs) -> Iterator[doc.Change]:
    """Releases, reports and proofs with a full date: one entry a subject and day, newest first."""
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
    """The evidence of each day about one TensorFlow and plugin, of one kind, as one entry."""
    subjects: dict[tuple[str, str, Grade], list[Evidence]] = {}
    for item in inputs.matrix.evidence:
        # The vendor's table is undated; its date is the day on which it was read.
        if item.grade is Grade.VENDOR or not re.fullmatch(r"\d{4}-\d\d-\d\d", item.date or ""):
            continue
        subjects.setdefault((item.date or "", _pair(item), item.grade), []).append(item)
    for (day, pair, grade), items in subjects.items():
        outcomes = " and ".join(sorted({item.outcome.value for item in items}, reverse=True))
        texts = list(dict.fromkeys(item.text for item in items))
        more = f" And {len(texts) - MOST_TEXTS} more." if len(texts) > MOST_TEXTS else ""
        named = hashlib.sha256(f"{day}|{pair}|{grade.value}".encode()).hexdigest()[:12]
        yield doc.Change(
            id=f"evidence-{named}",
            date=day,
            title=f"{pair}: {outcomes} ({KIND_TITLES[grade.value]})",
            text=". ".join(text.rstrip(".") for text in texts[:MOST_TEXTS]) + f".{more}",
            page=_page(inputs, items[0]),
        )


def _pair(item: Evidence) -> str:
    plugin = f" + {METAL} {item.metal}" if item.metal else ""
    return f"TensorFlow {item.tensorflow.removeprefix('==')}{plugin}"


def _page(inputs: Inputs, item: Evidence) -> str:
    """The page of the very TensorFlow, else of the plugin, else of all releases."""
    one = re.fullmatch(r"==(\d[\d.a-z]*)", item.tensorflow)
    for package in (item.package, *TENSORFLOW_PACKAGES):
        if one and package and inputs.matrix.release(package, one[1]):
            return f"releases/{package}-{one[1]}/"
    return f"releases/{METAL}-{item.metal}/" if item.metal else "releases/"


def atom(inputs: Inputs, root: str) -> str:
    """The feed (RFC 4287) of the last changes. Its links begin with ``root``."""
    entries = list(changes(inputs))[:MOST_ENTRIES]
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    SubElement(feed, "id").text = "tag:tfmac-lock,2026:feed"
    SubElement(feed, "title").text = "tfmac-lock: changes in the matrix"
    newest = entries[0].date if entries else inputs.as_of
    SubElement(feed, "updated").text = f"{max(newest, inputs.as_of)}T00:00:00Z"
    SubElement(feed, "link", {"rel": "self", "href": f"{root}feed.xml"})
    SubElement(feed, "link", {"rel": "alternate", "href": f"{root}changes/"})
    author = SubElement(feed, "author")
    SubElement(author, "name").text = "tfmac-lock"
    for change in entries:
        entry = SubElement(feed, "entry")
        SubElement(entry, "id").text = f"tag:tfmac-lock,2026:{change.id}"
        SubElement(entry, "title").text = on_one_line(change.title)
        SubElement(entry, "updated").text = f"{change.date}T00:00:00Z"
        SubElement(entry, "link", {"rel": "alternate", "href": f"{root}{change.page}"})
        SubElement(entry, "summary").text = on_one_line(change.text)
    indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed, "unicode") + "\n"
