"""Reading what the user wants: ``--with`` texts, requirements.in and constraints files.

Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/. Only what names a
package and its versions is understood; a line that means something else is refused with its
place, since leaving it out would make a lock of something else than was asked for.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from ..errors import InputFileError, UsageError
from .requirement import ByUser, Need, applies, need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.markers import Environment

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 20
NESTED = re.compile(r"(-r|--requirement|-c|--constraint)(?:[ =]\s*|(?<=-[rc]))(.+)")
IGNORED = re.compile(r"--(hash|prefer-binary|only-binary|require-hashes|pre\b)")


def read_with(text: str, environment: Environment) -> Need | None:
    """The need of a ``--with`` text, or None where its marker leaves it out on the target."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        message = str(error).splitlines()[0]
        raise UsageError(f"--with {text!r} is not a requirement: {message}") from error
    if requirement.url:
        raise UsageError(f"--with {text!r}: only packages from an index can be locked")
    if not applies(requirement, environment, frozenset()):
        return None
    return need(requirement, ByUser(f"--with {text}"))


def read_file(path: Path, environment: Environment) -> list[Need]:
    """The needs of a requirements.in or constraints file, nested files included.

    Raises InputFileError with the line for whatever cannot be read or understood.
    """
    return list(_read(path, environment, ()))


def _read(path: Path, environment: Environment, above: tuple[Path, ...]) -> Iterator[Need]:
    try:
        here = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null byte
        raise InputFileError(str(path), "leads to no file") from error
    if here in above:
        raise InputFileError(str(path), "includes itself")
    if len(above) >= MAX_DEPTH:
        raise InputFileError(str(path), f"is nested more than {MAX_DEPTH} files deep")
    for number, line in _lines(path):
        nested = NESTED.fullmatch(line)
        if nested:
            if "c" in nested[1][:3]:
                reason = "give constraints with -c on the command line"
                raise InputFileError(str(path), reason, number)
            inner = path.parent / nested[2].strip().strip("'\"")
            yield from _read(inner, environment, (*above, here))
            continue
        line = re.split(r"\s--hash[= ]", line)[0].strip()
        if line.startswith("-"):
            if IGNORED.match(line):
                continue
            raise InputFileError(
                str(path), f"{line.split()[0]} is not understood here; only packages are", number
            )
        yield from _requirement(path, number, line, environment)


def _requirement(path: Path, number: int, line: str, environment: Environment) -> Iterator[Need]:
    try:
        requirement = Requirement(line)
    except InvalidRequirement as error:
        if re.match(r"([\w+.-]+://|\.{0,2}/|.*\.(whl|zip|tar\.gz)$)", line):
            reason = f"{line[:80]!r}: only packages from an index can be locked"
        else:
            reason = f"{line[:80]!r} is not a requirement: {str(error).splitlines()[0]}"
        raise InputFileError(str(path), reason, number) from error
    if requirement.url:
        raise InputFileError(
            str(path), f"{requirement.name}: only packages from an index can be locked", number
        )
    if applies(requirement, environment, frozenset()):
        yield need(requirement, ByUser(f"{path.name}:{number}"))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first physical line; comments are gone."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputFileError(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InputFileError(str(path), "is not a text file in UTF-8") from error
    if len(content) > MAX_BYTES:
        raise InputFileError(str(path), f"is larger than {MAX_BYTES} bytes")
    joined = ""
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            joined += line[:-1]
            continue
        whole = re.sub(r"(^|\s)#.*$", "", joined + line).strip()
        whole = re.sub(r"\$\{([A-Z0-9_]+)\}", lambda name: os.environ.get(name[1], name[0]), whole)
        if whole:
            yield first, whole
        joined, first = "", 0
    if joined.strip():
        yield first, joined.strip()
