"""What was tried with the stand-in plugin, as the program reads it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from tfmac_lock.errors import DataError
from tfmac_lock.files import dump_json
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.switches import (
    Mnist,
    StandInRun,
    Switches,
    TriedSwitch,
    load_switches,
    to_json,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.matrix.facts import Matrix
    from tfmac_lock.matrix.switches import Tried

AWAY = "not-called"


def switch(name: str, fit: str = AWAY, predict: str = AWAY, *, device: bool = True) -> TriedSwitch:
    return TriedSwitch(
        id=name,
        code=f"{name}()",
        call=AWAY,
        function=AWAY,
        fit=fit,  # type: ignore[arg-type]
        predict=predict,  # type: ignore[arg-type]
        keeps_device=device,
        fit_cost=1.0,
    )


def run(tensorflow: str, *switches: TriedSwitch) -> StandInRun:
    nothing = Mnist(passed=True)
    return StandInRun(
        text="It was tried.",
        date=datetime.date(2026, 11, 25),
        source="tfmac-lock prove standin",
        fingerprint="f",
        lock=f"tensorflow-{tensorflow}",
        tensorflow=tensorflow,
        python="3.11.7",
        system="Linux x86_64",
        compiler="gcc",
        wheel="tensorflow_cpu.whl",
        devices=("GPU:0",),
        switches=switches,
        shown={},
        own={},
        optimizers={},
        mnist=nothing,
        mnist_with_fault=nothing,
        pins={"tensorflow": tensorflow},
    )


@pytest.fixture
def tried(tmp_path: Path) -> Switches:
    runs = [run("2.18.1", switch("a"), switch("b", predict="shown")), run("2.9.3", switch("c"))]
    path = tmp_path / "switches.json"
    path.write_text(dump_json(to_json((f"{r.tensorflow}.toml", r) for r in runs)), "utf-8")
    return load_switches(path)


def test_the_earliest_tensorflow_comes_first(tried: Switches) -> None:
    assert [one.tensorflow for one in tried.tried] == ["2.9.3", "2.18.1"]


def test_a_release_is_answered_by_one_of_its_minor(tried: Switches) -> None:
    found = tried.of("2.18.0")
    assert found is not None
    assert (found.tensorflow, found.evidence, found.date) == ("2.18.1", "2.18.1.toml", "2026-11-25")
    assert tried.of("2.1") is None


def test_a_switch_avoids_only_what_fit_and_predict_both_do_not_show(tried: Switches) -> None:
    found = tried.of("2.18.1")
    assert found is not None
    a, b = found.get("a"), found.get("b")
    assert a is not None
    assert b is not None
    assert a.avoids
    assert not b.avoids
    assert found.get("z") is None
    assert not switch("x", fit="failed").avoids
    assert switch("x", fit="not-shown").avoids


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "switches.json"
    path.write_text('{"schema_version": 1, "tried": [{}]}', "utf-8")
    with pytest.raises(DataError):
        load_switches(path)


# ------------------------------------------------------------------------ what is recorded

RECORDED = loading.switches().tried


def test_every_minor_since_28_that_has_releases_was_tried(matrix: Matrix) -> None:
    final = [release.version for release in matrix.releases if release.final]
    minors = {Version(version).release[:2] for version in final}
    tried = {Version(one.tensorflow).release[:2] for one in RECORDED}
    assert {minor for minor in minors if minor >= (2, 8)} == tried


@pytest.mark.parametrize("one", RECORDED, ids=lambda one: one.tensorflow)
def test_with_nothing_switched_the_plugin_is_shown_the_layer(one: Tried) -> None:
    found = one.get("none")
    assert found is not None
    assert (found.call, found.function, found.fit, found.predict) == (AWAY, *["shown"] * 3)


@pytest.mark.parametrize("one", RECORDED, ids=lambda one: one.tensorflow)
def test_the_meta_optimizer_switched_off_keeps_the_gpu_and_every_use(one: Tried) -> None:
    found = one.get("disable_meta_optimizer")
    assert found is not None
    assert (found.call, found.function, found.fit, found.predict) == (AWAY,) * 4
    assert found.keeps_device


@pytest.mark.parametrize("one", RECORDED, ids=lambda one: one.tensorflow)
def test_a_separate_activation_layer_changes_nothing(one: Tried) -> None:
    found = one.get("activation-layer")
    assert found is not None
    assert found.predict == "shown"
