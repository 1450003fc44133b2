"""The commands that write: how each finds its folder, and what is typed there.

A folder is prepared once, and copied for each trial. ``{index}`` stands for the address of a small
package index on loopback.
"""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.cli.test_install import PYTHON
from tests.prove.macs import mac, the_lock
from tests.prove.support import report_content
from tests.support.locks import lock
from tests.support.small_matrix import write_matrix
from tfmac_lock.lock.formats import EXPORT_FORMAT_NAMES, FORMATS
from tfmac_lock.publish import locks
from tfmac_lock.target import Arch

from .runs import ROOT, Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``made`` prepares the folder with the index at an address; ``checkout`` is below it.

    One that takes seconds is tried at ``few`` moments. One that ``caches`` is tried with an empty
    cache, so that it is also tried to write that. One ``on_a_mac`` believes to run on one.

    ``facts`` names the folder below with the compiled facts and the locks that the program has, in
    the place of those that it comes with.

    ``kept`` are files that a run may leave for the next one to go on with. In ``environ``
    ``{folder}`` stands for the folder.
    """

    arguments: tuple[str, ...]
    made: Callable[[Runs, Path, str], None]
    status: int = 0
    checkout: bool = False
    facts: str = ""
    few: int = 0
    caches: bool = False
    on_a_mac: bool = False
    done: int | None = None
    """How it ends where its work is done already: ``check --fix`` overwrites nothing."""
    kept: tuple[str, ...] = ()
    environ: Mapping[str, str | None] = field(default_factory=dict)

    def typed(self, index: str) -> list[str]:
        """The arguments, with that address of the index."""
        return [one.format(index=index) for one in self.arguments]

    @property
    def works_anywhere(self) -> bool:
        """It works in a checkout or in the cache, wherever it is started."""
        return self.checkout or "TFMAC_LOCK_CACHE_DIR" in self.environ

    def trial(self, folder: Path) -> dict[str, Any]:
        """What the command needs to run in that folder."""
        needs: dict[str, Any] = {"environ": {}}
        for name, value in self.environ.items():
            needs["environ"][name] = value and value.format(folder=folder)
        if self.checkout:
            needs["checkout"] = str(folder)
        if self.facts:
            needs["facts"] = str(folder / self.facts)
        if self.on_a_mac:
            needs["mac"] = True
        return needs


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


def documents(runs: Runs, folder: Path, index: str) -> None:
    """A checkout whose generated documents are old."""
    (folder / "docs").mkdir()
    for name in ("reference.md", "tfmac-lock.1"):
        if (ROOT / "docs" / name).exists():
            (folder / "docs" / name).write_text("old\n")


def few_facts(runs: Runs, folder: Path, index: str) -> None:
    """A program with few facts and one lock, so that what is made of all of them is soon made."""
    facts(runs, folder, index)
    (data,) = folder.glob("resolver/*/data")
    slot = locks.Slot("3.11", Arch.ARM64)
    result = locks.SlotResult(slot=slot, locks=(lock(),), unpublished=())
    files = locks.render([result])
    files["as_of.json"] = '{"schema_version": 1, "as_of": "2026-01-31"}'
    locks.write(data / "locks", {**files, "README.md": "the table"}, [slot])
    data.rename(folder / "few")
    for name in ("matrix", "resolver"):
        shutil.rmtree(folder / name)


def older_site(runs: Runs, folder: Path, index: str) -> None:
    """A site of which some pages are old, and one is gone now."""
    few_facts(runs, folder, index)
    made_before(runs, folder, "publish", "site", "public")


def older_data(runs: Runs, folder: Path, index: str) -> None:
    """A package of facts of which some are old, and one is gone now."""
    few_facts(runs, folder, index)
    made_before(runs, folder, "publish", "data", "out")


def made_before(runs: Runs, folder: Path, *typed: str) -> None:
    done = runs.one(folder, *typed, facts=str(folder / "few"))
    assert done.status == 0, done.err
    found = [path for path in sorted((folder / typed[-1]).rglob("*")) if path.is_file()]
    for path in found[5:25:4]:
        path.write_text("old")
    copy(found[-1], found[-1].with_name("gone.json"))


def recorded(runs: Runs, folder: Path, index: str) -> None:
    """A checkout in which one lock is recorded, with files that are old."""
    few_facts(runs, folder, index)
    (folder / "matrix").mkdir()
    place = folder / "locks"
    (folder / "few" / "locks").rename(place)
    (place / "README.md").write_text("old")
    for path in sorted(place.glob("*/*.json")):
        path.write_text(f"{path.read_text()}\n")


def copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, to)


def translated(runs: Runs, folder: Path, index: str) -> None:
    """A checkout whose code and facts lie elsewhere, with catalogues of some messages."""
    (folder / "matrix").symlink_to(ROOT / "matrix")
    package = folder / "resolver" / "tfmac_lock"
    package.mkdir(parents=True)
    for path in sorted((ROOT / "resolver" / "tfmac_lock").iterdir()):
        if path.name not in ("data", "__pycache__"):
            (package / path.name).symlink_to(path)
    (folder / "languages").mkdir()
    for path in sorted((ROOT / "languages").glob("*.po")):
        texts = path.read_text("utf-8").split("\n\n")
        (folder / "languages" / path.name).write_text("\n\n".join([*texts[:9], ""]), "utf-8")


def new_release(runs: Runs, folder: Path, index: str) -> None:
    """A checkout with few facts, and of a known plugin what it holds."""
    write_matrix(folder / "matrix")
    for kind in ("binaries", "kernels"):
        name = f"matrix/{kind}/tensorflow-metal/1.2.0.toml"
        copy(ROOT / name, folder / name)


def every_part(runs: Runs, folder: Path, index: str) -> None:
    """A checkout whose facts are compiled and then changed, without locks, and a channel."""
    facts(runs, folder, index)
    channel(runs, folder, index)


def channel(runs: Runs, folder: Path, index: str) -> None:
    (folder / "matrix").mkdir(exist_ok=True)
    (folder / "locks" / "index").mkdir(parents=True)
    (folder / "locks" / "as_of.json").write_text('{"schema_version": 1, "as_of": "2026-01-31"}')


LOCK = "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64"


def a_report(runs: Runs, folder: Path, index: str) -> None:
    """What a report from a Mac is held against, and one that somebody handed in."""
    for name in ("trainers.toml", "platforms.toml", "contents"):
        for path in sorted((ROOT / "matrix").glob(f"{name}*/**/*.toml")) or [
            ROOT / "matrix" / name
        ]:
            copy(path, folder / path.relative_to(ROOT))
    (folder / "handed.json").write_text(json.dumps(mac()))


def own_report(runs: Runs, folder: Path, index: str) -> None:
    """A report of a run of the project's own, of a published lock."""
    report = report_content(packages={**the_lock(LOCK).pins, "pip": "25.0"})
    (folder / "report.json").write_text(json.dumps(report))


def a_filed_report(runs: Runs, folder: Path, index: str) -> None:
    a_report(runs, folder, index)
    done = runs.one(folder, "prove", "record", "handed.json", checkout=str(folder))
    assert done.status == 0, done.err


def full_cache(runs: Runs, folder: Path, index: str) -> None:
    """A cache with answers of the index, and a file of somebody else's in the same place."""
    asked = [one.format(index=index) for one in (*ASKED, "--dry-run")]
    done = runs.one(folder, *asked, environ={"TFMAC_LOCK_CACHE_DIR": str(folder / "cache")})
    assert done.status == 0, done.err
    (folder / "cache" / "theirs").write_text("theirs")


def a_mac(runs: Runs, folder: Path, index: str) -> None:
    """A Mac with uv and a Python that note what they are asked, and make what is asked for."""
    (folder / "tools").mkdir()
    for name in ("uv", "python3.11"):
        (folder / "tools" / name).write_text(PYTHON)
        (folder / "tools" / name).chmod(stat.S_IRWXU)
    report = report_content()
    figures = {stage["name"]: stage["figures"] for stage in report["stages"]}
    figures["import"] |= {"version": "2.18.1"}
    figures["devices"] |= {"used": "gpu", "gpus": ["/physical_device:GPU:0"]}
    figures["matmul"] |= {"device": "/job:localhost/device:GPU:0"}
    figures["train"] |= {"epochs": 5}
    (folder / "report.json").write_text(json.dumps(report))


MAC = {
    "PATH": "{folder}/tools:/usr/bin:/bin",
    "PYENV_ROOT": "{folder}/none",
    "LOG": "/dev/null",
    "REPORT": "{folder}/report.json",
}
CACHE = {"TFMAC_LOCK_CACHE_DIR": "{folder}/cache", "TFMAC_LOCK_CACHE_LIMIT": "0"}

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
        arguments=("publish", "render"), made=recorded, checkout=True, facts="few", status=1
    ),
    "publish conda": Command(
        arguments=("publish", "conda", "--shard", "12/12", "--offline", "--jobs", "1"),
        made=channel,
        checkout=True,
        few=3,
    ),
    "publish": Command(
        arguments=(
            *("publish", "--shard", "12/12", "--as-of", "2026-01-31"),
            *("--offline", "--jobs", "1"),
        ),
        made=every_part,
        checkout=True,
        few=3,
    ),
    "publish languages": Command(
        arguments=("publish", "languages"), made=translated, checkout=True, few=3
    ),
    "publish data": Command(arguments=("publish", "data", "out"), made=older_data, facts="few"),
    "publish site": Command(arguments=("publish", "site", "public"), made=older_site, facts="few"),
    "matrix refresh": Command(
        arguments=("matrix", "refresh", "--index-url", "{index}"),
        made=new_release,
        checkout=True,
        few=3,
    ),
    "audit --keep": Command(
        arguments=(
            *("audit", "daily==1.0", "six==1.17.0", "--keep", "kept"),
            *("--index-url", "{index}"),
        ),
        made=nothing,
        kept=("kept/.",),
    ),
    "prove record": Command(
        arguments=("prove", "record", "handed.json", "--summary", "summary.md"),
        made=a_report,
        checkout=True,
    ),
    "prove record of its own": Command(
        arguments=(
            *("prove", "record", "report.json", "--lock", LOCK),
            *("--source", "https://example.org/run"),
        ),
        made=own_report,
    ),
    "prove accept": Command(
        arguments=("prove", "accept", ""), made=a_filed_report, checkout=True, done=2
    ),
    "cache clean": Command(arguments=("cache", "clean"), made=full_cache, environ=CACHE),
    "cache trim": Command(arguments=("cache", "trim"), made=full_cache, environ=CACHE),
    "install": Command(
        arguments=("install", "--python", "3.11"),
        made=a_mac,
        on_a_mac=True,
        environ=MAC,
        kept=("..venv.unfinished",),
    ),
}
