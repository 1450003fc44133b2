from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from ..support.service import serving
from .conftest import BASE, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # on the whole site, which is made first
COMBO = "locks/tensorflow-2.18.1-metal-1.2.0-py3.11-arm64/"


def test_the_grid_is_walked_by_keyboard_and_has_one_tab_stop(
    browser: Browser, address: str
) -> None:
    with opened(browser, address) as page:
        stops = page.locator("#grid a[tabindex='0']")
        assert stops.count() == 1
        stops.focus()
        first = page.evaluate("document.activeElement.textContent")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        moved = page.evaluate("document.activeElement.textContent")
        assert "2.20" in moved
        assert "with 1.2.0" in moved
        assert page.locator("#told").inner_text().startswith("2.20")
        page.keyboard.press("Control+Home")
        page.keyboard.press("End")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("document.activeElement.textContent") == first
        assert stops.count() == 1
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/pairs/"))


def test_filters_live_in_the_address_and_survive_a_reload(browser: Browser, address: str) -> None:
    with opened(browser, address) as page:
        page.select_option("select[name=python]", "3.8")
        page.select_option("select[name=macos]", "12")
        page.uncheck("input[value=broken]")
        told = page.locator("#told").inner_text()
        out = page.locator("#grid td.out").count()
        assert re.fullmatch(r"\d+ of \d+ pairs fit\.", told)
        assert "python=3.8" in page.url
        assert "macos=12" in page.url
        assert "status=works" in page.url

        page.reload()

        assert page.locator("#told").inner_text() == told
        assert page.locator("#grid td.out").count() == out > 0
        assert page.input_value("select[name=python]") == "3.8"
        assert not page.is_checked("input[value=broken]")


def test_choosing_an_intel_mac_leads_to_its_grid_with_the_choice_kept(
    browser: Browser, address: str
) -> None:
    with opened(browser, address) as page:
        page.select_option("select[name=python]", "3.9")
        page.select_option("select[name=chip]", "intel-amd")
        page.wait_for_url("**/intel/?*")
        page.wait_for_load_state()

        assert page.input_value("select[name=chip]") == "intel-amd"
        assert page.input_value("select[name=python]") == "3.9"


def test_the_visitors_mac_is_guessed_where_the_browser_tells_it(
    browser: Browser, address: str
) -> None:
    tells = """Object.defineProperty(navigator, "userAgentData", {value: {
      platform: "macOS",
      getHighEntropyValues: async () => ({architecture: "arm", platformVersion: "12.6.1"}),
    }})"""
    with opened(browser, address, script=tells) as page:
        page.wait_for_selector("#told >> text=pairs fit")

        assert page.input_value("select[name=macos]") == "12"
        assert page.input_value("select[name=chip]") == "m1"
        assert "pairs fit" in page.locator("#told").inner_text()
        assert "?" not in page.url


def test_a_mac_that_cannot_be_is_named_as_such(browser: Browser, address: str) -> None:
    with opened(browser, address) as page:
        page.select_option("select[name=chip]", "m5")
        page.select_option("select[name=macos]", "12")

        assert "came with macOS 26" in page.locator("#told").inner_text()
        page.wait_for_selector("#answer >> text=There is no such Mac")


def test_the_form_ends_in_commands_and_a_lock_with_the_published_bytes(
    browser: Browser, address: str, site: dict[str, bytes]
) -> None:
    with opened(browser, address) as page:
        page.select_option("select[name=chip]", "m2-pro")
        page.select_option("select[name=python]", "3.11")
        page.wait_for_selector("#answer >> text=python3.11 -m venv")
        commands = page.locator("#answer code").inner_text()
        assert "--require-hashes" in commands
        assert "python3.11 -m venv" in commands
        link = page.locator("#answer .downloads a", has_text="requirements.txt")
        path = link.get_attribute("href")
        assert path is not None
        assert path in commands
        with page.expect_download() as got:
            link.click()

        assert got.value.path().read_bytes() == site[path.removeprefix(address)]


def test_the_service_shows_the_same_under_its_stricter_policy(
    browser: Browser, inputs: object, site: dict[str, bytes]
) -> None:
    from tfmac_lock.service.settings import Settings

    with (
        serving(site, Settings(base=BASE)) as running,
        opened(browser, running.address + BASE) as page,
    ):
        page.select_option("select[name=python]", "3.12")
        page.wait_for_selector("#answer >> text=python3.12 -m venv")
        link = page.locator("#answer .downloads a", has_text="requirements.txt")
        path = link.get_attribute("href")
        assert path is not None
        with page.expect_download() as got:
            link.click()
        assert got.value.path().read_bytes() == site[path.removeprefix(running.address + BASE)]
        answer = page.goto(f"{running.address}{BASE}nothing/here")
        assert answer is not None
        assert answer.status == 404
        assert "frame-ancestors" in answer.headers["content-security-policy"]
        page.click("main >> text=an error message")
        page.wait_for_url("**/symptoms/")


def test_the_form_agrees_with_the_command_line(browser: Browser, address: str) -> None:
    from tfmac_lock.lock import published
    from tfmac_lock.matrix import loading
    from tfmac_lock.target import Arch

    folder = loading.locks_folder()
    with opened(browser, address) as page:
        for chip, arch, gpu, python in [
            ("m1", Arch.ARM64, True, "3.10"),
            ("m3-max", Arch.ARM64, True, "3.12"),
            ("m4", Arch.ARM64, True, "3.13"),
            ("intel", Arch.X86_64, False, "3.11"),
            ("intel-amd", Arch.X86_64, True, "3.9"),
        ]:
            wanted = published.Index.within(folder, python, arch).find(
                package=None, version=None, metal="auto", gpu=gpu, macos=None
            )
            assert wanted is not None
            page.select_option("select[name=chip]", chip)
            page.select_option("select[name=python]", python)
            page.wait_for_selector(f"#answer a[href*='{wanted.combo.id}/requirements.txt']")


CHOSEN_EARLY = """
new MutationObserver((_, observer) => {
  const python = document.querySelector("select[name=python]");
  if (!python?.querySelector("option[value='3.9']")) return;
  python.value = "3.9";
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


def test_what_was_chosen_before_the_script_came_is_answered(browser: Browser, address: str) -> None:
    """As a browser does that fills a form again, and somebody whose line is slow."""
    with opened(browser, address, script=CHOSEN_EARLY) as page:
        page.wait_for_selector("#answer a[href*='-py3.9-arm64/requirements.txt']")
        assert page.input_value("select[name=python]") == "3.9"


CHOSEN_AT_ONCE = """
for (const [name, value] of [["chip", "intel"], ["python", "3.11"]]) {
  const select = document.querySelector(`select[name=${name}]`);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}
"""


def test_what_is_chosen_while_the_page_of_another_mac_is_on_its_way_goes_along(
    browser: Browser, address: str
) -> None:
    with opened(browser, address) as page:
        page.evaluate(CHOSEN_AT_ONCE)
        page.wait_for_selector("#answer a[href*='-py3.11-x86_64/requirements.txt']")
        assert page.url.endswith("/intel/?chip=intel&python=3.11")


def test_an_error_that_is_pasted_finds_its_cause_in_the_browser(
    browser: Browser, address: str, inputs: object
) -> None:
    if not inputs.symptoms:  # type: ignore[attr-defined]
        pytest.skip("this checkout has no compiled symptoms")
    text = (
        "\x1b[31mE   tensorflow.python.framework.errors_impl.NotFoundError: dlopen(/x/lib/"
        "site-packages/tensorflow-plugins/libmetal_plugin.dylib, 0x0006): Symbol not found: "
        "__ZN3tsl8internal10LogMessageC1EPKcii\n  Referenced from: <img src=x onerror=alert(1)>"
    )
    with opened(browser, f"{address}symptoms/") as page:
        page.fill("#log", text)
        page.click("button[type=submit]")
        page.wait_for_selector("#matches .match")

        link = page.locator("#matches .match a").first
        assert "plugin-symbol-missing" in (link.get_attribute("href") or "")
        assert page.locator("#matches img").count() == 0
        assert "Nothing in the text names TensorFlow" not in page.inner_text("#matches")
        page.fill("#log", "OMP: Error #15: Initializing libiomp5.dylib, but found libomp.dylib")
        page.click("button[type=submit]")
        page.wait_for_selector("text=Nothing in the text names TensorFlow")
        page.fill("#log", "all is well")
        page.click("button[type=submit]")
        page.wait_for_selector("text=Nothing known was recognised")


def _examples() -> list[str]:
    """The texts that the symptoms were written from."""
    import tomllib

    from tfmac_lock.matrix import loading

    return [
        example["text"]
        for path in sorted((loading.checkout() / "matrix" / "symptoms").glob("*.toml"))
        for example in tomllib.loads(path.read_text("utf-8")).get("examples", ())
    ]


@pytest.mark.slow
def test_the_browser_recognises_what_the_program_recognises(
    browser: Browser, address: str, inputs: object
) -> None:
    """Over all examples that the symptoms were written from, and texts that people pasted."""
    if not inputs.symptoms:  # type: ignore[attr-defined]
        pytest.skip("this checkout has no compiled symptoms")
    import tomllib

    from tests.support.dressings import DRESSINGS
    from tfmac_lock.explain.recognise import recognise_text
    from tfmac_lock.explain.symptoms import shipped
    from tfmac_lock.matrix import loading

    texts = _examples()
    corpus = loading.checkout() / "tests" / "explain" / "corpus"
    pasted = [path for part in ("work", "tenth") for path in (corpus / part).glob("*.toml")]
    texts += [tomllib.loads(path.read_text("utf-8"))["text"] for path in pasted]
    texts += [change(text) for change in DRESSINGS.values() for text in texts[:3]]
    wanted = [
        [match.symptom.id for match in recognise_text(text, shipped()).matches if match.line]
        for text in texts
    ]
    with opened(browser, f"{address}symptoms/") as page:
        found = page.evaluate(
            """async (texts) => {
              const { recognise } = await import("../static/symptoms.js");
              const got = await fetch("../api/v1/symptoms.json");
              const known = await got.json();
              return texts.map((text) => recognise(text, known).map((row) => row.symptom.id));
            }""",
            texts,
        )

    differ = [
        (text, told, seen)
        for text, told, seen in zip(texts, wanted, found, strict=True)
        if told[:1] != seen[:1] or set(told) != set(seen)
    ]
    assert differ == []


@pytest.mark.slow
def test_the_browser_says_what_the_program_says(
    browser: Browser, address: str, inputs: object
) -> None:
    """Of every example: the title, and what to do where no version is known."""
    if not inputs.symptoms:  # type: ignore[attr-defined]
        pytest.skip("this checkout has no compiled symptoms")
    from tfmac_lock.explain.answer import particular
    from tfmac_lock.explain.lookups import Named
    from tfmac_lock.explain.recognise import recognise_text
    from tfmac_lock.explain.symptoms import shipped
    from tfmac_lock.site.words import general

    texts = [text for text in _examples() if recognise_text(text, shipped()).matches]
    wanted = []
    for text in texts:
        match = recognise_text(text, shipped()).matches[0]
        known = particular(match, Named())
        cures = (*known.own, *known.general)
        wanted.append([known.title, [[cure.text, general(cure.command)] for cure in cures]])
    with opened(browser, f"{address}symptoms/") as page:
        found = page.evaluate(
            """async (texts) => {
              const { recognise, general } = await import("../static/symptoms.js");
              const known = await (await fetch("../api/v1/symptoms.json")).json();
              return texts.map((text) => {
                const { said } = recognise(text, known)[0];
                return [said.title, said.cures.map((cure) => [cure.text, general(cure.command)])];
              });
            }""",
            texts,
        )
    assert found == wanted


def test_the_browser_sees_a_loss_explode_where_the_program_does(
    browser: Browser, address: str
) -> None:
    from tfmac_lock.explain.curve import LossCurve

    chance = random.Random(7)
    logs = [_training(chance) for _ in range(400)]
    wanted = []
    for log in logs:
        curve = LossCurve()
        curve.feed(log.encode())
        curve.finish()
        wanted.append(curve.line)
    assert 50 < sum(map(bool, wanted)) < 350
    with opened(browser, f"{address}symptoms/") as page:
        found = page.evaluate(
            """async (logs) => {
              const { explosion } = await import("../static/curve.js");
              return logs.map(explosion);
            }""",
            logs,
        )
        assert found == wanted
        page.fill("#log", "Epoch 1/2\n9/9 - loss: 0.1\nEpoch 2/2\n9/9 - loss: nan\n")
        page.click("button[type=submit]")
        page.wait_for_selector("#matches .match")
        link = page.locator("#matches .match a").first
        assert "training-diverges" in (link.get_attribute("href") or "")
        assert page.locator("#matches pre").first.inner_text() == "9/9 - loss: nan"


def _training(chance: random.Random) -> str:
    """A log as Keras may print it, of a training that goes one way or another."""
    lines = []
    epoch, loss = chance.choice([0, 0, 0, 4, 16]), chance.choice([0.01, 0.5, 2.3, 900.0])
    for _ in range(chance.randrange(1, 12)):
        epoch = chance.choices([epoch + 1, epoch, 1], [9, 1, 1])[0]
        loss *= chance.choice([0.5, 0.9, 0.99, 1.2, 1.4, 1.4, 12.0])
        told = chance.choices([f"{loss:.4f}", f"{loss:.2e}", "nan", "-inf", "?"], [9, 3, 1, 1, 1])[
            0
        ]
        end = chance.choice(["\n", "\n", "\r", "\r\n", ""])
        lines.append(f"Epoch {epoch}/30{chance.choice([chr(10), ': '])}")
        lines.append(f"9/9 [==] - 1s{' ' * chance.choice([0, 0, 0, 320])} - loss: {loss:.3f}\r")
        lines.append(
            f"9/9 - val_loss: 9e9 - loss: {told} - accuracy: 0.{chance.randrange(100)}{end}"
        )
    return "".join(lines)


def test_the_list_of_errors_can_be_searched(browser: Browser, address: str, inputs: object) -> None:
    if not inputs.symptoms:  # type: ignore[attr-defined]
        pytest.skip("this checkout has no compiled symptoms")
    with opened(browser, f"{address}symptoms/") as page:
        every = page.locator("#symptoms li:visible").count()
        page.fill("#search", "numpy")

        assert 0 < page.locator("#symptoms li:visible").count() < every


def test_a_lock_is_copied_whole(browser: Browser, address: str, site: dict[str, bytes]) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with opened(browser, address + COMBO, permissions=permissions) as page:
        page.click("button[data-copy-file='requirements.txt']")
        page.wait_for_selector("text=Copied")

        text = page.evaluate("navigator.clipboard.readText()")
        assert text == site[f"{COMBO}requirements.txt"].decode()


def test_everything_can_be_read_without_javascript(browser: Browser, address: str) -> None:
    with opened(browser, address, java_script_enabled=False) as page:
        assert page.locator("#grid a.tile").count() > 100
        assert page.locator("text=With the keyboard").is_hidden()
        assert "python3.1" in page.locator("#answer code").inner_text()
        assert page.locator(".no-js a").count() >= 6
        page.click("nav >> text=Locks")
        page.click("table a >> nth=0")
        assert page.locator("text=What speaks for it").is_visible()
        assert page.locator("button:visible").count() == 0


PAIR = "pairs/tensorflow-2.18.0-metal-1.1.0-arm64/"


KINDS = [
    "",
    "intel/",
    "install/",
    "locks/",
    COMBO,
    PAIR,
    "companions/",
    "companions/tensorflow-recommenders/",
    "symptoms/",
    "symptoms/plugin-symbol-missing/",
    "check/",
    "search/?q=metal+1.2.0",
    "api/",
    "figures/",
    "releases/",
    "releases/tensorflow-2.13.0/",
    "roads/",
    "changes/",
    "reports/",
    "constraints/",
    "coverage/",
    "docs/",
    "docs/serving/",
    "404.html",
]
"""A page of each kind."""


@pytest.mark.parametrize(
    ("width", "scheme", "paths"),
    [
        (390, "light", KINDS[::2]),
        (390, "dark", KINDS[1::2]),
        (768, "light", KINDS[1::2]),
        (768, "dark", KINDS[::2]),
        (1280, "light", KINDS[::2]),
        (1280, "dark", KINDS[1::2]),
    ],
)
def test_pages_fit_their_width_and_pass_axe(
    browser: Browser, address: str, axe: str, width: int, scheme: str, paths: list[str]
) -> None:
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with opened(browser, address, **options) as page:
        for path in paths:
            page.goto(address + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.evaluate(axe)
            found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            assert [(row["id"], row["nodes"][0]["html"]) for row in found] == [], path


@pytest.mark.slow
def test_no_page_scrolls_sideways_on_a_phone(
    browser: Browser, address: str, site: dict[str, bytes]
) -> None:
    """Every error page, every document, some companions, and one of each other kind."""
    kinds: dict[str, str] = {}
    for path in site:
        if path.endswith("index.html"):
            every = path.startswith(("symptoms/", "docs/", "companions/tensorflow-"))
            kinds.setdefault(path if every else path.split("/")[0], path)
    with opened(browser, address, viewport={"width": 390, "height": 844}) as page:
        for path in (*KINDS, *kinds.values()):
            page.goto(address + path.removesuffix("index.html"))
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
