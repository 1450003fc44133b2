from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.version import Version

from tests.support.facts import bound, loads, matrix, release, shipped, target
from tests.support.locks import lock, package
from tfmac_lock.check import osv, sbom
from tfmac_lock.check.advisories import exposures, watched
from tfmac_lock.errors import InputFileError

OSV = Path(__file__).parent / "osv"
MAC = "cp311-cp311-macosx_12_0_arm64"
LOCK = lock((*lock().packages, package("six", "1.17.0"), package("tool", "1.0", "six<1.18")))


def span(*events: tuple[str, str]) -> osv.Affected:
    row = {
        "package": {"ecosystem": "PyPI", "name": "a"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{kind: text} for kind, text in events]}],
    }
    return osv._affected(row)


@pytest.mark.parametrize(
    ("events", "hit", "missed"),
    [
        ([("introduced", "0"), ("fixed", "2.0")], ["0.1", "1.9", "2.0rc1"], ["2.0", "2.1"]),
        ([("introduced", "1.0"), ("last_affected", "1.2")], ["1.0", "1.2"], ["0.9", "1.2.1"]),
        (
            [("fixed", "3"), ("introduced", "2"), ("introduced", "0"), ("fixed", "1")],
            ["0.5", "2.5"],
            ["1", "1.5", "3"],
        ),
        ([("introduced", "1.0")], ["1.0", "99"], ["0.9"]),
    ],
)
def test_a_version_is_affected_as_the_events_say(
    events: list[tuple[str, str]], hit: list[str], missed: list[str]
) -> None:
    affected = span(*events)
    assert [affected.holds(text) for text in hit] == [True] * len(hit)
    assert [affected.holds(text) for text in missed] == [False] * len(missed)


def test_the_fix_is_the_first_later_version_that_is_not_affected_again() -> None:
    affected = span(("introduced", "0"), ("fixed", "1.5"), ("introduced", "2"), ("fixed", "2.5"))
    assert affected.fixed("1.0") == Version("1.5")
    assert affected.fixed("2.1") == Version("2.5")
    assert span(("introduced", "0"), ("last_affected", "2")).fixed("1") is None


@pytest.mark.parametrize("form", ["folder", "zip", "list", "vulns"])
def test_advisories_are_read_from_every_form(tmp_path: Path, form: str) -> None:
    rows = [json.loads(path.read_text()) for path in sorted(OSV.glob("*.json"))]
    path = OSV
    if form == "zip":
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for one in OSV.glob("*.json"):
                archive.write(one, one.name)
    elif form != "folder":
        path = tmp_path / "one.json"
        path.write_text(json.dumps(rows if form == "list" else {"vulns": rows}))
    found = osv.read(path, watched(LOCK))
    assert [one.id for one in found] == ["PYSEC-2030-1", "PYSEC-2030-2"]
    first, second = found
    assert (first.severity, first.link) == ("high", "https://example.org/advisory")
    assert second.summary == "Made up: a message is read twice."
    assert osv.read(path, ["rich"]) == []


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"not json", "is not JSON"),
        (b"{}", "is not an advisory in OSV's format"),
        (b'[{"id": 1}]', "is not an advisory in OSV's format"),
        (b'{"id": "X", "affected": [{}]}', "X is not in OSV's format"),
        (b"PK\x05\x06" + b"\0" * 17, "is not JSON"),
    ],
)
def test_what_is_no_advisory_is_told(tmp_path: Path, content: bytes, part: str) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=part):
        osv.read(path, ["tensorflow"])


def test_each_names_the_fix_and_what_keeps_it_out() -> None:
    facts = matrix(
        releases=(release("tensorflow", "2.18.1"), release("tensorflow", "2.19.0")),
        pair_loads=(loads(False, tensorflow="2.19.0"),),
        bounds=(bound("six", "<2", tensorflow=">=2.18"),),
    )
    of_tensorflow, of_six = sorted(
        exposures(LOCK, osv.read(OSV, watched(LOCK)), facts, target()),
        key=lambda one: one.advisory.id,
    )
    assert (of_tensorflow.package, of_tensorflow.fixed) == ("tensorflow", "2.19.0")
    assert of_tensorflow.blocked == (
        "tensorflow-metal 1.2.0 does not load with it, as far as is known",
    )
    assert (of_tensorflow.update, of_tensorflow.pair) == ("", "")
    assert (of_six.package, of_six.fixed, of_six.update) == ("six", "", "")


def test_a_fix_that_the_lock_can_have_comes_with_its_command(tmp_path: Path) -> None:
    row = json.loads((OSV / "PYSEC-2030-2.json").read_text())
    row["affected"][0]["ranges"][0]["events"][1] = {"fixed": "1.17.5"}
    path = tmp_path / "one.json"
    path.write_text(json.dumps(row))
    (found,) = exposures(LOCK, osv.read(path, watched(LOCK)), matrix(), target())
    assert (found.fixed, found.update, found.blocked) == ("1.17.5", "tfmac-lock update six", ())
    row["affected"][0]["ranges"][0]["events"][1] = {"fixed": "1.18"}
    path.write_text(json.dumps(row))
    (found,) = exposures(LOCK, osv.read(path, watched(LOCK)), matrix(), target())
    assert found.blocked == ("tool 1.0 requires six<1.18",)
    assert found.update == ""


def test_a_pair_with_the_gpu_that_can_have_the_fix_is_named() -> None:
    facts = shipped()
    advisories = osv.read(OSV, watched(LOCK))
    found = exposures(LOCK, advisories, facts, target())
    (of_tensorflow,) = [one for one in found if one.package == "tensorflow"]
    assert of_tensorflow.update.endswith("--tensorflow '>=2.19.0'")
    assert "2.19" in of_tensorflow.pair
    assert "tensorflow-metal 1.2.0" in of_tensorflow.pair


def test_apples_build_has_the_faults_of_its_source() -> None:
    other = replace(
        lock((package("tensorflow-macos", "2.15.0", tag=MAC),), package="tensorflow-macos"),
    )
    found = exposures(other, osv.read(OSV, watched(other)), matrix(), target())
    assert [(one.package, one.fixed) for one in found] == [("tensorflow-macos", "2.17.2")]


def test_the_bill_of_materials_is_valid_and_has_every_file() -> None:
    found = exposures(LOCK, osv.read(OSV, watched(LOCK)), shipped(), target())
    told = sbom.document(LOCK, found)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(told)) is None
    assert [one["hashes"][0]["content"] for one in told["components"]] == [
        one.sha256 for one in LOCK.packages
    ]
    assert told["components"][3]["purl"] == "pkg:pypi/six@1.17.0"
    assert {one["id"] for one in told["vulnerabilities"]} == {"PYSEC-2030-1", "PYSEC-2030-2"}
    by_ref = {row["ref"]: row["dependsOn"] for row in told["dependencies"]}
    assert by_ref["pkg:pypi/tool@1.0"] == ["pkg:pypi/six@1.17.0"]
    assert "pkg:pypi/tool@1.0" in by_ref[LOCK.combo.id]
    assert told == sbom.document(LOCK, found)


def test_a_conda_package_has_its_build_in_its_address() -> None:
    conda = replace(package("numpy", "1.26.4"), manager="conda", build="py311_0")
    assert sbom.purl(conda) == "pkg:conda/numpy@1.26.4?build=py311_0"
    told = sbom.document(lock((conda,)))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(told)) is None
