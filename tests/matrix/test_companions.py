from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.support.locks import package
from tfmac_lock.errors import DataError
from tfmac_lock.matrix.companions import (
    Companion,
    CompanionDefect,
    Companions,
    Needed,
    Setting,
    Trial,
    Tried,
    decisive_pins,
    own_names,
    plain_name,
    touching,
    with_load,
)
from tfmac_lock.matrix.natives import NativeLoad
from tfmac_lock.matrix.reasons import Grade, Status
from tfmac_lock.matrix.toml import checked

if TYPE_CHECKING:
    from tfmac_lock.lock.model import LockedPackage

PAIR = (
    package("tensorflow", "2.18.1", "keras>=3.5", "numpy<2.1"),
    package("tensorflow-metal", "1.2.0"),
    package("keras", "3.15.1"),
    package("numpy", "2.0.2"),
)
TEXT = package("tensorflow-text", "2.18.1", "tensorflow<2.19,>=2.18.0")
FACT = Companion(
    name="tensorflow-text",
    couples="binary",
    text="It binds to TensorFlow.",
    modules=("tensorflow_text",),
    settings=(
        Setting(
            tensorflow=">=2.16",
            name="TF_USE_LEGACY_KERAS",
            value="1",
            reason="It needs Keras 2.",
            source="https://example.org",
        ),
    ),
    sources=("https://example.org",),
)
RESULTS = ("works", "broken")


def tried(outcome: str = "works", version: str = "2.18.1", **pins: str) -> Tried:
    return Tried(
        companion="tensorflow-text",
        version=version,
        outcome=outcome,  # type: ignore[arg-type]
        python="3.11",
        text="its smoke test was run",
        source="matrix/proofs/companions/x.toml",
        pins={"tensorflow": "2.18.1", "keras": "3.15.1", "numpy": "2.0.2"} | pins,
        environment={"TF_USE_LEGACY_KERAS": "1"},
    )


def status(*trials: Tried, packages: tuple[LockedPackage, ...] = (*PAIR, TEXT)) -> Status:
    (one,) = Companions(facts=(FACT,), trials=trials).judge(packages, python="3.11")
    return one.status


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        ((), Status.UNPROVEN),
        ((tried(),), Status.WORKS),
        ((tried("broken"),), Status.BROKEN),
        ((tried(), tried("broken")), Status.BROKEN),
        ((tried(version="2.18.0"),), Status.UNPROVEN),
        ((tried(numpy="2.1.3"),), Status.UNPROVEN),
        ((tried(tensorflow="2.18.0"),), Status.UNPROVEN),
        ((tried(**{"tf-keras": "2.18.0"}),), Status.UNPROVEN),
    ],
)
def test_a_trial_speaks_only_for_the_very_same_versions(
    trials: tuple[Tried, ...], expected: Status
) -> None:
    assert status(*trials) is expected


def test_a_trial_without_tf_keras_says_nothing_of_a_lock_with_it() -> None:
    packages = (*PAIR, TEXT, package("tf-keras", "2.18.0"))
    judged = Companions(facts=(FACT,), trials=(tried(),)).judge(packages, python="3.11")
    assert {one.name: one.status for one in judged}["tensorflow-text"] is Status.UNPROVEN


@pytest.mark.parametrize(
    ("science", "scipy", "expected"),
    [
        ({"scipy": "1.17"}, "1.17.9", Status.WORKS),
        ({"scipy": "1.17"}, "1.10.1", Status.UNPROVEN),
        ({"scipy": "1.17"}, "", Status.WORKS),
        ({}, "1.10.1", Status.WORKS),
        ({"pandas": "3.1", "scikit-learn": "1.9"}, "1.10.1", Status.WORKS),
    ],
)
def test_a_trial_says_nothing_of_a_lock_with_another_series_of_scipy(
    science: dict[str, str], scipy: str, expected: Status
) -> None:
    packages = (*PAIR, TEXT, *([package("scipy", scipy)] if scipy else []))
    assert status(replace(tried(), science=science), packages=packages) is expected


def test_a_verdict_names_the_series_of_scipy_beside_which_it_was_not_tried() -> None:
    known = Companions(facts=(FACT,), trials=(replace(tried(), science={"scipy": "1.17"}),))
    (one,) = known.judge((*PAIR, TEXT, package("scipy", "1.10.1")), python="3.11")
    assert one.reasons[0].text == "not tried beside scipy 1.10.1 (but 1.17)"


def test_a_trial_keeps_the_series_of_what_changes_with_each_of_them() -> None:
    made = replace(trial("works"), pins={"scipy": "1.17.1", "pandas": "3.1.1", "six": "1.0"})
    assert made.tried("x.toml").science == {"scipy": "1.17", "pandas": "3.1"}


@pytest.mark.parametrize("outcome", ["works", "broken"])
def test_a_trial_speaks_only_for_locks_with_the_same_settings(outcome: str) -> None:
    with_keras_3 = replace(tried(outcome), environment={})
    assert status(with_keras_3) is Status.UNPROVEN
    assert status(tried(), with_keras_3) is Status.WORKS


@pytest.mark.parametrize(
    ("outcomes", "python", "expected"),
    [
        ({"3.11": "works"}, "3.10", Status.WORKS),
        ({"3.11": "works"}, "3.12", Status.UNPROVEN),
        ({"3.12": "works"}, "3.11", Status.WORKS),
        ({"3.11": "broken"}, "3.10", Status.BROKEN),
        ({"3.11": "broken"}, "3.12", Status.BROKEN),
        ({"3.12": "broken"}, "3.13", Status.BROKEN),
        ({"3.12": "broken"}, "3.11", Status.UNPROVEN),
        ({"3.11": "works", "3.12": "broken"}, "3.11", Status.WORKS),
        ({"3.11": "works", "3.12": "broken"}, "3.12", Status.BROKEN),
        ({"3.11": "broken", "3.12": "works"}, "3.12", Status.WORKS),
        ({"3.11": "broken", "3.12": "works"}, "3.10", Status.BROKEN),
    ],
)
def test_a_trial_speaks_for_its_own_python_then_for_older_ones_where_it_ran(
    outcomes: dict[str, str], python: str, expected: Status
) -> None:
    trials = tuple(replace(tried(outcome), python=on) for on, outcome in outcomes.items())
    (one,) = Companions(facts=(FACT,), trials=trials).judge((*PAIR, TEXT), python=python)
    assert one.status is expected


def test_a_verdict_says_on_which_other_python_it_was_tried() -> None:
    known = Companions(facts=(FACT,), trials=(tried(),))
    (same,) = known.judge((*PAIR, TEXT), python="3.11.7")
    (older,) = known.judge((*PAIR, TEXT), python="3.9")
    (newer,) = known.judge((*PAIR, TEXT), python="3.12")
    assert (same.tried_on, older.tried_on, newer.tried_on) == ((), ("3.11",), ("3.11",))
    assert newer.reasons[0].text == (
        "not tried beside tensorflow 2.18.1, keras 3.15.1, numpy 2.0.2 with Python 3.12; it ran "
        "there with Python 3.11"
    )


def test_who_requires_tensorflow_or_keras_touches_it_and_the_pairs_own_packages_do_not() -> None:
    packages = (
        *PAIR,
        TEXT,
        package("pandas", "2.2.3", "numpy>=1.26"),
        package("models", "1.0", "keras"),
        package("listed", "1.0"),
    )
    assert [one.name for one in touching(packages, {"listed"})] == [
        "listed",
        "models",
        "tensorflow-text",
    ]
    assert decisive_pins(packages) == {"tensorflow": "2.18.1", "keras": "3.15.1", "numpy": "2.0.2"}


def test_a_package_that_nobody_listed_and_that_touches_tensorflow_is_unproven() -> None:
    packages = (*PAIR, package("models", "1.0", "keras"))
    (one,) = Companions().judge(packages, python="3.11")
    assert one.status is Status.UNPROVEN
    assert "not tried beside tensorflow 2.18.1, keras 3.15.1, numpy 2.0.2" in one.reasons[0].text


def test_a_package_that_does_not_touch_tensorflow_is_judged_where_it_was_tried() -> None:
    packages = (*PAIR, package("pandas", "2.2.3", "numpy>=1.26"))
    ran, failed = (
        replace(tried(one), companion="pandas", version="2.2.3", environment={}) for one in RESULTS
    )
    elsewhere = replace(failed, pins=failed.pins | {"numpy": "2.1.3"})
    assert Companions(trials=(elsewhere,)).judge(packages, python="3.11") == ()
    (one,) = Companions(trials=(ran, elsewhere)).judge(packages, python="3.11")
    assert (one.name, one.status) == ("pandas", Status.WORKS)
    (one,) = Companions(trials=(failed,)).judge(packages, python="3.11")
    assert (one.name, one.status) == ("pandas", Status.BROKEN)


def test_settings_count_beside_the_tensorflow_that_they_are_for() -> None:
    known = Companions(facts=(FACT,))
    assert known.environment((*PAIR, TEXT)) == {"TF_USE_LEGACY_KERAS": "1"}
    assert known.environment(PAIR) == {}
    older = (package("tensorflow", "2.15.1"), TEXT)
    assert known.environment(older) == {}


@pytest.mark.parametrize(
    ("tensorflow", "python", "expected"),
    [("2.18.1", "3.11", True), ("2.17.0", "3.11", False), ("2.18.1", "3.9", False)],
)
def test_a_need_holds_where_both_its_tensorflow_and_its_python_are(
    tensorflow: str, python: str, expected: bool
) -> None:
    need = Needed(
        id="keras-2",
        tensorflow=">=2.18",
        python=">=3.10",
        requires="tf-keras",
        reason="It needs Keras 2.",
        source="https://example.org",
    )
    assert need.holds(tensorflow, python) is expected


def trial(outcome: str, companion: str = "tensorflow-text", version: str = "2.18.1") -> Trial:
    return Trial(
        companion=companion,
        version=version,
        tensorflow="2.18.1",
        python="3.11.9",
        date=date(2026, 11, 26),
        outcome=outcome,  # type: ignore[arg-type]
        seconds=1.0,
        program="0" * 64,
        system="Linux x86_64",
        wheel="tensorflow_cpu-2.18.1-cp311-cp311-manylinux_2_17_x86_64.whl",
        error="" if outcome == "works" else "ImportError",
        pins={"tensorflow": "2.18.1", "keras": "3.15.1"},
    )


def test_a_trial_adds_to_what_is_known_of_the_companion_and_of_one_unknown_it_is_all() -> None:
    known = Companions(facts=(FACT,)).with_trial(trial("works"), "x.toml")
    assert known.facts == (FACT,)
    assert [one.outcome for one in known.trials] == ["works"]
    both = known.with_trial(trial("broken", companion="another", version="1.0"), "y.toml")
    assert [fact.name for fact in both.facts] == ["another", "tensorflow-text"]
    (need,) = both.facts[0].needs
    assert (need.versions, need.requires) == ("==1.0", "tensorflow !=2.18.1")
    assert need.is_of_trials
    assert (both.untried().facts[0].needs, both.untried().trials) == ((), ())


def test_a_trial_is_told_in_one_sentence_with_the_error_where_it_failed() -> None:
    beside = "beside TensorFlow 2.18.1 on Linux with CPython 3.11.9"
    assert trial("works").sentence == f"its smoke test ran {beside}"
    assert trial("broken").sentence == f"its smoke test failed {beside}: ImportError"


def test_of_a_trial_the_decisive_versions_are_kept_and_the_series_of_python() -> None:
    run = replace(
        trial("works"),
        tensorflow="2.18.1",
        pins={"tensorflow-macos": "2.18.1", "keras": "3.15.1", "six": "1.17.0"},
        environment={"A": "1"},
    )
    assert run.versions == {**run.pins, "tensorflow": "2.18.1"}
    assert run.decisive == {"tensorflow": "2.18.1", "keras": "3.15.1"}
    assert run.tried("x.toml") == Tried(
        companion="tensorflow-text",
        version="2.18.1",
        outcome="works",
        python="3.11",
        text=run.sentence,
        source="x.toml",
        pins={"tensorflow": "2.18.1", "keras": "3.15.1"},
        environment={"A": "1"},
    )


def test_a_companion_is_tried_by_its_smoke_test_or_by_importing_its_modules() -> None:
    assert FACT.program == "import tensorflow_text\n"
    assert replace(FACT, modules=("a", "b.c")).program == "import a\nimport b.c\n"
    smoke = replace(FACT, smoke="print(1)\n")
    assert smoke.program == "print(1)\n"
    assert smoke.digest == hashlib.sha256(b"print(1)\n").hexdigest() != FACT.digest


def test_the_reasons_of_a_verdict_are_its_trials_or_the_failed_ones_among_them() -> None:
    ran, failed = (replace(tried(one), text=f"it {one}") for one in RESULTS)

    def reasons(*trials: Tried) -> list[tuple[str, str, Grade | None, bool, bool]]:
        known = Companions(facts=(FACT,), trials=trials)
        (one,) = known.judge((*PAIR, TEXT), python="3.11")
        assert all(reason.source for reason in one.reasons)
        return [
            (reason.kind, reason.text, reason.grade, reason.against, reason.fatal)
            for reason in one.reasons
        ]

    assert reasons(ran) == [("twin", "it works", Grade.TWIN, False, False)]
    assert reasons(ran, failed) == [("twin", "it broken", Grade.TWIN, True, True)]
    untried = "not tried beside tensorflow 2.18.1, keras 3.15.1, numpy 2.0.2"
    assert reasons() == [("untried", untried, None, False, False)]


@pytest.mark.parametrize("loads", [True, False, None])
def test_the_load_check_is_a_reason_that_breaks_where_the_images_do_not_load(
    loads: bool | None,
) -> None:
    load = NativeLoad(**WHEEL, loads=loads)
    known = Companions(facts=(FACT,), trials=(tried(),))
    (one,) = known.judge((*PAIR, TEXT), load=lambda *_: load, python="3.11")
    reason = one.reasons[-1]
    assert (reason.kind, reason.text, reason.source) == ("binaries", load.text, load.source)
    assert (reason.grade, reason.against, reason.fatal) == (
        Grade.LOADS,
        loads is not True,
        loads is False,
    )


def test_a_package_whose_images_bind_to_tensorflow_is_judged_though_nobody_listed_it() -> None:
    load = NativeLoad(**WHEEL, loads=False)
    packages = (*PAIR, package("native", "1.0"), package("other", "1.0"))

    def of_native(name: str, version: str) -> NativeLoad | None:
        return load if (name, version) == ("native", "1.0") else None

    (one,) = Companions().judge(packages, load=of_native, python="3.11")
    assert (one.name, one.version, one.status) == ("native", "1.0", Status.BROKEN)


def test_a_package_that_names_tensorflow_in_its_metadata_is_judged() -> None:
    packages = (*PAIR, package("naming", "1.0"), package("other", "1.0"))
    judged = Companions().judge(packages, naming={"naming"}, python="3.11")
    assert [one.name for one in judged] == ["naming"]


@pytest.mark.parametrize(
    ("successor", "told"),
    [
        ("", "its last release is of 2021-03"),
        ("keras-cv", "its last release is of 2021-03; take keras-cv"),
    ],
)
def test_that_a_companion_ended_is_told_with_what_to_take(successor: str, told: str) -> None:
    fact = replace(FACT, ended="2021-03", successor=successor)
    (one,) = Companions(facts=(fact,)).judge((*PAIR, TEXT), python="3.11")
    assert (one.reasons[-1].kind, one.reasons[-1].text) == ("ended", told)
    assert one.reasons[-1].source == FACT.sources[0]


def test_a_verdict_names_the_other_pythons_in_their_order() -> None:
    trials = tuple(replace(tried(), python=on) for on in ("3.10", "3.9", "3.10"))
    (one,) = Companions(facts=(FACT,), trials=trials).judge((*PAIR, TEXT), python="3.11")
    assert (one.status, one.grade) == (Status.UNPROVEN, Grade.RESOLVES)
    assert one.tried_on == ("3.9", "3.10")
    assert one.reasons[0].text.endswith("; it ran there with Python 3.9 and 3.10")
    failed = Companions(facts=(FACT,), trials=(tried("broken"), tried("broken")))
    (one,) = failed.judge((*PAIR, TEXT), python="3.12")
    assert (one.status, one.grade, one.tried_on) == (Status.BROKEN, Grade.TWIN, ("3.11",))


def test_what_the_pair_brings_itself_is_no_companion_however_far_down() -> None:
    packages = (
        package("tensorflow-macos", "2.15.0", "keras<2.16", "TensorBoard~=2.15"),
        package("keras", "2.15.0"),
        package("tensorboard", "2.15.2", "tensorboard_data_server>=0.7"),
        package("tensorboard-data-server", "0.7.2", "tf-keras"),
        package("tf-keras", "2.15.0", "tensorflow"),
        package("beside", "1", "Tf_Keras"),
    )
    assert own_names(packages) >= {"keras", "tensorboard", "tensorboard-data-server", "tf-keras"}
    assert [one.name for one in touching(packages, {"tensorboard"})] == ["beside"]


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("numpy<2.1", "numpy"),
        ("Tf.Keras_x[a] ; python_version<'3'", "tf-keras-x"),
        ("six", "six"),
        ("<2", ""),
        ("", ""),
    ],
)
def test_the_name_at_the_head_of_a_requirement(requirement: str, name: str) -> None:
    assert plain_name(requirement) == name


def test_a_setting_counts_for_the_versions_of_the_companion_that_it_names() -> None:
    first, *_ = FACT.settings
    old = replace(first, versions="<2.18", name="OLD", tensorflow="")
    fact = replace(FACT, settings=(first, old))
    assert Companions(facts=(fact,)).settings({"tensorflow-text": "2.17.0"}) == {"OLD": "1"}
    versions = {"tensorflow-text": "2.17.0", "tensorflow-macos": "2.17.0"}
    assert list(Companions(facts=(fact,)).settings(versions)) == ["OLD", "TF_USE_LEGACY_KERAS"]


def test_a_trial_of_a_companion_that_has_facts_adds_a_need_to_those_that_it_has() -> None:
    written = Needed(id="a", requires="six", reason="It is so.", source="https://example.org")
    known = Companions(facts=(replace(FACT, needs=(written,)),))
    failed = known.with_trial(trial("broken"), "y.toml")
    first, second = failed.facts[0].needs
    assert (first, second.id) == (written, "tried-2.18.1-2.18.1")
    assert (second.reason, second.source) == ("it fails there: ImportError", "y.toml")
    assert failed.untried() == known


@pytest.mark.parametrize(
    ("versions", "tensorflow", "outcome", "status"),
    [
        ("", "", "works", Status.CAUTION),
        ("<2.19", ">=2.16", "works", Status.CAUTION),
        ("<2.18", "", "works", Status.WORKS),
        ("", "<2.18", "works", Status.WORKS),
        ("", "", "broken", Status.BROKEN),
    ],
)
def test_what_runs_with_a_defect_beside_that_tensorflow_is_caution_and_says_so(
    versions: str, tensorflow: str, outcome: str, status: Status
) -> None:
    defect = CompanionDefect(
        id="part",
        versions=versions,
        tensorflow=tensorflow,
        text="A part of it fails.",
        source="https://example.org",
    )
    companions = Companions(facts=(replace(FACT, defects=(defect,)),), trials=(tried(outcome),))
    (found,) = companions.judge((*PAIR, TEXT), python="3.11")
    assert found.status is status
    told = [one for one in found.reasons if one.kind == "defect"]
    assert [one.text for one in told if one.against and not one.fatal] == (
        [] if status is Status.WORKS else ["A part of it fails."]
    )


def test_what_was_not_tried_stays_unproven_with_its_defect() -> None:
    defect = CompanionDefect(id="part", text="A part of it fails.", source="https://example.org")
    companions = Companions(facts=(replace(FACT, defects=(defect,)),))
    (found,) = companions.judge((*PAIR, TEXT), python="3.11")
    assert found.status is Status.UNPROVEN


WHEEL = {"package": "tensorflow-text", "version": "2.18.1", "tensorflow": "2.18.1", "arch": "arm64"}
COPIES = ("libtensorflow_framework.2.dylib",)


@pytest.mark.parametrize(
    ("status", "grade", "load", "expected"),
    [
        (Status.WORKS, Grade.TWIN, None, (Status.WORKS, Grade.TWIN)),
        (Status.WORKS, Grade.TWIN, NativeLoad(**WHEEL, loads=True), (Status.WORKS, Grade.TWIN)),
        (
            Status.UNPROVEN,
            Grade.RESOLVES,
            NativeLoad(**WHEEL, loads=True),
            (Status.UNPROVEN, Grade.LOADS),
        ),
        (Status.WORKS, Grade.TWIN, NativeLoad(**WHEEL, loads=False), (Status.BROKEN, Grade.LOADS)),
        (Status.BROKEN, Grade.TWIN, NativeLoad(**WHEEL, loads=False), (Status.BROKEN, Grade.TWIN)),
        (Status.WORKS, Grade.TWIN, NativeLoad(**WHEEL, loads=None), (Status.UNPROVEN, Grade.TWIN)),
        (
            Status.WORKS,
            Grade.TWIN,
            NativeLoad(**WHEEL, loads=None, copies=COPIES),
            (Status.CAUTION, Grade.TWIN),
        ),
    ],
)
def test_what_ran_on_linux_counts_as_far_as_the_macs_images_load(
    status: Status, grade: Grade, load: NativeLoad | None, expected: tuple[Status, Grade]
) -> None:
    assert with_load(status, grade, load) == expected


NEED = {
    "id": "keras-2",
    "requires": "keras<3",
    "reason": "It needs Keras 2.",
    "source": "https://example.org",
}
SETTING = {
    "name": "TF_USE_LEGACY_KERAS",
    "value": "1",
    "reason": "It needs Keras 2.",
    "source": "https://example.org",
}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"needs": [NEED | {"requires": "keras @ https://x/y"}]}, "needs[keras-2].requires: "),
        ({"needs": [NEED | {"requires": "keras; os_name=='x'"}]}, "needs[keras-2].requires: "),
        ({"needs": [NEED | {"requires": "not a name"}]}, "needs[keras-2].requires: "),
        ({"needs": [NEED | {"reason": "It is so."}]}, "needs[keras-2].reason: "),
        ({"settings": [SETTING | {"name": "lower"}]}, "settings[lower].name: "),
        ({"modules": []}, "Value error, a companion has a smoke test, or modules to import"),
        ({"modules": ["x-y"]}, "modules[0]: "),
        ({"couples": "glue"}, "couples: "),
        ({"ended": "yesterday"}, "ended: "),
    ],
)
def test_a_companion_file_that_cannot_be_meant_is_refused_with_the_place(
    wrong: dict[str, object], told: str
) -> None:
    right = {
        "name": "x",
        "couples": "nothing",
        "text": "It is a package.",
        "modules": ["x"],
        "needs": [NEED],
        "settings": [SETTING],
        "ended": "2024-01",
        "sources": ["https://example.org"],
    }
    assert checked(dict(right), Companion, "x.toml").name == "x"
    with pytest.raises(DataError) as caught:
        checked(right | wrong, Companion, "x.toml")
    assert str(caught.value).startswith(f"x.toml: {told}")
