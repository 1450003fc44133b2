"""Every command of the program's own that its texts hold, collected from its sources.

A command stands in backticks, or begins a line or follows a colon and runs to the line's end, to
two spaces or to the end of the sentence. What is filled in is written in braces.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "resolver" / "tfmac_lock"

_NAMED = re.compile(r"tfmac-lock (?=[a-z{]|-[-a-z])")
_MARKED = re.compile(r"`(?:\.\.\. \| )?tfmac-lock ([^`]+)`")
_PLAIN = re.compile(
    r"(?:^|[:#>] +|\| |&& )tfmac-lock "
    r"((?:\{[^}]*\}|(?!  |; |, |[.;](?: |$)|\n| && | \| | with ).)+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A command, without the program's name, and where it is printed."""

    words: str
    where: str


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The strings of a module that are not docstrings, with what is filled in in braces."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if _is_docstring(node):
            skipped.add(id(node.value))  # type: ignore[attr-defined]
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(
                    part.value
                    if isinstance(part, ast.Constant)
                    else f"{{{ast.unparse(part.value)}}}"  # type: ignore[attr-defined]
                    for part in node.values
                ),
            )


def commands_in(text: str) -> Iterator[str]:
    """The commands that a text holds."""
    marked = [(found.span(), found[1]) for found in _MARKED.finditer(text)]
    yield from (words for _, words in marked)
    for line in _MARKED.sub("", text).splitlines():
        for found in _PLAIN.finditer(line.strip()):
            yield found[1].rstrip(" .:)'\"")


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the sources that names the program with something behind it."""
    for path in sorted(SOURCES.rglob("*.py")):
        for line, text in _texts(ast.parse(path.read_text("utf-8"))):
            if _NAMED.search(text):
                yield f"{path.relative_to(SOURCES)}:{line}", text


def printed() -> Iterator[Printed]:
    """Every command, as often as it is printed."""
    for where, text in texts():
        for words in commands_in(text):
            yield Printed(words=words, where=where)
