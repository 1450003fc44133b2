"""conda's ``@EXPLICIT`` list of addresses, with the ``# pip`` lines that conda-lock adds.

Source: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html,
"Building identical conda environments".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...errors import InputFileError
from ...target import Arch
from ..pins import MAX_PINS, Pin, PinFile, checked, normalized, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...target import Target

MARK = "@EXPLICIT"
_FILE = re.compile(
    r"\S{1,500}/(?P<subdir>[a-z0-9-]{1,20})/(?P<name>[^/\s]{1,120})-(?P<version>[^/\s-]{1,80})-"
    r"[^/\s-]{1,120}\.(?:conda|tar\.bz2)(?:#(?P<hash>\S{1,200}))?"
)
_PIP = re.compile(
    r"#\s*pip\s+(?P<name>\S{1,120}) @ \S{1,500}/(?P<file>[^/\s#]{1,250})"
    r"(?:#sha256=(?P<hash>[0-9a-f]{64}))?"
)
_ARCHES = {"osx-arm64": Arch.ARM64, "osx-64": Arch.X86_64}


def is_one(path: Path) -> bool:
    """Whether the file is such a list."""
    return MARK in map(str.strip, read_text(path).split("\n"))


def read(path: Path, target: Target) -> PinFile:  # noqa: ARG001 - it is for one platform alone
    """The packages of the list; raises InputFileError at a line that is no address of one."""
    pins: list[Pin] = []
    subdirs: set[str | None] = set()
    for number, line in _lines(read_text(path)):
        found = _FILE.fullmatch(line) or _PIP.fullmatch(line)
        if found is None:
            raise InputFileError(
                str(path), f"{line[:60]!r} is not the address of a package", number
            )
        if len(pins) >= MAX_PINS:
            raise InputFileError(str(path), f"names more than {MAX_PINS} packages")
        parts = found.groupdict()
        subdirs.add(parts.get("subdir"))
        of_pip = "file" in parts
        digest = parts["hash"] or ""
        pins.append(
            checked(
                Pin(
                    name=normalized(parts["name"].lstrip("_")),
                    version=_version_of(parts["file"]) if of_pip else parts["version"],
                    files=(parts["file"],) if of_pip else (),
                    hashed=bool(digest),
                    hashes=(digest,) if of_pip and digest else (),
                    manager="pip" if of_pip else "conda",
                    path=str(path),
                    line=number,
                )
            )
        )
    arch = next((arch for name, arch in _ARCHES.items() if name in subdirs), None)
    python = next((p.version for p in pins if p.name == "python" and p.manager == "conda"), "")
    return PinFile(
        path=str(path),
        format="explicit.txt",
        pins=tuple(pins),
        python=".".join(python.split(".")[:2]),
        arch=arch.value if arch is not None else "",
        complete=True,
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if line and line != MARK and (not line.startswith("#") or _PIP.fullmatch(line)):
            yield number, line


def _version_of(file: str) -> str:
    """The version in the name of a wheel or of a source archive."""
    if file.endswith(".whl"):
        return file.split("-")[1] if file.count("-") > 1 else ""
    return re.sub(r"\.(tar\.gz|zip|tgz)$", "", file).rpartition("-")[2]
