"""A lock as a bill of materials in CycloneDX 1.6, with the advisories that are known of it.

Source: https://cyclonedx.org/docs/1.6/json/; package addresses: https://github.com/package-url/purl-spec.
The document has no time and no random number, so that the same lock gives the same bytes.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .. import __version__
from ..lock.model import lock_id, required_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..lock.model import Lock, LockedPackage
    from .advisories import Exposure

SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
"""The namespace of addresses, of RFC 9562."""


def document(lock: Lock, found: Iterable[Exposure] = ()) -> dict[str, Any]:
    """The bill of materials, valid by the schema bom-1.6.schema.json."""
    references = {package.name: purl(package) for package in lock.packages}
    serial = uuid.uuid5(SPACE, f"tfmac-lock/{lock.combo.id}/{lock_id(lock)}")
    combo = lock.combo
    facts = {
        "tfmac-lock:status": lock.verdict.status.value,
        "tfmac-lock:python": combo.python,
        "tfmac-lock:machine": f"{combo.os} {combo.arch}",
        "tfmac-lock:as-of": lock.as_of,
    }
    bom: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "tools": {
                "components": [
                    {"type": "application", "name": "tfmac-lock", "version": __version__}
                ]
            },
            "component": {"type": "application", "bom-ref": combo.id, "name": combo.id},
            "properties": [{"name": name, "value": value} for name, value in facts.items()],
        },
        "components": [_component(package) for package in lock.packages],
        "dependencies": _dependencies(lock, references),
    }
    rows = _vulnerabilities(found, references)
    return {**bom, **({"vulnerabilities": rows} if rows else {})}


def purl(package: LockedPackage) -> str:
    """The package's address; that of a conda package has its build, which a version lacks."""
    kind = "conda" if package.manager == "conda" else "pypi"
    build = f"?build={quote(package.build, safe='')}" if package.build else ""
    return f"pkg:{kind}/{package.name}@{quote(package.version, safe='')}{build}"


def _component(package: LockedPackage) -> dict[str, Any]:
    digest = [{"alg": "SHA-256", "content": package.sha256}]
    publishers = [
        {"name": "tfmac-lock:publisher-by-the-index", "value": str(one)}
        for one in package.publishers
    ]
    return {
        "type": "library",
        "bom-ref": purl(package),
        "name": package.name,
        "version": package.version,
        "purl": purl(package),
        "hashes": digest,
        "externalReferences": [{"type": "distribution", "url": package.url, "hashes": digest}],
        **({"properties": publishers} if publishers else {}),
    }


def _dependencies(lock: Lock, references: dict[str, str]) -> list[dict[str, Any]]:
    """What requires what; the lock itself requires what nothing else in it does."""
    rows = []
    required: set[str] = set()
    for package in lock.packages:
        needs = {required_name(text) for text in package.requires} & references.keys()
        required |= needs - {package.name}
        rows.append(_dependency(references[package.name], needs, references))
    roots = references.keys() - required
    return [_dependency(lock.combo.id, roots, references), *rows]


def _dependency(ref: str, needs: Iterable[str], references: dict[str, str]) -> dict[str, Any]:
    return {"ref": ref, "dependsOn": sorted(references[name] for name in needs)}


def _vulnerabilities(found: Iterable[Exposure], references: dict[str, str]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for one in found:
        advisory = one.advisory
        row = rows.setdefault(
            advisory.id,
            {
                "bom-ref": advisory.id,
                "id": advisory.id,
                "source": {"name": "OSV", "url": f"https://osv.dev/{quote(advisory.id)}"},
                "references": [
                    {"id": alias, "source": {"name": "OSV", "url": "https://osv.dev"}}
                    for alias in advisory.aliases
                ],
                "description": advisory.summary,
                "affects": [],
            },
        )
        row["affects"].append(
            {
                "ref": references[one.package],
                "versions": [{"version": one.version, "status": "affected"}],
            }
        )
        if one.fixed:
            row["recommendation"] = f"{one.package} {one.fixed} or newer"
    return list(rows.values())
