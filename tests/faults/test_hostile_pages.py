"""Hostile texts through every page and everything else that is shown or handed on."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from tests.faults.hostile import HOSTILE
from tests.faults.test_hostile_text import PLAIN, controls, hostile, shape
from tests.prove.macs import mac
from tests.support.locks import lock
from tfmac_lock.check import sbom
from tfmac_lock.check.advisories import Exposure
from tfmac_lock.check.findings import Checked, Finding
from tfmac_lock.check.osv import Advisory
from tfmac_lock.cli import advisories, check, diff
from tfmac_lock.cli.terminal import printable
from tfmac_lock.files import dump_json
from tfmac_lock.lock.difference import difference
from tfmac_lock.prove.handing import form_address, shown
from tfmac_lock.prove.preview import refusal
from tfmac_lock.service.messages import LockRequest
from tfmac_lock.service.problems import Refused, body
from tfmac_lock.service.spoken import in_fields
from tfmac_lock.site.build import render_site
from tfmac_lock.site.inputs import Inputs, load

if TYPE_CHECKING:
    from tfmac_lock.matrix.facts import Matrix

texts = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))


class Tags(HTMLParser):
    """The tags of a page with the names of their attributes, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.leads: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.leads |= {value or "" for name, value in attrs if name in ("href", "src", "action")}


# -- what is handed to other programs


def exposure(text: str) -> Exposure:
    return Exposure(
        package="numpy",
        version="1",
        advisory=Advisory(
            id=text, aliases=(text,), summary=text, severity=text, link=text, affected=()
        ),
        fixed="2",
        blocked=(text,),
        update="",
        pair="",
    )


@texts
def test_a_bill_of_materials_has_the_text_where_it_belongs(text: str) -> None:
    made = dump_json(sbom.document(hostile(text, lock()), [exposure(text)]))
    plain = dump_json(sbom.document(hostile(PLAIN, lock()), [exposure(PLAIN)]))
    assert controls(made) == set()
    assert shape(json.loads(made)) == shape(json.loads(plain))


@texts
def test_an_issue_form_gets_the_text_in_its_own_field(text: str) -> None:
    address = form_address("https://git.example/a/b", {"reports": [{"text": text}]}, text[:300])
    assert address is not None
    assert address.isascii()
    assert address.isprintable()
    assert set(parse_qs(urlsplit(address).query)) == {"template", "title", "report"}
    assert parse_qs(urlsplit(address).query)["title"] == [text[:300]]


@texts
def test_an_answer_of_the_service_is_ascii_and_json(text: str) -> None:
    told = body(Refused(422, "bad-request", in_fields(text)))
    assert told.isascii()
    assert controls(told.decode()) == set()
    assert set(json.loads(told)["error"]) == {"code", "text"}
    with pytest.raises(ValueError, match="validation error"):
        LockRequest.model_validate({"python": text, "chip": text})


# -- what is shown in a terminal


@texts
def test_nothing_in_a_terminal_is_steered(text: str, matrix: Matrix) -> None:
    found = difference(lock(), hostile(text, lock()), matrix)
    words = dict.fromkeys(("package", "text", "cure", "source", "path"), text)
    finding = Finding(code="no-pair", line=1, **words)
    checked = Checked(
        path=text, format="requirements", target="m1", status="broken", findings=(finding,)
    )
    for told in (
        diff.text(found, color=False),
        advisories._text([exposure(text)], 1),
        check.render([checked], color=False),
        printable(shown(mac(chip=text))),
    ):
        assert controls(told) == set()


# -- Markdown


def blocks(markdown: str) -> list[str]:
    """What the text is made of as Markdown, down to links and emphasis."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    nested = [child.type for token in tokens for child in token.children or ()]
    ignored = ("text", "softbreak", "text_special")
    return [token.type for token in tokens] + [one for one in nested if one not in ignored]


@texts
def test_a_text_in_a_pull_request_is_no_markup(text: str, matrix: Matrix) -> None:
    made, plain = (
        diff.markdown(difference(lock(), hostile(one, lock()), matrix)) for one in (text, PLAIN)
    )
    assert controls(made) == set()
    assert blocks(made) == blocks(plain)
    assert blocks(refusal(" ".join(f"x{text}".splitlines()))) == blocks(refusal(PLAIN))


# -- pages


def everywhere(inputs: Inputs, evil: tuple[str, ...]) -> Inputs:
    """The site's inputs with these texts wherever a fact has words of people."""
    matrix = inputs.matrix
    number = 0

    def next_text() -> str:
        nonlocal number
        number += 1
        return evil[number % len(evil)]

    def said(rows: tuple[Any, ...], *names: str) -> tuple[Any, ...]:
        return tuple(replace(row, **{name: next_text() for name in names}) for row in rows)

    symptoms = tuple(
        {
            **inputs.symptoms[0],
            "id": f"evil-{place}",
            "title": next_text(),
            "cause": next_text(),
            "cures": [{"text": next_text(), "command": next_text(), "when": []}],
            "tried": [next_text()],
            "sources": [{"url": next_text(), "says": next_text()}],
        }
        for place in range(len(HOSTILE))
    )
    published = tuple(
        replace(one, lock=hostile(next_text(), one.lock)) for one in inputs.locks[: len(HOSTILE)]
    )
    return replace(
        inputs,
        symptoms=symptoms,
        locks=published,
        unpublished=tuple(one._replace(reason=next_text()) for one in inputs.unpublished),
        matrix=replace(
            matrix,
            bounds=said(matrix.bounds, "reason", "source"),
            defects=said(matrix.defects, "title", "text", "way_out"),
            evidence=said(matrix.evidence, "text", "source"),
            packages=said(matrix.packages, "title", "text", "instead"),
            waivers=said(matrix.waivers, "reason", "source"),
            roads=said(matrix.roads, "state", "text"),
            reports=said(matrix.reports, "text", "source"),
        ),
    )


def images(page: Tags) -> int:
    """How many there are: a lock's page shows its own badge."""
    return [tag for tag, *_ in page.tags].count("img")


@pytest.mark.slow
def test_no_text_of_a_fact_is_markup_on_any_page() -> None:
    inputs = load()
    made = render_site(everywhere(inputs, HOSTILE))
    plain = render_site(everywhere(inputs, (PLAIN,)))

    assert made.keys() == plain.keys()
    pages = [text.decode() for name, text in plain.items() if name.endswith(".html")]
    known = {tag for page in pages for tag, *_ in Tags(page).tags}
    assert not known & {"iframe", "object", "embed", "style", "base"}
    for name, content in made.items():
        if name.endswith((".png", ".ico")):
            assert content == plain[name], name
            continue
        text = content.decode()
        if name.endswith(".html"):
            page = Tags(text)
            assert {tag for tag, *_ in page.tags} <= known, name
            assert images(page) == images(Tags(plain[name].decode())), name
            assert not {one for tag in page.tags for one in tag[1:] if one.startswith("on")}, name
            assert not [one for one in page.leads if re.match(r"\s*(javascript|data):", one)], name
            assert controls(text) == set(), name
        elif name.endswith(".json"):
            json.loads(text)
            assert controls(text) == set(), name
        elif name.endswith((".xml", ".svg")):
            ElementTree.fromstring(text)
