"""YAML files that anybody may have written: every scalar a text, no aliases, bounded depth.

The parser's own nodes are kept, so that nothing is ever constructed from a tag, an all-digit hash
stays a text, 3.10 is not 3.1, and an alias cannot unfold into gigabytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ...errors import InputFileError
from ..pins import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import yaml

MAX_DEPTH = 30
MAX_EVENTS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text and the line that it stands in."""

    text: str
    line: int


Node: TypeAlias = "Scalar | list[Node] | dict[str, Node]"


def load(path: Path) -> Node:
    """The first document of the file.

    Raises:
        InputFileError: it is not YAML, uses aliases, or is nested too deeply.

    """
    import yaml

    text = read_text(path)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _keep_bounds(yaml.parse(text, Loader=loader), path)
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or "it cannot be parsed"
        raise InputFileError(
            str(path), f"is not YAML: {why}", mark.line + 1 if mark else None
        ) from error
    except RecursionError as error:
        raise InputFileError(str(path), "is nested too deeply") from error
    if node is None:
        raise InputFileError(str(path), "is empty")
    return _plain(node)


def _keep_bounds(events: Iterable[yaml.Event], path: Path) -> None:
    """Look over the document before it is composed, which takes a stack as deep as it is."""
    import yaml

    depth = 0
    for count, event in enumerate(events):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else None
            raise InputFileError(str(path), "uses an alias (*name), which is not read", line)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise InputFileError(str(path), f"is nested more than {MAX_DEPTH} levels deep")
        if count > MAX_EVENTS:
            raise InputFileError(str(path), f"has more than {MAX_EVENTS} parts")


def _plain(node: yaml.Node) -> Node:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return Scalar(text=node.value, line=node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return {
        key.value: _plain(value) for key, value in node.value if isinstance(key, yaml.ScalarNode)
    }


def text_of(node: Node | None, key: str) -> str:
    """The text under a key of a mapping, or an empty one."""
    value = node.get(key) if isinstance(node, dict) else None
    return value.text if isinstance(value, Scalar) else ""


def line_of(node: Node | None) -> int:
    """The line of the first text in a node, 0 where there is none."""
    if isinstance(node, Scalar):
        return node.line
    inner = node.values() if isinstance(node, dict) else node or ()
    return next((line for line in map(line_of, inner) if line), 0)


def items(node: Node | None) -> list[Node]:
    """The items of a list; of anything else none."""
    return node if isinstance(node, list) else []
