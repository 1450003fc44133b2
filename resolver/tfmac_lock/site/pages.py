"""The pages for people: templates filled from the inputs. Links are relative throughout."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .. import __version__
from ..matrix.facts import METAL
from .figures import drawing, shown
from .kinds import KINDS
from .words import (
    ARCH_TITLES,
    FOUND_TITLES,
    GLYPHS,
    GRADE_TITLES,
    KIND_TITLES,
    STAGE_TITLES,
    STATUS_TITLES,
    general,
    size,
    spans,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .page import Page, Site


def all_pages(site: Site) -> Iterator[Page]:
    """Every page of the site."""
    for pages in KINDS:
        yield from pages(site)


def render(site: Site, pages: Iterable[Page]) -> Iterator[tuple[str, str]]:
    """The pages as HTML, each with its path below the site's root."""
    environment = _environment(site)
    for page in pages:
        root = site.base if page.path == "404.html" else "../" * page.path.count("/") or "./"
        template = environment.get_template(page.template)
        yield (
            page.path,
            template.render(path=page.path, root=root, here=page.here, **page.values),
        )


def _environment(site: Site) -> Environment:
    environment = Environment(
        loader=PackageLoader("tfmac_lock.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "source": functools.partial(source_link, repository=site.repository),
        "literal": literal,
        "size": size,
        "spans": spans,
        "general": general,
        "marked": marked,
        "shown": shown,
        "drawing": drawing,
    }
    environment.globals |= {
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


def marked(text: str) -> Markup:
    """The text with what stands between backticks as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick without its partner is only itself
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )


def literal(text: str) -> Markup:
    """A docstring with what stands between double backticks as code."""
    return marked(text.replace("``", "`"))


def source_link(source: str, repository: str = "") -> Markup:
    """A source as a link where it is an address or a file of the repository, else as its words."""
    if re.match(r"https?://", source):
        shown = re.sub(r"^https?://(www\.)?", "", source).rstrip("/")
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(source, shown)
    if repository and re.fullmatch(r"matrix/[\w./+-]+", source):
        return Markup('<a href="{}/blob/HEAD/{}" rel="noreferrer">{}</a>').format(
            repository, source, source
        )
    return Markup('<span class="said">{}</span>').format(escape(source))
