"""What the index says, as values.

The files of a project are kept as packed rows, one line each, in groups by what their names end
in, and become objects only when asked for: numpy alone has 5000 files of which a target can use a
dozen, and building the rest would take longer than the whole resolve.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from ..wheels.metadata import Metadata as Metadata  # given out from here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """One file of a project page.

    ``requires_python`` is the raw text. ``yanked`` is the reason, ``""`` when there is none
    given, ``None`` when the file is not yanked. ``has_metadata`` says that the index promises
    the core metadata at ``url`` + ``.metadata`` (PEP 658), with the hash, if it gives one, in
    ``metadata_sha256``. ``provenance`` is the address of its attestations (PEP 740), ``None``
    where it has none. ``url`` carries neither credentials nor a fragment. ``index`` is whose page
    lists the file.
    """

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    yanked: str | None = None
    uploaded: datetime | None = None
    metadata_sha256: str | None = None
    has_metadata: bool = False
    provenance: str | None = None
    index: str = ""

    def pack(self) -> str:
        """The row of this file, without its index; ``unpack`` is its inverse."""
        return pack_row(
            self.filename,
            self.url,
            self.sha256,
            self.size,
            self.requires_python,
            self.yanked,
            self.uploaded.isoformat() if self.uploaded else None,
            self.metadata_sha256,
            self.has_metadata,
            self.provenance,
        )

    @classmethod
    def unpack(cls, row: str, index: str = "") -> IndexFile:
        """The file of a row of that index; ``ValueError`` for anything else."""
        name, url, sha256, size, requires_python, yanked, uploaded, metadata, provenance = (
            row.split("\t")
        )
        return cls(
            filename=name,
            url=url,
            sha256=sha256 or None,
            size=int(size) if size else None,
            requires_python=requires_python or None,
            yanked=yanked[1:] if yanked else None,
            uploaded=_moment(uploaded) if uploaded else None,
            metadata_sha256=metadata if len(metadata) > 1 else None,
            has_metadata=bool(metadata),
            provenance=provenance or None,
            index=index,
        )


class Standing(NamedTuple):
    """The status of a project (PEP 792), "" for active; the reason is one line."""

    status: str = ""
    reason: str = ""

    @property
    def is_unsafe(self) -> bool:
        """Whether nothing of it is to be installed."""
        return self.status == "quarantined"

    def __str__(self) -> str:
        return f"{self.status}: {self.reason}" if self.reason else self.status

    @classmethod
    def read(cls, status: object, reason: object) -> Standing:
        """Of what a page says; whatever is unknown counts as active, as the PEP has it."""
        if status not in ("archived", "deprecated", "quarantined"):
            return ACTIVE
        text = " ".join(reason.split())[:LONGEST_REASON] if isinstance(reason, str) else ""
        return cls(str(status), text)


ACTIVE = Standing()
LONGEST_REASON = 500


class Listing(NamedTuple):
    """What a page says: the rows of its files, and the standing of the project."""

    rows: tuple[str, ...]
    standing: Standing = ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project: its wheels and source distributions.

    ``groups`` has the files by what their names end in (``ending_of``), each as the lines of
    ``IndexFile.pack``. ``index`` is whose page they are from, ``standing`` what that says of the
    project as a whole.
    """

    name: str
    groups: Mapping[str, str]
    index: str = ""
    standing: Standing = ACTIVE

    @classmethod
    def of(
        cls, name: str, rows: Iterable[str], index: str = "", standing: Standing = ACTIVE
    ) -> Project:
        """A project of those rows."""
        return cls(name=name, groups=group(rows), index=index, standing=standing)

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of all files."""
        return rows_of(self.groups)

    @property
    def files(self) -> tuple[IndexFile, ...]:
        """Every file; ``select`` and ``files_of`` are much faster where only some are wanted."""
        return tuple(IndexFile.unpack(row, self.index) for row in self.rows)

    @property
    def has_times(self) -> bool:
        """Whether the page gives the upload time of every file."""
        return all(row.split("\t")[6] for row in self.rows)

    def count(self, ending: str) -> int:
        """How many files have that ending, which one of ``groups`` is."""
        return self.groups[ending].count("\n") + 1

    def files_of(self, ending: str) -> Iterator[IndexFile]:
        """The files with that ending, which one of ``groups`` is."""
        return (IndexFile.unpack(row, self.index) for row in self.groups[ending].split("\n"))

    def select(self, keep: Callable[[str], bool]) -> tuple[IndexFile, ...]:
        """The files whose name ``keep`` accepts."""
        return tuple(
            IndexFile.unpack(row, self.index) for row in self.rows if keep(row[: row.index("\t")])
        )


ALONE = "alone"


def ending_of(filename: str) -> str:
    """What decides on which targets a file may fit.

    For a wheel that is all of the name from the Python tag on, for a source distribution the
    suffix, and nothing for a name that is neither's. ``group`` sets ``ALONE`` before the suffix
    of those whose version has no wheel on the page.
    """
    if filename.endswith(".whl"):
        parts = filename.rsplit("-", 3)
        return "-".join(parts[1:]) if len(parts) == 4 else ""
    return next((suffix for suffix in (".tar.gz", ".zip") if filename.endswith(suffix)), "")


def group(rows: Iterable[str]) -> dict[str, str]:
    """The rows by the ending of the file's name, those of one ending as the lines of one text.

    Of the 5000 files of a large project a target can use a dozen; so the others are never
    looked at one by one.
    """
    found: dict[str, list[str]] = {}
    sources: list[tuple[str, str, str]] = []
    with_wheel: set[str] = set()
    for row in rows:
        filename = row[: row.index("\t")]
        ending = ending_of(filename)
        if filename.endswith(".whl"):
            with_wheel.add(filename.split("-", 2)[1] if "-" in filename else "")
            found.setdefault(ending, []).append(row)
        else:
            sources.append((filename.removesuffix(ending).rpartition("-")[2], ending, row))
    for version, ending, row in sources:
        alone = "" if version in with_wheel or not ending else ALONE
        found.setdefault(alone + ending, []).append(row)
    return {ending: "\n".join(lines) for ending, lines in found.items()}


def rows_of(groups: Mapping[str, str]) -> tuple[str, ...]:
    """All rows that ``group`` put together."""
    return tuple(row for rows in groups.values() for row in rows.split("\n"))


class Observer:
    """What the index client tells while it works. Methods may be called from any thread."""

    def note(self, text: str) -> None:
        """Something that the user should know, said once."""

    def requested(self, url: str) -> None:
        """A request goes out; ``url`` is fit to be shown."""

    def received(self, url: str, size: int) -> None:
        """An answer of ``size`` bytes is complete."""

    def retrying(self, url: str, reason: str, seconds: float) -> None:
        """A request failed and is tried again after ``seconds``."""


def pack_row(
    filename: str,
    url: str,
    sha256: str | None,
    size: int | None,
    requires_python: str | None,
    yanked: str | None,
    uploaded: str | None,
    metadata_sha256: str | None,
    has_metadata: bool,
    provenance: str | None = None,
) -> str:
    """A row: the fields of an ``IndexFile`` in one line, separated by tabs.

    ``uploaded`` is whatever the index says; what is no ISO 8601 time is unpacked as unknown.
    """
    return "\t".join(
        (
            filename,
            url,
            sha256 or "",
            "" if size is None else str(size),
            " ".join(requires_python.split()) if requires_python else "",
            "" if yanked is None else "!" + " ".join(yanked.split()),
            " ".join(uploaded.split()) if uploaded else "",
            metadata_sha256 or ("1" if has_metadata else ""),
            provenance or "",
        )
    )


def is_usable(filename: str) -> bool:
    """Whether this is a wheel or a source distribution: what a resolver can do something with."""
    return filename.endswith((".whl", ".tar.gz", ".zip"))


def _moment(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):  # the year 9999 has times that UTC has no year for
        return None
