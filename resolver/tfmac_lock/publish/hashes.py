"""Whether the files that the published locks name are what their hashes say.

A lock has its hashes from the page of the index, so the page cannot speak for them. The second
source is the bytes: a file store other than the index serves them, and they are what everybody
installs. PyPI's addresses of files, which the locks record, are made of a second hash of the same
bytes, BLAKE2b with 256 bits. So a mirror that invents both a file and its sha256 is found out too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..lock import published
from ..pypi.errors import IndexFault, ProjectNotFound
from ..pypi.model import IndexFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..pypi.client import IndexClient

NAMED_BY_CONTENT = re.compile(r"/packages/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{60})/[^/]+")


class Answer(StrEnum):
    """What the sources say of a file: ``UNKNOWN`` where it could not be fetched now."""

    AGREES = "agrees"
    CONTRADICTED = "contradicted"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came out for a file, and why where it is not what it should be."""

    filename: str
    answer: Answer
    text: str = ""


def files_of(folder: Path) -> list[IndexFile]:
    """Every file that a published lock takes from an index, once, by name; raises DataError.

    The packages of conda are not among them. A file that two locks have with two hashes is there
    twice.
    """
    found = set()
    for index in published.Index.all_within(folder):
        for one in (index, index.with_conda()):
            for lock in one.locks() if one.exists() else ():
                found |= {(item.filename, item.url, item.sha256) for item in lock.wheels}
    return [IndexFile(filename=name, url=url, sha256=sha256) for name, url, sha256 in sorted(found)]


def compare(file: IndexFile, client: IndexClient) -> Outcome:
    """Compare the hash in the locks with what the index says of the file now, and with its bytes.

    Where the index is a mirror the bytes are the mirror's.
    """

    def outcome(answer: Answer, text: str = "") -> Outcome:
        return Outcome(filename=file.filename, answer=answer, text=text)

    try:
        listed = _listed(file, client)
        if listed is None:
            return outcome(Answer.GONE, f"{client.config.indexes[0]} does not list it any more")
        # Without what the page says, so that the bytes are not refused but looked at.
        bytes_ = client.digests(replace(listed, sha256=None))
    except IndexFault as fault:
        return outcome(Answer.UNKNOWN, str(fault))
    problems = [*_contradictions(file, listed, bytes_.sha256, bytes_.blake2b)]
    return outcome(Answer.CONTRADICTED, "; ".join(problems)) if problems else outcome(Answer.AGREES)


def _listed(file: IndexFile, client: IndexClient) -> IndexFile | None:
    try:
        project = client.project(canonicalize_name(file.filename.split("-")[0]))
    except ProjectNotFound:
        return None
    found = project.select(lambda name: name == file.filename)
    return found[0] if found else None


def _contradictions(file: IndexFile, listed: IndexFile, sha256: str, blake2b: str) -> Iterator[str]:
    if listed.sha256 not in (None, file.sha256):
        yield f"the locks have sha256 {file.sha256}, the index says {listed.sha256}"
    if sha256 != file.sha256:
        yield f"the locks have sha256 {file.sha256}, the bytes have {sha256}"
    if (named := NAMED_BY_CONTENT.search(file.url)) and "".join(named.groups()) != blake2b:
        yield f"the address in the locks is of other bytes: theirs have blake2b {blake2b}"
