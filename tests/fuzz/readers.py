"""Every reader of something that others wrote, as a row: its name, the shape of what it reads.

A reader takes the bytes and an empty folder, does all that the program would do with them, and
raises nothing but the program's own errors. What it returns is of no interest; where something
must hold of the answer, it asserts it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support import facts
from tfmac_lock.errors import TfmacLockError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfmac_lock.lock.limits import Limits
    from tfmac_lock.lock.model import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How to read an input. ``shape`` is how it is mutated, ``seeds`` where it begins.

    ``allowed`` are the errors that may come out, ``share`` how often it runs beside the others.
    """

    read: Callable[[bytes, Path], object]
    shape: str = "text"
    seeds: str = ""
    allowed: tuple[type[Exception], ...] = (TfmacLockError,)
    share: float = 1.0


# -- what check, migrate and the other commands read of pins


def check(filename: str) -> Callable[[bytes, Path], object]:
    def read(data: bytes, folder: Path) -> object:
        from tfmac_lock.check import against, fix, judge, migrate, sarif
        from tfmac_lock.check.reading import read_for_target
        from tfmac_lock.cli.check import render

        path = folder / filename
        path.write_bytes(data)
        file, target, macos = read_for_target(path, facts.shipped())
        if len(file.pins) > 200:
            return file
        checked = judge.check(file, target, facts.shipped(), macos=macos)
        more = tuple(against.against(file, small_lock(), "lock.json"))
        checked = dataclasses.replace(checked, findings=(*checked.findings, *more))
        json.dumps(judge.document([checked]))
        json.dumps(sarif.document([checked]))
        render([checked], color=False)
        fix.corrected(file, target, facts.shipped(), macos=macos)
        return migrate.stated_in(file, target, facts.shipped())

    return read


@functools.cache
def small_lock() -> Lock:
    from tests.support.locks import lock

    return lock()


def requirements_in(data: bytes, folder: Path) -> object:
    from tfmac_lock.resolve.requirements_in import Options, read_file

    path = folder / "requirements.in"
    path.write_bytes(data)
    options = Options()
    found = read_file(path, facts.target().markers(), options)
    return [str(item) for item in found], options.notes


def pyproject(data: bytes, folder: Path) -> object:
    from tfmac_lock.resolve.pyproject import read_pyproject

    path = folder / "pyproject.toml"
    path.write_bytes(data)
    environment = facts.target().markers()
    with contextlib.suppress(TfmacLockError):
        read_pyproject(path, environment)
    with contextlib.suppress(TfmacLockError):
        read_pyproject(path, environment, extras=["train"])
    return read_pyproject(path, environment, project=False, groups=["dev"])


def settings(data: bytes, folder: Path) -> object:
    """The project's own defaults, in the folder that the program is started in."""
    from tfmac_lock.cli.settings import defaults

    (folder / "pyproject.toml").write_bytes(data)
    with contextlib.chdir(folder):
        words = defaults(main_parser(), [], {})
    assert all(isinstance(word, str) for word in words)
    return words


def variables(data: bytes, folder: Path) -> object:
    from tfmac_lock.cli.settings import defaults

    lines = data.decode("utf-8", "surrogateescape").replace("\0", "").splitlines()
    environ = dict(line.split("=", 1) for line in lines if "=" in line)
    with contextlib.chdir(folder):
        return defaults(main_parser(), [], environ)


@functools.cache
def main_parser() -> Any:
    from tfmac_lock.cli import lock

    return lock.parser()


def apply(data: bytes, _folder: Path) -> object:
    """A project's file, into which each tool's tables are written."""
    from tfmac_lock.lock.apply.merge import TOOLS, merged, tool_of

    text = data.decode("utf-8", "replace")
    with contextlib.suppress(TfmacLockError):
        assert tool_of("pyproject.toml", text, ()) in TOOLS
    for tool in TOOLS:
        with contextlib.suppress(TfmacLockError):
            once = merged("pyproject.toml", text, limits(), tool).text
            assert merged("pyproject.toml", once, limits(), tool).text == once
    return None


@functools.cache
def limits() -> list[Limits]:
    from tfmac_lock.lock import published
    from tfmac_lock.lock.limits import limits_of
    from tfmac_lock.matrix import loading
    from tfmac_lock.target import Arch

    locks = published.Index.within(loading.locks_folder(), "3.11", Arch.ARM64).locks()
    return [limits_of(facts.shipped(), locks[0])]


# -- what an index says


def page(parse: str) -> Callable[[bytes, Path], object]:
    def read(data: bytes, _folder: Path) -> object:
        from tfmac_lock.pypi import simple_html, simple_json
        from tfmac_lock.pypi.model import Project, group, rows_of
        from tfmac_lock.pypi.page import Page
        from tfmac_lock.resolve.candidates import Sources, fitting_files

        ways = {
            "html": simple_html.parse,
            "json": simple_json.parse,
            "project": simple_json.parse_project,
        }
        rows = ways[parse](data, "https://index.example/simple/demo/")
        kept = Page(url="https://x.example", fresh_until=1.0, groups=group(rows))
        assert Page.unpack(kept.pack()) == kept
        project = Project.of("demo", rows_of(kept.groups))
        assert len(project.files) == len(rows)
        target = facts.target()
        for file in fitting_files(
            project, ranks=ranks(), python=str(target.python), sources=Sources.ALL
        ):
            assert file.file.url.startswith(("http://", "https://"))
            assert "/" not in file.file.filename
        return project

    return read


@functools.cache
def ranks() -> dict[str, int]:
    from tfmac_lock.resolve.candidates import ranks_of

    return ranks_of(facts.target().tags())


def kept_page(data: bytes, _folder: Path) -> object:
    """A file of the cache; one that is damaged is a ValueError, and is fetched again."""
    from tfmac_lock.pypi.model import Metadata
    from tfmac_lock.pypi.page import Page
    from tfmac_lock.pypi.sdist import SourceArchive

    text = data.decode("utf-8", "replace")
    for unpack in (Metadata.unpack, SourceArchive.unpack, Page.unpack):
        with contextlib.suppress(ValueError):
            unpack(text)
    return None


def core_metadata(data: bytes, _folder: Path) -> object:
    """METADATA, what it requires, and a search for versions that meets a wheel with it."""
    from tests.support.universe import Universe, asked_for, rules
    from tfmac_lock.resolve.solve import solve
    from tfmac_lock.wheels import metadata

    found = metadata.parse(data, "demo-1.0-py3-none-any.whl")
    assert metadata.Metadata.unpack(found.pack()) == found
    universe = Universe()
    universe.add("demo", "1.0", *found.requires_dist, requires_python=found.requires_python)
    universe.add("demo", "0.9", "six")
    universe.add("six", "1.16")
    universe.add("numpy", "1.26.4")
    universe.add("other", "1.0.1")
    target = facts.target()
    solve(rules(universe, target=target), asked_for("demo[x,y]", target=target))
    return None


def source_archive(filename: str) -> Callable[[bytes, Path], object]:
    def read(data: bytes, _folder: Path) -> object:
        from tfmac_lock.pypi import sdist
        from tfmac_lock.pypi.model import IndexFile

        file = IndexFile(filename=filename, url=f"https://files.example/{filename}")
        found = sdist.read(io.BytesIO(data), file)
        assert sdist.SourceArchive.unpack(found.pack()) == found
        return found

    return read


def ranged_wheel(data: bytes, _folder: Path) -> object:
    """The metadata of a wheel, of which only the ranges that count are fetched."""
    from tfmac_lock.pypi.rangefile import Piece, RangeFile
    from tfmac_lock.wheels import metadata

    start = max(0, len(data) - 1000)
    tail = Piece(start=start, content=data[start:], total=len(data))
    for name in (
        "tensorflow-2.18.0-cp312-cp312-macosx_12_0_arm64.whl",
        "tensorflow_metal-1.2.0-x.whl",
    ):
        with contextlib.suppress(TfmacLockError):
            file = RangeFile(
                "https://x.example", tail, lambda a, b: data[a:b], 10 * len(data) + 2**20
            )
            metadata.parse(metadata.read(file, name), name)  # type: ignore[arg-type]  # an IO
    return None


def wheel(data: bytes, _folder: Path) -> object:
    from tfmac_lock.check.binary_facts import read_plugin, read_tensorflow
    from tfmac_lock.check.wheel_audit import audit_wheel
    from tfmac_lock.curate import linux_binaries
    from tfmac_lock.wheels.archive import Wheel

    name = "tensorflow-2.18.0-cp312-cp312-macosx_12_0_arm64.whl"
    open_ = lambda: Wheel(io.BytesIO(data), name)  # noqa: E731 - each reads it anew
    for read in (
        lambda: audit_wheel(open_(), arch="arm64", macos="12.3"),
        lambda: read_tensorflow(open_(), "", "arm64", {"_TF_Graph", "_TF_Alloc"}),
        lambda: read_plugin(open_(), "", "arm64"),
        lambda: linux_binaries.read_wheel(io.BytesIO(data), name, ""),
    ):
        with contextlib.suppress(TfmacLockError):
            read()
    return None


# -- machine code


def macho(data: bytes, _folder: Path) -> object:
    from tfmac_lock.macho import image
    from tfmac_lock.macho.exports import Exports
    from tfmac_lock.macho.imports import read_imports
    from tfmac_lock.macho.layout import read_layout
    from tfmac_lock.macho.numpy_generation import numpy_generation

    numpy_generation(data)
    for arch, region in image.slices(data, "x").items():
        if arch in image.READABLE:
            found = image.read_slice(region, "x", arch)
            exports = Exports(found)
            for name in ("_one", "_one_more", "_other", ""):
                exports.find(name)
            list(exports)
            read_imports(found)
            read_layout(found)
    return None


def elf(data: bytes, _folder: Path) -> object:
    from tfmac_lock.curate.elf import read_elf

    return read_elf(data, "x.so")


def mangled(data: bytes, _folder: Path) -> object:
    from tfmac_lock.curate.demangle import demangle

    return demangle(data.decode("utf-8", "replace"))


# -- what people hand in


def advisories(name: str) -> Callable[[bytes, Path], object]:
    def read(data: bytes, folder: Path) -> object:
        from tfmac_lock.check import osv
        from tfmac_lock.check.advisories import exposures

        path = folder / name
        path.write_bytes(data)
        found = osv.read(path, ["numpy", "tensorflow"])
        return exposures(small_lock(), found, facts.shipped(), facts.target())

    return read


def report(data: bytes, folder: Path) -> object:
    from tests.prove import macs
    from tfmac_lock.prove.intake import judge
    from tfmac_lock.prove.report import read_report
    from tfmac_lock.prove.submission import read_submission

    path = folder / "report.json"
    path.write_bytes(data)
    with contextlib.suppress(TfmacLockError):
        read_report(path)
    return judge(read_submission(path), macs.facts(), "https://x.example/1", "report.json")


def issue(data: bytes, folder: Path) -> object:
    from tests.prove import macs
    from tfmac_lock.prove.intake import judge
    from tfmac_lock.prove.submission import read_issue

    path = folder / "issue.md"
    path.write_bytes(data)
    return judge(read_issue(path), macs.facts(), "https://x.example/1", "issue.md")


def log(data: bytes, _folder: Path) -> object:
    from tfmac_lock.cli.explain import render
    from tfmac_lock.explain.answer import document, explain
    from tfmac_lock.explain.recognise import recognise
    from tfmac_lock.explain.symptoms import shipped

    found = explain(recognise(io.BytesIO(data), shipped()), facts.shipped(), on_mac=False)
    json.dumps(document(found))
    return render(found, color=False)


def machine(data: bytes, _folder: Path) -> object:
    from tfmac_lock.check.doctor import examine
    from tfmac_lock.check.machine import load

    text = data.decode("utf-8", "replace")
    return examine(load(text), facts.shipped())


# -- our own files, which people edit


def fact_file(data: bytes, folder: Path) -> object:
    """A file of matrix/; its first line names it, and with it the class that it must fit."""
    from tests.support.small_matrix import write_matrix
    from tfmac_lock.curate.folder import read_folder
    from tfmac_lock.matrix.toml import read_toml

    head, _, _ = data.partition(b"\n")
    name = head.removeprefix(b"# ").decode("ascii", "replace")
    path = folder / "matrix" / "one.toml"
    path.parent.mkdir()
    path.write_bytes(data)
    read_toml(path)
    write_matrix(folder / "matrix")
    target = folder / "matrix" / name
    if "\0" not in name and len(name) < 100 and target.is_file():
        target.write_bytes(data)
    return read_folder(folder / "matrix")


def lock_json(data: bytes, folder: Path) -> object:
    """A lock.json: what is read of it, and all that is made of what was read."""
    from tfmac_lock.check import against
    from tfmac_lock.lock import wheels
    from tfmac_lock.lock.difference import difference
    from tfmac_lock.lock.formats import FORMATS
    from tfmac_lock.lock.graph import tree
    from tfmac_lock.lock.reading import parse_lock
    from tfmac_lock.prove.locked import locked_set

    path = folder / "lock.json"
    path.write_bytes(data)
    with contextlib.suppress(TfmacLockError):
        wheels.read_lock(path)
    with contextlib.suppress(TfmacLockError):
        locked_set(wheels.read_lock_json(path), "lock.json")
    found = parse_lock(data, "lock.json")
    difference(found, small_lock(), facts.shipped())
    difference(small_lock(), found, facts.shipped())
    json.dumps([str(one) for one in against.as_pins(found).pins])
    for _, render in FORMATS.values():
        render(found)
    list(tree(found))
    return found


def pylock(data: bytes, folder: Path) -> object:
    from tfmac_lock.lock import wheels

    path = folder / "pylock.toml"
    path.write_bytes(data)
    return wheels.read_lock(path)


def netrc(data: bytes, folder: Path) -> object:
    from tfmac_lock.pypi.config import IndexConfig

    path = folder / f"netrc-{hash(data)}"  # what a file says is remembered by its path
    path.write_bytes(data)
    path.chmod(0o600)
    config = IndexConfig.load({"NETRC": str(path)}, pip_files=[])
    config.credentials_for("https://index.example/simple/")
    return config.credentials_for("https://nobody.example/")


def pip_conf(data: bytes, folder: Path) -> object:
    from tfmac_lock.pypi.config import IndexConfig

    path = folder / "pip.conf"
    path.write_bytes(data)
    config = IndexConfig.load({"HOME": str(folder)}, pip_files=[path])
    return [config.credentials_for(url) for url in config.indexes]


# -- conda


def conda_words(data: bytes, _folder: Path) -> object:
    from tfmac_lock.conda.channels import CONDA_FORGE, Channel, secrets_cut
    from tfmac_lock.conda.specs import own_spec

    for line in data.decode("utf-8", "replace").splitlines()[:50]:
        secrets_cut(line)
        with contextlib.suppress(TfmacLockError):
            assert Channel.parse(line).name
        with contextlib.suppress(TfmacLockError):
            own_spec(line, [CONDA_FORGE])
    return None


def repodata(data: bytes, folder: Path) -> object:
    """A channel on this disk, with a solution of what it offers."""
    from tfmac_lock.conda.channels import Channel
    from tfmac_lock.conda.client import CondaClient
    from tfmac_lock.conda.specs import CondaRequirement
    from tfmac_lock.resolve.requirement import ByUser

    for subdir in ("osx-arm64", "noarch"):
        (folder / "channel" / subdir).mkdir(parents=True)
    (folder / "channel" / "osx-arm64" / "repodata.json").write_bytes(data)
    (folder / "channel" / "noarch" / "repodata.json").write_text('{"packages": {}}')
    channel = Channel.parse(f"conda-forge={(folder / 'channel').as_uri()}")
    want = CondaRequirement("numpy", ByUser("--conda numpy"))
    with CondaClient([channel], cache=folder / "cache") as client:
        return client.solve(facts.target(), [want])


READERS: dict[str, Reader] = {
    "check-requirements": Reader(read=check("requirements.txt"), seeds="requirements"),
    "check-explicit": Reader(read=check("explicit.txt"), seeds="explicit"),
    "check-pylock": Reader(read=check("pylock.toml"), shape="toml", seeds="pylock"),
    "check-uv": Reader(read=check("uv.lock"), shape="toml", seeds="uv-lock"),
    "check-poetry": Reader(read=check("poetry.lock"), shape="toml", seeds="poetry-lock"),
    "check-poetry-toml": Reader(read=check("pyproject.toml"), shape="toml", seeds="poetry-toml"),
    "check-conda-lock": Reader(read=check("conda-lock.yml"), shape="yaml", seeds="conda-lock"),
    "check-environment": Reader(read=check("environment.yml"), shape="yaml", seeds="environment"),
    "check-pixi": Reader(read=check("pixi.lock"), shape="yaml", seeds="pixi-lock"),
    "requirements-in": Reader(read=requirements_in, seeds="requirements-in", share=3),
    "pyproject": Reader(read=pyproject, shape="toml", seeds="pyproject", share=3),
    "settings": Reader(read=settings, shape="toml", seeds="pyproject", share=3),
    "variables": Reader(read=variables, seeds="variables", share=3),
    "apply": Reader(read=apply, shape="toml", seeds="pyproject", share=0.2),
    "html": Reader(read=page("html"), seeds="html", share=3),
    "json": Reader(read=page("json"), shape="json", seeds="json", share=3),
    "project-json": Reader(read=page("project"), shape="json", seeds="project-json", share=3),
    "cache": Reader(read=kept_page, seeds="cache", share=3),
    "metadata": Reader(read=core_metadata, seeds="metadata", share=3),
    "sdist-tar": Reader(
        read=source_archive("tool-1.0.tar.gz"),
        shape="tar.gz",
        seeds="sdist-tar",
        allowed=(),
        share=3,
    ),
    "sdist-zip": Reader(
        read=source_archive("tool-1.0.zip"), shape="zip", seeds="sdist-zip", allowed=(), share=3
    ),
    "wheel-ranges": Reader(read=ranged_wheel, shape="zip", seeds="wheel", allowed=(), share=3),
    "wheel": Reader(read=wheel, shape="zip", seeds="wheel", allowed=(), share=3),
    "macho": Reader(read=macho, shape="binary", seeds="macho", share=3),
    "elf": Reader(read=elf, shape="binary", seeds="elf", share=3),
    "mangled": Reader(read=mangled, seeds="mangled", allowed=(), share=3),
    "osv": Reader(read=advisories("osv.json"), shape="json", seeds="osv"),
    "osv-zip": Reader(read=advisories("all.zip"), shape="zip", seeds="osv-zip", share=0.5),
    "report": Reader(read=report, shape="json", seeds="report"),
    "issue": Reader(read=issue, seeds="issue"),
    "log": Reader(read=log, seeds="logs", allowed=(), share=0.3),
    "machine": Reader(read=machine, shape="json", seeds="machine"),
    "facts": Reader(read=fact_file, shape="text", seeds="facts", share=0.3),
    "lock-json": Reader(read=lock_json, shape="json", seeds="lock-json"),
    "pylock": Reader(read=pylock, shape="toml", seeds="pylock", share=3),
    "netrc": Reader(read=netrc, seeds="netrc", allowed=(), share=3),
    "pip-conf": Reader(read=pip_conf, seeds="pip-conf", share=3),
    "conda-words": Reader(read=conda_words, seeds="channels", allowed=(), share=3),
    "repodata": Reader(read=repodata, shape="json", seeds="repodata", share=0.3),
}
