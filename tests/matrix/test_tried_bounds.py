"""From trials of companions to bounds."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from tfmac_lock.matrix.companions import Companion, Companions, Needed, Setting, Trial
from tfmac_lock.matrix.tried_bounds import bounds_of, is_current, is_explained

SETTING = Setting(
    versions=">=2",
    name="LAYERS_BACKEND",
    value="tensorflow",
    reason="it takes another one",
    source="twin: it does",
)
FACT = Companion(
    name="layers",
    couples="keras",
    text="Layers for Keras.",
    modules=("layers",),
    needs=(
        Needed(
            id="keras-2",
            versions="<2",
            requires="keras <3",
            reason="it is written for Keras 2",
            source="twin: it fails at import",
        ),
    ),
    settings=(SETTING,),
    sources=("https://example.org/layers",),
)
COMPANIONS = Companions(facts=(FACT,))


def trial(version: str, outcome: str, tensorflow: str = "2.18.1", **changes: Any) -> Trial:
    pins = {"tensorflow": tensorflow, "layers": version, "keras": "3.5.0", "numpy": "2.0.2"}
    stated: dict[str, Any] = {
        "companion": "layers",
        "version": version,
        "tensorflow": tensorflow,
        "python": "3.11",
        "date": datetime.date(2026, 11, 26),
        "outcome": outcome,
        "error": "" if outcome == "works" else "ImportError: no",
        "seconds": 1.0,
        "program": FACT.digest,
        "system": "Linux x86_64",
        "wheel": "tensorflow_cpu-2.18.1-cp311-cp311-manylinux_2_17_x86_64.whl",
        "pins": pins,
    }
    return Trial(**{**stated, **changes})


def bounds(*trials: Trial) -> list[tuple[str, str]]:
    found = bounds_of((f"matrix/{one.version}.toml", one) for one in trials)
    return [(need.versions, need.requires) for need in found]


def test_what_fails_after_the_last_that_runs_needs_another_tensorflow() -> None:
    found = bounds(trial("1.0", "works"), trial("1.1", "broken"), trial("1.3", "broken"))
    assert found == [(">=1.1,<=1.3", "tensorflow !=2.18.*")]


def test_a_release_newer_than_all_that_were_tried_is_not_judged() -> None:
    (need,) = bounds_of([("matrix/x.toml", trial("1.1", "broken"))])
    assert need.versions == "<=1.1"
    assert need.source == "twin: matrix/x.toml"
    assert "ImportError: no" in need.reason


def test_what_fails_before_the_first_that_runs_needs_another_tensorflow() -> None:
    found = bounds(trial("1.0", "broken"), trial("1.2", "broken"), trial("2.0", "works"))
    assert found == [("<=1.2", "tensorflow !=2.18.*")]


def test_each_minor_release_of_tensorflow_has_bounds_of_its_own() -> None:
    found = bounds(
        trial("1.1", "broken"),
        trial("1.1", "works", "2.10.0"),
        trial("1.0", "works"),
        trial("1.2", "broken", "2.10.0"),
    )
    assert found == [
        (">=1.2,<=1.2", "tensorflow !=2.10.*"),
        (">=1.1,<=1.1", "tensorflow !=2.18.*"),
    ]


def test_what_binds_to_tensorflow_is_bound_to_the_very_release_that_was_tried() -> None:
    trials = [trial("1.1", "broken", "2.19.1"), trial("1.1", "works", "2.19.0")]
    filed = [("matrix/x.toml", one) for one in trials]
    assert list(bounds_of(filed)) == []
    (need,) = bounds_of(filed, binary=True)
    assert (need.versions, need.requires) == ("<=1.1", "tensorflow !=2.19.1")


def test_a_release_that_ran_beside_other_packages_is_not_bound() -> None:
    other = {"tensorflow": "2.18.1", "layers": "1.1", "keras": "3.5.0", "numpy": "1.26.4"}
    assert bounds(trial("1.1", "broken"), trial("1.1", "works", pins=other)) == []


def test_a_failure_that_a_need_explains_is_told_from_one_that_none_does() -> None:
    assert is_explained(trial("1.1", "broken"), COMPANIONS)
    assert not is_explained(trial("2.1", "broken"), COMPANIONS)
    keras_2 = {"tensorflow": "2.15.0", "layers": "1.1", "keras": "2.15.0"}
    assert not is_explained(trial("1.1", "broken", "2.15.0", pins=keras_2), COMPANIONS)


def test_a_trial_is_current_while_program_and_settings_are_those_of_the_facts() -> None:
    assert is_current(trial("1.1", "works"), COMPANIONS)
    assert not is_current(trial("1.1", "works", program="0" * 64), COMPANIONS)
    assert not is_current(trial("2.1", "works"), COMPANIONS)
    setting = {"LAYERS_BACKEND": "tensorflow"}
    assert is_current(trial("2.1", "works", environment=setting), COMPANIONS)


def test_what_ran_without_the_setting_of_a_neighbour_counts_and_what_failed_does_not() -> None:
    pins = {"layers": "2.1", "other": "1.0", "keras": "3.5.0"}
    setting = {"LAYERS_BACKEND": "tensorflow"}

    def other(outcome: str, **environment: str) -> Trial:
        return trial(
            "1.0", outcome, companion="other", pins=pins, program="0" * 64, environment=environment
        )

    assert is_current(other("works"), COMPANIONS)
    assert is_current(other("works", **setting), COMPANIONS)
    assert not is_current(other("works", LAYERS_BACKEND="jax"), COMPANIONS)
    assert not is_current(other("broken"), COMPANIONS)
    assert is_current(other("broken", **setting), COMPANIONS)


def test_what_ran_needs_no_setting_of_another_package_and_what_failed_may_have_lacked_it() -> None:
    other = replace(FACT, name="other", needs=(), settings=(replace(SETTING, versions=""),))
    companions = Companions(facts=(FACT, other))
    pins = {"tensorflow": "2.18.1", "layers": "1.1", "other": "1.0"}
    assert is_current(trial("1.1", "works", pins=pins), companions)
    assert not is_current(trial("1.1", "broken", pins=pins), companions)
    there = {"LAYERS_BACKEND": "tensorflow"}
    assert is_current(trial("1.1", "broken", pins=pins, environment=there), companions)


def test_trials_learned_on_the_spot_keep_a_release_from_that_tensorflow() -> None:
    learned = COMPANIONS.with_trial(trial("2.1", "broken"), "twin: here")
    (fact,) = learned.facts
    assert fact.needs[-1].versions == "==2.1"
    assert fact.needs[-1].requires == "tensorflow !=2.18.1"
    assert [one.outcome for one in learned.trials] == ["broken"]
    assert (learned.untried().facts, learned.untried().trials) == ((FACT,), ())


def test_a_package_without_facts_gets_some_when_it_fails() -> None:
    learned = COMPANIONS.with_trial(trial("0.3", "broken", companion="other"), "twin: here")
    fact = learned.named("other")
    assert fact is not None
    assert [need.versions for need in fact.needs] == ["==0.3"]


def test_what_fails_on_python_3_12_needs_another_tensorflow_from_there_on_alone() -> None:
    found = bounds_of(
        (f"matrix/{one.version}.toml", one)
        for one in (
            trial("1.0", "works"),
            trial("1.1", "works"),
            trial("1.1", "broken", python="3.12", error="no module named 'distutils'"),
            trial("1.0", "works", python="3.12"),
        )
    )
    assert [(need.id, need.versions, need.python) for need in found] == [
        ("tried-2.18-python-3.12", ">=1.1,<=1.1", ">=3.12")
    ]


def test_what_fails_on_an_older_python_fails_on_3_12_too_unless_it_ran_there() -> None:
    older = (trial("1.0", "works"), trial("1.1", "broken"), trial("1.2", "broken"))
    (need,) = bounds_of((f"matrix/{one.version}.toml", one) for one in older)
    assert (need.versions, need.python) == (">=1.1,<=1.2", "")
    ran = trial("1.2", "works", python="3.12")
    (need,) = bounds_of((f"matrix/{one.version}.toml", one) for one in (*older, ran))
    assert (need.versions, need.python) == (">=1.1,<=1.1", "")
