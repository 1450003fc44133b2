"""Recipes on the command line: listed, named, refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tfmac_lock.__main__ import main
from tfmac_lock.cli import parse, recipes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("folder")


def test_without_a_name_they_are_listed_with_a_line_each(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main(["--for"]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    known = shipped().recipes.facts
    assert [line.split()[0] for line in lines[: len(known)]] == [one.name for one in known]
    assert max(map(len, lines)) <= 80
    assert "tfmac-lock --for NAME --chip m1" in lines[-1]
    assert told.err == ""
    assert list(folder.iterdir()) == []


def test_the_list_is_json_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--for", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["recipes"]}
    assert rows["spleeter"]["requirements"] == ["spleeter==2.4.2"]
    assert rows["spleeter"]["python"] == "3.10"
    assert rows["magenta"]["status"] == "broken"
    assert rows["magenta"]["refused"]
    assert rows["deeplabcut-2.3"]["environment"] == {"DLClight": "True"}
    for name, recipe in ((one.name, one) for one in shipped().recipes.facts):
        assert rows[name]["status"] == shipped().recipes.status(recipe).value


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("speleter", 2, "unknown recipe 'speleter'. Did you mean 'spleeter'?"),
        ("magenta", 1, "there is no lock for magenta: magenta 2.1.4 pins numba 0.49.1"),
        ("?", 0, ""),
    ],
)
def test_a_name_that_gives_no_lock_is_told_why(
    name: str, status: int, told: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main(["--for", name, "--chip", "m1"]) == status
    assert told in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_the_python_is_the_recipes_where_none_is_named() -> None:
    args = parse(["--for", "Spleeter", "--chip", "m1"])
    recipes.apply(args)
    assert (args.recipe, args.python) == ("spleeter", "3.10")
    args = parse(["--for", "spleeter", "--chip", "m1", "--python", "3.9"])
    recipes.apply(args)
    assert args.python == "3.9"


def test_a_recipe_is_never_answered_by_a_published_lock(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--for", "data-science", "--chip", "m1", "--offline"]) == 3
    assert "is not in the cache, and --offline forbids" in capsys.readouterr().err
