"""Core metadata: out of a wheel, and out of a METADATA text.

Sources: the core metadata and wheel specifications (packaging.python.org). Of the metadata
only what resolving needs is kept.
"""

from __future__ import annotations

import hashlib
import re
from typing import IO, TYPE_CHECKING

from . import zipdirectory
from .errors import BadIndexAnswer, HashMismatch, IndexUnreachable
from .model import IndexFile, Metadata

if TYPE_CHECKING:
    from .http import Limits, Reply, Transport

# Bytes: the largest METADATA that is unpacked, and the most that is fetched to find it. The
# zip directory of TensorFlow has 1.6 MB.
LARGEST = 8 << 20
BUDGET = 32 << 20

_LINE_END = re.compile(r"\r\n|\r|\n")
_FIELD = re.compile(r"[!-9;-~]+:")


def from_wheel(wheel: IO[bytes], file: IndexFile, limit: int = LARGEST) -> bytes:
    """The METADATA of an open wheel; ``BadIndexAnswer`` when it cannot be had.

    No more than ``limit`` bytes are unpacked, whatever the directory claims.
    """
    from packaging.utils import canonicalize_name

    project = canonicalize_name(file.filename.partition("-")[0])

    def is_metadata(name: str) -> bool:
        folder, _, rest = name.partition(".dist-info/")
        return (
            rest == "METADATA"
            and "/" not in folder
            and canonicalize_name(folder.partition("-")[0]) == project
        )

    try:
        members = zipdirectory.find(wheel, is_metadata, BUDGET)
        if len(members) != 1:
            raise BadIndexAnswer(file.url, f"the wheel holds {len(members)} METADATA files")
        return zipdirectory.read(wheel, members[0], limit)
    except zipdirectory.BadDirectory as fault:
        raise BadIndexAnswer(file.url, f"as a wheel it is damaged: {fault}") from None
    except OSError as fault:
        raise IndexUnreachable(file.url, str(fault)) from None


def fetch(transport: Transport, limits: Limits, file: IndexFile) -> bytes | None:
    """The metadata file beside a wheel (PEP 658), checked against its hash.

    ``None`` where the index has none after all.
    """
    address, mark, query = file.url.partition("?")
    url = f"{address}.metadata{mark}{query}"

    def take(reply: Reply) -> bytes | None:
        if reply.status in {404, 410}:
            return None
        if reply.status != 200:
            raise IndexUnreachable(url, f"the server answers {reply.status}")
        return reply.read(LARGEST)

    text = transport.fetch(url, take, seconds=limits.page_seconds)
    if text is not None and file.metadata_sha256 is not None:
        digest = hashlib.sha256(text).hexdigest()
        if digest != file.metadata_sha256:
            raise HashMismatch(url, file.metadata_sha256, digest)
    return text


def parse(text: bytes, file: IndexFile) -> Metadata:
    """The metadata in a METADATA text of a wheel; ``BadIndexAnswer`` when it is another's."""
    from packaging.utils import canonicalize_name, parse_wheel_filename

    try:
        name, version, _, _ = parse_wheel_filename(file.filename)
    except ValueError as fault:
        raise BadIndexAnswer(file.url, str(fault)) from None
    fields = headers(text.decode("utf-8", "replace"))
    found_name, found_version = _only(fields, "name"), _only(fields, "version")
    if canonicalize_name(found_name) != name or not is_version(found_version, str(version)):
        raise BadIndexAnswer(
            file.url,
            f"its metadata are those of {found_name[:80]!r} {found_version[:40]!r}",
        )
    return Metadata(
        name=str(name),
        version=str(version),
        requires_python=_only(fields, "requires-python") or None,
        requires_dist=tuple(fields.get("requires-dist", ())),
        provides_extra=tuple(fields.get("provides-extra", ())),
    )


def headers(text: str) -> dict[str, list[str]]:
    """The header fields by lower-case name, as ``email.parser`` reads them.

    Loading that takes longer than reading all the metadata of a resolve does by this.
    """
    fields: list[str] = []
    for line in _LINE_END.split(text):
        if line[:1] in {" ", "\t"} and fields:
            fields[-1] += line
        elif _FIELD.match(line):
            fields.append(line)
        else:
            break  # the empty line before the body, or what is no header
    found: dict[str, list[str]] = {}
    for field in fields:
        key, _, value = field.partition(":")
        found.setdefault(key.lower(), []).append(" ".join(value.split()))
    return found


def _only(fields: dict[str, list[str]], key: str) -> str:
    return fields.get(key, [""])[0]


def is_version(text: str, expected: str) -> bool:
    """Whether the text is that version, however it is spelt."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text) == Version(expected)
    except InvalidVersion:
        return False
