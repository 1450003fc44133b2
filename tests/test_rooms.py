"""The order of the rooms: a module imports from its own room and from those further in."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import tfmac_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(tfmac_lock.__file__).parent
ROOMS = (
    "errors",
    "target",
    "host",
    "files",
    "foreign",
    "languages",
    "macho",
    "wheels",
    "matrix",
    "pypi",
    "resolve",
    "conda",
    "lock",
    "explain",
    "check",
    "prove",
    "publish",
    "curate",
    "site",
    "service",
    "cli",
    "api",
    "__main__",
)
"""From the ground outwards. docs/architecture.md says what each is for."""

STILL_OUTWARDS: set[str] = set()
"""What still stands in the wrong room. Lines leave this list and none comes in."""


def imports() -> Iterator[tuple[str, str]]:
    """Each module of the package with each room, or module of the ground, that it imports."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = ("tfmac_lock", *path.relative_to(ROOT).with_suffix("").parts)
        package = parts[:-1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else ()
                module = ".".join((*above, *([node.module] if node.module else [])))
                names = [f"{module}.{alias.name}" for alias in node.names]
            for name in names:
                found = name.split(".")
                if found[0] == "tfmac_lock" and len(found) > 1 and found[1] in ROOMS:
                    yield "/".join(parts[1:]), found[1]


def test_every_module_stands_in_a_room() -> None:
    rooms = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.rglob("*.py")}
    assert rooms - {"__init__"} == set(ROOMS)


def test_no_room_imports_one_further_out() -> None:
    outwards = {
        f"{module} imports {room}"
        for module, room in imports()
        if ROOMS.index(room) > ROOMS.index(module.split("/")[0])
    }
    assert outwards == STILL_OUTWARDS
