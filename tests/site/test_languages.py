"""The site in other languages: the same pages, and nothing English that is not marked."""

from __future__ import annotations

import gzip
import json
import posixpath
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest

from tfmac_lock.languages import NAMES, TAGS, TRANSLATED, load
from tfmac_lock.matrix.reasons import Status
from tfmac_lock.site.build import render_site

from .conftest import BASE, file_server, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tfmac_lock.site.inputs import Inputs

pytestmark = pytest.mark.slow  # the whole site in every language is made first

ADDRESS = f"https://example.org{BASE}"
COMBO = "locks/tensorflow-2.18.1-metal-1.2.0-py3.11-arm64/"
KINDS = [
    "",
    "intel/",
    "install/",
    "locks/",
    COMBO,
    "pairs/tensorflow-2.18.0-metal-1.1.0-arm64/",
    "companions/",
    "companions/tensorflow-text/",
    "symptoms/",
    "symptoms/plugin-symbol-missing/",
    "check/",
    "search/",
    "releases/",
    "releases/tensorflow-macos-2.15.1/",
    "roads/",
    "figures/",
    "constraints/",
    "coverage/",
    "changes/",
    "reports/",
    "docs/",
    "docs/translating/",
    "api/",
]
"""A page of each kind."""
WORDS_OF_NAMES = re.compile(
    r"[\w./+=<>~!,-]*[\d_./=]\S*|\b(tensorflow|metal|macos|numpy|python|apple|silicon|intel|mac|cpu"
    r"|gpu|pip|uv|conda|poetry|micromamba|api|json|lock|keras|json|relu|elu|dense|fit|predict)\b",
    re.IGNORECASE,
)


class Shown(HTMLParser):
    """What somebody reads of a page that is not marked as English, code or a name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.head: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.lang = ""
        self._open: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang = known["lang"]
        if tag == "link":
            self.head.append((tag, known))
        for name in ("href", "src", "action"):
            if name in known:
                self.links.append(known[name])
        if tag in ("meta", "link", "input", "br", "img"):
            return
        hidden = tag in ("code", "pre", "script", "option") or (
            tag != "html" and known.get("lang", "") != ""
        )
        self._open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(hidden for _, hidden in self._open):
            self.texts.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def site(inputs: Inputs) -> dict[str, bytes]:
    """The site in all languages, with a few locks."""
    few = [item for item in inputs.locks if item.id in COMBO][:1]
    return render_site(
        replace(inputs, locks=(*few, *inputs.locks[:3])),
        base=ADDRESS,
        translated=TRANSLATED,
    )


@pytest.fixture(scope="module")
def address(site: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with file_server(site, tmp_path_factory.mktemp("web")) as address:
        yield address


def page(site: dict[str, bytes], path: str) -> Shown:
    return Shown(site[f"{path}index.html"].decode())


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_page_is_there_in_every_language(site: dict[str, bytes], code: str) -> None:
    english = {
        path
        for path in site
        if path.endswith("index.html") and path[:3] not in ("vi/", "ja/", "zh-")
    }
    own = {path.removeprefix(f"{code}/") for path in site if path.startswith(f"{code}/")}

    assert english <= own
    assert own - english == {"search.json", "symptoms.json"}


@pytest.mark.parametrize("code", NAMES)
@pytest.mark.parametrize("path", KINDS)
def test_a_page_names_its_language_and_its_others(
    site: dict[str, bytes], code: str, path: str
) -> None:
    folder = "" if code == "en" else f"{code}/"
    found = page(site, folder + path)
    assert found.lang == TAGS[code]

    others = {
        known["hreflang"]: known["href"]
        for _, known in found.head
        if known["rel"] == "alternate" and known.get("type") is None
    }
    wanted = {TAGS[one]: f"{ADDRESS}{'' if one == 'en' else f'{one}/'}{path}" for one in NAMES}
    assert others == {**wanted, "x-default": wanted["en"]}
    canonical = next(known["href"] for _, known in found.head if known["rel"] == "canonical")
    assert canonical == wanted[TAGS[code]]

    # The line of languages stays on the page, whatever the site's place.
    here = f"{ADDRESS}{folder}{path}"
    switch = re.findall(
        r'<a href="([^"]+)" lang="([^"]+)" hreflang', site[f"{folder}{path}index.html"].decode()
    )
    assert {tag: urljoin(here, link) for link, tag in switch} == wanted


@pytest.mark.parametrize("code", TRANSLATED)
@pytest.mark.parametrize("path", KINDS)
def test_every_link_of_a_translated_page_leads_to_a_file(
    site: dict[str, bytes], code: str, path: str
) -> None:
    here = f"{ADDRESS}{code}/{path}"
    for link in page(site, f"{code}/{path}").links:
        target = urljoin(here, link).partition("#")[0].partition("?")[0]
        if not target.startswith(ADDRESS) or target == here:
            continue
        name = target.removeprefix(ADDRESS)
        # Of most locks these inputs have no page.
        if name.startswith(("locks/", f"{code}/locks/")) and name.count("/") > 1:
            continue
        file = posixpath.join(name, "index.html") if name.endswith("/") or not name else name
        assert file in site, (path, link)


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_translated_page_says_that_it_awaits_a_native_reader(
    site: dict[str, bytes], code: str
) -> None:
    says = {
        "vi": "đang chờ người bản ngữ",
        "zh-hans": "尚待母语读者审阅",
        "ja": "校閲を待っています",
    }
    pages = [name for name in site if name.startswith(f"{code}/") and name.endswith(".html")]

    assert len(pages) > 1000
    assert [name for name in pages if says[code] not in site[name].decode()] == []
    assert "review" not in site["index.html"].decode()


@pytest.mark.parametrize("code", ["zh-hans", "ja"])
@pytest.mark.parametrize("path", [one for one in KINDS if one not in ("reports/", "changes/")])
def test_what_is_not_translated_is_marked_as_english(
    site: dict[str, bytes], code: str, path: str
) -> None:
    """Four English words in a row, none of them a name, are a sentence that somebody forgot."""
    texts = page(site, f"{code}/{path}").texts
    plain = [WORDS_OF_NAMES.sub("", re.sub(r'"[^"]*"', "", text)) for text in texts]
    forgotten = [text for text in plain if re.search(r"(?:\b[A-Za-z']+ +){3}[A-Za-z']+", text)]

    assert forgotten == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_first_page_of_each_language_is_light(site: dict[str, bytes], code: str) -> None:
    scripts = [
        name for name in site if re.match(r"static/(site|answer|grid|choice|asked)\.js", name)
    ]
    loaded = [f"{code}/index.html", "static/site.css", "static/icon.svg", *scripts]

    assert sum(len(gzip.compress(site[name], 6)) for name in loaded) < 30_000


def test_the_map_of_the_site_lists_each_page_with_its_languages(site: dict[str, bytes]) -> None:
    spaces = {
        "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
        "x": "http://www.w3.org/1999/xhtml",
    }
    rows = ElementTree.fromstring(site["sitemap.xml"]).findall("s:url", spaces)
    places = {
        row.findtext("s:loc", "", spaces): {
            link.get("hreflang"): link.get("href") for link in row.findall("x:link", spaces)
        }
        for row in rows
    }

    assert len(places) == len(rows) < 50_000
    assert len(site["sitemap.xml"]) < 50_000_000
    for code in NAMES:
        links = places[f"{ADDRESS}{'' if code == 'en' else f'{code}/'}install/"]
        assert links["ja"] == f"{ADDRESS}ja/install/"
        assert links["x-default"] == links["en"] == f"{ADDRESS}install/"
        assert len(links) == len(NAMES) + 1
    missing = {
        f"{ADDRESS}{name.removesuffix('index.html')}"
        for name in site
        if name.endswith("index.html")
    }
    assert missing == set(places)


def test_a_site_in_english_alone_has_no_line_of_languages(inputs: Inputs) -> None:
    made = render_site(replace(inputs, locks=()), base=ADDRESS)

    assert 'hreflang="vi"' not in made["index.html"].decode()
    assert "xhtml:link" not in made["sitemap.xml"].decode()


def test_each_language_has_a_search_index_in_which_english_is_found_too(
    site: dict[str, bytes],
) -> None:
    english = json.loads(site["search.json"])["entries"]
    own = json.loads(site["ja/search.json"])["entries"]

    assert [one["path"] for one in own] == [one["path"] for one in english]
    row = next(one for one in own if one["path"] == "symptoms/relu-wrong/")
    assert "GPU で ReLU が負の値を通します" in row["title"]
    assert "ReLU lets negative values through" in row["words"]
    lock = next(one for one in own if one["path"] == COMBO)
    assert lock["title"] == "tensorflow 2.18.1 と metal 1.2.0, Python 3.11, Apple シリコン"


def test_days_are_written_as_the_language_writes_them(
    site: dict[str, bytes], inputs: Inputs
) -> None:
    year, month, day = (int(part) for part in inputs.as_of.split("-"))

    assert inputs.as_of in site["index.html"].decode()
    assert f"{year}年{month}月{day}日" in site["ja/index.html"].decode()
    assert f"{year} 年 {month} 月 {day} 日" in site["zh-hans/index.html"].decode()
    assert f"{day}/{month}/{year}" in site["vi/index.html"].decode()


@pytest.mark.browser
@pytest.mark.parametrize("code", TRANSLATED)
def test_the_first_page_answers_in_the_language_and_keeps_the_choice(
    browser: Browser, address: str, code: str
) -> None:
    words = [load(code).translated(status.value) for status in Status]
    with opened(browser, f"{address}{code}/") as shown:
        shown.select_option("select[name=python]", "3.11")
        shown.wait_for_selector("#answer >> text=python3.11 -m venv")
        assert shown.locator("#answer .pill").count() == 1
        link = shown.locator("#answer .downloads a").first.get_attribute("href")
        assert link is not None
        assert link.startswith(f"{address}locks/"), "files are shared"
        label = shown.locator("#grid td:not(.out) .visually-hidden").nth(3).inner_text()
        assert label.rpartition(": ")[2] in words
        shown.locator("#grid td:not(.out) a").nth(3).focus()
        described = shown.locator("#told").inner_text().rpartition("· ")[2]
        assert any(word in described for word in words), described
        assert not any(status.value in described for status in Status), described

        shown.click(".tongues a[lang=en]")
        shown.wait_for_url(f"{address}?python=3.11")
        assert shown.input_value("select[name=python]") == "3.11"


@pytest.mark.browser
def test_a_line_in_other_languages_is_read(browser: Browser, address: str) -> None:
    lines = {
        "vi": "Tôi có máy M2, Python 3.12, cần cài với pandas",
        "zh-hans": "我的M2、Python 3.12，需要pandas和scipy",
        "ja": "M2でPython 3.12とpandasを使いたい",
    }
    for code, line in lines.items():
        with opened(browser, f"{address}{code}/") as shown:
            shown.fill("input[name=words]", line)
            shown.wait_for_function("document.querySelector('select[name=chip]').value === 'm2'")
            assert shown.input_value("select[name=python]") == "3.12"
            assert shown.locator("#words-told").inner_text() == ""
            assert "--with pandas" in shown.locator("#answer code").inner_text()


@pytest.mark.browser
def test_a_pasted_error_is_explained_in_the_language(browser: Browser, address: str) -> None:
    text = (
        "ImportError: dlopen(/x/libmetal_plugin.dylib, 0x0006): Symbol not found: "
        "__ZN3tsl8internal10LogMessageC1EPKcii"
    )
    with opened(browser, f"{address}zh-hans/symptoms/") as shown:
        shown.fill("#log", text)
        shown.click("button[type=submit]")
        shown.wait_for_selector("#matches .match")
        assert (
            "Metal 插件需要这版 TensorFlow 没有的符号"
            in shown.locator("#matches h3").first.inner_text()
        )
        assert "让解析器选择" in shown.locator("#matches .cures").first.inner_text()
        shown.locator("#matches h3 a").first.click()
        shown.wait_for_url(f"{address}zh-hans/symptoms/plugin-symbol-missing/")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("code", "width", "scheme"),
    [
        ("vi", 390, "light"),
        ("vi", 1280, "dark"),
        ("zh-hans", 390, "dark"),
        ("zh-hans", 768, "light"),
        ("ja", 390, "light"),
        ("ja", 1280, "dark"),
    ],
)
def test_translated_pages_fit_their_width_and_pass_axe(
    browser: Browser, address: str, axe: str, code: str, width: int, scheme: str
) -> None:
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with opened(browser, f"{address}{code}/", **options) as shown:
        for path in KINDS:
            shown.goto(f"{address}{code}/{path}")
            assert shown.evaluate("document.documentElement.scrollWidth") <= width, path
            shown.evaluate(axe)
            found = shown.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            assert [(row["id"], row["nodes"][0]["html"]) for row in found] == [], path
