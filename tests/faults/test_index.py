"""Every way in which an index can fail, with every command that asks it.

The command ends with the status that is documented and one line that says what happened, leaves
nothing half, and does its work as soon as the index does.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import os
import re
import shutil
import ssl
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import folder
from tests.cli.test_lock import PAIR, Said, names, run, wheels
from tests.support import Faults, HtmlIndex, build_wheel
from tests.support.certificates import make_authority
from tests.support.marks import LONG
from tfmac_lock.pypi import http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["folder", "run", "wheels"]  # the fixtures of the main command

SIX = "/files/six/six-1.17.0-py2.py3-none-any.whl"
SAMPLE = ("html", "lock")
FORMS = ("html", "json")
COMMANDS = ("lock", "fetch", "update", "audit")
CASES = [
    pytest.param(form, command, marks=() if (form, command) == SAMPLE else LONG)
    for form in FORMS
    for command in COMMANDS
]
NO_RANGES = {"fetch": 0, "audit": 0}
"""The commands that fetch whole files, audit with --keep."""
LARGE = 200 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """What an index does, what the program says of it, and the statuses that are not 3."""

    faults: Faults
    says: str
    statuses: Mapping[str, int] = field(default_factory=dict)


@functools.cache
def bomb() -> bytes:
    return gzip.compress(bytes(LARGE), 1)


def of_another(tmp_path: Path) -> bytes:
    return build_wheel(tmp_path, "other", "9.9", tag="py2.py3-none-any").read_bytes()


FAULTS: dict[str, Callable[[HtmlIndex, str, Path], Fault]] = {
    "hangs up": lambda *_: Fault(Faults(hang_up=True), "could not be read: Server disconnected"),
    "resets": lambda *_: Fault(Faults(hang_up=True, reset=True), "could not be read: .*reset"),
    "never answers": lambda *_: Fault(Faults(stall=True), "could not be read: .*timed out"),
    "drips": lambda *_: Fault(Faults(drip=True), "could not be read: the answer takes too long"),
    "500": lambda *_: Fault(Faults(failures=999, failure_status=500), "the server answers 500"),
    "429": lambda *_: Fault(
        Faults(failures=999, failure_status=429, retry_after="3600"),
        "429 .*It asks to wait 3600 seconds",
    ),
    "401": lambda *_: Fault(Faults(credentials=("a", "b")), "401 .*Give it credentials"),
    "404": lambda *_: Fault(
        Faults(failures=999, failure_status=404),
        "no project|has no|server says 404",
        {"lock": 1, "update": 1, "audit": 2},  # there is no such thing as was named
    ),
    "cuts answers": lambda *_: Fault(Faults(truncate=True), "could not be read: .*closed"),
    "promises more": lambda *_: Fault(Faults(length=7), "could not be read: .*closed"),
    "promises less": lambda *_: Fault(
        Faults(length=-7), "unusable answer|damaged|sha256|Server disconnected"
    ),
    "serves wrong ranges": lambda *_: Fault(
        Faults(ranges="lie"), "unusable answer: it (says|serves)", NO_RANGES
    ),
    "tells wrong hashes": lambda *_: Fault(Faults(wrong_hash=True), "sha256", {"fetch": 0}),
    "tells wrong hashes of metadata": lambda *_: Fault(
        Faults(metadata_files=True, wrong_metadata_hash=True),
        "its sha256 is .*, but the index promised",
        {"fetch": 0, "audit": 0},
    ),
    "has another project's metadata": lambda _, __, tmp_path: Fault(
        Faults(hashes=False, answers={SIX: (200, "application/zip", of_another(tmp_path))}),
        "six-1.17.0.*(damaged|sha256)",
        {"audit": 0},
    ),
    "has rubbish for pages": lambda _, form, __: Fault(
        Faults(page=b"{]" if form == "json" else b"<html><form>Who are you?</form></html>"),
        "unusable answer: it is not (JSON|the page of a project)",
    ),
    "has pages of 200 MB": lambda *_: Fault(
        Faults(page=bytes(LARGE)), f"unusable answer: it promises {LARGE} bytes"
    ),
    "has pages of 200 MB and does not say so": lambda *_: Fault(
        Faults(page=bytes(LARGE), sized=False), "unusable answer: it goes on after"
    ),
    "has a gzip bomb for pages": lambda *_: Fault(
        Faults(page=bomb(), content_encoding="gzip"), "unusable answer: it goes on after"
    ),
    "redirects in a ring": lambda index, *_: Fault(
        Faults(redirect_to=index.root), "unusable answer: it redirects more than 10 times"
    ),
    "has lost the files since": lambda *_: Fault(Faults(gone=True), "the server says 404"),
    "has other files since": lambda *_: Fault(
        Faults(swap=True), "its sha256 is .*, but the index promised"
    ),
}


@pytest.fixture(scope="module")
def index(wheels: Path) -> Iterator[HtmlIndex]:
    with HtmlIndex(wheels) as server:
        yield server


def arguments(command: str, url: str) -> list[str]:
    return {
        "lock": [*PAIR, "--with", "daily", "--index-url", url, "--fresh", "--accept-repacked"],
        "fetch": ["fetch", "lock.json", "--index-url", url],
        "update": ["update"],
        "audit": ["audit", "tensorflow==2.18.1", "--index-url", url, "--keep", "kept"],
    }[command]


@pytest.fixture(scope="module")
def prepared() -> dict[str, dict[str, bytes]]:
    """The files of the lock by the form of the pages, as far as they were made."""
    return {}


@pytest.fixture
def started(
    index: HtmlIndex,
    run: Callable[..., Said],
    folder: Path,
    form: str,
    command: str,
    prepared: dict[str, dict[str, bytes]],
) -> dict[str, bytes]:
    """The files of the lock; they lie in the folder unless one is to be made. Nothing is cached."""
    index.faults = Faults(json=form == "json")
    index.closing.clear()
    if form not in prepared:
        assert run(*arguments("lock", index.url)).status == 0
        prepared[form] = {path.name: path.read_bytes() for path in folder.iterdir()}
        shutil.rmtree(folder.parent / "cache")
        shutil.rmtree(folder)
        folder.mkdir()
        os.chdir(folder)
    if command != "lock":
        for name, content in prepared[form].items():
            (folder / name).write_bytes(content)
    return prepared[form]


def whole(folder: Path, lock: bytes) -> bool:
    """Whether every file in the folder is one of the lock, as the lock says that it is."""
    promised = {one["filename"]: one["sha256"] for one in json.loads(lock)["packages"]}
    return all(
        hashlib.sha256(path.read_bytes()).hexdigest() == promised[path.name]
        for path in folder.glob("*.whl")
    )


def judge(command: str, folder: Path, started: Mapping[str, bytes]) -> None:
    """Nothing is half, nothing is mixed."""
    here = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert here == ({} if command == "lock" else started)
    assert names(folder) - {*here} <= {"wheels", "kept"}
    assert whole(folder / "wheels", started["lock.json"])
    assert not (folder / "wheels" / "requirements.txt").exists()
    assert whole(folder / "kept", started["lock.json"])


def messages(said: Said) -> list[str]:
    return [line for line in said.err.splitlines() if not line.startswith("note: ")]


@pytest.mark.parametrize(("form", "command"), CASES)
@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.slow
def test_a_fault_of_the_index_is_told_once_leaves_nothing_half_and_passes(
    name: str,
    command: str,
    form: str,
    index: HtmlIndex,
    run: Callable[..., Said],
    folder: Path,
    tmp_path: Path,
    started: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = FAULTS[name](index, form, tmp_path)
    index.faults = replace(fault.faults, json=form == "json")
    with monkeypatch.context() as impatient:
        if name in ("never answers", "drips"):
            limits = functools.partial(http.Limits, page_seconds=1.5, wheel_seconds=1.5)
            impatient.setattr(http, "Limits", limits)
            # A drop that comes late on a busy machine is no silence.
            impatient.setenv("PIP_TIMEOUT", "1" if name == "never answers" else "10")
        said = run(*arguments(command, index.url))
    expected = fault.statuses.get(command, 3)
    assert said.status == expected, said
    if expected == 3:
        assert said.out == ""
        (line,) = messages(said)
        assert line.startswith("tfmac-lock: ")
        assert re.search(fault.says, line), line
    elif expected:
        assert re.search(fault.says, said.err), said.err
    if expected:
        judge(command, folder, started)

    index.closing.set()  # whoever still waits for an answer may go
    index.faults = Faults(json=form == "json")
    healed = run(*arguments(command, index.url))
    assert healed.status == 0, healed
    here = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert here == started
    if command == "fetch":
        wanted = {one["filename"] for one in json.loads(started["lock.json"])["packages"]}
        assert names(folder / "wheels") == {*wanted, "requirements.txt"}
        assert whole(folder / "wheels", started["lock.json"])


def test_check_asks_no_index(
    index: HtmlIndex, run: Callable[..., Said], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.faults = Faults()
    assert run(*arguments("lock", index.url)).status == 0
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    asked = ["check", "requirements.txt", "--python", "3.11", "--chip", "m1"]
    healthy = run(*asked)
    assert "hash-of-another" in healthy.out  # the wheels of the test are nobody's
    index.faults, before = Faults(stall=True), len(index.seen)
    assert run(*asked) == healthy
    assert len(index.seen) == before


@pytest.mark.parametrize("command", ["lock", "fetch"])
@pytest.mark.slow
def test_a_certificate_of_nobody_is_told_and_a_known_one_heals(
    command: str,
    wheels: Path,
    run: Callable[..., Said],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = make_authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server-both.pem")
    with HtmlIndex(wheels) as plain:
        assert run(*arguments("lock", plain.url)).status == 0
    with HtmlIndex(wheels, tls=context) as secure:
        said = run(*arguments(command, secure.url), *(["--force"] if command == "lock" else []))
        assert said.status == 3
        (line,) = messages(said)
        assert re.search("could not be read: its certificate is not trusted.*PIP_CERT", line)
        assert not (folder / "wheels" / "requirements.txt").exists()
        monkeypatch.setenv("PIP_CERT", str(authority / "ca.pem"))
        assert run(*arguments(command, secure.url)).status == 0


def damaged(content: bytes) -> dict[str, bytes]:
    """A file of the cache, damaged in many ways."""
    middle = len(content) // 2
    cut = {f"cut at {at}": content[:at] for at in (0, 1, middle, len(content) - 1)}
    places = (0, len(content.partition(b"\n")[0]) - 1, middle, len(content) - 1)
    flipped = {
        f"flipped at {at}": content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :]
        for at in places
    }
    return {**cut, **flipped, "longer": content + b"x", "rubbish": b"\xff" * 100}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "each"),
    [
        pytest.param("html", 1, id="some"),
        pytest.param("html", 10, marks=LONG, id="html"),
        pytest.param("json", 10, marks=LONG, id="json"),
    ],
)
def test_a_damaged_file_of_the_cache_is_fetched_again_and_never_believed(
    form: str, each: int, index: HtmlIndex, run: Callable[..., Said], folder: Path
) -> None:
    index.faults = Faults(json=form == "json", metadata_files=form == "json")
    index.closing.clear()
    asked = [*arguments("lock", index.url), "-U"]
    assert run(*asked).status == 0
    right = {path.name: path.read_bytes() for path in folder.iterdir()}
    cache = [path for path in (folder.parent / "cache").rglob("*/*/*") if path.is_file()]
    assert len(cache) > 8
    tried = 0
    for path in cache:
        content = path.read_bytes()
        for how, bad in list(damaged(content).items())[-each:]:
            path.write_bytes(bad)
            said = run(*asked, "--offline")
            if said.status:  # the damage was met
                assert said.status == 3, (path, how, said)
                assert "not in the cache" in said.err, (path, how, said)
                said = run(*asked)
            assert said.status == 0, (path, how, said)
            here = {path.name: path.read_bytes() for path in folder.iterdir()}
            assert here == right, (path, how)
            tried += 1
        path.write_bytes(content)  # what the run had no need of is still damaged
    assert tried == each * len(cache)
