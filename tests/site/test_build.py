from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
import struct
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit
from xml.etree import ElementTree

import pytest

from tfmac_lock.errors import UsageError
from tfmac_lock.matrix import loading
from tfmac_lock.site.build import (
    FolderInUse,
    base_path,
    build_site,
    render_site,
    repository_address,
    service_address,
)
from tfmac_lock.site.words import FOUND_TITLES

from .conftest import BASE

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.site.inputs import Inputs


class Page(HTMLParser):
    """What a page points to, and whatever a strict policy would block in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        known = dict(attrs)
        if "id" in known:
            self.ids.append(known["id"] or "")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.inline.append(f"<{tag} {name}>")
            if name in ("href", "src", "action") and value is not None:
                loaded = name == "src" or tag == "link"
                (self.loads if loaded else self.links).append(value)

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and data.strip():
            self.inline.append(self._open)


@pytest.fixture(scope="module")
def pages(site: dict[str, bytes]) -> dict[str, Page]:
    return {
        path: Page(content.decode()) for path, content in site.items() if path.endswith(".html")
    }


def target(site: dict[str, bytes], page: str, link: str) -> str | None:
    """The file that the link on that page leads to, or None for another site's address."""
    address = urljoin(f"https://here{BASE}{page.removesuffix('index.html')}", link)
    parts = urlsplit(urldefrag(address)[0])
    if parts.netloc != "here":
        return None
    path = parts.path.removeprefix(BASE)
    return posixpath.join(path, "index.html") if path.endswith("/") or not path else path


@pytest.mark.slow
def test_every_link_of_every_page_leads_to_a_file_of_the_site(
    site: dict[str, bytes], pages: dict[str, Page]
) -> None:
    broken = {
        (page, link)
        for page, found in pages.items()
        for link in (*found.links, *found.loads)
        if (leads := target(site, page, link)) is not None and leads not in site
    }

    assert not broken


def test_links_are_relative_so_that_the_site_works_under_any_path(pages: dict[str, Page]) -> None:
    rooted = {
        (page, link)
        for page, found in pages.items()
        if page != "404.html"
        for link in (*found.links, *found.loads)
        if link.startswith("/")
    }

    assert not rooted


def test_the_page_for_what_is_missing_links_from_the_root_as_it_shows_at_any_depth(
    site: dict[str, bytes],
) -> None:
    found = Page(site["404.html"].decode())

    assert all(link.startswith(BASE) or link == "#main" for link in found.links)
    assert all(link.startswith(BASE) for link in found.loads)


def test_pages_load_nothing_from_elsewhere_and_hold_nothing_that_the_policy_blocks(
    site: dict[str, bytes], pages: dict[str, Page]
) -> None:
    for page, found in pages.items():
        assert not found.inline, page
        assert all(target(site, page, load) is not None for load in found.loads), page
        assert len(found.ids) == len(set(found.ids)), page


@pytest.mark.parametrize("page", ["index.html", "intel/index.html"])
def test_the_first_page_weighs_less_than_30_kilobytes_until_something_is_chosen(
    site: dict[str, bytes], page: str
) -> None:
    links = {target(site, page, load) for load in Page(site[page].decode()).loads}
    loaded = links - {"feed.xml"}  # which only feed readers load
    modules = {"static/choice.js", "static/asked.js"}  # what its scripts import

    weight = sum(len(gzip.compress(site[name], 6)) for name in {page} | loaded | modules if name)

    assert weight < 30_000


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes(inputs: Inputs, site: dict[str, bytes]) -> None:
    assert render_site(inputs, base=BASE) == site


def test_the_grid_shows_each_lock_with_the_status_that_its_files_state(
    inputs: Inputs, site: dict[str, bytes]
) -> None:
    for item in inputs.locks:
        page = site[f"locks/{item.id}/index.html"].decode()
        assert f'class="pill {item.status.value}"' in page
        assert item.status.value in site[f"locks/{item.id}/badge.svg"].decode()


def test_lockfiles_are_published_byte_for_byte(inputs: Inputs, site: dict[str, bytes]) -> None:
    item = inputs.locks[0]

    for name, text in item.files.items():
        assert site[f"locks/{item.id}/{name}"].decode() == text


@pytest.mark.slow
def test_a_lock_that_only_conda_can_install_says_how(inputs: Inputs) -> None:
    item = inputs.locks[0]
    files = {"conda-lock.yml": "version: 1\n", "lock.json": item.files["lock.json"]}

    made = render_site(replace(inputs, locks=(replace(item, files=files),)))

    page = made[f"locks/{item.id}/index.html"].decode()
    assert "micromamba create --name tensorflow --file conda-lock.yml" in page
    assert "requirements.txt" not in page
    assert made[f"locks/{item.id}/conda-lock.yml"] == b"version: 1\n"


def test_checksums_are_those_of_the_files(site: dict[str, bytes]) -> None:
    told = json.loads(site["api/v1/checksums.json"])["files"]
    lines = site["locks/SHA256SUMS"].decode().splitlines()

    assert told
    for row in told:
        assert hashlib.sha256(site[row["path"]]).hexdigest() == row["sha256"]
    assert lines == [f"{row['sha256']}  {row['path'].removeprefix('locks/')}" for row in told]


def test_the_feed_is_well_formed_and_its_entries_lead_to_pages(site: dict[str, bytes]) -> None:
    name = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(site["feed.xml"])
    ids = [entry.findtext(f"{name}id") for entry in feed.iter(f"{name}entry")]

    assert len(ids) == len(set(ids)) > 10
    for link in feed.iter(f"{name}link"):
        assert target(site, "feed.xml", link.attrib["href"]) in site
        assert link.attrib["href"].startswith(BASE)


def test_each_subject_has_one_entry_a_day_and_the_page_shows_the_last_fifty(
    site: dict[str, bytes],
) -> None:
    entries = json.loads(site["api/v1/changes.json"])["changes"]
    page = site["changes/index.html"].decode()

    assert len({(entry["date"], entry["title"]) for entry in entries}) == len(entries) > 50
    assert page.count("<time") == 50 + page.count('<time datetime="', page.index("<footer"))


def test_every_lock_is_linked_from_the_page_of_all_locks(
    inputs: Inputs, site: dict[str, bytes], pages: dict[str, Page]
) -> None:
    linked = {target(site, "locks/index.html", link) for link in pages["locks/index.html"].links}

    assert {f"locks/{item.id}/index.html" for item in inputs.locks} <= linked


@pytest.mark.slow
def test_a_site_whose_address_is_known_has_a_map_and_says_where_each_page_lives(
    inputs: Inputs,
) -> None:
    few = replace(inputs, locks=inputs.locks[:2])
    made = render_site(few, base="https://example.org/tf/")
    page = made["install/index.html"].decode()

    assert '<link rel="canonical" href="https://example.org/tf/install/">' in page
    assert b"<loc>https://example.org/tf/</loc>" in made["sitemap.xml"]
    assert b"404" not in made["sitemap.xml"]
    assert b"Sitemap: https://example.org/tf/sitemap.xml" in made["robots.txt"]
    assert b'href="https://example.org/tf/feed.xml"' in made["feed.xml"]
    assert b'href="/tf/' in made["404.html"]


def test_the_icon_lies_where_browsers_look_for_it(site: dict[str, bytes]) -> None:
    assert site["favicon.ico"].startswith(b"\0\0\1\0")


def test_no_page_shows_a_regular_expression_in_the_place_of_words(
    inputs: Inputs, site: dict[str, bytes]
) -> None:
    for symptom in inputs.symptoms:
        page = site[f"symptoms/{symptom['id']}/index.html"].decode()
        assert "(?:" not in page
        assert "[^" not in page


def test_badges_are_well_formed_and_say_their_text_to_a_screen_reader(
    site: dict[str, bytes],
) -> None:
    for path, content in site.items():
        if path.endswith("badge.svg"):
            assert ElementTree.fromstring(content).attrib["aria-label"], path


@pytest.mark.slow
def test_text_from_the_facts_is_never_taken_for_markup(inputs: Inputs) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m"
    symptom = {
        **inputs.symptoms[0],
        "id": "evil",
        "title": evil,
        "cause": evil,
        "cures": [{"text": evil, "command": evil, "when": []}],
        "tried": [evil],
        "sources": [{"url": "javascript:alert(1)", "says": evil}],
    }

    made = render_site(replace(inputs, symptoms=(symptom,), locks=()))
    page = made["symptoms/evil/index.html"].decode()

    assert "<script>alert" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert not Page(page).inline


def test_every_page_that_search_finds_is_there_and_search_knows_every_lock_and_error(
    inputs: Inputs, site: dict[str, bytes]
) -> None:
    entries = json.loads(site["search.json"])["entries"]
    paths = {entry["path"] for entry in entries}

    assert all(f"{path}index.html" in site for path in paths)
    assert {f"locks/{item.id}/" for item in inputs.locks} <= paths
    assert {f"symptoms/{symptom['id']}/" for symptom in inputs.symptoms} <= paths
    assert {f"companions/{one.name}/" for one in inputs.matrix.companions.facts} <= paths
    assert {entry["kind"] for entry in entries} <= FOUND_TITLES.keys()


@pytest.mark.slow
def test_a_site_that_knows_its_repository_links_to_the_facts_and_to_the_forms(
    inputs: Inputs, pages: dict[str, Page]
) -> None:
    there = "https://code.example/o/n"
    made = render_site(replace(inputs, locks=inputs.locks[:1]), repository=there)
    companion = Page(made["companions/tensorflow-text/index.html"].decode()).links
    symptom = Page(made["symptoms/plugin-symbol-missing/index.html"].decode()).links
    lock = Page(made[f"locks/{inputs.locks[0].id}/index.html"].decode()).links

    assert f"{there}/edit/main/matrix/companions/tensorflow-text.toml" in companion
    trial = next(
        one for one in inputs.matrix.companions.trials if one.companion == "tensorflow-text"
    )
    assert f"{there}/blob/HEAD/{trial.source}" in companion
    assert f"{there}/edit/main/matrix/symptoms/plugin-symbol-missing.toml" in symptom
    assert f"{there}/issues/new?template=error-text.yml" in symptom
    assert f"{there}/issues/new?template=report.yml" in lock
    assert not any(
        link.startswith("https://code.example") for found in pages.values() for link in found.links
    )


@pytest.mark.slow
def test_the_files_and_forms_that_pages_link_to_exist(inputs: Inputs) -> None:
    root = loading.checkout()
    made = render_site(replace(inputs, locks=()), repository="https://code.example/o/n")
    for path, content in made.items():
        if not path.endswith(".html"):
            continue
        for link in Page(content.decode()).links:
            found = re.fullmatch(r"https://code.example/o/n/(?:edit/main|blob/HEAD)/(.+)", link)
            assert found is None or (root / found[1]).exists(), (path, link)
            form = re.fullmatch(r"https://code.example/o/n/issues/new\?template=(.+)", link)
            assert form is None or (root / ".github/ISSUE_TEMPLATE" / form[1]).exists(), link


@pytest.mark.slow
def test_a_service_elsewhere_is_what_the_pages_may_and_do_ask(inputs: Inputs) -> None:
    made = render_site(replace(inputs, locks=()), service="https://live.example/tf/")

    page = made["index.html"].decode()
    assert 'data-service="https://live.example/tf/"' in page
    assert "connect-src 'self' https://live.example;" in page
    assert "data-service" not in render_site(replace(inputs, locks=()))["index.html"].decode()


@pytest.mark.slow
def test_a_site_whose_address_is_known_has_a_card_for_those_who_link_to_it(inputs: Inputs) -> None:
    made = render_site(replace(inputs, locks=()), base="https://example.org/tf/")
    page = made["companions/tensorflow-text/index.html"].decode()

    assert '<meta property="og:title" content="tensorflow-text: which version' in page
    assert '<meta property="og:image" content="https://example.org/tf/static/card.png">' in page
    width, height = struct.unpack(">II", made["static/card.png"][16:24])
    assert (width, height) == (1200, 630)
    assert f'content="{width}"' in page
    assert f'content="{height}"' in page
    assert len(made["static/card.png"]) < 60_000


@pytest.mark.parametrize("given", ["example.org", "https://a b", "ftp://a.example", "https://a?b"])
def test_an_address_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="--repository"):
        repository_address(given)
    with pytest.raises(UsageError, match="--service"):
        service_address(given)


def test_a_site_is_written_only_over_a_site(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")

    with pytest.raises(FolderInUse, match="name another folder"):
        build_site(tmp_path)


def test_building_again_removes_what_is_gone_and_leaves_the_rest_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfmac_lock.site import build

    first = {"index.html": b"one", "pairs/a/index.html": b"a", "feed.xml": b"f"}
    monkeypatch.setattr(build, "load", lambda _: None)
    monkeypatch.setattr(build, "render_site", lambda *_, **__: first)
    build_site(tmp_path / "out")
    before = (tmp_path / "out/feed.xml").stat().st_mtime_ns
    monkeypatch.setattr(
        build, "render_site", lambda *_, **__: {"index.html": b"two", "feed.xml": b"f"}
    )

    build_site(tmp_path / "out")

    assert (tmp_path / "out/index.html").read_bytes() == b"two"
    assert (tmp_path / "out/feed.xml").stat().st_mtime_ns == before
    assert not (tmp_path / "out/pairs/a/index.html").exists()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("", "/"),
        ("/", "/"),
        ("tf", "/tf/"),
        ("/a/b/", "/a/b/"),
        ("https://e.org", "https://e.org/"),
        ("https://e.org:8/a", "https://e.org:8/a/"),
    ],
)
def test_a_base_path_gets_a_slash_at_both_ends(given: str, path: str) -> None:
    assert base_path(given) == path


@pytest.mark.parametrize("given", ["a b", "<x>", "a?b", "../..", "a//b"])
def test_a_base_path_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="write a path"):
        base_path(given)


def test_no_command_makes_a_folder_that_hides_the_package(site: dict[str, bytes]) -> None:
    """A folder called tensorflow, where Python is started, is what `import tensorflow` finds."""
    for path, content in site.items():
        if path.endswith((".html", ".js")):
            assert b"venv tensorflow" not in content, path


def test_the_page_of_a_broken_pair_says_the_fault_first_and_what_to_take_instead(
    inputs: Inputs, site: dict[str, bytes], pages: dict[str, Page]
) -> None:
    path = "pairs/tensorflow-2.18.0-metal-1.1.0-arm64/index.html"
    page = site[path].decode()
    statuses = {item.id: item.status.value for item in inputs.locks}

    assert page.index("What is wrong:") < page.index("Take this instead:") < page.index("<table")
    assert "LogMessage" in page[page.index("What is wrong:") : page.index("Take this")]
    locks = "../../locks/tensorflow-"
    offered = [link.split("/")[-2] for link in pages[path].links if link.startswith(locks)]
    # The same TensorFlow without a plugin works; with the newer one it has a known fault.
    assert offered[0].startswith("tensorflow-2.18.0-cpu")
    assert offered[1].startswith("tensorflow-2.18.0-metal-1.2.0")
    assert [statuses[name] for name in offered[:2]] == ["works", "caution"]
    assert all(statuses[name] in ("works", "caution") for name in offered)


def test_every_broken_pair_has_a_way_on(site: dict[str, bytes]) -> None:
    broken = [
        row for row in json.loads(site["api/v1/pairs.json"])["pairs"] if row["status"] == "broken"
    ]

    assert broken
    for row in broken:
        assert b"Take this instead:" in site[f"pairs/{row['id']}/index.html"], row["id"]


def test_equal_twins_of_several_pythons_are_one_row(site: dict[str, bytes]) -> None:
    page = site["pairs/tensorflow-2.18.0-metal-1.1.0-arm64/index.html"].decode()

    assert page.count(">twin on Linux<") == 1
    assert "2 more for other Pythons" in page


def test_every_road_to_the_gpu_stands_on_its_page_with_state_and_sources(
    inputs: Inputs, site: dict[str, bytes], pages: dict[str, Page]
) -> None:
    page = site["roads/index.html"].decode()
    assert len(inputs.matrix.roads) >= 4
    for road in inputs.matrix.roads:
        part = page[page.index(f'id="{road.id}"') :]
        assert f"<dd>{road.state}</dd>" in part
        assert all(source in part for source in road.sources)
    assert "../roads/" in pages["install/index.html"].links
