from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import Said, index, names, run, wheels
from tests.support import HtmlIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["index", "run", "wheels"]

pytestmark = pytest.mark.usefixtures("folder")

MAC = ["--python", "3.11", "--chip", "m1"]
PIXI = """\
version: 6
environments:
  default:
    channels:
    - url: https://conda.anaconda.org/conda-forge/
    packages:
      osx-arm64:
      - conda: https://conda.anaconda.org/conda-forge/osx-arm64/python-3.11.9-h932a869_0_cpython.conda
      - conda: https://conda.anaconda.org/conda-forge/osx-arm64/openssl-3.3.0-h0d3ecfb_3.conda
      - pypi: https://files.example/tensorflow-2.18.1-cp311-cp311-macosx_12_0_arm64.whl
      - pypi: https://files.example/daily-1.0-py3-none-any.whl
      linux-64:
      - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.11.9-hb806964_0_cpython.conda
packages:
- conda: https://conda.anaconda.org/conda-forge/osx-arm64/python-3.11.9-h932a869_0_cpython.conda
  sha256: 0000000000000000000000000000000000000000000000000000000000000000
  depends: []
- pypi: https://files.example/tensorflow-2.18.1-cp311-cp311-macosx_12_0_arm64.whl
  name: tensorflow
  version: 2.18.1
  sha256: 0000000000000000000000000000000000000000000000000000000000000000
- pypi: https://files.example/daily-1.0-py3-none-any.whl
  name: daily
  version: '1.0'
"""
UV = """\
version = 1
[[package]]
name = "mine"
version = "0.1"
source = { virtual = "." }
dependencies = [{ name = "tensorflow" }, { name = "daily" }]
[[package]]
name = "tensorflow"
version = "2.18.1"
[[package]]
name = "daily"
version = "1.0"
"""
POETRY = """\
[[package]]
name = "tensorflow"
version = "2.18.1"
files = []
[[package]]
name = "daily"
version = "1.0"
files = []
[metadata]
lock-version = "2.1"
"""
ENVIRONMENT = """\
name: mine
dependencies:
  - python=3.11
  - pip
  - pip:
    - tensorflow==2.18.1
    - daily==1.0
"""
PROJECT = """\
[project]
name = "mine"
version = "0.1"
requires-python = ">=3.10"
dependencies = ["tensorflow>=2.18,<2.19", "daily"]
"""


@pytest.fixture
def served(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HtmlIndex]:
    """An index whose TensorFlow is the published one's, by the hash in the file's address."""
    with HtmlIndex(wheels) as server:
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        yield server


@pytest.fixture(autouse=True)
def any_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake index's TensorFlow is not the release's, which is not what is tried here."""
    from tfmac_lock.lock import make

    monkeypatch.setattr(make, "refuse_contradicted", lambda _files: None)


def pins(folder: Path) -> dict[str, str]:
    made = json.loads((folder / "lock.json").read_text())
    return {row["name"]: row["version"] for row in made["packages"]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "tensorflow==2.18.1\ndaily==1.0\n"),
        ("pixi.lock", PIXI),
        ("uv.lock", UV),
        ("poetry.lock", POETRY),
        ("environment.yml", ENVIRONMENT),
    ],
)
def test_the_versions_of_every_kind_of_file_are_kept(
    run: Callable[..., Said], folder: Path, served: HtmlIndex, name: str, text: str
) -> None:
    (folder / name).write_text(text)
    said = run("migrate", name, *MAC)
    assert said.status == 0, said.err
    assert "kept: 1 of 1 pinned versions" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    made = pins(folder / "mac-lock")
    assert (made["tensorflow"], made["daily"], made["tensorflow-metal"]) == (
        "2.18.1",
        "1.0",
        "1.2.0",
    )
    assert "openssl" not in made
    wanted = (folder / "mac-lock" / "requirements.in").read_text()
    assert "\ndaily\n" in wanted


def test_the_lock_that_came_of_it_can_be_updated(
    run: Callable[..., Said], folder: Path, served: HtmlIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "requirements.txt").write_text("tensorflow==2.18.1\ndaily==1.0\n")
    run("migrate", "requirements.txt", *MAC)
    made = json.loads((folder / "mac-lock" / "lock.json").read_text())
    assert made["request"] == "--python 3.11 --chip m1 --tensorflow 2.18.1 -r requirements.in"
    monkeypatch.chdir(folder / "mac-lock")
    said = run("update", "daily")
    assert said.status == 0, said.err
    assert "daily  1.0 -> 1.1" in said.out


def test_a_project_is_the_request_and_its_lock_the_versions(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "uv.lock").write_text(UV)
    said = run("migrate", "uv.lock", *MAC)
    assert said.status == 0, said.err
    assert pins(folder / "mac-lock")["daily"] == "1.0"
    assert names(folder / "mac-lock") == {"lock.json", "pylock.toml", "requirements.txt"}
    made = json.loads((folder / "mac-lock" / "lock.json").read_text())
    assert made["request"].endswith("-r ../pyproject.toml")
    said = run("migrate", "pyproject.toml", *MAC, "-o", "newest")
    assert said.status == 0, said.err
    assert pins(folder / "newest")["daily"] == "1.1"


def test_a_project_of_poetry_needs_no_project_table(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "mine"\n[tool.poetry.dependencies]\npython = "^3.10"\n'
        'tensorflow = "^2.18"\ndaily = "^1.0"\nnightly = {version = "*", optional = true}\n'
    )
    said = run("migrate", "pyproject.toml", *MAC)
    assert said.status == 0, said.err
    made = pins(folder / "mac-lock")
    assert (made["tensorflow"], made["daily"]) == ("2.18.1", "1.1")
    assert "nightly" not in made
    assert "\ndaily<2,>=1.0\n" in (folder / "mac-lock" / "requirements.in").read_text()
    (folder / "poetry.lock").write_text(POETRY)
    said = run("migrate", "poetry.lock", *MAC, "-o", "kept")
    assert said.status == 0, said.err
    assert pins(folder / "kept")["daily"] == "1.0"
    assert "\ndaily<2,>=1.0\n" in (folder / "kept" / "requirements.in").read_text()


def test_what_cannot_stay_is_changed_and_the_reason_is_told(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    (folder / "requirements.txt").write_text(
        "tensorflow==2.18.1\ntensorflow-metal==1.1.0\nnumpy==2.1.3\nnvidia-cudnn-cu12==8.9\n"
        "mine @ git+https://example.org/mine\n"
    )
    said = run("migrate", "requirements.txt", *MAC, "--json", "--dry-run")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    changed = {one["name"]: one for one in told["changed"]}
    assert (changed["tensorflow-metal"]["before"], changed["tensorflow-metal"]["after"]) == (
        "1.1.0",
        "1.2.0",
    )
    assert "1.1.0" in changed["tensorflow-metal"]["reason"]
    assert changed["numpy"]["after"] == "2.0.2"
    assert "tensorflow 2.18.1 requires numpy" in changed["numpy"]["reason"]
    assert [one["name"] for one in told["left_out"]] == ["nvidia-cudnn-cu12", "mine"]
    assert names(folder) == {"requirements.txt"}


@pytest.mark.slow
def test_a_range_that_contradicts_the_rest_is_given_up(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    (folder / "requirements.txt").write_text("tensorflow==2.18.1\nnumpy>=2.1\ndaily<1.1\n")
    said = run("migrate", "requirements.txt", *MAC, "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert [one["name"] for one in told["left_out"]] == ["numpy>=2.1"]
    assert told["asked"] == ["daily<1.1", "numpy"]


def test_a_tensorflow_without_wheels_gives_way_to_the_nearest(
    run: Callable[..., Said], folder: Path, served: HtmlIndex
) -> None:
    (folder / "requirements.txt").write_text("tensorflow==2.18.9\ndaily==1.0\n")
    said = run("migrate", "requirements.txt", *MAC)
    assert said.status == 0, said.err
    assert "tensorflow 2.18.9 -> 2.18.1" in said.out


@pytest.mark.slow
def test_a_new_file_of_the_same_name_is_no_obstacle(
    run: Callable[..., Said], folder: Path, tmp_path: Path, wheels: Path, served: HtmlIndex
) -> None:
    (folder / "requirements.txt").write_text("tensorflow==2.18.1\ndaily==1.0\n")
    assert run("migrate", "requirements.txt", *MAC).status == 0
    assert run("migrate", "requirements.txt", *MAC).status == 0
    (folder / "mac-lock" / "requirements.in").write_text("mine\n")
    said = run("migrate", "requirements.txt", *MAC)
    assert said.status == 2
    assert "was not written by tfmac-lock" in said.err


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("nothing.txt", None, "does not exist"),
        ("pixi.lock", "version: 6\n", "is not a pixi.lock"),
        ("pixi.lock", "environments: {default: {packages: {linux-64: []}}}", "linux-64"),
        ("notes.md", "hello", "is in none of the formats"),
        ("pyproject.toml", "[tool.x]\n", "has no [project]"),
        ("pyproject.toml", "[tool.poetry.dependencies]\n'' = '1'\n", "is not a package name"),
    ],
)
def test_what_is_no_such_file_is_a_wrong_use(
    run: Callable[..., Said], folder: Path, name: str, text: str | None, part: str
) -> None:
    if text is not None:
        Path(name).write_text(text)
    said = run("migrate", name, *MAC, "--offline")
    assert said.status == 2, said.err
    assert part in said.err
