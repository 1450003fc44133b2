from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lock.apply.layouts import LAYOUTS, PLAIN
from tests.lock.test_limits import of
from tests.support.facts import shipped
from tests.support.locks import lock, package
from tfmac_lock.errors import InputFileError
from tfmac_lock.lock.apply import region
from tfmac_lock.lock.apply.merge import TOOLS, merged, next_command, tool_of
from tfmac_lock.lock.limits import Limits, limits_of

FILE = "pyproject.toml"
NEW = [of("tensorflow-2.18.1-metal-1.2.0-py3.11-arm64", "3.11")]
OLD = [of("tensorflow-macos-2.13.0-metal-1.0.0-py3.11-arm64", "3.11")]

every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_tool = pytest.mark.parametrize("tool", TOOLS)


def applied(text: str, limits: list[Limits], tool: str) -> str:
    return merged(FILE, text, limits, tool).text


def theirs(text: str) -> Any:
    """The data without what is ours, and without tables and arrays that are empty then."""

    def full(data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        kept = {key: full(value) for key, value in data.items()}
        return {key: value for key, value in kept.items() if value not in ({}, [])}

    data = full(tomllib.loads(region.without_region(text)))
    environments = data.get("tool", {}).get("pixi", {}).get("environments", {})
    environments.pop("tensorflow-mac", None)
    return data


def test_there_are_at_least_twenty_layouts() -> None:
    assert len(LAYOUTS) >= 20


@every_layout
@every_tool
def test_twice_is_the_same_as_once_and_all_else_is_kept(layout: str, tool: str) -> None:
    text = LAYOUTS[layout]
    once = applied(text, NEW, tool)
    assert applied(once, NEW, tool) == once
    assert theirs(once) == theirs(text)
    # Every line is still there in its order, but for arrays that were on one line.
    left = once.splitlines()
    for line in text.splitlines():
        if line in left:
            left = left[left.index(line) + 1 :]
        else:
            assert line.partition("=")[2].lstrip().startswith("["), f"{line!r} is gone"


@every_layout
@every_tool
def test_a_new_lock_leaves_nothing_of_the_old_one(layout: str, tool: str) -> None:
    text = LAYOUTS[layout]
    changed, direct = applied(applied(text, OLD, tool), NEW, tool), applied(text, NEW, tool)
    assert tomllib.loads(changed) == tomllib.loads(direct)
    # An array that was on one line stays on several when nothing of ours is in it any more.
    assert "".join(changed.split()) == "".join(direct.split())


@every_layout
def test_every_comment_of_the_project_is_kept(layout: str) -> None:
    text = LAYOUTS[layout]
    for tool in TOOLS:
        once = applied(text, NEW, tool)
        for line in text.splitlines():
            comment = line.partition("# ")[2]
            assert comment in once


def test_uv_gets_pins_and_the_project_requires_the_plugin_on_that_mac() -> None:
    data = tomllib.loads(applied(PLAIN, NEW, "uv"))
    (plugin,) = [text for text in data["project"]["dependencies"] if "metal" in text]
    assert plugin.startswith("tensorflow-metal ; sys_platform == 'darwin'")
    assert data["project"]["dependencies"][-2:] == ["tensorflow>=2.10", "pillow"]
    assert "numpy==2.0.2" in data["tool"]["uv"]["constraint-dependencies"]


def test_constraints_of_the_project_stay_beside_ours() -> None:
    text = LAYOUTS["uv with settings"]
    uv = tomllib.loads(applied(text, NEW, "uv"))["tool"]["uv"]
    assert uv["constraint-dependencies"][-1] == "urllib3<3"
    assert uv["package"] is False


def test_environments_of_the_project_stay_alone_and_pins_get_markers() -> None:
    made = merged(FILE, LAYOUTS["uv with environments"], NEW, "uv")
    uv = tomllib.loads(made.text)["tool"]["uv"]
    assert uv["environments"] == ["sys_platform == 'darwin'", "sys_platform == 'linux'"]
    assert [one for one in uv["constraint-dependencies"] if one.startswith("numpy==2.0.2 ; sys")]
    assert made.notes == ("it has environments of its own, which stay; uv locks for those alone",)


def test_a_tensorflow_by_another_name_is_dropped_where_the_lock_holds() -> None:
    uv = tomllib.loads(applied(PLAIN, OLD, "uv"))["tool"]["uv"]
    assert (
        "tensorflow ; sys_platform != 'darwin' or platform_machine != 'arm64' "
        "or python_version != '3.11'"
    ) in uv["override-dependencies"]
    assert "override-dependencies" not in tomllib.loads(applied(PLAIN, NEW, "uv"))["tool"]["uv"]


def test_what_cannot_be_written_is_told() -> None:
    dynamic = merged(FILE, LAYOUTS["dynamic dependencies"], NEW, "uv")
    assert dynamic.notes[0].startswith("it has dynamic dependencies, so require yourself: tensorf")
    none = merged(FILE, LAYOUTS["a workspace"], NEW, "uv")
    assert none.notes[0].startswith("it has no [project], so require yourself: tensorflow ; ")
    rows = [limits_of(shipped(), lock((package("tensorflow-metal", "1.2.0", "six"),)))]
    tables = merged(FILE, LAYOUTS["uv with metadata in tables"], rows, "uv")
    assert "tensorflow-metal" not in tables.notes
    disagreeing = [of("tensorflow-2.13.0-metal-1.0.0-py3.11-arm64", "3.11")]
    told = merged(FILE, LAYOUTS["uv with metadata in tables"], disagreeing, "uv").notes
    assert 'add by hand: { name = "tensorflow", version = "2.13.0"' in told[0]


def test_overrides_of_the_project_stay_beside_ours_for_pdm() -> None:
    text = applied(LAYOUTS["PDM with overrides"], NEW, "pdm")
    overrides = tomllib.loads(text)["tool"]["pdm"]["resolution"]["overrides"]
    assert overrides["numpy"] == "==2.0.2"
    assert "# pinned by hand" in text


def test_pixi_gets_a_feature_and_an_environment_with_it() -> None:
    pixi = tomllib.loads(applied(LAYOUTS["pixi inside"], NEW, "pixi"))["tool"]["pixi"]
    assert pixi["environments"]["tensorflow-mac"] == ["tensorflow-mac"]
    assert pixi["environments"]["test"] == {"features": ["test"], "solve-group": "default"}
    assert pixi["feature"]["tensorflow-mac"]["system-requirements"] == {"macos": "12.3"}
    alone = merged("pixi.toml", '[workspace]\nname = "x"\n', NEW, "pixi").text
    assert tomllib.loads(alone)["feature"]["tensorflow-mac"]["platforms"] == ["osx-arm64"]


@every_tool
def test_line_ends_and_a_byte_order_mark_are_kept(tool: str) -> None:
    text = "\ufeff" + PLAIN.replace("\n", "\r\n")
    once = applied(text, NEW, tool)
    assert once.startswith("\ufeff[project]\r\n")
    assert "\n" not in once.replace("\r\n", "")
    assert applied(once, NEW, tool) == once


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[project]\nname = "x"\nrequires-python = ">=3.12"\n', "leaves out Python 3.11"),
        ('[project]\nrequires-python = "soon"\n', "cannot be read"),
        ("[project", "is not TOML that can be read"),
        ("x = " + "[" * 5000, "is not TOML that can be read"),
    ],
)
def test_a_file_that_the_lock_cannot_be_put_into_is_refused(text: str, told: str) -> None:
    with pytest.raises(InputFileError, match=told):
        merged(FILE, text, NEW, "uv")


@pytest.mark.parametrize(
    ("layout", "beside", "tool"),
    [
        ("plain", [], "uv"),
        ("plain", ["poetry.lock"], "poetry"),
        ("plain", ["pdm.lock"], "pdm"),
        ("plain", ["pixi.lock"], "pixi"),
        ("no project, Poetry of before", [], "poetry"),
        ("PDM with sources", [], "pdm"),
        ("pixi inside", [], "pixi"),
        ("pixi inside", ["uv.lock"], "uv"),
    ],
)
def test_the_tool_is_the_one_that_the_project_uses(
    layout: str, beside: list[str], tool: str
) -> None:
    assert tool_of(FILE, LAYOUTS[layout], beside) == tool


def test_a_pixi_toml_is_pixis_and_each_tool_has_its_command() -> None:
    assert tool_of("pixi.toml", "", []) == "pixi"
    assert [next_command(tool, NEW).split()[:2] for tool in TOOLS] == [
        ["uv", "lock"],
        ["poetry", "lock"],
        ["pdm", "lock"],
        ["pixi", "install"],
    ]


words = st.text(st.sampled_from("abc -_[]#\"'=\n{},.\\"), max_size=60)


@given(words, words)
def test_any_file_is_refused_or_kept(name: str, comment: str) -> None:
    text = f"{name}\n[tool.x] # {comment}\n"
    for tool in TOOLS:
        try:
            once = applied(text, NEW, tool)
        except InputFileError:
            continue
        assert theirs(once) == theirs(text)
        assert applied(once, NEW, tool) == once
