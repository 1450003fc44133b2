"""``tfmac-lock-data``: the facts as a package of their own, for this program and for any other.

It holds the compiled files and the published locks, which a tfmac-lock of the same shape takes in
the place of its own older ones; the documents of the API with their JSON Schemas and the
constraints, for everybody else; and a feed of what changed. The facts are given away under CC0.
The same facts give the same bytes.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from ..errors import OutsideError, UsageError
from ..files import alone, beside, write_whole
from ..matrix import loading
from ..matrix.compiled import SCHEMA_VERSION
from ..matrix.dated import NAME, PACKAGE, read_dated
from .build import render_site
from .changes import atom
from .inputs import load
from .openapi import FILES, NAMED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARK = f"src/{PACKAGE}/__init__.py"
"""Lies in a folder that this program may overwrite."""

LEFT_OUT = ("locks/", "checksums.json", "openapi.json", "index.json")
"""Documents of the API that are about files of the site."""

PROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "{version}"
description = "Facts about TensorFlow on Macs: which releases and plugins fit, and why"
readme = "README.md"
requires-python = ">=3.8"
license = "CC0-1.0"
license-files = ["LICENSE"]
keywords = ["tensorflow", "tensorflow-metal", "macos", "apple-silicon", "data"]

[tool.hatch.build.targets.wheel]
packages = ["src/{package}"]
"""

README = """\
# {name}

What is known of TensorFlow on Macs: releases, plugins, bounds, faults, reports, verdicts. The facts
of {date}, in schema {schema}. Anybody may use them for anything (CC0).

| folder of the package `{package}` | holds |
|---|---|
| `facts/` | JSON documents: `pairs.json`, `bounds.json`, `defects.json` and others |
| `schemas/` | the JSON Schema of each document, by the same name |
| `constraints/` | constraints files for pip and uv, where there are any |
| `changes.atom` | what became known, newest first |
| `compiled/` | what tfmac-lock reads; it is taken where it is newer than the program's own |

    import json
    from {package} import path

    defects = json.loads(path("facts/defects.json").read_text("utf-8"))

The version is the schema and the day of the newest fact. Fields may be added within a schema.
"""

INIT = '''\
"""Facts about TensorFlow on Macs, as files; see README.md."""

from pathlib import Path

__version__ = "{version}"
DATE = "{date}"
SCHEMA = {schema}


def path(name: str) -> Path:
    """Where that file of the package is."""
    return Path(__file__).parent / name
'''


def version_of(date: str, build: int = 0) -> str:
    """The package's version: the schema, the day, and a number for a second one of that day."""
    return f"{SCHEMA_VERSION}.{date.replace('-', '')}" + (f".{build}" if build else "")


def data_package(build: int = 0) -> dict[str, bytes]:
    """Every file of the package's source, by its path."""
    dated = read_dated(loading.COMPILED)
    words = {
        "name": NAME,
        "package": PACKAGE,
        "version": version_of(dated.date, build),
        "date": dated.date,
        "schema": SCHEMA_VERSION,
    }
    licence = resources.files(__package__).joinpath("data", "CC0-1.0.txt").read_bytes()
    files = {
        "pyproject.toml": PROJECT.format(**words).encode(),
        "README.md": README.format(**words).encode(),
        "LICENSE": licence,
        MARK: INIT.format(**words).encode(),
        f"src/{PACKAGE}/py.typed": b"",
    }
    for path, content in (*_compiled(words["version"]), *_documents()):
        files[f"src/{PACKAGE}/{path}"] = content
    return files


def _compiled(version: object) -> Iterator[tuple[str, bytes]]:
    """What the program reads: its own compiled files, and the published locks."""
    for path in sorted(loading.COMPILED.glob("*.json")):
        content = path.read_bytes()
        if path.name == "date.json":
            dated = {**json.loads(content), "version": version}
            content = (json.dumps(dated, indent=1) + "\n").encode()
        yield f"compiled/{path.name}", content
    locks = loading.locks_folder()
    for folder in ("index", "verdicts"):
        for path in sorted((locks / folder).glob("*.json")):
            yield f"compiled/locks/{folder}/{path.name}", path.read_bytes()


def _documents() -> Iterator[tuple[str, bytes]]:
    """What everybody else reads: documents, schemas, constraints, the feed."""
    inputs = load()
    for path, content in render_site(inputs).items():
        name = path.removeprefix("api/v1/")
        if path.startswith("constraints/") and path.endswith(".txt"):
            yield path, content
        elif name != path and name.endswith(".json") and not name.startswith(LEFT_OUT):
            yield f"facts/{name}", content
    for name, (model, _, _) in sorted({**FILES, **NAMED}.items()):
        if not name.startswith(LEFT_OUT):
            schema = json.dumps(model.model_json_schema(by_alias=True), indent=1, sort_keys=True)
            title = name.replace("/{id}.json", ".json").removesuffix(".json")
            kind = f"{title}-one" if "{id}" in name else title
            yield f"schemas/{kind}.schema.json", (schema + "\n").encode()
    yield "changes.atom", atom(inputs, "").encode()


def write_data_package(out: Path, build: int = 0) -> list[str]:
    """Write the package's source to that folder; raises UsageError where it holds anything else."""
    if not (out / MARK).exists() and _holds_files(out):
        raise UsageError(f"{out} is not empty and no source of {NAME}; name another folder")
    files = data_package(build)
    try:
        with alone(out):
            for path in sorted(out.rglob("*"), reverse=True):
                if path.is_file() and path.relative_to(out).as_posix() not in files:
                    path.unlink()
            # First what tells the next run that the folder is one of these.
            for name in sorted(files, key=lambda name: (name != MARK, name)):
                write_whole(out / name, files[name])
    except OSError as error:
        raise OutsideError(f"{error.filename}: {error.strerror}") from error
    return sorted(files)


def _holds_files(out: Path) -> bool:
    """Whether there is a file other than what a killed run began with."""
    begun = beside(out / MARK, ".new")
    return any(not path.is_dir() and path != begun for path in out.rglob("*"))
