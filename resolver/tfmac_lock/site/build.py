"""The whole site as files: what ``publish site`` writes and what the service answers with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from .. import languages
from ..errors import MissingExtra, OutsideError, UsageError
from ..files import alone, write_whole
from ..languages import ENGLISH, TRANSLATED
from ..target import Arch
from .grid import make_grid
from .inputs import Inputs, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .page import Page

try:
    from . import api, constraints, openapi, search
    from .badge import badge
    from .changes import atom
    from .page import Site
    from .pages import all_pages, alternates, folder_of, render
    from .spoken import said
except ImportError as error:
    raise MissingExtra("the site", "site") from error

MARK = ".tfmac-lock-site"
"""Lies in a folder that this program may overwrite."""


@dataclass(eq=False)
class FolderInUse(UsageError):
    """The output folder holds something that is not a site of this program."""

    folder: str
    template = "{folder} is not empty and not a site made by tfmac-lock; name another folder"


def render_site(
    inputs: Inputs,
    *,
    base: str = "/",
    repository: str = "",
    service: str = "",
    computed: openapi.Computed | None = None,
    translated: Sequence[str] = (),
) -> dict[str, bytes]:
    """Every file of the site with its content, by path; the same inputs give the same bytes.

    It is in English, and its pages besides in the languages whose codes are ``translated``.

    ``base`` is the path that the site stands under, or its whole address where that is known, and
    ``computed`` what a service that answers there computes, for the description of the API.
    ``service`` is the address of a service elsewhere, and ``repository`` that of the facts.
    """
    address, base = split_base(base)
    grids = [make_grid(inputs.matrix, arch, inputs.locks) for arch in Arch]
    files: dict[str, str] = {}
    locks = {
        f"locks/{item.id}/{name}": text
        for item in inputs.locks
        for name, text in item.files.items()
    }
    files |= locks
    for item in inputs.locks:
        combo = item.lock.combo
        plugin = f"metal {combo.metal}" if combo.metal else "CPU"
        label = f"TensorFlow {combo.tensorflow} · {plugin}"
        files[f"locks/{item.id}/badge.svg"] = badge(label, item.status)
    site = Site(
        inputs=inputs,
        grids=grids,
        base=base,
        address=address,
        repository=repository,
        service=service,
        computed=computed,
        languages=(ENGLISH, *translated),
    )
    files |= dict(api.render(inputs, grids, site.companions))
    files |= {f"{constraints.FOLDER}/{one.name}": one.text for one in site.constraints}
    pages = list(all_pages(site))
    shown: dict[str, bytes] = {}
    for code in site.languages:
        language = languages.load(code)
        # As bytes at once: the texts of all languages together would take a quarter of a GB.
        shown |= {path: text.encode() for path, text in render(site, pages, language)}
        files[f"{folder_of(code)}search.json"] = search.index(pages, language)
        if code != ENGLISH:
            files[f"{folder_of(code)}symptoms.json"] = said(inputs.symptoms, language)
    files["feed.xml"] = atom(inputs, address or base)
    files["robots.txt"] = "User-agent: *\nAllow: /\n"
    if address:
        files["robots.txt"] += f"Sitemap: {address}sitemap.xml\n"
        files["sitemap.xml"] = sitemap(site, pages)
    files[f"{api.ROOT}/openapi.json"] = openapi.dump(site.description)
    made = {path: text.encode() for path, text in files.items()} | shown
    sums = api.checksums({path: made[path] for path in locks})
    made[f"{api.ROOT}/checksums.json"] = api.dump(sums).encode()
    made["locks/SHA256SUMS"] = "".join(
        f"{row.sha256}  {row.path.removeprefix('locks/')}\n" for row in sums.files
    ).encode()
    for entry in (resources.files(__package__) / "static").iterdir():
        made[f"static/{entry.name}"] = entry.read_bytes()
    made["favicon.ico"] = made.pop("static/favicon.ico")  # where browsers look for it unasked
    return made


def sitemap(site: Site, pages: Iterable[Page]) -> str:
    """The pages by their addresses, each with its languages.

    Source: https://www.sitemaps.org/protocol.html, and for the languages
    https://developers.google.com/search/docs/specialty/international/localized-versions.
    """
    rows = []
    for page in sorted(pages, key=lambda page: page.path):
        if not page.path.endswith("index.html"):
            continue
        others = alternates(site, page.path, "")
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{tag}" href="{address}"/>'
            for tag, address in [
                *((one.tag, one.address) for one in others),
                *(("x-default", one.address) for one in others[:1]),
            ]
        )
        places = [one.address for one in others] or [
            f"{site.address}{page.path.removesuffix('index.html')}"
        ]
        rows += [f"<url><loc>{place}</loc>{links}</url>\n" for place in places]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{"".join(rows)}</urlset>\n'
    )


def build_site(
    out: Path,
    *,
    base: str = "/",
    repository: str = "",
    service: str = "",
    locks: Path | None = None,
) -> int:
    """Write the site to that folder and return the number of its files.

    What an earlier build left there and this one does not make is removed. Raises FolderInUse
    where the folder holds anything else.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise FolderInUse(str(out))
    files = render_site(
        load(locks), base=base, repository=repository, service=service, translated=TRANSLATED
    )
    try:
        with alone(out):
            _write(out, files)
    except OSError as error:
        raise OutsideError(f"{error.filename}: {error.strerror}") from error
    return len(files)


def _write(out: Path, files: dict[str, bytes]) -> None:
    (out / MARK).touch()
    for path in sorted(out.rglob("*"), reverse=True):
        name = path.relative_to(out).as_posix()
        if path.is_file() and name not in files and name != MARK:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    for name, content in files.items():
        path = out / name
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
            continue  # its time of change is what a web server tells browsers
        write_whole(path, content)


def split_base(base: str) -> tuple[str, str]:
    """The whole address, empty where only a path is known, and the path."""
    if "://" not in base:
        return "", base
    return base, "/" + base.split("/", 3)[3]


def base_path(given: str) -> str:
    """The path below which pages stand, with a slash at both ends; raises UsageError.

    Of a whole address, which search engines and feed readers need, the host is kept before it.
    """
    found = re.fullmatch(r"(https?://[A-Za-z0-9.:-]+)(/.*)?", given)
    if found:
        return found[1] + base_path(found[2] or "/")
    path = f"/{given.strip('/')}/" if given.strip("/") else "/"
    if not re.fullmatch(r"/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*", path):
        raise UsageError(f"--base {given!r}: write a path like /tensorflow/, or an address")
    return path


def repository_address(given: str) -> str:
    """The repository's address without a slash at its end, or empty; raises UsageError."""
    return _address("--repository", given).rstrip("/")


def service_address(given: str) -> str:
    """The service's address with a slash at its end, or empty; raises UsageError."""
    found = _address("--service", given).rstrip("/")
    return f"{found}/" if found else ""


def _address(option: str, given: str) -> str:
    if given and not re.fullmatch(r"https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~/-]*)?", given):
        raise UsageError(f"{option} {given!r}: write an address, like https://example.org/name")
    return given
