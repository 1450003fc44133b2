"""A project's own defaults: ``[tool.tfmac-lock]`` in pyproject.toml, and TFMAC_LOCK_... variables.

Each key is a long option of the main command without its dashes. What is typed stands over a
variable, and that over pyproject.toml: of a list too, one place alone counts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputFileError, UnknownChoice, UsageError
from ..files import open_regular
from ..foreign import parse_toml

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

PREFIX = "TFMAC_LOCK_"
TABLE = "tool.tfmac-lock"
FILE = "pyproject.toml"

SHORT = {"-r": "requirements", "-c": "constraints", "-o": "output"}
"""Options without a long form, with their key."""

PATHS = frozenset({"requirements", "constraints", "output"})
"""Keys whose texts are paths, in pyproject.toml as they are from its folder."""

NOT_SETTINGS = frozenset(
    {
        *("help", "version", "detect", "print-completion", "json", "force", "why"),
        *("dry-run", "check", "locked", "upgrade", "upgrade-package", "quiet", "verbose"),
    }
)
"""Options that belong to one run."""

MAX_PARENTS = 30


def defaults(
    parser: argparse.ArgumentParser,
    typed: Sequence[str],
    environ: Mapping[str, str] | None = None,
) -> list[str]:
    """The words that the settings add before what was typed; raises UsageError."""
    known = _known(parser)
    of_project = _of_project(known) if "python" in known else {}
    found = {**of_project, **_of_environment(known, os.environ if environ is None else environ)}
    words: list[str] = []
    for key, texts in found.items():
        action, option = known[key]
        if not _is_typed(action, typed):
            if texts is None:
                words.append(option)
            else:
                words += [word for text in texts for word in _word(option, text)]
    return words


def _known(parser: argparse.ArgumentParser) -> dict[str, tuple[argparse.Action, str]]:
    """Each key with its option."""
    found = {}
    for action in parser._actions:
        for option in action.option_strings:
            key = SHORT.get(option) or (option[2:] if option.startswith("--") else "")
            if key and key not in NOT_SETTINGS:
                found[key] = (action, option)
    return found


def _is_typed(action: argparse.Action, typed: Sequence[str]) -> bool:
    return any(
        word == option or word.startswith(f"{option}=" if option.startswith("--") else option)
        for word in typed
        for option in action.option_strings
    )


def _word(option: str, text: str) -> list[str]:
    # A text that begins with a dash would be taken for an option of its own.
    return [f"{option}={text}"] if option.startswith("--") else [option, text]


def _is_list(action: argparse.Action) -> bool:
    return isinstance(action.default, list) or action.dest == "formats"


def _of_environment(
    known: Mapping[str, tuple[argparse.Action, str]], environ: Mapping[str, str]
) -> dict[str, list[str] | None]:
    found: dict[str, list[str] | None] = {}
    for name, value in environ.items():
        key = name.removeprefix(PREFIX).lower().replace("_", "-")
        if not name.startswith(PREFIX) or key not in known or not value:
            continue
        action, _ = known[key]
        if action.nargs == 0:
            if _truth(value, name):
                found[key] = None
        elif _is_list(action):
            import shlex

            try:
                found[key] = shlex.split(value)
            except ValueError as error:
                raise UsageError(f"{name} is {value!r}: {error}") from error
        else:
            found[key] = [value]
    return found


def _truth(value: str, where: str) -> bool:
    word = value.lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise UsageError(f"{where} is {value!r}; write true or false")


def _project_file() -> tuple[Path, bytes] | None:
    """The nearest pyproject.toml from here upwards, where it names this program."""
    folder = Path.cwd()
    for place in [folder, *folder.parents][:MAX_PARENTS]:
        path = place / FILE
        try:
            with open_regular(path) as file:
                content = file.read()
        except OSError:
            continue
        # The project is here: if this one has no such table, none further up counts.
        return (path, content) if b"tfmac-lock" in content else None
    return None


def _of_project(
    known: Mapping[str, tuple[argparse.Action, str]],
) -> dict[str, list[str] | None]:
    found_file = _project_file()
    if found_file is None:
        return {}
    path, content = found_file
    try:
        data: Any = parse_toml(content)
    except ValueError as error:
        raise InputFileError(str(path), f"cannot be read as TOML: {error}") from error
    for name in TABLE.split("."):
        data = data.get(name, {}) if isinstance(data, dict) else None
    if not isinstance(data, dict):
        raise InputFileError(str(path), f"[{TABLE}] is not a table")
    found = {}
    for key, value in data.items():
        if key not in known:
            raise UnknownChoice(f"setting of [{TABLE}] in {path}", key, sorted(known))
        found[key] = _texts(known[key][0], value, f"[{TABLE}] {key}", path)
    return {
        key: [_from_here(text, path) for text in texts] if key in PATHS and texts else texts
        for key, texts in found.items()
        if texts != []
    }


def _texts(action: argparse.Action, value: object, where: str, path: Path) -> list[str] | None:
    """The value as words; None for an option that is on, and none for one that is off."""
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise InputFileError(str(path), f"{where}: write true or false")
        return None if value else []
    rows = value if isinstance(value, list) and _is_list(action) else [value]
    if not all(isinstance(row, str) for row in rows):
        kind = "a text or a list of texts" if _is_list(action) else "a text"
        raise InputFileError(str(path), f'{where}: write {kind}, as in python = "3.11"')
    return [str(row) for row in rows]


def _from_here(text: str, project: Path) -> str:
    path = Path(text)
    return text if path.is_absolute() else os.path.relpath(project.parent / path)
