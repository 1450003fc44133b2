"""The users' documents: docs/*.md as pages, and the list of them."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markupsafe import Markup

from ...matrix import loading
from ..page import Findable, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

    from ..page import Site

ORDER = ("tutorial", "using", "installing", "choosing", "living", "migrating", "errors")
"""The documents that come first, in the order in which somebody needs them."""

CONTRIBUTORS = frozenset({"architecture", "symptoms"})
"""Documents that are read beside the code."""


def pages(site: Site) -> Iterator[Page]:
    """The list, and a page a document."""
    found = []
    for path in loading.docs_folder().glob("*.md"):
        if path.stem not in CONTRIBUTORS:
            title, content = rendered(path.read_text("utf-8"), site.repository)
            found.append((path.stem, title, content))
    found.sort(key=lambda one: (ORDER.index(one[0]) if one[0] in ORDER else len(ORDER), one[1]))
    yield Page(
        path="docs/index.html",
        template="docs.html",
        here="docs",
        values={"documents": [(name, title) for name, title, _ in found]},
    )
    for name, title, content in found:
        yield Page(
            path=f"docs/{name}/index.html",
            template="document.html",
            here="docs",
            values={"title": title, "content": Markup(content)},  # noqa: S704 - rendered without raw HTML
            found=Findable(kind="document", title=title),
        )


def rendered(text: str, repository: str) -> tuple[str, str]:
    """The title of a Markdown text, and its HTML. Raw HTML in it is shown as text.

    Links to other documents become links to their pages, and those to other files of the
    repository links to it, or plain text where its address is not known.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    title = next((one.content for one in tokens if one.type == "inline"), "")
    for before, token in itertools.pairwise(tokens):
        if before.type == "heading_open":
            before.attrs["id"] = re.sub(r"[^a-z0-9]+", "-", token.content.lower()).strip("-")
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs["href"] = _target(str(child.attrs["href"]), repository)
        if token.children:
            token.children = _without_empty_links(token.children)
    html = reader.renderer.render(tokens, reader.options, {})
    html = html.replace(
        "<table>",
        '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="list">',
    )
    html = html.replace("</table>", "</table></div>")
    return title, html.replace("<pre>", '<pre tabindex="0">')


def _target(link: str, repository: str) -> str:
    """Where a link of a document leads on the site; empty for nowhere."""
    if re.match(r"[a-z]+:|#", link):
        return link
    path, mark, anchor = link.partition("#")
    if "/" not in path and path.endswith(".md") and path[:-3] not in CONTRIBUTORS:
        return f"../{path[:-3]}/{mark}{anchor}"
    if not repository:
        return ""
    inside = path.removeprefix("../") if path.startswith("../") else f"docs/{path}"
    return f"{repository}/blob/main/{inside}"


def _without_empty_links(tokens: Sequence[Token]) -> list[Token]:
    found: list[Token] = []
    empty = False
    for one in tokens:
        if one.type == "link_open":
            empty = one.attrs["href"] == ""
        if not (empty and one.type in ("link_open", "link_close")):
            found.append(one)
        if one.type == "link_close":
            empty = False
    return found
