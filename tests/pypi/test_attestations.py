from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import build_wheel
from tfmac_lock.pypi import attestations, signatures
from tfmac_lock.pypi.attestations import Publisher
from tfmac_lock.pypi.errors import BadIndexAnswer, NotCached
from tfmac_lock.pypi.model import ACTIVE, IndexFile, Standing

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://index.test/integrity/demo/1.0/demo-1.0-py3-none-any.whl/provenance"
NAME, DIGEST = "demo-1.0-py3-none-any.whl", "a" * 64
GITHUB = {"kind": "GitHub", "repository": "demo/demo", "workflow": "release.yml"}


def statement(name: str = NAME, digest: str = DIGEST) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}}],
        "predicateType": "https://docs.pypi.org/attestations/publish/v1",
        "predicate": None,
    }


def attestation(stated: object) -> dict[str, Any]:
    return {
        "version": 1,
        "verification_material": {"certificate": "MIIC", "transparency_entries": [{}]},
        "envelope": {
            "statement": base64.b64encode(json.dumps(stated).encode()).decode(),
            "signature": "MEUC",
        },
    }


def provenance(*stated: object, publisher: object = GITHUB) -> dict[str, Any]:
    bundle = {"publisher": publisher, "attestations": [attestation(one) for one in stated]}
    return {"version": 1, "attestation_bundles": [bundle]}


def parse(page: object) -> tuple[Publisher, ...]:
    return attestations.parse(json.dumps(page).encode(), URL, NAME, DIGEST)


def test_a_publisher_is_told_with_what_is_claimed_of_it() -> None:
    (found,) = parse(provenance(statement()))
    assert str(found) == "GitHub demo/demo release.yml"
    assert Publisher.from_json(found.to_json()) == found
    assert found.to_json() == GITHUB


def test_two_attestations_of_one_publisher_name_it_once() -> None:
    assert len(parse(provenance(statement(), statement()))) == 1


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (provenance(statement(name="other-1.0-py3-none-any.whl")), "about another file: other-1"),
        (provenance(statement(digest="b" * 64)), "about another file: .*bbbb"),
        (provenance(statement(), statement(digest="b" * 64)), "about another file"),
        (provenance(), "has no attestation"),
        ({**provenance(statement()), "version": 2}, "another version"),
        (provenance({**statement(), "_type": "x"}), "states nothing of a file"),
        (provenance({**statement(), "subject": []}), "no provenance"),
        (provenance("text"), "no provenance"),
        (provenance(statement(), publisher={"repository": "a/b"}), "no provenance"),
        (provenance(statement(), publisher={"kind": 3}), "names no publisher"),
        ({"version": 1, "attestation_bundles": {}}, "no list"),
        ([], "no provenance"),
        (None, "no provenance"),
    ],
)
def test_what_attests_nothing_of_this_file_is_refused(page: object, told: str) -> None:
    with pytest.raises(BadIndexAnswer, match=told):
        parse(page)


@pytest.mark.parametrize("field", ["signature", "statement"])
def test_an_attestation_without_its_parts_is_refused(field: str) -> None:
    page = provenance(statement())
    page["attestation_bundles"][0]["attestations"][0]["envelope"][field] = ""
    with pytest.raises(BadIndexAnswer):
        parse(page)


@pytest.mark.parametrize("body", [b"", b"{]", b"[" * 100_000, b"\xff", b'{"version": NaN}'])
def test_rubbish_is_refused(body: bytes) -> None:
    with pytest.raises(BadIndexAnswer):
        attestations.parse(body, URL, NAME, DIGEST)


def test_what_a_publisher_is_called_steers_no_terminal_and_breaks_no_line() -> None:
    hostile = {"kind": "Git\nHub\x1b[2J", "repository": "a\r\nb", "Bad Key": "x", "list": [1]}
    (found,) = parse(provenance(statement(), publisher=hostile))
    assert str(found) == "GitHub[2J ab"


@pytest.mark.parametrize("form", ["html", "json"])
def test_both_forms_of_a_page_name_attestations_and_the_status(
    mirror, folder, make_client, form
) -> None:
    build_wheel(folder, "demo", "1.0")
    mirror.faults.json = form == "json"
    mirror.faults.provenance = {NAME: URL}
    mirror.faults.status = {"demo": "archived"}
    project = make_client(mirror.url).project("demo")
    (file,) = project.files
    assert file.provenance == URL
    assert project.standing == Standing("archived")
    assert IndexFile.unpack(file.pack(), file.index) == file
    mirror.faults.status = {}
    assert make_client(mirror.url, revalidate=True).project("demo").standing == ACTIVE


@pytest.mark.parametrize("form", ["html", "json"])
def test_a_quarantined_project_has_no_files_and_is_sought_nowhere_else(
    mirror, folder, make_client, form
) -> None:
    build_wheel(folder, "demo", "1.0")
    mirror.faults.json = form == "json"
    mirror.faults.status = {"demo": "quarantined"}
    # The second index, another address of the same server, would have it.
    project = make_client(mirror.url, f"{mirror.root}/other/").project("demo")
    assert project.files == ()
    assert project.standing.is_unsafe
    assert all("/other/" not in path for path in mirror.paths())


@pytest.mark.usefixtures("unsigned")
def test_attestations_are_fetched_once_and_are_there_offline(
    mirror, folder, make_client, digest_of: Callable[[str], str]
) -> None:
    build_wheel(folder, "demo", "1.0")
    path = "/integrity/demo"
    mirror.faults.provenance = {NAME: mirror.root + path}
    body = json.dumps(provenance(statement(digest=digest_of(NAME)))).encode()
    mirror.faults.answers = {path: (200, "application/vnd.pypi.integrity.v1+json", body)}
    client = make_client(mirror.url)
    (file,) = client.project("demo").files
    (found,) = client.publishers(file, digest_of(NAME))
    assert found.kind == "GitHub"
    before = len(mirror.seen)
    offline = make_client(mirror.url, offline=True)
    assert offline.publishers(offline.project("demo").files[0], digest_of(NAME)) == (found,)
    assert len(mirror.seen) == before
    with pytest.raises(NotCached, match="attestations of demo"):
        make_client(mirror.url, offline=True, cache=type(client._cache)(None)).publishers(
            file, digest_of(NAME)
        )


def test_promised_attestations_that_are_not_there_are_a_fault(mirror, folder, make_client) -> None:
    build_wheel(folder, "demo", "1.0")
    mirror.faults.provenance = {NAME: f"{mirror.root}/nowhere"}
    client = make_client(mirror.url)
    with pytest.raises(BadIndexAnswer, match="promises attestations, the server says 404"):
        client.publishers(client.project("demo").files[0], DIGEST)


@pytest.fixture
def unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra that checks signatures: nobody can sign for these tests' files."""
    monkeypatch.setattr(signatures, "find_spec", lambda _name: None)


@pytest.fixture
def digest_of(folder) -> Callable[[str], str]:
    import hashlib

    return lambda name: hashlib.sha256((folder / "demo" / name).read_bytes()).hexdigest()
