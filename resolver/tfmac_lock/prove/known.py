"""What a report that somebody handed in is held against, read from a checkout's matrix/."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..files import guarded
from ..matrix.contents import ContentsFile
from ..matrix.facts import series_of
from ..matrix.proofs import MACS, SUBMITTED, HandedIn, MacReport
from ..matrix.toml import read_file, read_toml
from ..target import Arch
from ..wheels.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..matrix.facts import Matrix
    from .handing import Locks

ContentKey = tuple[str, str, str, str]
"""Package, version, Python series and architecture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The facts that a report must agree with, and the reports that are filed already.

    ``contents`` are the digests of what each release's wheels install, ``trainers`` those of the
    programs that make reports, and ``macos_released`` the day of each major release. ``filed``
    names the file of each report that is there.
    """

    matrix: Matrix
    locks: Locks
    contents: Mapping[ContentKey, frozenset[str]]
    trainers: frozenset[str]
    macos_released: Mapping[int, datetime.date]
    filed: Mapping[HandedIn, str] = field(default_factory=dict)
    now: datetime.datetime

    def without(self, *names: str) -> Known:
        """The same without what is filed under these names."""
        return replace(self, filed={row: at for row, at in self.filed.items() if at not in names})

    def uploaded(self, package: str, version: str) -> datetime.date | None:
        """The day on which the release was there at the earliest."""
        release = self.matrix.release(package, version)
        days = [wheel.uploaded for wheel in release.wheels if wheel.uploaded] if release else []
        return datetime.date.fromisoformat(min(days)[:10]) if days else None


def known_of(
    root: Path, matrix: Matrix, locks: Locks, now: datetime.datetime, proofs: Path | None = None
) -> Known:
    """All of it, read from ``root``, the folder matrix/; raises DataError.

    The reports that are filed lie in ``proofs``, or in the folder of that name in ``root``.
    """
    return Known(
        matrix=matrix,
        locks=locks,
        contents=_contents(root),
        trainers=frozenset(
            row["sha256"] for row in read_toml(root / "trainers.toml").get("trainers", ())
        ),
        macos_released={
            row["major"]: row["released"]
            for row in read_toml(root / "platforms.toml").get("macos", ())
            if "released" in row
        },
        filed=filed_in(proofs or root / "proofs"),
        now=now,
    )


def _contents(root: Path) -> dict[ContentKey, frozenset[str]]:
    found: dict[ContentKey, set[str]] = {}
    for path in sorted(root.glob("contents/*/*.toml")):
        entry = read_file(path, ContentsFile)
        for wheel in entry.wheels:
            for arch in parse_name(wheel.filename).arches:
                key = (entry.package, entry.version, series_of(wheel.filename), Arch(arch).value)
                found.setdefault(key, set()).add(wheel.content)
    return {key: frozenset(digests) for key, digests in found.items()}


def filed_in(proofs: Path) -> dict[HandedIn, str]:
    """Every report that is filed or accepted, with the name of its file."""
    found: dict[HandedIn, str] = {}
    for path in sorted(proofs.glob(f"{MACS}/*.toml")):
        found |= dict.fromkeys(read_file(path, MacReport).reports, path.name)
    for path in sorted(proofs.glob(f"{SUBMITTED}/*.json")):
        rows = guarded(path, 1, lambda data: [HandedIn(**row) for row in data["reports"]])
        found |= dict.fromkeys(rows, path.name)
    return found


def as_json(rows: Sequence[HandedIn]) -> list[dict[str, str]]:
    """The rows as JSON holds them."""
    return json.loads(  # type: ignore[no-any-return]  # what was just written
        json.dumps([{"run": r.run, "digest": r.digest, "figures": r.figures} for r in rows])
    )
