"""environment.yml of conda, with its pip part.

Source: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html;
a conda match specification: https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ...errors import InputFileError
from ..pins import MAX_PINS, MAX_REQUIREMENT, Pin, PinFile, checked, holds, normalized, sha256
from . import yaml_file
from .requirements_txt import exact

if TYPE_CHECKING:
    from pathlib import Path

    from ...target import Target

_CONDA = re.compile(
    r"(?:[\w./:-]{1,200}::)?(?P<name>[A-Za-z0-9_.-]{1,100})\s*(?P<spec>[=<>!~ ].{0,200})?"
)

_ABOUT_INDEXES = re.compile(
    r"-i\b|-f\b|--(?:index-url|extra-index-url|find-links|no-index|pre|prefer-binary|no-binary|"
    r"only-binary|require-hashes|no-deps|use-feature|trusted-host)\b"
)
"""Options that name no package."""


def read(path: Path, target: Target) -> PinFile:
    """What the environment asks for, conda's packages and pip's; raises InputFileError."""
    data = yaml_file.load(path)
    wanted = data.get("dependencies") if isinstance(data, dict) else None
    if not isinstance(wanted, list):
        raise InputFileError(str(path), "is not an environment file: it has no dependencies list")
    pins: list[Pin] = []
    nested = [line for entry in wanted if isinstance(entry, dict) for line in _pip_lines(entry)]
    if len(wanted) + len(nested) > MAX_PINS:
        raise InputFileError(str(path), f"names more than {MAX_PINS} packages")
    for entry in wanted:
        if isinstance(entry, yaml_file.Scalar):
            pins.append(_conda(entry, path))
        elif isinstance(entry, dict):
            for line in _pip_lines(entry):
                pin = _pip(line, path, target) if isinstance(line, yaml_file.Scalar) else None
                pins += [pin] if pin is not None else []
    python = next((p for p in pins if p.name == "python"), None)
    unread = [
        (line.line, line.text)
        for line in nested
        if isinstance(line, yaml_file.Scalar)
        and _is_unread(line.text.strip())
        and not _ABOUT_INDEXES.match(line.text.strip())
    ]
    return PinFile(
        path=str(path),
        format="environment.yml",
        pins=tuple(pins),
        python=_series(python, target) if python is not None else "",
        unread=tuple(unread),
    )


def _pip_lines(entry: dict[str, yaml_file.Node]) -> list[yaml_file.Node]:
    return yaml_file.items(entry.get("pip"))


def _series(python: Pin, target: Target) -> str:
    """The series of Python that is asked for; empty where the target's may be taken."""
    if not python.version and SpecifierSet(python.specifier).contains(str(target.python)):
        return ""
    found = re.search(r"(?:==|>=|~=|^)\s*(\d+\.\d+)", python.version or python.specifier)
    return found[1] if found else ""


def _conda(entry: yaml_file.Scalar, path: Path) -> Pin:
    found = _CONDA.fullmatch(entry.text.strip())
    if not found:
        raise InputFileError(
            str(path), f"{entry.text[:60]!r} is not a conda specification", entry.line
        )
    spec = (found["spec"] or "").strip()
    # name=1.2 means 1.2 or 1.2.*, name=1.2=build a build of it, name==1.2 that version.
    single = re.fullmatch(r"=?\s*(\d[\w.]*)(?:[= ]\S+)?|=\s*(\d[\w.]*)\.?\*?", spec)
    whole = re.fullmatch(r"==\s*(\d[\w.]*)(?:=\S+)?", spec)
    version, specifier = "", ""
    if whole:
        version, specifier = whole[1], f"=={whole[1]}"
    elif single:
        number = (single[1] or single[2]).rstrip(".")
        version = number if number.count(".") >= 2 else ""
        specifier = f"=={number}.*"
    elif spec:
        specifier = re.sub(r"\|.*", "", spec)
    try:
        specifier = str(SpecifierSet(specifier))
    except InvalidSpecifier:
        specifier = ""  # conda knows versions that pip does not, like 1.1.1w
    return checked(
        Pin(
            name=normalized(found["name"].lstrip("_")),
            version=version,
            specifier=specifier,
            manager="conda",
            path=str(path),
            line=entry.line,
        )
    )


def _is_unread(text: str) -> bool:
    """Whether a line of pip's part is an option or an address, and no requirement."""
    return text.startswith("-") or "://" in text.partition(" @ ")[0]


def _pip(entry: yaml_file.Scalar, path: Path, target: Target) -> Pin | None:
    # pip reads these lines like those of a requirements file, with options behind them.
    text, *options = re.split(r"\s+--(?=hash[= ])", entry.text.strip())
    if _is_unread(text):
        return None
    try:
        requirement = Requirement(text[: MAX_REQUIREMENT + 1])
    except (InvalidRequirement, RecursionError) as error:
        raise InputFileError(
            str(path), f"{text[:60]!r} is not a requirement", entry.line
        ) from error
    if not holds([str(requirement.marker or "")], target, path):
        return None
    return checked(
        Pin(
            name=normalized(requirement.name),
            version=exact(requirement.specifier),
            specifier=str(requirement.specifier),
            hashed=True if options else None,
            hashes=sha256(option[len("hash=") :] for option in options),
            extras=tuple(sorted(map(normalized, requirement.extras))),
            source=(requirement.url or "")[:200],
            path=str(path),
            line=entry.line,
        )
    )
