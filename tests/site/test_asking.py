"""The pages that ask a service, in a real browser against a real service."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from playwright.sync_api import expect

from tfmac_lock.cli import parse
from tfmac_lock.service import work
from tfmac_lock.service.settings import Settings
from tfmac_lock.site.build import render_site

from ..service.jobs import JOBS
from ..support.service import serving
from .conftest import BASE, file_server, opened, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tfmac_lock.site.inputs import Inputs

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # on the whole site, which is made first
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
LINE = "M2, Python 3.11, with pandas"
WORKING = {**JOBS, "check": work.check}
"""Logs and pins are judged by the real work; resolving is stood in for, since it asks an index."""


@pytest.fixture(scope="module")
def live(live_site: dict[str, bytes]) -> Iterator[str]:
    """The address of a service."""
    with serving(live_site, Settings(base=BASE), WORKING) as running:
        yield running.address + BASE


def copied(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def request_of(commands: str) -> tuple[str, dict[str, Any]]:
    """The address that the first command asks, and what it sends."""
    words = shlex.split(commands.splitlines()[0])
    assert words[0] == "curl"
    assert words[words.index("-H") + 1] == "content-type: application/json"
    return words[2], json.loads(words[words.index("-d") + 1])


@pytest.mark.slow
def test_two_interactions_lead_from_the_first_page_to_commands_for_a_mac_with_packages(
    browser: Browser, live: str
) -> None:
    with opened(browser, live, **CLIPBOARD) as page:
        page.fill("input[name=words]", LINE)
        page.click("#answer button[data-copy]")
        page.wait_for_selector("#answer >> text=Copied")
        commands = copied(page)

    address, message = request_of(commands)
    assert message == {"python": "3.11", "chip": "m2", "packages": ["pandas"]}
    assert "python3.11 -m venv env" in commands
    got = httpx2.post(address, json=message, trust_env=False, timeout=60)
    assert (got.status_code, got.text) == (200, "# nothing\n")


@pytest.mark.index
@pytest.mark.slow
def test_the_commands_that_the_first_page_gives_bring_the_packages_that_were_asked_for(
    browser: Browser, live_site: dict[str, bytes], tmp_path: Path
) -> None:
    with serving(live_site, Settings(base=BASE, cache=tmp_path)) as running:
        with opened(browser, running.address + BASE, **CLIPBOARD) as page:
            page.fill("input[name=words]", LINE)
            page.press("input[name=words]", "Enter")
            page.wait_for_selector("#answer .busy", state="detached", timeout=60_000)
            if page.locator("#answer >> text=The service could not answer").count():
                pytest.skip("the package index cannot be reached")
            assert "tensorflow" in page.locator("#answer h2").inner_text()
            with page.expect_download() as download:
                page.click("#answer .downloads a >> text=requirements.txt")
            text = download.value.path().read_text("utf-8")
            page.click("#answer button[data-copy] >> nth=0")
            page.wait_for_selector("#answer >> text=Copied")
            address, message = request_of(copied(page))
        got = httpx2.post(address, json=message, trust_env=False, timeout=60)

        assert got.status_code == 200
        assert "\npandas==" in got.text
        assert "\ntensorflow-metal==" in got.text
        assert text == got.text


def test_what_the_service_refuses_is_said_in_its_words(browser: Browser, live: str) -> None:
    with opened(browser, live, expected=(409,)) as page:
        page.fill("input[name=words]", "M1, Python 3.12, no")
        page.press("input[name=words]", "Enter")
        page.wait_for_selector("#answer >> text=There is no lock with no")

        assert "numpy<1 and numpy>2 cannot both be had" in page.locator("#answer").inner_text()


def test_a_choice_by_hand_stands_over_what_the_line_said(browser: Browser, live: str) -> None:
    with opened(browser, live) as page:
        page.fill("input[name=words]", LINE)
        page.press("input[name=words]", "Enter")
        page.select_option("select[name=chip]", "m4-max")
        page.locator("#answer code", has_text='"chip":"m4-max"').first.wait_for()

        assert page.input_value("input[name=words]") == "pandas"
        assert page.input_value("select[name=python]") == "3.11"
        page.reload()
        page.locator("#answer code", has_text='"chip":"m4-max"').first.wait_for()
        assert page.input_value("input[name=words]") == "pandas"


@pytest.mark.slow
def test_files_alone_give_the_command_that_makes_the_lock(browser: Browser, address: str) -> None:
    with opened(browser, address, **CLIPBOARD) as page:
        page.fill("input[name=words]", "M2, Python 3.11, macOS 14, pandas>=2,<3 scikit-learn")
        page.press("input[name=words]", "Enter")
        page.wait_for_selector("#answer >> text=This copy of the site is files alone")
        page.click("#answer button[data-copy]")
        page.wait_for_selector("#answer >> text=Copied")
        words = shlex.split(copied(page))

    given = parse(words[words.index("tfmac-lock") + 1 :])
    assert (given.python, given.chips, given.macos) == ("3.11", ["m2"], "14")
    assert given.extra == ["pandas>=2,<3", "scikit-learn"]


def test_a_service_that_is_gone_is_told_with_the_command_to_type(
    browser: Browser, live_site: dict[str, bytes]
) -> None:
    with (
        serving(live_site, Settings(base=BASE), WORKING) as running,
        opened(browser, running.address + BASE, expected=("failed", "ERR_FAILED")) as page,
    ):
        page.route("**/api/v1/lock", lambda route: route.abort())
        page.fill("input[name=words]", LINE)
        page.press("input[name=words]", "Enter")
        page.wait_for_selector("#answer >> text=The service does not answer now")

        assert "tfmac-lock --python 3.11 --chip m2 --with pandas" in (
            page.locator("#answer code").inner_text()
        )


@pytest.mark.slow
def test_a_site_of_files_asks_the_service_that_its_operator_names(
    browser: Browser, inputs: Inputs, live_site: dict[str, bytes], tmp_path: Path
) -> None:
    """Across origins: the page's policy lets it ask, and the service lets its answer be read."""
    few = replace(inputs, locks=inputs.locks[:1])
    with file_server({}, tmp_path) as address:
        settings = Settings(base=BASE, origins=frozenset({address.removesuffix(BASE)}))
        with serving(live_site, settings, WORKING) as running:
            service = running.address + BASE
            write(render_site(few, base=BASE, service=service), tmp_path)
            with opened(browser, address, also=(running.address,)) as page:
                page.fill("input[name=words]", LINE)
                page.press("input[name=words]", "Enter")
                page.wait_for_selector("#answer >> text=Resolved just now")

                assert f"curl -fsS {service}api/v1/lock/requirements.txt" in (
                    page.locator("#answer code").first.inner_text()
                )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (LINE, {"chip": "m2", "python": "3.11", "packages": ["pandas"]}),
        ("MacBook Air M1 with Python 3.9.7", {"chip": "m1", "python": "3.9"}),
        ("apple m3 max; py3.12; macos sonoma", {"chip": "m3-max", "python": "3.12", "macos": "14"}),
        ("MacBook Pro M2 Pro, macOS 15.1", {"chip": "m2-pro", "macos": "15"}),
        ("Intel Mac with an AMD, python 3.8", {"chip": "intel-amd", "python": "3.8"}),
        ("intel, 3.11, scipy", {"chip": "intel", "python": "3.11", "packages": ["scipy"]}),
        (
            "m1 pandas >= 2, <3, uvicorn[standard]==0.30 transformers[torch,vision]",
            {
                "chip": "m1",
                "packages": [
                    "pandas>=2,<3",
                    "uvicorn[standard]==0.30",
                    "transformers[torch,vision]",
                ],
            },
        ),
        ("tensorflow 2.16 and keras-cv", {"tensorflow": "2.16", "packages": ["keras-cv"]}),
        ("I want to use TensorFlow on my Mac", {}),
        ("pandas; rm -rf /", {"packages": ["pandas", "rm"], "unclear": ["-rf", "/"]}),
        ("m2 <script>", {"chip": "m2", "unclear": ["<script>"]}),
    ],
)
def test_a_line_in_words_is_read(
    browser: Browser, address: str, line: str, found: dict[str, Any]
) -> None:
    nothing = {"chip": "", "python": "", "macos": "", "tensorflow": "", "packages": []}
    with opened(browser, f"{address}404.html") as page:
        got = page.evaluate(
            """async ([line, names]) => {
              const { asked } = await import("./static/asked.js");
              return asked(line, names);
            }""",
            [line, {"sonoma": "14"}],
        )

    assert got == {**nothing, "unclear": [], **found}


def test_a_file_of_pins_is_judged_as_the_command_judges_it(browser: Browser, live: str) -> None:
    text = "tensorflow==2.18.1\ntensorflow-metal==1.1.0\n"
    with opened(browser, f"{live}check/") as page:
        page.set_input_files(
            "input[type=file]",
            {"name": "mac.txt", "mimeType": "text/plain", "buffer": text.encode()},
        )
        expect(page.locator("textarea[name=text]")).to_have_value(text)
        page.select_option("select[name=chip]", "m1")
        page.select_option("select[name=python]", "3.11")
        page.click("main button[type=submit]")
        page.wait_for_selector("#findings .pill.broken")

        answer = httpx2.post(
            f"{live}api/v1/check",
            json={"name": "requirements.txt", "text": text, "chip": "m1", "python": "3.11"},
            trust_env=False,
            timeout=60,
        ).json()
        told = page.locator("#findings").inner_text()
        assert answer["findings"]
        assert all(one["text"] in told and one["cure"] in told for one in answer["findings"])


def test_a_site_of_files_says_that_it_cannot_judge_and_what_to_type(
    browser: Browser, address: str
) -> None:
    with opened(browser, f"{address}check/") as page:
        assert page.locator("form#check").count() == 0
        assert "has nobody who could judge a file" in page.locator("main").inner_text()
        words = shlex.split(page.locator("main code >> text=requirements.txt --chip").inner_text())

    given = parse(words[words.index("tfmac-lock") + 1 :])
    assert (given.chip, given.python) == ("m2", "3.11")


def test_the_log_that_is_pasted_is_sent_nowhere(browser: Browser, live: str) -> None:
    sent: list[str] = []
    with opened(browser, f"{live}symptoms/") as page:
        page.on("request", lambda request: sent.append(request.post_data or request.url))
        page.fill("#log", "ModuleNotFoundError: No module named 'pkg_resources' secret-word")
        page.click("main button[type=submit]")
        page.wait_for_selector("#matches .match")

    assert not any("secret-word" in one for one in sent)
    assert {one.split("/")[-1] for one in sent} <= {"symptoms.json", "icon.svg"}


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("tensorflow-text", "companions/tensorflow-text/"),
        ("metal 1.2.0 python 3.12", "locks/tensorflow-2.18.1-metal-1.2.0-py3.12-arm64/"),
        ("drawn in a way that nothing is called", ""),
    ],
)
def test_the_search_in_the_head_of_every_page_finds(
    browser: Browser, address: str, words: str, first: str
) -> None:
    with opened(browser, f"{address}releases/") as page:
        page.fill("header input[type=search]", words)
        page.press("header input[type=search]", "Enter")
        page.wait_for_selector("#count:not(:empty)")

        assert page.input_value("main input[type=search]") == words
        if first:
            assert page.locator("#results a").first.get_attribute("href") == address + first
        else:
            assert "Nothing found" in page.locator("#count").inner_text()
