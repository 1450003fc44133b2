"""requirements.txt, and what `pip freeze` prints.

Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/. Unlike the resolver's
reader, a line that names no package of an index is kept as what it is: something to be built.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from ...errors import InputFileError
from ..pins import (
    MAX_LINE,
    MAX_PINS,
    MAX_REQUIREMENT,
    Pin,
    PinFile,
    checked,
    holds,
    normalized,
    read_text,
    sha256,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.specifiers import SpecifierSet

    from ...target import Target

MAX_DEPTH = 10
_NESTED = re.compile(r"(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s+)(\S.*)")
_HASH = re.compile(r"\s--hash[= ](\S{1,200})")
_PER_LINE = re.compile(r"\s--(?:config-settings|global-option|build-option)[= ].{0,500}")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9._-]{1,100})")
_WHEEL = re.compile(r"([^/\\]{1,300})\.whl$")


def read(path: Path, target: Target) -> PinFile:
    """The pins that hold on the target, nested files included.

    Raises:
        InputFileError: with the line that cannot be understood, that includes its own file, or
            that leads out of the file's folder.

    """
    pins: list[Pin] = []
    root = path.parent.resolve()
    for count, pin in enumerate(_read(path, root, target, ())):
        if count >= MAX_PINS:
            raise InputFileError(str(path), f"names more than {MAX_PINS} packages")
        pins += [checked(pin)] if pin is not None else []
    exact = [pin for pin in pins if pin.version or pin.source]
    names = {pin.name for pin in pins}
    # Every TensorFlow needs absl-py, so a file that pins it along lists the whole environment.
    complete = len(exact) == len(pins) and "absl-py" in names
    return PinFile(path=str(path), format="requirements.txt", pins=tuple(pins), complete=complete)


def _read(path: Path, root: Path, target: Target, above: tuple[Path, ...]) -> Iterator[Pin | None]:
    """The pin of each line, None where it does not hold on the target."""
    here = path.resolve()
    if here in above:
        raise InputFileError(str(path), "includes itself")
    if len(above) >= MAX_DEPTH:
        raise InputFileError(str(path), f"is nested more than {MAX_DEPTH} files deep")
    for number, line in _lines(read_text(path)):
        if len(line) > MAX_LINE:
            raise InputFileError(str(path), f"has a line over {MAX_LINE} characters", number)
        nested = _NESTED.fullmatch(line)
        if nested:
            inner = (path.parent / nested[2].strip().strip("\"'")).resolve()
            if not inner.is_relative_to(root):
                raise InputFileError(
                    str(path),
                    f"{nested[2][:100]!r} lies outside this folder and is not read",
                    number,
                )
            if nested[1] in ("-r", "--requirement"):
                shown = path.parent / nested[2].strip().strip("\"'")
                yield from _read(shown, root, target, (*above, here))
            continue
        yield _pin(line, str(path), number, target)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first one; comments and continuations are gone."""
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start or number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            held += raw[:-1] + " "
            continue
        line = held + raw
        line = (re.sub(r"(^|\s)#.*$", "", line) if "#" in line else line).strip()
        if line:
            yield start, line
        held, start = "", 0
    if held.strip():
        yield start, held.strip()


def _pin(line: str, path: str, number: int, target: Target) -> Pin | None:
    hashes = _HASH.findall(line)
    line = _PER_LINE.sub("", _HASH.sub("", line)).strip()
    if len(line) > MAX_REQUIREMENT:
        raise InputFileError(
            path, f"{line[:57] + '...'!r} is longer than {MAX_REQUIREMENT} characters", number
        )
    editable = _EDITABLE.fullmatch(line)
    if editable or re.match(r"(?:[a-z+]{1,20}://|\.{0,2}/)", line):
        source = editable[1] if editable else line
        return _from_source(source, path, number)
    if line.startswith("-"):
        return None
    try:
        requirement = Requirement(line)
    except (InvalidRequirement, RecursionError) as error:
        shown = line if len(line) <= 60 else line[:57] + "..."
        nested = isinstance(error, RecursionError)
        why = "it is nested too deeply" if nested else str(error).splitlines()[0]
        raise InputFileError(
            path, f"{shown!r} is not a requirement: {why[:120]}", number
        ) from error
    if not holds([str(requirement.marker or "")], target, Path(path)):
        return None
    if str(requirement.specifier) == "<0":
        return None  # our constraints keep a package out so: no release of anything meets it
    name = normalized(requirement.name)
    if requirement.url:
        pin = _from_source(requirement.url, path, number)
        return Pin(
            name=name,
            version=pin.version,
            files=pin.files,
            source=pin.source,
            path=path,
            line=number,
        )
    return Pin(
        name=name,
        version=exact(requirement.specifier),
        specifier=str(requirement.specifier),
        hashed=bool(hashes),
        hashes=sha256(hashes),
        extras=tuple(sorted(map(normalized, requirement.extras))),
        path=path,
        line=number,
    )


def exact(specifier: SpecifierSet) -> str:
    """The version of an ``==`` without a star, or an empty text."""
    for part in specifier:
        if part.operator in ("==", "===") and not part.version.endswith(".*"):
            return part.version
    return ""


def _from_source(source: str, path: str, number: int) -> Pin:
    """A wheel by its address has a version; everything else has to be built."""
    wheel = _WHEEL.search(source.partition("#")[0])
    if wheel and wheel[1].count("-") >= 4:
        name, version, *_ = wheel[1].split("-")
        return Pin(
            name=normalized(name),
            version=version,
            files=(wheel[0],),
            path=path,
            line=number,
        )
    egg = _EGG.search(source)
    tail = re.sub(r"(\.git|\.tar\.gz|\.zip)?([@#?].*)?$", "", source.rstrip("/")).rpartition("/")[2]
    name = normalized(egg[1] if egg else re.sub(r"[^A-Za-z0-9._-]", "", tail) or "unnamed")
    return Pin(name=name.strip("-") or "unnamed", source=source[:200], path=path, line=number)
