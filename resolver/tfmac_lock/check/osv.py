"""Advisories in OSV's format, and whether a version is affected.

Source: https://ossf.github.io/osv-schema/, "Evaluation"; the ecosystem is PyPI, whose versions are
compared as packaging does.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from ..errors import InputFileError
from ..files import DAMAGE, named_by_user, open_regular
from ..macho.errors import DamagedBinary
from ..wheels.archive import reading
from .pins import normalized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ECOSYSTEM = "PyPI"

EVERYTHING = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
"""All advisories of PyPI. Source: https://google.github.io/osv.dev/data/."""

MAX_BYTES = 20_000_000
"""Of one advisory; the largest have some 100 kB."""

MAX_MEMBERS = 200_000
"""Files in an archive; PyPI's has some 20,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Versions that are affected: from ``introduced`` on, before ``fixed`` or up to ``last``."""

    introduced: Version | None
    fixed: Version | None = None
    last: Version | None = None

    def holds(self, version: Version) -> bool:
        """Whether the version is among them."""
        if self.introduced is not None and version < self.introduced:
            return False
        if self.fixed is not None:
            return version < self.fixed
        return self.last is None or version <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What one advisory says of one package: versions by name, and spans."""

    package: str
    versions: frozenset[str] = frozenset()
    spans: tuple[Span, ...] = ()

    def holds(self, version: str) -> bool:
        """Whether the version is affected."""
        if version in self.versions:
            return True
        try:
            parsed = Version(version)
        except InvalidVersion:
            return False
        return any(span.holds(parsed) for span in self.spans)

    def fixed(self, version: str) -> Version | None:
        """The first version after that one that is not affected any more, if one is known."""
        now = Version(version)
        fixes = sorted(span.fixed for span in self.spans if span.fixed and span.fixed > now)
        return next((one for one in fixes if not self.holds(str(one))), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One advisory that still stands; ``aliases`` are its names elsewhere, as CVE numbers."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    link: str
    affected: tuple[Affected, ...]

    def about(self, package: str) -> list[Affected]:
        """What it says of that package."""
        return [one for one in self.affected if one.package == package]


def read(path: Path, packages: Iterable[str]) -> list[Advisory]:
    """The advisories on these packages, sorted by id, in a file, a folder or an archive.

    A file holds one advisory, a list of them, or an answer of OSV's interface (``vulns``).
    Withdrawn ones are left out. Raises InputFileError.
    """
    wanted = set(packages)
    found: dict[str, Advisory] = {}
    for name, content in _contents(path):
        for row in _rows(name, content):
            advisory = _advisory(row, name, wanted)
            if advisory is not None:
                found[advisory.id] = advisory
    return [found[key] for key in sorted(found)]


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    with named_by_user(path):
        if path.is_dir():
            for file in sorted(path.rglob("*.json")):
                yield str(file), _content(file)
            return
        content = _content(path)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        yield str(path), content
        return
    try:
        with reading(io.BytesIO(content), str(path)) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".json")]
            if len(members) > MAX_MEMBERS or any(one.file_size > MAX_BYTES for one in members):
                raise InputFileError(str(path), "is larger than any archive of advisories")
            for member in members:
                yield f"{path}: {member.filename}", archive.read(member)
    except DamagedBinary as error:
        raise InputFileError(str(path), f"is a damaged archive: {error.reason}") from error


def _content(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read()


def _rows(name: str, content: bytes) -> list[Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputFileError(name, "is not JSON") from error
    if isinstance(data, dict) and "id" not in data:
        data = data.get("vulns")
    rows = data if isinstance(data, list) else [data]
    if not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows):
        raise InputFileError(name, "is not an advisory in OSV's format")
    return rows


def _advisory(row: dict[str, Any], name: str, wanted: set[str]) -> Advisory | None:
    if row.get("withdrawn"):
        return None
    try:
        affected = tuple(
            _affected(one)
            for one in row.get("affected", ())
            if one["package"]["ecosystem"].partition(":")[0] == ECOSYSTEM
            and normalized(one["package"]["name"]) in wanted
        )
        if not affected:
            return None
        return Advisory(
            id=row["id"],
            aliases=tuple(sorted(map(str, row.get("aliases", ())))),
            summary=str(row.get("summary") or row.get("details", "").partition("\n")[0]),
            severity=_severity(row),
            link=_link(row),
            affected=affected,
        )
    except DAMAGE as error:
        raise InputFileError(name, f"{row['id']} is not in OSV's format ({error!r})") from error


def _affected(row: dict[str, Any]) -> Affected:
    spans = [
        span
        for one in row.get("ranges", ())
        if one["type"] == "ECOSYSTEM"
        for span in _spans(one["events"])
    ]
    return Affected(
        package=normalized(row["package"]["name"]),
        versions=frozenset(map(str, row.get("versions", ()))),
        spans=tuple(spans),
    )


def _spans(events: Iterable[dict[str, str]]) -> Iterator[Span]:
    """The spans of a range's events, which the specification has sorted by version first."""
    rows = []
    for event in events:
        for kind, text in event.items():
            if kind in ("introduced", "fixed", "last_affected"):
                rows.append((Version("0.dev0") if text == "0" else Version(text), kind))
    start: Version | None = None
    is_open = False
    for version, kind in sorted(rows, key=lambda row: (row[0], row[1] != "introduced")):
        if kind == "introduced" and not is_open:
            start, is_open = version, True
        elif kind == "fixed" and is_open:
            yield Span(introduced=start, fixed=version)
            is_open = False
        elif kind == "last_affected" and is_open:
            yield Span(introduced=start, last=version)
            is_open = False
    if is_open:
        yield Span(introduced=start)


def _severity(row: dict[str, Any]) -> str:
    """The database's word for it, as ``HIGH``, else the vector of its score."""
    own = row.get("database_specific")
    if isinstance(own, dict) and isinstance(own.get("severity"), str):
        return str(own["severity"]).lower()
    scores = row.get("severity")
    if isinstance(scores, list) and scores and isinstance(scores[0], dict):
        return str(scores[0].get("score", ""))
    return ""


def _link(row: dict[str, Any]) -> str:
    links = [one for one in row.get("references", ()) if isinstance(one, dict)]
    links.sort(key=lambda one: one.get("type") != "ADVISORY")
    return next((str(one["url"]) for one in links if "url" in one), f"https://osv.dev/{row['id']}")
