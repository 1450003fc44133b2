"""The description of the API (OpenAPI 3.1), made from the models of its documents.

Source: https://spec.openapis.org/oas/v3.1.1.html. The static site describes the paths that are
files; a service adds the operations that it computes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from .. import __version__
from . import documents as doc
from .companion_documents import CompanionFacts, CompanionList

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

NAME = r"^[a-z0-9][a-z0-9._-]{0,120}$"

FILES: dict[str, tuple[type[doc.Document], str, str]] = {
    "index.json": (doc.Index, "index", "Where everything is"),
    "platforms.json": (doc.Platforms, "platforms", "Chips, macOS releases and Pythons"),
    "combos.json": (doc.Combos, "combos", "All published combos, best first"),
    "pairs.json": (doc.Pairs, "pairs", "All pairs of TensorFlow and plugin"),
    "releases.json": (doc.Releases, "releases", "All known releases"),
    "companions.json": (CompanionList, "companions", "Packages that must fit TensorFlow or Keras"),
    "bounds.json": (doc.Bounds, "bounds", "Limits that the packages' metadata lack"),
    "defects.json": (doc.Defects, "defects", "Known faults with their way out"),
    "reports.json": (doc.Reports, "reports", "What people published about installations"),
    "symptoms.json": (doc.Symptoms, "symptoms", "Failures by what they print"),
    "figures.json": (doc.Figures, "figures", "Measured figures"),
    "coverage.json": (
        doc.CoverageDocument,
        "coverage",
        "What was tried, and what is wanted",
    ),
    "changes.json": (doc.Changes, "changes", "What became known, and when"),
    "checksums.json": (doc.Checksums, "checksums", "Checksums of all lockfiles"),
}
"""Single documents: path, model, operation and summary."""

NAMED: dict[str, tuple[type[doc.Document], str, str]] = {
    "locks/{id}.json": (doc.Lock, "lock", "A whole lock, by the combo's id"),
    "pairs/{id}.json": (doc.Pair, "pair", "A pair with every fact behind its verdict"),
    "releases/{id}.json": (doc.Release, "release", "A release with its wheels"),
    "companions/{id}.json": (CompanionFacts, "companion", "A companion beside each TensorFlow"),
}
"""Documents by name."""

LOCKFILES = {
    "requirements.txt": "text/plain",
    "pylock.toml": "application/toml",
    "conda-lock.yml": "application/yaml",
    "badge.svg": "image/svg+xml",
}
"""Files beside published locks, with their media types; not every lock has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something that a service computes: what it takes, what it answers, in one line.

    ``files`` are parts of the answer that are had alone, by name, with their media types.
    """

    takes: type[BaseModel]
    answers: type[BaseModel]
    summary: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """All operations of a service by name; ``problems`` says what each status code means."""

    operations: Mapping[str, Operation]
    problem: type[BaseModel]
    problems: Mapping[str, str]


def describe(computed: Computed | None = None) -> dict[str, Any]:
    """The description of the static files, and of what is computed besides."""
    schemas = _schemas(model for model, _, _ in (*FILES.values(), *NAMED.values()))
    for schema in schemas.values():
        # Curators may not write unknown fields; documents may gain some.
        schema.pop("additionalProperties", None)
    paths = _computed_paths(computed) if computed else {}
    if computed:
        operations = computed.operations.values()
        models = [model for one in operations for model in (one.takes, one.answers)]
        schemas = _schemas([*models, computed.problem]) | schemas
    for path, (model, operation, summary) in (FILES | NAMED).items():
        content = {"application/json": {"schema": _reference(model)}}
        paths[f"/api/v1/{path}"] = _get(operation, summary, content, named="{id}" in path)
    for name, media in LOCKFILES.items():
        paths[f"/locks/{{id}}/{name}"] = _get(
            f"lockfile-{name}",
            f"{name} of a published lock",
            {media: {"schema": {"type": "string"}}},
            named=True,
        )
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


def dump(description: dict[str, Any]) -> str:
    """The bytes of the description."""
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


def _schemas(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """The schema of each model and of its parts, by name."""
    _, definitions = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    found: dict[str, Any] = definitions.get("$defs", {})
    return found


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _get(operation: str, summary: str, content: dict[str, Any], *, named: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": {"description": summary, "content": content}},
    }
    if named:
        schema = {"type": "string", "pattern": NAME}
        found["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": schema}]
        found["responses"]["404"] = {"description": "there is no such file"}
    return {"get": found}


def _computed_paths(computed: Computed) -> dict[str, Any]:
    def body(model: type[BaseModel]) -> dict[str, Any]:
        return {"application/json": {"schema": _reference(model)}}

    problems = {
        code: {"description": text, "content": body(computed.problem)}
        for code, text in computed.problems.items()
    }

    def post(operation: str, one: Operation, content: dict[str, Any], summary: str) -> Any:
        return {
            "post": {
                "operationId": operation,
                "summary": summary,
                "requestBody": {"required": True, "content": body(one.takes)},
                "responses": {"200": {"description": "the answer", "content": content}, **problems},
            }
        }

    paths = {}
    for name, one in computed.operations.items():
        paths[f"/api/v1/{name}"] = post(f"make-{name}", one, body(one.answers), one.summary)
        for file, media in one.files.items():
            paths[f"/api/v1/{name}/{file}"] = post(
                f"make-{name}-{file}",
                one,
                {media: {"schema": {"type": "string"}}},
                f"The same, answered with {file} alone",
            )
    return paths
