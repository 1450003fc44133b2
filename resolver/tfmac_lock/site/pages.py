"""The pages for people: templates filled from the inputs. Links are relative throughout.

Each page stands once in every language that the site is made in: the English ones at the root, the
others below the code of their language. Files that are no pages are shared.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .. import __version__
from ..languages import ENGLISH, NAMES, TAGS
from ..matrix.facts import METAL
from .figures import drawing, shown
from .kinds import KINDS
from .spoken import Spoken, marked
from .words import (
    ARCH_TITLES,
    FOUND_TITLES,
    GLYPHS,
    GRADE_TITLES,
    KIND_TITLES,
    STAGE_TITLES,
    STATUS_TITLES,
    general,
    spans,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..languages import Language
    from .page import Page, Site

STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def all_pages(site: Site) -> Iterator[Page]:
    """Every page of the site."""
    for pages in KINDS:
        yield from pages(site)


def render(site: Site, pages: Iterable[Page], language: Language) -> Iterator[tuple[str, str]]:
    """The pages in one language as HTML, each with its path below the site's root."""
    environment = _environment(site, language)
    folder = folder_of(language.code)
    for page in pages:
        if page.path == "404.html":
            if language.code != ENGLISH:
                continue  # a server shows the one at its root, whatever was asked for
            root = files = site.base
        else:
            root = "../" * page.path.count("/") or "./"
            files = f"../{root.removeprefix('./')}" if folder else root
        path = f"{folder}{page.path}"
        yield (
            path,
            environment.get_template(page.template).render(
                path=path,
                root=root,
                files=files,
                here=page.here,
                alternates=alternates(site, page.path, files),
                **page.values,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternate:
    """A page in one of its languages: ``link`` from the page in hand, and the whole address."""

    tag: str
    name: str
    link: str
    address: str


def folder_of(code: str) -> str:
    """The folder below the site's root in which the pages of a language stand."""
    return "" if code == ENGLISH else f"{code}/"


def alternates(site: Site, path: str, files: str) -> list[Alternate]:
    """The page in all languages of the site, English first; none where there is but one.

    What is missing has one page for all, which leads to the first page of each.
    """
    if len(site.languages) < 2:
        return []
    below = "" if path == "404.html" else path.removesuffix("index.html")
    return [
        Alternate(
            tag=TAGS[code],
            name=NAMES[code],
            link=f"{files}{folder_of(code)}{below}",
            address=f"{site.address or files}{folder_of(code)}{below}",
        )
        for code in site.languages
    ]


def _shown(value: object) -> object:
    """What a template prints, without characters that steer a terminal or end a line elsewhere."""
    if not isinstance(value, str) or value.isprintable():
        return value
    shown = STEERING.sub("\N{REPLACEMENT CHARACTER}", value)
    return Markup(shown) if isinstance(value, Markup) else shown  # noqa: S704 - it was one before


def _environment(site: Site, language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("tfmac_lock.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        finalize=_shown,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined] # the extension's
        language.gettext, language.ngettext, newstyle=True
    )
    spoken = Spoken(language)
    environment.filters |= {
        "source": functools.partial(source_link, repository=site.repository, spoken=spoken),
        "literal": literal,
        "size": spoken.size,
        "spans": spans,
        "general": general,
        "marked": spoken.marked,
        "translated": spoken.translated,
        "text": language.translated,
        "day": spoken.day,
        "shown": shown,
        "drawing": drawing,
    }
    environment.globals |= {
        "language": language,
        "english": language.code == ENGLISH,
        "address": site.address,
        "program": f"uvx --from {f'git+{site.repository}' if site.repository else '.'} tfmac-lock",
        "service": site.service,
        "service_origin": "/".join(site.service.split("/")[:3]),
        "repository": site.repository,
        "here_answers": site.computed is not None,
        "as_of": site.inputs.as_of,
        "explained": {symptom["id"] for symptom in site.inputs.symptoms},
        "version": __version__,
        "platforms": site.inputs.matrix.platforms,
        "glyphs": GLYPHS,
        "statuses": STATUS_TITLES,
        "grades": GRADE_TITLES,
        "kinds": KIND_TITLES,
        "archs": ARCH_TITLES,
        "found_titles": FOUND_TITLES,
        "stages": STAGE_TITLES,
        "metal_package": METAL,
    }
    return environment


def literal(text: str) -> Markup:
    """A docstring with what stands between double backticks as code."""
    return marked(text.replace("``", "`"))


def source_link(source: str, repository: str = "", spoken: Spoken | None = None) -> Markup:
    """A source as a link where it is an address or a file of the repository, else as its words.

    Words are English in every language.
    """
    if re.match(r"https?://", source):
        shown = re.sub(r"^https?://(www\.)?", "", source).rstrip("/")
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(source, shown)
    if repository and re.fullmatch(r"matrix/[\w./+-]+", source):
        return Markup('<a href="{}/blob/HEAD/{}" rel="noreferrer">{}</a>').format(
            repository, source, source
        )
    words = spoken.in_english(source) if spoken else escape(source)
    return Markup('<span class="said">{}</span>').format(words)
