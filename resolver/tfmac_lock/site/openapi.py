"""The description of the API (OpenAPI 3.1), made from the models of its documents.

Source: https://spec.openapis.org/oas/v3.1.1.html. One description serves both halves: the
static site carries the paths that are files, the service adds those that compute.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from .. import __version__
from . import documents as doc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

NAME = r"^[a-z0-9][a-z0-9._-]{0,120}$"

FILES: dict[str, tuple[type[doc.Document], str, str]] = {
    "index.json": (doc.Index, "index", "Where everything is"),
    "platforms.json": (doc.Platforms, "platforms", "Chips, macOS releases and Pythons"),
    "combos.json": (doc.Combos, "combos", "All published combos, best first"),
    "pairs.json": (doc.Pairs, "pairs", "All pairs of TensorFlow and plugin"),
    "releases.json": (doc.Releases, "releases", "All known releases"),
    "bounds.json": (doc.Bounds, "bounds", "Limits that the packages' metadata lack"),
    "defects.json": (doc.Defects, "defects", "Known faults with their way out"),
    "symptoms.json": (doc.Symptoms, "symptoms", "Failures by what they print"),
    "figures.json": (doc.Figures, "figures", "Measured figures"),
    "changes.json": (doc.Changes, "changes", "What became known, and when"),
    "checksums.json": (doc.Checksums, "checksums", "Checksums of all lockfiles"),
}
"""Single documents: path, model, operation and summary."""

NAMED: dict[str, tuple[type[doc.Document], str, str]] = {
    "locks/{id}.json": (doc.Lock, "lock", "A whole lock, by the combo's id"),
    "pairs/{id}.json": (doc.Pair, "pair", "A pair with every fact behind its verdict"),
    "releases/{id}.json": (doc.Release, "release", "A release with its wheels"),
}
"""Documents by name."""

LOCKFILES = {
    "requirements.txt": "text/plain",
    "pylock.toml": "application/toml",
    "conda-lock.yml": "application/yaml",
    "badge.svg": "image/svg+xml",
}
"""Files beside published locks, with their media types; not every lock has all of them."""


def describe(*, live: bool = False) -> dict[str, Any]:
    """The description; with ``live`` of the service, else of the static files alone."""
    schemas = _schemas([model for model, _, _ in (*FILES.values(), *NAMED.values())])
    for schema in schemas.values():
        # Curators may not write unknown fields; documents may gain some.
        schema.pop("additionalProperties", None)
    paths: dict[str, Any] = {}
    if live:
        from ..service import messages

        schemas = _schemas(messages.MODELS) | schemas
        paths |= messages.paths()
    for path, (model, operation, summary) in FILES.items():
        paths[f"/api/v1/{path}"] = {"get": _get(operation, summary, model)}
    for path, (model, operation, summary) in NAMED.items():
        paths[f"/api/v1/{path}"] = {"get": _get(operation, summary, model, named=True)}
    for name, media in LOCKFILES.items():
        paths[f"/locks/{{id}}/{name}"] = {
            "get": {
                "operationId": f"lockfile-{name}",
                "summary": f"{name} of a published lock",
                "parameters": [_parameter()],
                "responses": {
                    "200": {
                        "description": "the file",
                        "content": {media: {"schema": {"type": "string"}}},
                    },
                    "404": {"description": "there is no such file"},
                },
            }
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tfmac-lock",
            "version": __version__,
            "summary": "Which TensorFlow installs and runs on which Mac, and the locks for it",
            "description": "Documents are files: they can be cached, mirrored and served from "
            "anywhere. Paths inside them are relative to the site's root. Fields are added, "
            "never changed; a change of meaning gets a new version in the path.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "../..", "description": "the site that holds this file"}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _schemas(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """The schema of each model and of its parts, by name."""
    _, definitions = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    found: dict[str, Any] = definitions.get("$defs", {})
    return found


def dump(description: dict[str, Any]) -> str:
    """The bytes of the description."""
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


def _get(
    operation: str, summary: str, model: type[BaseModel], *, named: bool = False
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation,
        "summary": summary,
        "responses": {
            "200": {
                "description": "the document",
                "content": {
                    "application/json": {
                        "schema": {"$ref": f"#/components/schemas/{model.__name__}"}
                    }
                },
            }
        },
    }
    if named:
        found["parameters"] = [_parameter()]
        found["responses"]["404"] = {"description": "there is no such document"}
    return found


def _parameter() -> dict[str, Any]:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": NAME},
    }
