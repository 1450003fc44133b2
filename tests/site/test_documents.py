from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from tfmac_lock.site.openapi import FILES, NAMED, describe


@pytest.fixture(scope="module")
def description(site: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site["api/v1/openapi.json"])
    return found


def checker(description: dict[str, Any], name: str) -> jsonschema.Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.slow
def test_every_document_fits_its_schema(
    site: dict[str, bytes], description: dict[str, Any]
) -> None:
    for path, (model, _, _) in FILES.items():
        checker(description, model.__name__).validate(json.loads(site[f"api/v1/{path}"]))
    for path, (model, _, _) in NAMED.items():
        folder = path.split("/")[0]
        check = checker(description, model.__name__)
        found = [name for name in site if re.fullmatch(rf"api/v1/{folder}/[^/]+\.json", name)]
        assert found
        for name in found:
            check.validate(json.loads(site[name]))


def test_every_file_of_the_api_is_described_and_every_path_exists(
    site: dict[str, bytes], description: dict[str, Any]
) -> None:
    patterns = [
        re.compile(re.escape(path.lstrip("/")).replace(r"\{id\}", "[^/]+"))
        for path in description["paths"]
    ]
    files = [name for name in site if name.startswith("api/v1/") and "openapi" not in name]

    assert [name for name in files if not any(p.fullmatch(name) for p in patterns)] == []
    for pattern in patterns:
        if "conda" in pattern.pattern:
            continue  # only locks that were made with conda have it
        assert any(pattern.fullmatch(name) for name in site), pattern


def test_the_description_of_the_files_promises_only_files() -> None:
    assert all(set(item) == {"get"} for item in describe()["paths"].values())


def test_documents_name_their_version_and_hold_no_unions(description: dict[str, Any]) -> None:
    def kinds(schema: Any) -> set[str]:
        found = {option.get("type", "$ref") for option in schema.get("anyOf", [])}
        return found - {"null"}

    for model in [model for model, _, _ in (*FILES.values(), *NAMED.values())]:
        assert (
            "schema_version" in description["components"]["schemas"][model.__name__]["properties"]
        )
    for schema in description["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():  # words have none
            assert len(kinds(field)) <= 1


def test_paths_in_documents_are_files_of_the_site(site: dict[str, bytes]) -> None:
    index = json.loads(site["api/v1/index.json"])
    combos = json.loads(site["api/v1/combos.json"])["combos"]
    pairs = json.loads(site["api/v1/pairs.json"])["pairs"]

    assert all(path in site for path in index["documents"])
    assert all(row["lock"] in site for row in combos)
    named = [f"locks/{row['id']}/{name}" for row in combos for name in (*row["files"], "badge.svg")]
    assert all(path in site for path in named)
    assert all(on["lock"] is None or on["lock"] in site for row in pairs for on in row["pythons"])


def test_missing_symbols_are_told_as_they_stand_and_as_they_were_written(
    site: dict[str, bytes],
) -> None:
    pair = json.loads(site["api/v1/pairs/tensorflow-2.18.0-metal-1.1.0-arm64.json"])
    page = site["pairs/tensorflow-2.18.0-metal-1.1.0-arm64/index.html"].decode()

    assert pair["loads"] is False
    assert pair["status"] == "broken"
    assert pair["missing_symbols"] == ["__ZN3tsl8internal10LogMessageC1EPKcii"]
    assert "tsl::internal::LogMessage::LogMessage(char const*, int, int)" in page


def test_every_report_is_published_those_that_decide_nothing_too(site: dict[str, bytes]) -> None:
    reports = json.loads(site["api/v1/reports.json"])["reports"]
    page = site["reports/index.html"].decode()

    assert {report["about"] for report in reports} == {"pair", "defect", "environment"}
    assert all(f'id="{report["id"]}"' in page for report in reports)


def test_a_lock_has_what_conda_needs_to_know(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert {"build", "md5", "constrains"} <= set(schemas["LockedPackage"]["properties"])
    assert "channels" in schemas["Lock"]["properties"]


def test_the_description_knows_every_field_of_the_locks(
    site: dict[str, bytes], description: dict[str, Any]
) -> None:
    schemas = description["components"]["schemas"]

    def known(name: str) -> set[str]:
        return set(schemas[name]["properties"])

    locks = [
        json.loads(site[name]) for name in site if re.fullmatch(r"api/v1/locks/[^/]+\.json", name)
    ]
    assert locks
    for lock in locks:
        assert set(lock) <= known("Lock")
        assert set(lock["combo"]) <= known("Combo")
        assert all(set(row) <= known("LockedPackage") for row in lock["packages"])
        assert all(set(row) <= known("ChannelState") for row in lock.get("channels", []))
        assert all(set(row) <= known("Reason") for row in lock["verdict"]["reasons"])
