"""Reading what the user wants: ``--with`` texts, requirements.in and constraints files.

Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/. What names a package
and its versions is understood, and the few options that make a difference to which files are
chosen; a line that means something else is refused with its place, since leaving it out would
make a lock of something else than was asked for.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import packaging.requirements
from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from ..errors import InputFileError, UsageError
from ..files import read_input
from ..foreign import ABSURD
from .requirement import ByUser, Requirement, UnreadableMarker, applies, stated
from .view import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.markers import Environment

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 20
NESTED = re.compile(r"(-r|--requirement|-c|--constraint)(?:[ =]\s*|(?<=-[rc]))(.+)")
HOLDS_ANYWAY = ("--prefer-binary", "--require-hashes")
"""A source archive is taken only where there is no wheel, and every file of a lock has its hash."""
OTHER_WAY = {
    **dict.fromkeys(("-i", "--index-url", "--extra-index-url"), "give it on the command line"),
    **dict.fromkeys(
        ("-f", "--find-links", "--no-index"),
        "only files on an index have an address that a lock can name",
    ),
    "--no-binary": "a lock is made of wheels wherever there are any",
    "--trusted-host": "name the host in PIP_TRUSTED_HOST",
}


@dataclass(slots=True)
class Options:
    """What the files say besides packages; as for pip, it counts for all of them together.

    ``pre`` admits pre-releases of every package. ``only_binary`` are the names of which no
    source archive may be taken, or ``:all:``. ``hashed`` is the first place that states a hash.
    """

    pre: bool = False
    only_binary: set[str] = field(default_factory=set)
    hashed: str | None = None

    @property
    def notes(self) -> list[str]:
        """What of the files does not count, for the user to read."""
        if self.hashed is None:
            return []
        text = (
            f"the hashes in your files ({self.hashed}) are not compared; the lock states those of "
            "the files that it takes."
        )
        return [text]

    def limit_to_wheels(self, names: str) -> None:
        """Obey ``--only-binary``: names with commas between, ``:all:``, or ``:none:``."""
        for name in names.split(","):
            if name == ":none:":
                self.only_binary.clear()
            elif name:
                self.only_binary.add(name if name == ALL else canonicalize_name(name))


def read_with(text: str, environment: Environment) -> Requirement | None:
    """The requirement of a ``--with`` text, or None where its marker leaves it out on the target.

    Raises UsageError where it cannot be read.
    """
    try:
        return read_text(text, ByUser(f"--with {text}"), environment)
    except Unreadable as error:
        raise UsageError(f"--with {text[:80]!r} {error}") from error


class Unreadable(ValueError):
    """A requirement that cannot be read, or that no lock can be made of; says why."""


def read_text(text: str, origin: ByUser, environment: Environment) -> Requirement | None:
    """The requirement, or None where its marker leaves it out; raises Unreadable."""
    if ABSURD.search(text):
        raise Unreadable("has a number of thousands of digits")
    try:
        requirement = packaging.requirements.Requirement(text)
        counts = applies(requirement, environment)
    except InvalidRequirement as error:
        raise Unreadable(f"is not a requirement: {str(error).splitlines()[0]}") from error
    except (RecursionError, UnreadableMarker) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Unreadable(f"has a marker that cannot be read: {reason.splitlines()[0]}") from error
    if requirement.url:
        raise Unreadable("has an address, and only packages from an index can be locked")
    return stated(requirement, origin) if counts else None


def read_file(path: Path, environment: Environment, options: Options) -> list[Requirement]:
    """The requirements of a requirements.in or constraints file, nested files included.

    What else it says is put into the options. Raises InputFileError with the line for whatever
    cannot be read or understood.
    """
    return list(_read(path, environment, options, ()))


def _read(
    path: Path, environment: Environment, options: Options, above: tuple[Path, ...]
) -> Iterator[Requirement]:
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
            yield from _read(inner, environment, options, (*above, here))
            continue
        if line.startswith("-"):
            _take_options(path, number, line, options)
            continue
        text, *hashes = re.split(r"\s--hash[= ]", line)
        if hashes and options.hashed is None:
            options.hashed = f"{path.name}:{number}"
        yield from _requirement(path, number, text.strip(), environment)


def _take_options(path: Path, number: int, line: str, options: Options) -> None:
    try:
        words = iter(shlex.split(line))
    except ValueError as error:
        raise InputFileError(str(path), f"{line[:80]!r}: {error}", number) from error
    for word in words:
        name, has_value, value = word.partition("=")
        if word == "--pre":
            options.pre = True
        elif name == "--only-binary":
            options.limit_to_wheels(value if has_value else next(words, ""))
        elif word not in HOLDS_ANYWAY:
            name = name if name.startswith("--") else name[:2]
            reason = OTHER_WAY.get(name, "only packages are")
            raise InputFileError(str(path), f"{name} is not understood here; {reason}", number)


def _requirement(
    path: Path, number: int, line: str, environment: Environment
) -> Iterator[Requirement]:
    try:
        found = read_text(line, ByUser(f"{path.name}:{number}"), environment)
    except Unreadable as error:
        reason = str(error)
        if re.match(r"([\w+.-]+://|\.{0,2}/|.*\.(whl|zip|tar\.gz)$)", line):
            reason = "is an address, and only packages from an index can be locked"
        raise InputFileError(str(path), f"{line[:80]!r} {reason}", number) from error
    if found is not None:
        yield found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first physical line; comments are gone."""
    content = read_input(path, MAX_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError(str(path), "is not a text file in UTF-8") from error
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
