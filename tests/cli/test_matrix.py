"""The whole ``matrix`` command: what it shows, and how it keeps the matrix."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import HtmlIndex, build_wheel
from tests.support.small_matrix import write_matrix
from tfmac_lock.__main__ import main
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.reasons import Status

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Runs the command with --json, and returns its status with what it printed."""

    def run(*arguments: str) -> tuple[int, Any]:
        status = main(["matrix", *arguments, "--json"])
        return status, json.loads(capsys.readouterr().out)

    return run


# -- showing


def test_the_grid_lists_every_pair(call: Callable[..., tuple[int, Any]]) -> None:
    status, document = call()
    cells = {
        (cell["package"], cell["tensorflow"], cell["metal"]): cell for cell in document["cells"]
    }
    assert (status, document["arch"]) == (0, "arm64")
    assert cells["tensorflow", "2.18.1", "1.2.0"]["loads"] is True
    assert cells["tensorflow", "2.18.1", "1.2.0"]["status"] in ("works", "caution")
    assert cells["tensorflow", "2.18.1", "1.1.0"]["loads"] is False


def test_everything_is_more_than_the_final_releases(call: Callable[..., tuple[int, Any]]) -> None:
    few = call("--arch", "x86_64")[1]["cells"]
    everything = call("--arch", "x86_64", "--all")[1]["cells"]
    assert len(everything) > len(few)
    assert any("rc" in cell["tensorflow"] for cell in everything)


def test_a_broken_pair_is_shown_with_its_reasons_and_status_1(
    call: Callable[..., tuple[int, Any]],
) -> None:
    status, pair = call("pair", "2.18.0", "1.1.0")
    assert (status, pair["status"], pair["loads"]) == (1, "broken", False)
    reason = next(one for one in pair["reasons"] if one["kind"] == "binaries")
    assert reason["text"].startswith("the plugin does not load")
    assert (reason["grade"], reason["against"], reason["fatal"]) == ("loads", True, True)


def test_a_pair_in_words_names_what_speaks_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix", "pair", "2.18.1", "1.2.0", "--python", "3.11"]) == 0
    said = capsys.readouterr().out
    assert "tensorflow 2.18.1 with tensorflow-metal 1.2.0, arm64, Python 3.11" in said
    assert "binaries:" in said


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(("2.18.1", "latest"), 2), (("2.18.1", "9.9"), 1), (("3.0", "1.2.0"), 1)],
)
def test_a_pair_that_is_none_is_told_without_a_traceback(
    arguments: tuple[str, str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["matrix", "pair", *arguments]) == status
    said = capsys.readouterr().err
    assert said.startswith("tfmac-lock: ")
    assert "Traceback" not in said


def test_combos_are_those_of_the_published_locks(call: Callable[..., tuple[int, Any]]) -> None:
    status, document = call("combos", "--python", "3.11", "--arch", "arm64")
    assert status == 0
    assert {(row["python"], row["arch"]) for row in document["combos"]} == {("3.11", "arm64")}
    order = list(Status)
    statuses = [order.index(Status(row["status"])) for row in document["combos"]]
    assert statuses == sorted(statuses)


@pytest.mark.parametrize(
    "arguments", [("matrix",), ("matrix", "combos", "--python", "3.12", "--arch", "arm64")]
)
def test_tables_name_the_releases(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(list(arguments)) == 0
    assert "2.18.1" in capsys.readouterr().out


# -- keeping


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a small matrix."""
    write_matrix(tmp_path / "matrix")
    (tmp_path / "matrix/figures.toml").write_text(
        "#:schema schemas/figures.schema.json\nfigures = []\n"
    )
    monkeypatch.setattr(loading, "checkout", lambda: tmp_path)
    return tmp_path


def test_lint_says_that_nothing_is_wrong(
    checkout: Path, call: Callable[..., tuple[int, Any]]
) -> None:
    assert call("lint") == (0, {"schema_version": 1, "problems": []})


def test_lint_lists_what_is_wrong_and_fails(
    checkout: Path, call: Callable[..., tuple[int, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    bounds = checkout / "matrix/bounds.toml"
    bounds.write_text(bounds.read_text().replace("twin: it", "it"))
    status, document = call("lint")
    assert (status, [one["code"] for one in document["problems"]]) == (1, ["M003"])
    assert main(["matrix", "lint"]) == 1
    assert capsys.readouterr().out.startswith("M003 bounds.toml: numpy-2: ")


def test_compiling_writes_what_is_stale_and_no_more(
    checkout: Path, call: Callable[..., tuple[int, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    status, document = call("compile", "--check")
    assert (status, sorted(document["changed"])) == (1, document["files"])
    assert call("compile") == (0, document)
    status, document = call("compile", "--check")
    assert (status, document["changed"]) == (0, [])
    assert "matrix/schemas/bounds.schema.json" in document["files"]
    assert main(["matrix", "compile"]) == 0
    assert "0 written" in capsys.readouterr().out


def test_refresh_reads_new_releases_from_the_index(
    checkout: Path,
    tmp_path: Path,
    call: Callable[..., tuple[int, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TFMAC_LOCK_CACHE_DIR", str(tmp_path / "cache"))
    index = tmp_path / "index"
    mac = "cp312-cp312-macosx_12_0_arm64"
    build_wheel(index, "tensorflow", "2.19.0", tag=mac)
    build_wheel(index, "tensorflow-macos", "2.16.2", ["tensorflow==2.16.2"], tag=mac)
    # A plugin that is known already: its machine code need not be made up here.
    for kind in ("binaries", "kernels"):
        known = checkout / f"matrix/{kind}/tensorflow-metal/1.2.0.toml"
        known.parent.mkdir(parents=True)
        shutil.copy(CHECKOUT / f"matrix/{kind}/tensorflow-metal/1.2.0.toml", known)
    build_wheel(index, "tensorflow-metal", "1.2.0", tag=mac)
    with HtmlIndex(index) as served:
        status, document = call("refresh", "--index-url", served.url)
    assert status == 0
    assert {"releases/tensorflow/2.19.0.toml", "binaries/tensorflow/2.19.0.toml"} <= set(
        document["changed"]
    )
