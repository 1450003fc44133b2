"""`apply`: from a lock into a project's file, on the command line."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import Said, run
from tests.lock.apply.layouts import LAYOUTS, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("folder")

MAC = ["--python", "3.11", "--chip", "m1"]


@pytest.fixture
def project(run: Callable[..., Said], folder: Path) -> Path:
    """A project with a lock beside it."""
    assert run(*MAC, "--format", "json").status == 0
    path = folder / "pyproject.toml"
    path.write_text(PLAIN)
    return path


def test_the_table_is_written_once_and_then_is_current(
    run: Callable[..., Said], project: Path
) -> None:
    assert run("apply", "--check").status == 1
    assert project.read_text() == PLAIN
    said = run("apply")
    assert said.status == 0
    assert said.out.splitlines() == [
        "pyproject.toml was written: uv, tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
        "Next: uv lock",
    ]
    once = project.read_text()
    assert "numpy==2.0.2" in tomllib.loads(once)["tool"]["uv"]["constraint-dependencies"]
    said = run("apply", "--to", "pyproject.toml", "--check")
    assert (said.status, said.out.split(":")[0]) == (0, "pyproject.toml is current")
    assert run("apply").out.startswith("pyproject.toml is current")
    assert project.read_text() == once


def test_check_names_the_command_that_makes_it_current(
    run: Callable[..., Said], project: Path
) -> None:
    said = run("apply", "--check", "--tool", "poetry")
    assert said.status == 1
    command = said.out.splitlines()[-1].partition(": ")[2]
    assert command == "tfmac-lock apply --to pyproject.toml --tool poetry"
    assert run(*command.split()[1:]).status == 0
    assert run("apply", "--check", "--tool", "poetry").status == 0


def test_the_result_as_json(run: Callable[..., Said], project: Path) -> None:
    said = run("apply", "--json", "--check")
    assert said.status == 1
    assert json.loads(said.out) == {
        "schema_version": 1,
        "file": "pyproject.toml",
        "tool": "uv",
        "combo": "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
        "current": False,
        "written": False,
        "notes": [],
    }
    assert json.loads(run("apply", "--json").out)["written"] is True


def test_another_lock_is_named(run: Callable[..., Said], project: Path) -> None:
    assert run("--python", "3.11", "--chip", "m1", "--tensorflow", "2.16", "-o", "old").status == 0
    assert run("apply", "old").status == 0
    assert "tensorflow==2.16" in project.read_text()


@pytest.mark.parametrize(
    ("arguments", "content", "told"),
    [
        (["--to", "other.toml"], PLAIN, "other.toml: there is no such file; name one with --to"),
        (["--to", "."], PLAIN, ".: cannot be read"),
        ([], "[project", "pyproject.toml: is not TOML that can be read"),
        ([], "\x00", "pyproject.toml: is not TOML that can be read"),
        (["missing.json"], PLAIN, "missing.json: is not there; `tfmac-lock --python 3.11"),
        (["pyproject.toml"], PLAIN, "pyproject.toml: is not a lock.json of tfmac-lock"),
        (["--tool", "pip"], PLAIN, "invalid choice: 'pip'"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_changes(
    run: Callable[..., Said], project: Path, arguments: list[str], content: str, told: str
) -> None:
    project.write_text(content)
    said = run("apply", *arguments)
    assert said.status == 2
    assert told in said.err
    assert project.read_text() == content


def test_a_file_in_another_encoding_is_refused(run: Callable[..., Said], project: Path) -> None:
    project.write_bytes("[project]\nname = 'é'\n".encode("latin-1"))
    said = run("apply")
    assert (said.status, "is not UTF-8" in said.err) == (2, True)


def test_a_link_is_followed(run: Callable[..., Said], project: Path, folder: Path) -> None:
    real = folder / "real.toml"
    project.rename(real)
    project.symlink_to(real)
    assert run("apply").status == 0
    assert project.is_symlink()
    assert "begin: tfmac-lock apply" in real.read_text()


@pytest.mark.parametrize("name", ["constraints", "uv", "poetry", "pdm", "pixi"])
def test_each_export_is_written_and_printed(
    run: Callable[..., Said], folder: Path, name: str
) -> None:
    said = run(*MAC, "--format", name)
    assert said.status == 0
    (path,) = folder.iterdir()
    assert run(*MAC, "--format", name, "-o", "-").out == path.read_text()


def test_files_are_known_by_their_names(run: Callable[..., Said], folder: Path) -> None:
    assert run(*MAC, "-o", "my-constraints.txt").status == 0
    assert "\ntensorflow==2.18.1\n" in (folder / "my-constraints.txt").read_text()
    assert run(*MAC, "-o", "pixi.toml").status == 0
    assert "workspace" in tomllib.loads((folder / "pixi.toml").read_text())


def test_both_macs_go_into_one_project(run: Callable[..., Said], folder: Path) -> None:
    said = run(
        "--python", "3.10", "--chip", "m1", "--chip", "intel-amd", "--format", "uv", "-o", "-"
    )
    assert len(tomllib.loads(said.out)["tool"]["uv"]["environments"]) == 2


def test_the_projects_own_file_is_never_an_output(run: Callable[..., Said], project: Path) -> None:
    for options in (["--format", "uv"], ["--force"], []):
        said = run(*MAC, "-o", "pyproject.toml", *options)
        assert said.status == 2
        assert "tfmac-lock apply --to pyproject.toml" in said.err
        assert project.read_text() == PLAIN


def test_notes_fit_a_terminal(run: Callable[..., Said], project: Path) -> None:
    project.write_text(LAYOUTS["dynamic dependencies"])
    said = run("apply")
    assert "note: it has dynamic dependencies" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
