"""Core metadata: out of a wheel, and out of a METADATA text.

Sources: the core metadata and wheel specifications (packaging.python.org). Of the metadata
only what resolving needs is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from ..macho.errors import DamagedBinary

if TYPE_CHECKING:
    import zipfile

LARGEST = 8 << 20
"""Bytes of the largest METADATA that is unpacked."""

FRAMEWORK = re.compile(r"(?<![a-z])(tensorflow|keras)(?![a-z])", re.IGNORECASE)
"""A name of what a Mac's lock is made around."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_FIELD = re.compile(r"[!-9;-~]+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The part of a wheel's core metadata that resolving needs, as raw texts.

    ``mentions`` says where they name TensorFlow or Keras: ``head`` for the name, the summary, the
    keywords or a requirement of an extra, ``body`` for the description alone.
    """

    name: str
    version: str
    requires_python: str | None = None
    requires_dist: tuple[str, ...] = ()
    provides_extra: tuple[str, ...] = ()
    mentions: str = ""

    def pack(self) -> str:
        """Header lines of core metadata; ``unpack`` is its inverse."""
        lines = [f"Name: {self.name}", f"Version: {self.version}"]
        if self.requires_python is not None:
            lines.append(f"Requires-Python: {self.requires_python}")
        lines.extend(f"Requires-Dist: {requirement}" for requirement in self.requires_dist)
        lines.extend(f"Provides-Extra: {extra}" for extra in self.provides_extra)
        lines.append(f"Mentions: {self.mentions}")
        return "\n".join(lines)

    @classmethod
    def unpack(cls, text: str) -> Metadata:
        """The metadata that ``pack`` wrote; ``ValueError`` for anything else."""
        found = headers(text)
        if not text.startswith("Name: ") or "version" not in found:
            raise ValueError("these are not metadata")
        mentions = found.get("mentions", [""])[0]
        return _from_headers(found, found["name"][0], found["version"][0], mentions)


def read(file: IO[bytes], filename: str) -> bytes:
    """The METADATA of an open wheel, wherever in it that lies.

    Never more than ``LARGEST`` bytes are unpacked, whatever the directory claims. Raises
    ``DamagedBinary``.
    """
    from packaging.utils import canonicalize_name

    from .archive import check_packing, reading

    project = canonicalize_name(filename.partition("-")[0])

    def is_metadata(member: zipfile.ZipInfo) -> bool:
        folder, _, rest = member.filename.partition(".dist-info/")
        stem = folder.partition("-")[0]
        return rest == "METADATA" and "/" not in folder and canonicalize_name(stem) == project

    with reading(file, filename) as archive:
        members = [member for member in archive.infolist() if is_metadata(member)]
        if len(members) != 1:
            raise DamagedBinary(filename, f"the wheel holds {len(members)} METADATA files")
        what = f"{filename}: {members[0].filename}"
        if max(members[0].file_size, members[0].compress_size) > LARGEST:
            raise DamagedBinary(what, f"is over {LARGEST} bytes")
        check_packing(members[0], what)
        with archive.open(members[0]) as member:
            return member.read(LARGEST)


def parse(text: bytes, filename: str) -> Metadata:
    """The metadata in a METADATA text of that wheel.

    Raises ``DamagedBinary`` when it is another's.
    """
    from packaging.utils import canonicalize_name, parse_wheel_filename

    try:
        name, version, _, _ = parse_wheel_filename(filename)
    except ValueError as fault:
        raise DamagedBinary(filename, str(fault)) from None
    whole = text.decode("utf-8", "replace")
    found = headers(whole)
    given = (found.get("name", [""])[0], found.get("version", [""])[0])
    if canonicalize_name(given[0]) != name or not is_version(given[1], str(version)):
        shown = f"{given[0][:80]!r} {given[1][:40]!r}"
        raise DamagedBinary(filename, f"its metadata are those of {shown}")
    return _from_headers(found, str(name), str(version), mentions_in(found, whole))


def headers(text: str) -> dict[str, list[str]]:
    """The header fields by lower-case name, as ``email.parser`` reads them.

    Loading that takes longer than reading all the metadata of a resolve does by this.
    """
    fields: list[list[str]] = []
    for line in _LINE_END.split(text):
        if line[:1] in {" ", "\t"} and fields:
            fields[-1].append(line)
        elif _FIELD.match(line):
            fields.append([line])
        else:
            break  # the empty line before the body, or what is no header
    found: dict[str, list[str]] = {}
    for lines in fields:
        key, _, value = "".join(lines).partition(":")
        found.setdefault(key.lower(), []).append(" ".join(value.split()))
    return found


def is_version(text: str, expected: str) -> bool:
    """Whether a text is that version, however it is written."""
    from packaging.version import Version

    try:
        return Version(text) == Version(expected)
    except ValueError:
        return False


def mentions_in(found: dict[str, list[str]], text: str) -> str:
    """Where the text of metadata with these headers names TensorFlow or Keras."""
    fields = ("name", "summary", "keywords", "requires-dist")
    if any(FRAMEWORK.search(value) for field in fields for value in found.get(field, ())):
        return "head"
    return "body" if FRAMEWORK.search(text) else ""


def _from_headers(found: dict[str, list[str]], name: str, version: str, mentions: str) -> Metadata:
    return Metadata(
        name=name,
        version=version,
        requires_python=found.get("requires-python", [""])[0] or None,
        requires_dist=tuple(found.get("requires-dist", ())),
        provides_extra=tuple(found.get("provides-extra", ())),
        mentions=mentions,
    )
