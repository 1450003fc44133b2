"""What the program says of its command line, said of the API's fields instead."""

from __future__ import annotations

import json
import re
import shlex

SINGLE = {"python", "chip", "macos", "os", "tensorflow", "metal", "exclude_newer"}
NAMED = {"for": "recipe"}
"""Fields that have another name than the option."""

LISTS = {"with": "packages", "constraint": "constraints", "allow_source": "allow_source"}
"""Fields that are lists, by the options that are given once for each item."""

COMMAND = r"tfmac-lock(?: --[a-z]+(?:-[a-z]+)* (?:'[^'\n]*'|[^\s'-]\S*))+"
OPTION = r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)(:| (?=\d)(\S+\w))?"
SPOKEN = re.compile(f"(?P<command>{COMMAND})|; --json lists all|{OPTION}")


def in_fields(text: str) -> str:
    """The text with fields of the API for options, and bodies of requests for commands."""
    return SPOKEN.sub(_field, text)


def _field(found: re.Match[str]) -> str:
    if found["command"]:
        return _body(found["command"])
    option, after, value = found.groups()[1:]
    if option is None:
        return ""  # there is no other form of the answer to look for
    name = option.replace("-", "_")
    name = LISTS.get(name) or NAMED.get(name, name)
    if value:
        return f'"{name}": "{value}"'
    return f"{name}:" if after or found.start() == 0 else name


def _body(command: str) -> str:
    """The request that asks for the same, or the command where there is none."""
    words = iter(shlex.split(command)[1:])
    asked: dict[str, str | list[str]] = {}
    for word, value in zip(words, words, strict=True):
        name = word.removeprefix("--").replace("-", "_")
        if name in SINGLE or name in NAMED:
            asked[NAMED.get(name, name)] = value
        elif name in LISTS:
            listed = asked.setdefault(LISTS[name], [])
            assert isinstance(listed, list)
            listed.append(value)
        else:
            return command
    return json.dumps(asked)
