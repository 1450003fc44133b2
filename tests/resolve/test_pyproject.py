from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.facts import target
from tfmac_lock.errors import InputFileError
from tfmac_lock.resolve.pyproject import read_pyproject, split_extras

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = target("3.11", "m1", "14").markers()
PROJECT = """
[project]
name = "My.Project"
requires-python = ">=3.9"
dependencies = ["tensorflow==2.18.*", "pandas; sys_platform == 'linux'"]

[project.optional-dependencies]
train = ["tqdm"]
Plot_All = ["matplotlib", "my-project[train]"]

[dependency-groups]
test = ["pytest>=8"]
dev = ["ruff", {include-group = "test"}]
"""


def read(folder: Path, text: str = PROJECT, **options: object) -> list[str]:
    path = folder / "pyproject.toml"
    path.write_text(text, "utf-8")
    return [str(item) for item in read_pyproject(path, ENVIRONMENT, **options)]  # type: ignore[arg-type]


def test_the_dependencies_of_the_project_count_on_the_target(tmp_path: Path) -> None:
    assert read(tmp_path) == ["tensorflow==2.18.* from your request (pyproject.toml dependencies)"]


def test_extras_count_where_they_are_named_those_that_they_name_as_well(tmp_path: Path) -> None:
    assert read(tmp_path, extras=["plot-all"])[1:] == [
        "matplotlib from your request (pyproject.toml [plot-all])",
        "tqdm from your request (pyproject.toml [train])",
    ]


def test_a_dependency_group_includes_others(tmp_path: Path) -> None:
    assert read(tmp_path, project=False, groups=["Dev"]) == [
        "ruff from your request (pyproject.toml group dev)",
        "pytest>=8 from your request (pyproject.toml group test)",
    ]


@pytest.mark.parametrize(
    ("text", "extras"),
    [
        ("pyproject.toml[train, plot]", ("train", "plot")),
        ("sub/pyproject.toml[]", ()),
        ("pyproject.toml", ()),
        ("requirements[1].in", ()),
    ],
)
def test_extras_stand_behind_the_path(text: str, extras: tuple[str, ...]) -> None:
    path, found = split_extras(text)
    assert found == extras
    assert path == (text.partition("[")[0] if "pyproject" in text else text)


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("[tool.x]\n", {}, "has no [project]; name a dependency group with --group"),
        ("[project]\ndynamic = ['dependencies']\n", {}, "its dependencies are dynamic"),
        (PROJECT, {"extras": ["none"]}, "has no extra 'none'; there are: plot-all, train"),
        (PROJECT, {"groups": ["none"]}, "has no dependency group 'none'; there are: dev, test"),
        ("[project]\nrequires-python = '<3.9'\n", {}, "requires Python <3.9, and the lock is for"),
        ("[project]\nrequires-python = 'x'\n", {}, "'x' is not a version specifier"),
        ("[project]\ndependencies = 'x'\n", {}, "dependencies: is not a list of requirements"),
        ("[project]\ndependencies = ['a b']\n", {}, "dependencies: 'a b' is not a requirement"),
        ("[project]\ndependencies = ['a @ https://x/a.whl']\n", {}, "only packages from an index"),
        ("project = 1\n", {}, "[project] is not a table"),
        (
            "[dependency-groups]\na = [{include-group = 'a'}]\n",
            {"project": False, "groups": ["a"]},
            "its dependency group 'a' includes itself",
        ),
        ("[", {}, "is not TOML"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, text: str, options: dict[str, object], reason: str
) -> None:
    with pytest.raises(InputFileError) as caught:
        read(tmp_path, text, **options)
    assert reason in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "pyproject.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read_pyproject(path, ENVIRONMENT)
    except InputFileError as error:
        assert error.reason  # noqa: PT017 - both outcomes are right
