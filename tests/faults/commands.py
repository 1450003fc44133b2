"""The commands that write: how each finds its folder, and what is typed there.

A folder is prepared once, and copied for each trial. ``{index}`` stands for the address of a small
package index on loopback.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.small_matrix import write_matrix
from tfmac_lock.lock.formats import EXPORT_FORMAT_NAMES, FORMATS

from .runs import ROOT, Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FIRST = ("--python", "3.11", "--chip", "m1")
SECOND = ("--python", "3.10", "--chip", "m1")
PAIR = (*FIRST, "--tensorflow", "2.18.1", "--metal", "1.2.0")
ASKED = (*PAIR, "--index-url", "{index}", "--fresh", "--accept-repacked", "--with", "daily")
PROJECT = """\
[project]
name = "mine"
version = "1"
requires-python = ">=3.11"
"""
POETRY = """\
[tool.poetry]
name = "mine"
version = "1"
description = ""
authors = []
package-mode = false

[tool.poetry.dependencies]
python = ">=3.11,<3.12"
"""

Made = "Callable[[Runs, Path, str], None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``made`` prepares the folder with the index at an address; ``checkout`` is below it.

    One that is ``heavy`` takes many seconds, and is tried at few moments. One that ``caches`` is
    tried with an empty cache, so that it is also tried to write that.

    ``kept`` are files that a run may leave for the next one to go on with.
    """

    arguments: tuple[str, ...]
    made: Callable[[Runs, Path, str], None]
    status: int = 0
    checkout: bool = False
    heavy: bool = False
    caches: bool = False
    done: int | None = None
    """How it ends where its work is done already: ``check --fix`` overwrites nothing."""
    kept: tuple[str, ...] = ()
    environ: Mapping[str, str | None] = field(default_factory=dict)

    def typed(self, index: str) -> list[str]:
        """The arguments, with that address of the index."""
        return [one.format(index=index) for one in self.arguments]


def nothing(runs: Runs, folder: Path, index: str) -> None:
    """An empty folder."""


def first(runs: Runs, folder: Path, index: str) -> None:
    """Another lock."""
    done = runs.one(folder, *FIRST)
    assert done.status == 0, done.err


def every_format(runs: Runs, folder: Path, index: str) -> None:
    done = runs.one(folder, *FIRST, "--format", FORMATS_OF_ALL)
    assert done.status == 0, done.err


def resolved(runs: Runs, folder: Path, index: str) -> None:
    """A lock with a package that has a newer version now."""
    asked = [one.format(index=index).replace("daily", "daily<1.1") for one in ASKED]
    done = runs.one(folder, *asked)
    assert done.status == 0, done.err
    record = folder / "lock.json"
    record.write_text(record.read_text().replace("daily<1.1", "daily"))


def to_fetch(runs: Runs, folder: Path, index: str) -> None:
    done = runs.one(folder, *[one.format(index=index) for one in ASKED])
    assert done.status == 0, done.err


def project(runs: Runs, folder: Path, index: str) -> None:
    first(runs, folder, index)
    (folder / "pyproject.toml").write_text(PROJECT)


def poetry(runs: Runs, folder: Path, index: str) -> None:
    first(runs, folder, index)
    (folder / "pyproject.toml").write_text(POETRY)


def pins(runs: Runs, folder: Path, index: str) -> None:
    (folder / "requirements.txt").write_text("tensorflow==2.18.0\ntensorflow-metal==1.1.0\n")


def to_migrate(runs: Runs, folder: Path, index: str) -> None:
    (folder / "theirs.txt").write_text("tensorflow==2.18.1\ndaily==1.0\n")
    (folder / "out").mkdir()
    done = runs.one(folder, *FIRST, "-o", "out")
    assert done.status == 0, done.err


def facts(runs: Runs, folder: Path, index: str) -> None:
    """A checkout with few facts, compiled, one of which then changed."""
    write_matrix(folder / "matrix")
    figures = "#:schema schemas/figures.schema.json\nfigures = []\n"
    (folder / "matrix" / "figures.toml").write_text(figures)
    (folder / "resolver" / "tfmac_lock" / "data").mkdir(parents=True)
    done = runs.one(folder, "matrix", "compile", checkout=str(folder))
    assert done.status == 0, done.err
    path = folder / "matrix" / "platforms.toml"
    path.write_text(path.read_text().replace("Sonoma", "Sonoma, changed"))


def part(runs: Runs, folder: Path, index: str) -> None:
    """A checkout without locks, of which the part without wheels is made."""
    (folder / "matrix").mkdir()
    (folder / "locks" / "index").mkdir(parents=True)


def stale(runs: Runs, folder: Path, index: str) -> None:
    """A checkout whose verdicts are not those of the facts. Files are second names of its own."""
    for name in ("matrix", "locks"):
        shutil.copytree(ROOT / name, folder / name, copy_function=os.link)
    for path in sorted((folder / "locks" / "verdicts").glob("*.json"))[:6]:
        text = path.read_text()
        path.unlink()
        path.write_text(text.replace('"caution"', '"works"'))


def documents(runs: Runs, folder: Path, index: str) -> None:
    """A checkout whose generated documents are old."""
    (folder / "docs").mkdir()
    for name in ("reference.md", "tfmac-lock.1"):
        if (ROOT / "docs" / name).exists():
            (folder / "docs" / name).write_text("old\n")


def older_site(runs: Runs, folder: Path, index: str) -> None:
    """A site of which some pages are old, and one is gone now."""
    done = runs.one(folder, "publish", "site", "public")
    assert done.status == 0, done.err
    for path in sorted((folder / "public").rglob("*.html"))[:5]:
        path.write_text("old")


FORMATS_OF_ALL = ",".join([*FORMATS, *(name for name in EXPORT_FORMAT_NAMES if name != "pixi")])

COMMANDS = {
    "a new lock": Command(arguments=SECOND, made=nothing),
    "a lock over another": Command(arguments=SECOND, made=first),
    "all formats": Command(arguments=(*SECOND, "--format", FORMATS_OF_ALL), made=every_format),
    "one file": Command(arguments=(*SECOND, "-o", "mine/made-requirements.txt"), made=nothing),
    "a lock with the index": Command(arguments=ASKED, made=first, caches=True),
    "update": Command(arguments=("update", "daily"), made=resolved),
    "migrate": Command(
        arguments=(
            *("migrate", "theirs.txt", *FIRST, "-o", "out"),
            *("--index-url", "{index}"),
        ),
        made=to_migrate,
    ),
    "fetch": Command(
        arguments=("fetch", "lock.json", "--index-url", "{index}"),
        made=to_fetch,
        kept=("wheels/.",),
    ),
    "apply for uv": Command(arguments=("apply", "--tool", "uv"), made=project),
    "apply for Poetry": Command(arguments=("apply", "--tool", "poetry"), made=poetry),
    "check --fix": Command(
        arguments=("check", "requirements.txt", *FIRST, "--fix"), made=pins, status=1, done=2
    ),
    "a bill of materials": Command(
        arguments=("advisories", "lock.json", "--no-advisories", "--sbom", "bom.json"), made=first
    ),
    "matrix compile": Command(arguments=("matrix", "compile"), made=facts, checkout=True),
    "publish locks": Command(
        arguments=(
            *("publish", "locks", "--shard", "12/12", "--as-of", "2026-01-31"),
            *("--offline", "--jobs", "1"),
        ),
        made=part,
        checkout=True,
    ),
    "publish reference": Command(arguments=("publish", "reference"), made=documents, checkout=True),
    "publish render": Command(
        arguments=("publish", "render"), made=stale, checkout=True, heavy=True
    ),
    "publish site": Command(arguments=("publish", "site", "public"), made=older_site, heavy=True),
}
