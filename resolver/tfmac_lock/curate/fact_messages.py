"""The facts that people read, as messages for the translators."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..explain import symptoms
from ..matrix import loading
from .message import FACTS, REPORTS, SYMPTOMS, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VERSION = re.compile(r"(?<![\w.])\d+(?:\.\d+)+(?![\w.]*\w)")

ALIKE = 3
"""So many facts that differ in versions alone are one message."""


def of_facts() -> Iterator[Message]:
    """Every text of the facts that a page or the terminal shows."""
    matrix = loading.matrix()
    for symptom in _document("symptoms.json").get("symptoms", ()):
        place = f"matrix/symptoms/{symptom['id']}.toml"
        yield from _facts([*symptoms.shown(symptom), *symptom["tried"]], place, SYMPTOMS)
    vendor = tomllib.loads((loading.checkout() / "matrix" / "vendor.toml").read_text("utf-8"))
    notes = [row.get("note") for row in vendor["pairs"]]
    yield from _facts(notes, "matrix/vendor.toml", FACTS)
    rows: list[tuple[str, Iterable[Any]]] = [
        ("matrix/defects.toml", ((d.title, d.text, d.way_out) for d in matrix.defects)),
        (
            "matrix/defects.toml",
            (switch.when for d in matrix.defects for switch in d.switches),
        ),
        ("matrix/bounds.toml", (bound.reason for bound in matrix.bounds)),
        ("matrix/floors.toml", ((f.run_evidence, f.load_evidence, f.note) for f in matrix.floors)),
        ("matrix/waivers.toml", (waiver.reason for waiver in matrix.waivers)),
        ("matrix/packages.toml", ((p.title, p.text, p.instead) for p in matrix.packages)),
        ("matrix/roads.toml", ((r.name, r.state, r.runs, r.needs, r.text) for r in matrix.roads)),
    ]
    for place, texts in rows:
        yield from _facts(_flat(texts), place, FACTS)
    for one in matrix.companions.facts:
        place = f"matrix/companions/{one.name}.toml"
        reasons = [*(row.reason for row in one.needs), *(row.reason for row in one.settings)]
        defects = [row.text for row in one.defects]
        yield from _facts([one.text, one.successor, *reasons, *defects], place, FACTS)
    for figure in _document("figures.json").get("figures", ()):
        shown = [figure["title"], figure["text"], figure["unit"], f"{figure['better']} is better"]
        yield from _facts(shown, "matrix/figures.toml", FACTS)
    for report in matrix.reports:
        place = f"matrix/reports/{report.id}.toml"
        yield from _facts([report.text, report.way_out], place, REPORTS)


def _flat(rows: Iterable[Any]) -> Iterator[str]:
    for row in rows:
        yield from (row if isinstance(row, tuple) else (row,))


def _facts(texts: Iterable[str | None], place: str, kind: str) -> Iterator[Message]:
    for text in texts:
        if text and re.search(r"[A-Za-z]{2}", text):
            yield Message(text=text, kind=kind, places=[place])


def _document(name: str) -> Mapping[str, Any]:
    import json

    path = loading.COMPILED / name
    data: Mapping[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return data


def drawn_together(facts: list[Message]) -> Iterator[Message]:
    """The facts, those that differ in versions alone as one message with gaps."""
    alike: dict[str, set[str]] = {}
    for one in facts:
        alike.setdefault(VERSION.sub("{}", one.text), set()).add(one.text)
    for one in facts:
        if "{" not in one.text and len(alike[VERSION.sub("{}", one.text)]) >= ALIKE:
            numbers = itertools.count(1)
            text = VERSION.sub(lambda _: f"{{version{next(numbers)}}}", one.text)  # noqa: B023
            yield replace(one, text=text)
        else:
            yield one
