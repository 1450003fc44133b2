"""The page of the API: its description, rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..page import Site


def pages(site: Site) -> Iterator[Page]:
    """The page, made from the same description as openapi.json."""
    description = site.description
    schemas = description["components"]["schemas"]
    rows = [
        _row(path, method, operation)
        for path, item in description["paths"].items()
        for method, operation in item.items()
    ]
    yield Page(
        path="api/index.html",
        template="api.html",
        here="api",
        values={
            "description": description["info"]["description"],
            "documents": [row for row in rows if row["method"] == "GET"],
            "operations": [
                {**row, "fields": _fields(schemas[row["takes"]]), "responses": row["responses"]}
                for row in rows
                if row["method"] == "POST"
            ],
            "schemas": {name: _schema(schema) for name, schema in sorted(schemas.items())},
        },
    )


def _row(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    """One operation: where, what, and the names of the schemas that it takes and answers."""
    answered = next(iter(operation["responses"]["200"]["content"].items()))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {
        "path": path.lstrip("/"),
        "method": method.upper(),
        "name": operation["operationId"],
        "summary": operation["summary"],
        "media": answered[0],
        "answers": _name(answered[1]["schema"]),
        "takes": _name(body.get("schema", {})),
        "responses": {
            code: response["description"] for code, response in operation["responses"].items()
        },
        "parameters": operation.get("parameters", []),
    }


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": schema.get("description", ""),
        "fields": _fields(schema),
        "values": schema.get("enum", []),
    }


def _fields(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "shape": shape(field),
            "needed": name in required,
            "text": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _name(schema: Mapping[str, Any]) -> str:
    """The name of the schema that is referred to, or empty."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def shape(schema: Mapping[str, Any]) -> tuple[str, str]:
    """What a value is, in words, and the schema of it or of its items, where that has a name."""
    if "$ref" in schema:
        return "{}", _name(schema)
    if "const" in schema:
        return f"always {schema['const']}", ""
    if "enum" in schema:
        return "one of: " + ", ".join(map(str, schema["enum"])), ""
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            found = [shape(option) for option in schema[key]]
            return " or ".join(words for words, _ in found), next((n for _, n in found if n), "")
    kind = schema.get("type", "anything")
    if kind == "array":
        words, name = shape(schema.get("items", {}))
        return f"list of {words}", name
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        words, name = shape(schema["additionalProperties"])
        return f"{words} by name", name
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(
        kind, str(kind)
    ), ""
