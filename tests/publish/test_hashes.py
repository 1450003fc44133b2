"""The hashes of the published locks against the files of an index on loopback."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support import Faults, HtmlIndex, build_wheel
from tests.support.locks import PACKAGES, lock
from tfmac_lock.__main__ import main
from tfmac_lock.lock.published import Index
from tfmac_lock.matrix import loading
from tfmac_lock.publish import locks
from tfmac_lock.publish.hashes import Answer, Outcome, compare, files_of
from tfmac_lock.publish.locks import Slot, SlotResult
from tfmac_lock.pypi import open_index
from tfmac_lock.pypi.model import IndexFile
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "six-1.17.0-py3-none-any.whl"
STORE = "https://files.example"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFMAC_LOCK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_RETRIES", "0")
    return tmp_path / "cache"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[HtmlIndex]:
    build_wheel(tmp_path / "index", "six", "1.17.0")
    with HtmlIndex(tmp_path / "index") as served:
        yield served


@pytest.fixture
def wheel(index: HtmlIndex) -> Path:
    return index.folder / "six" / NAME


def addressed(content: bytes, name: str = NAME) -> str:
    """The address that PyPI would give those bytes."""
    digest = hashlib.blake2b(content, digest_size=32).hexdigest()
    return f"{STORE}/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{name}"


def locked(content: bytes) -> IndexFile:
    """What a lock says that was made when the file held that."""
    return IndexFile(
        filename=NAME, url=addressed(content), sha256=hashlib.sha256(content).hexdigest()
    )


def compared(file: IndexFile, index: HtmlIndex) -> Outcome:
    with open_index(index_url=index.url) as client:
        return compare(file, client)


def test_a_file_that_is_what_it_was_agrees_and_is_fetched_once(
    index: HtmlIndex, wheel: Path
) -> None:
    file = locked(wheel.read_bytes())
    for _ in range(2):
        assert compared(file, index) == Outcome(filename=NAME, answer=Answer.AGREES)
    assert sum(one.path.endswith(".whl") for one in index.seen) == 1


def test_other_bytes_under_a_page_that_lies_for_them_are_found_out(
    index: HtmlIndex, wheel: Path
) -> None:
    file = locked(wheel.read_bytes())
    index.faults.swap = True
    found = compared(file, index)
    assert found.answer is Answer.CONTRADICTED
    assert f"the locks have sha256 {file.sha256}, the bytes have " in found.text
    assert "the index says" not in found.text


def test_an_index_that_says_another_hash_is_told_apart_from_other_bytes(
    index: HtmlIndex, wheel: Path
) -> None:
    file = locked(wheel.read_bytes())
    index.faults.wrong_hash = True
    found = compared(file, index)
    assert found.answer is Answer.CONTRADICTED
    assert f"the locks have sha256 {file.sha256}, the index says " in found.text
    assert "the bytes" not in found.text


def test_a_lock_made_of_a_mirror_that_invented_file_and_hash_is_betrayed_by_the_address(
    index: HtmlIndex, wheel: Path
) -> None:
    invented = replace(locked(wheel.read_bytes()), url=addressed(b"what PyPI has"))
    found = compared(invented, index)
    assert found.answer is Answer.CONTRADICTED
    assert found.text.startswith("the address in the locks is of other bytes")


def test_an_address_that_is_not_made_of_the_bytes_says_nothing(
    index: HtmlIndex, wheel: Path
) -> None:
    plain = replace(locked(wheel.read_bytes()), url=f"{STORE}/six/{NAME}")
    assert compared(plain, index).answer is Answer.AGREES


def test_a_file_that_the_index_lists_no_longer_is_gone(index: HtmlIndex, wheel: Path) -> None:
    file = locked(wheel.read_bytes())
    build_wheel(index.folder, "six", "1.18.0")
    wheel.unlink()
    assert compared(file, index).answer is Answer.GONE
    shutil.rmtree(wheel.parent)
    assert compared(file, index).answer is Answer.GONE


def test_a_file_that_cannot_be_fetched_is_unknown(index: HtmlIndex, wheel: Path) -> None:
    file = locked(wheel.read_bytes())
    index.faults.gone = True
    found = compared(file, index)
    assert found.answer is Answer.UNKNOWN
    assert NAME in found.text


# -- the command


@pytest.fixture
def published(tmp_path: Path, index: HtmlIndex, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Published locks of which six is the one package that the index has."""
    content = (index.folder / "six" / NAME).read_bytes()
    file = locked(content)
    assert file.sha256
    six = replace(PACKAGES[0], name="six", version="1.17.0", filename=NAME)
    six = replace(six, url=file.url, sha256=file.sha256)
    made = replace(lock(), packages=(six,))
    slot = Slot("3.11", Arch.ARM64)
    folder = tmp_path / "locks"
    result = SlotResult(slot=slot, locks=(made,), unpublished=())
    locks.write(folder, locks.render([result]), [slot])
    monkeypatch.setattr(loading, "locks_folder", lambda: folder)
    assert [one.filename for one in files_of(folder)] == [NAME]
    assert Index.within(folder, "3.11", Arch.ARM64).exists()
    return folder


@pytest.mark.parametrize(
    ("faults", "status", "answer"),
    [
        (Faults(), 0, "agrees"),
        (Faults(swap=True), 1, "contradicted"),
        (Faults(gone=True), 3, "unknown"),
    ],
)
def test_the_command_tells_each_in_its_exit_status(
    published: Path,
    index: HtmlIndex,
    capsys: pytest.CaptureFixture[str],
    faults: Faults,
    status: int,
    answer: str,
) -> None:
    index.faults = faults
    command = ["publish", "hashes", "--index-url", index.url]
    assert main([*command, "--json"]) == status
    told = json.loads(capsys.readouterr().out)
    assert (told["files"], told["compared"], told[answer]) == (1, 1, 1)
    assert [one["filename"] for one in told["found"]] == ([NAME] if status else [])
    assert main(command) == status
    assert capsys.readouterr().out.startswith("1 of 1 files: ")
