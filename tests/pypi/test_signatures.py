"""Signatures of attestations, by what pypi.org said of a real file.

The document in ``provenance`` is that of https://pypi.org/integrity/pypi-attestations/0.0.19/
pypi_attestations-0.0.19.tar.gz/provenance, whose signature is of December 2024.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tfmac_lock.pypi import signatures
from tfmac_lock.pypi.errors import BadIndexAnswer
from tfmac_lock.pypi.model import IndexFile

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "pypi_attestations-0.0.19.tar.gz"
DIGEST = "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"
URL = f"https://index.test/integrity/pypi-attestations/0.0.19/{NAME}/provenance"
DOCUMENT = Path(__file__).parent / "provenance" / f"{NAME}.json"

pytestmark = pytest.mark.skipif(
    not signatures.can_check(), reason="the extra `attestations` is not installed"
)


def check(page: object, filename: str = NAME, digest: str = DIGEST) -> None:
    signatures.check(json.dumps(page).encode(), URL, filename, digest)


@pytest.fixture
def page() -> dict[str, Any]:
    """A document that holds, to be spoiled."""
    data: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return data


def test_a_real_signature_holds(page: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    check(page)
    assert caplog.text == ""


def other_publisher(bundle: dict[str, Any]) -> None:
    bundle["publisher"]["repository"] = "evil/pypi-attestations"


def other_workflow(bundle: dict[str, Any]) -> None:
    bundle["publisher"]["workflow"] = "other.yml"


def no_publisher(bundle: dict[str, Any]) -> None:
    bundle["publisher"] = {"kind": "Nobody knows"}


def other_signature(bundle: dict[str, Any]) -> None:
    envelope = bundle["attestations"][0]["envelope"]
    envelope["signature"] = envelope["signature"][:40] + "AAAA" + envelope["signature"][44:]


def no_log_entry(bundle: dict[str, Any]) -> None:
    bundle["attestations"][0]["verification_material"]["transparency_entries"] = []


def other_time_of_the_log(bundle: dict[str, Any]) -> None:
    material = bundle["attestations"][0]["verification_material"]
    material["transparency_entries"][0]["integratedTime"] = "1800000000"


def no_certificate(bundle: dict[str, Any]) -> None:
    bundle["attestations"][0]["verification_material"]["certificate"] = "MIIC"


@pytest.mark.parametrize(
    "spoil",
    [
        other_publisher,
        other_workflow,
        no_publisher,
        other_signature,
        no_log_entry,
        other_time_of_the_log,
        no_certificate,
    ],
)
def test_a_spoiled_attestation_is_refused(
    page: dict[str, Any], spoil: Callable[[dict[str, Any]], None]
) -> None:
    spoil(page["attestation_bundles"][0])
    with pytest.raises(BadIndexAnswer, match=f"a signature in the attestations of {NAME} does not"):
        check(page)


@pytest.mark.parametrize(
    ("filename", "digest"),
    [(NAME, "0" * 64), ("pypi_attestations-0.0.20.tar.gz", DIGEST), ("no file's name", DIGEST)],
)
def test_a_signature_of_another_file_is_refused(
    page: dict[str, Any], filename: str, digest: str
) -> None:
    with pytest.raises(BadIndexAnswer, match="does not hold"):
        check(page, filename, digest)


def test_the_second_attestation_of_a_file_is_checked_too(page: dict[str, Any]) -> None:
    bundle = page["attestation_bundles"][0]
    bundle["attestations"].append(json.loads(json.dumps(bundle["attestations"][0])))
    check(page)
    bundle["attestations"][1]["envelope"]["signature"] = "MEUC"
    with pytest.raises(BadIndexAnswer, match="does not hold"):
        check(page)


def test_a_wrong_signature_is_no_publisher_and_is_not_kept(
    mirror: Any, make_client: Callable[..., Any], page: dict[str, Any]
) -> None:
    path = "/integrity/it"
    kind = "application/vnd.pypi.integrity.v1+json"
    spoiled = json.loads(json.dumps(page))
    other_publisher(spoiled["attestation_bundles"][0])
    mirror.faults.answers = {path: (200, kind, json.dumps(spoiled).encode())}
    file = IndexFile(
        filename=NAME,
        url=f"{mirror.root}/{NAME}",
        sha256=DIGEST,
        provenance=mirror.root + path,
        index=mirror.url,
    )
    with pytest.raises(BadIndexAnswer, match="does not hold"):
        make_client(mirror.url).publishers(file, DIGEST)
    mirror.faults.answers = {path: (200, kind, DOCUMENT.read_bytes())}
    (found,) = make_client(mirror.url).publishers(file, DIGEST)
    assert str(found) == "GitHub trailofbits/pypi-attestations release.yml"
