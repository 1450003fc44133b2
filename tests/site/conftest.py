from __future__ import annotations

import http.server
import os
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.service.messages import COMPUTED
from tfmac_lock.site.build import render_site
from tfmac_lock.site.inputs import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playwright.sync_api import Browser, Page

    from tfmac_lock.site.inputs import Inputs

BASE = "/some/where/"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def opened(
    browser: Browser,
    address: str,
    script: str = "",
    also: Sequence[str] = (),
    expected: Sequence[object] = (),
    **options: object,
) -> Iterator[Page]:
    """A page that ends the test if it says anything on the console, or loads from elsewhere.

    ``also`` are other addresses that it may load from, and ``expected`` what the browser may say:
    statuses, or words of it.
    """
    context = browser.new_context(accept_downloads=True, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(script)
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "requestfailed",
        lambda request: (
            said.append(f"failed: {request.url}")
            if request.failure != "net::ERR_ABORTED"  # what leaving a page does to the rest of it
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            said.append(f"elsewhere: {request.url}")
            if not request.url.startswith((address.split(BASE)[0], "blob:", *also))
            else None
        ),
    )
    try:
        page.goto(address)
        yield page
        # Of a page that is missing on purpose the browser says so.
        fine = ["status of 404", *(f"status of {one}" for one in expected), *map(str, expected)]
        assert [text for text in said if not any(one in text for one in fine)] == []
    finally:
        context.close()


@pytest.fixture(scope="session")
def inputs() -> Inputs:
    return load()


@pytest.fixture(scope="session")
def site(inputs: Inputs) -> dict[str, bytes]:
    """The whole site, as it is published."""
    return render_site(inputs, base=BASE)


@pytest.fixture(scope="session")
def live_site(inputs: Inputs) -> dict[str, bytes]:
    """The whole site, as a service shows it."""
    return render_site(inputs, base=BASE, computed=COMPUTED)


@pytest.fixture(scope="session")
def address(site: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site on a plain file server, below a path."""
    with file_server(site, tmp_path_factory.mktemp("web")) as address:
        yield address


@contextmanager
def file_server(files: Mapping[str, bytes], root: Path) -> Iterator[str]:
    """These files on a plain file server, below a path of that address."""
    write(files, root)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(root))
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}{BASE}"
        server.shutdown()
        thread.join()


def write(files: Mapping[str, bytes], root: Path) -> None:
    """Lay the files out below the root, as they are published."""
    for name, content in files.items():
        path = root / BASE.strip("/") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running Chromium; for no longer than a module, as its loop shuts out any other."""
    if CHROMIUM is None:
        pytest.skip("NO BROWSER TEST RUNS: there is no chromium; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source; not part of the project, fetched by whoever runs the tests."""
    named = os.environ.get("TFMAC_LOCK_AXE")
    default = Path(__file__).parents[2] / ".ci/node_modules/axe-core/axe.min.js"
    path = Path(named) if named else default
    if not path.exists():
        pytest.skip(f"NO ACCESSIBILITY TEST RUNS: {path} is missing; npm install axe-core")
    return path.read_text("utf-8")
