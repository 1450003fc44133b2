from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.facts import (
    defect,
    evidence,
    floor,
    fusion,
    kernels,
    loads,
    matrix,
    release,
    shipped,
)
from tfmac_lock.matrix import macs
from tfmac_lock.matrix.facts import METAL, BinaryFact, PackageRow
from tfmac_lock.matrix.kernels import Runs
from tfmac_lock.matrix.linux import LinuxBinary
from tfmac_lock.matrix.reasons import Grade, Status, Verdict
from tfmac_lock.matrix.verdict import Pair, judge
from tfmac_lock.target import Arch, MacOSVersion, Os

if TYPE_CHECKING:
    from tfmac_lock.matrix.facts import Evidence, Matrix
    from tfmac_lock.matrix.kernels import Kernels

PAIR = Pair(
    package="tensorflow", tensorflow="2.18.1", metal="1.2.0", arch=Arch.ARM64, python="3.11"
)
TWIN = evidence(Grade.TWIN, metal=None, date="2026-11-01")
VENDOR = evidence(Grade.VENDOR, date="2025-01-31", text="the vendor lists it")
PROVEN = (TWIN, VENDOR)


def judged(facts: Matrix, **options: object) -> Verdict:
    return judge(facts, PAIR, resolved=True, **options)  # type: ignore[arg-type]


def texts(verdict: Verdict) -> list[str]:
    return [reason.text for reason in verdict.reasons]


def test_a_pair_is_named_with_its_plugin_or_that_it_has_none() -> None:
    assert str(PAIR) == "tensorflow 2.18.1 with tensorflow-metal 1.2.0"
    assert str(replace(PAIR, metal=None)) == "tensorflow 2.18.1 with no plugin"


# -- works


def test_resolving_loading_a_twin_and_somebodys_word_make_a_pair_work() -> None:
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=PROVEN))
    assert verdict.status is Status.WORKS
    assert verdict.grade is Grade.VENDOR
    assert [reason.kind for reason in verdict.reasons] == ["resolves", "binaries", "twin", "vendor"]


def test_a_plugin_that_nobody_is_known_to_have_run_is_unproven_and_says_so() -> None:
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=(TWIN,)))
    assert verdict.status is Status.UNPROVEN
    assert verdict.grade is Grade.TWIN
    assert any("nobody is known to have trained with this pair" in text for text in texts(verdict))


def test_without_a_twin_a_pair_is_unproven_whatever_was_said() -> None:
    said = (evidence(Grade.VENDOR), evidence(Grade.REPORTED, date="2026-01-01"))
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=said))
    assert verdict.status is Status.UNPROVEN
    assert verdict.grade is Grade.REPORTED


def test_binaries_that_were_not_read_leave_a_pair_unproven() -> None:
    assert judged(matrix(evidence=(TWIN,))).status is Status.UNPROVEN
    unread = matrix(pair_loads=(loads(None),), evidence=(TWIN,))
    verdict = judged(unread)
    assert verdict.status is Status.UNPROVEN
    assert "the binaries of this pair have not been read" in texts(verdict)


def test_a_pair_that_nobody_tried_to_resolve_is_unproven() -> None:
    facts = matrix(pair_loads=(loads(True),), evidence=(TWIN,))
    assert judge(facts, PAIR).status is Status.UNPROVEN


def test_a_pair_of_which_nothing_is_known_is_unproven() -> None:
    verdict = judged(matrix())
    assert verdict.status is Status.UNPROVEN
    assert verdict.grade is Grade.RESOLVES


def test_tensorflow_without_a_plugin_works_by_its_binaries_and_a_twin() -> None:
    read = BinaryFact(
        package="tensorflow",
        version="2.18.1",
        arch=Arch.ARM64,
        numpy_generation="1+2",
        minos="12.0",
        source="the wheel",
    )
    pair = Pair(
        package="tensorflow", tensorflow="2.18.1", metal=None, arch=Arch.ARM64, python="3.11"
    )
    facts = matrix(binaries=(read,), evidence=(TWIN,))
    assert judge(facts, pair, resolved=True).status is Status.WORKS


def test_a_twin_speaks_only_for_locks_with_its_pins() -> None:
    twin = evidence(Grade.TWIN, metal=None, pins=(("numpy", "2.0.2"),))
    facts = matrix(pair_loads=(loads(True),), evidence=(twin, VENDOR))
    assert judged(facts, pins={"numpy": "2.0.2", "h5py": "3"}).status is Status.WORKS
    assert judged(facts, pins={"numpy": "1.26.4"}).status is Status.UNPROVEN
    assert judged(facts).status is Status.WORKS


# -- caution


def test_a_twin_speaks_for_locks_with_the_same_packages_of_the_pair_whatever_is_beside() -> None:
    there = evidence(Grade.TWIN, pins=(("numpy", "2.0.2"), ("six", "1.17.0"), ("gpflow", "2.0")))
    facts = matrix(pair_loads=(loads(True),), evidence=(VENDOR, there))

    def status(own: tuple[str, ...] = ("tensorflow", "numpy", "six"), **pins: str) -> str:
        return judged(facts, pins=pins, own=own).status.value

    assert status(numpy="2.0.2", six="1.17.0") == "works"
    assert status(numpy="2.0.2", six="1.17.0", pandas="3.0") == "works"
    assert status(numpy="2.1.0", six="1.17.0", gpflow="2.0") == "unproven"
    # six is a matter of gpflow here, and not of TensorFlow.
    assert status(own=("tensorflow", "numpy"), numpy="2.0.2", six="1.16.0") == "works"


def test_a_twin_with_tf_keras_speaks_only_for_locks_with_it() -> None:
    there = evidence(Grade.TWIN, pins=(("numpy", "2.0.2"), ("tf-keras", "2.18.0")))
    facts = matrix(pair_loads=(loads(True),), evidence=(VENDOR, there))
    for pins, status in (
        ({"numpy": "2.0.2", "tf-keras": "2.18.0"}, "works"),
        ({"numpy": "2.0.2"}, "unproven"),
    ):
        assert judged(facts, pins=pins, own=("numpy",)).status.value == status


def test_a_lock_that_was_not_trained_says_in_what_it_differs_from_what_was() -> None:
    def told(*seen: Evidence) -> str:
        facts = matrix(pair_loads=(loads(True),), evidence=(VENDOR, *seen))
        pins = {"numpy": "2.1.0", "six": "1.17.0", "pandas": "3.0"}
        verdict = judged(facts, pins=pins, own=("tensorflow", "numpy", "six"))
        return next(reason.text for reason in verdict.reasons if reason.kind == "untried")

    def twin(python: str = "3.11", tensorflow: str = "2.18.1", **pins: str) -> Evidence:
        seen = tuple(sorted(pins.items()))
        found = evidence(Grade.TWIN, metal=None, tensorflow=f"=={tensorflow}", pins=seen)
        return replace(found, python=python)

    far, near = twin(numpy="1.26.4", six="1.16.0"), twin(numpy="2.0.2", six="1.17.0", pandas="1")
    assert told(far, near) == "it was not trained beside numpy 2.1.0 (but 2.0.2)"
    assert (
        told(far) == "it was not trained beside numpy 2.1.0 (but 1.26.4), six 1.17.0 (but 1.16.0)"
    )
    assert told(twin("3.9", numpy="2.1.0"), twin("3.10", numpy="2.1.0")) == (
        "it was not trained on Python 3.11, only on 3.9, 3.10"
    )
    assert told(twin(tensorflow="2.17.1")) == "TensorFlow 2.18.1 was not trained on Linux"


def test_a_known_defect_makes_caution_of_works_and_tells_the_way_out() -> None:
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=PROVEN, defects=(defect(),)))
    assert verdict.status is Status.CAUTION
    assert "Wrong results: the results are wrong. Way out: use the CPU" in texts(verdict)


def test_a_defect_stays_even_where_a_mac_trained() -> None:
    runs = (
        evidence(Grade.TRAINED_GPU, date="2026-11-01", chip="Apple M1"),
        evidence(Grade.TRAINED_GPU, date="2026-11-01", chip="Apple M2"),
    )
    verdict = judged(matrix(evidence=runs, defects=(defect(),)))
    assert verdict.status is Status.CAUTION


def test_a_defect_of_another_pair_says_nothing() -> None:
    other = defect(tensorflow="==2.17.*")
    facts = matrix(pair_loads=(loads(True),), evidence=PROVEN, defects=(other,))
    assert judged(facts).status is Status.WORKS


def test_a_defect_beside_a_package_counts_only_where_that_package_is() -> None:
    beside = defect(metal=None, with_packages=("pyarrow",))
    facts = matrix(pair_loads=(loads(True),), evidence=PROVEN, defects=(beside,))
    assert judged(facts).status is Status.WORKS
    assert judged(facts, extra=frozenset({"pyarrow"})).status is Status.CAUTION
    assert judged(facts, pins={"pyarrow": "20.0.0"}).status is Status.CAUTION


# -- broken


def test_a_plugin_that_cannot_load_beats_the_vendor_and_every_report() -> None:
    facts = matrix(
        pair_loads=(loads(False),),
        evidence=(TWIN, evidence(Grade.VENDOR), evidence(Grade.REPORTED, date="2026-10-01")),
    )
    verdict = judged(facts)
    assert verdict.status is Status.BROKEN
    assert "the plugin does not load: __ZN1a, __ZN1b missing" in texts(verdict)


@pytest.mark.parametrize("grade", [Grade.REPORTED, Grade.TWIN])
def test_the_newer_observation_beats_the_older(grade: Grade) -> None:
    def verdict(*outcomes: str) -> Status:
        seen = tuple(
            evidence(grade, outcome, date=f"2026-0{month}-01", metal=_metal(grade))
            for month, outcome in enumerate(outcomes, 1)
        )
        return judged(matrix(pair_loads=(loads(True),), evidence=(*PROVEN, *seen))).status

    if grade is not Grade.TWIN:  # whose newest is the good one in this matrix
        assert verdict("works", "broken") is Status.BROKEN
    assert verdict("broken", "works") is Status.WORKS


def _metal(grade: Grade) -> str | None:
    return None if grade is Grade.TWIN else "1.2.0"


def test_a_failed_twin_breaks_a_pair() -> None:
    failed = evidence(Grade.TWIN, "broken", metal=None, date="2026-11-02")
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=(TWIN, failed)))
    assert verdict.status is Status.BROKEN


def test_a_dated_observation_is_newer_than_an_undated_one() -> None:
    seen = (
        evidence(Grade.REPORTED, "broken", date=None),
        evidence(Grade.REPORTED, "works", date="2021-01-01"),
    )
    facts = matrix(pair_loads=(loads(True),), evidence=(*PROVEN, *seen))
    assert judged(facts).status is Status.WORKS


def test_what_does_not_resolve_is_broken() -> None:
    facts = matrix(pair_loads=(loads(True),), evidence=(TWIN,))
    verdict = judge(facts, PAIR, resolved=False)
    assert verdict.status is Status.BROKEN
    assert Grade.RESOLVES is not verdict.grade


def test_a_macos_below_the_plugins_floor_is_broken_and_says_from_where_on() -> None:
    facts = matrix(pair_loads=(loads(True),), evidence=PROVEN, floors=(floor("12.3"),))
    assert judged(facts, macos=MacOSVersion(12, 3)).status is Status.WORKS
    verdict = judged(facts, macos=MacOSVersion(12, 2))
    assert verdict.status is Status.BROKEN
    assert any("macOS 12.3 and newer" in text for text in texts(verdict))


def test_a_stub_that_brings_no_tensorflow_is_broken() -> None:
    stub = release("tensorflow", "2.18.1", payload=False)
    verdict = judged(matrix(releases=(stub, release("tensorflow-metal", "1.2.0"))))
    assert verdict.status is Status.BROKEN
    assert verdict.reasons[0].kind == "stub"


def test_for_a_linux_guest_the_macs_binaries_say_nothing() -> None:
    pair = Pair(
        package="tensorflow", tensorflow="2.18.1", metal=None, arch=Arch.ARM64, python="3.11"
    )
    verdict = judge(matrix(evidence=(TWIN,)), pair, resolved=True, os=Os.LINUX)
    assert verdict.status is Status.UNPROVEN


def test_a_linux_guest_works_where_its_wheels_were_read_and_a_twin_trained() -> None:
    pair = Pair(
        package="tensorflow", tensorflow="2.18.1", metal=None, arch=Arch.ARM64, python="3.11"
    )
    read = LinuxBinary(
        package="tensorflow",
        version="2.18.1",
        filename="tensorflow-2.18.1-cp311-cp311-manylinux_2_17_aarch64.whl",
        sha256="0" * 64,
        images=71,
        numpy_generation="1+2",
        glibc="2.17",
        page_size=65536,
    )
    facts = matrix(evidence=(TWIN,), linux=(read,))
    verdict = judge(facts, pair, resolved=True, os=Os.LINUX)
    assert verdict.status is Status.WORKS
    told = " ".join(texts(verdict))
    assert "numpy generation 1+2, glibc 2.17, memory pages up to 64 kB" in told
    assert "the twins ran the same versions on x86_64, and nobody these wheels" in told
    alone = matrix(linux=(read,))
    assert judge(alone, pair, resolved=True, os=Os.LINUX).status is Status.UNPROVEN
    intel = replace(pair, arch=Arch.X86_64)
    assert judge(facts, intel, resolved=True, os=Os.LINUX).status is Status.UNPROVEN
    assert judge(facts, pair, resolved=True).status is Status.UNPROVEN


# -- how each reason stands


def test_each_reason_says_whether_it_stands_against_the_pair_and_by_itself_breaks_it() -> None:
    said = evidence(Grade.REPORTED, "broken", date="2020-01-01", text="it failed")
    later = evidence(Grade.REPORTED, date="2021-01-01", text="it trains")
    facts = matrix(
        pair_loads=(loads(True),),
        evidence=(TWIN, said, later),
        defects=(defect(),),
        floors=(floor("12.3"),),
        kernels=(LEFT_OUT,),
    )

    def standing(**options: object) -> dict[str, tuple[Grade | None, bool, bool]]:
        verdict = judge(facts, PAIR, **options)  # type: ignore[arg-type]
        return {one.text: (one.grade, one.against, one.fatal) for one in verdict.reasons}

    found = standing(resolved=True, macos=MacOSVersion(14))
    defective, code = (next(text for text in found if word in text) for word in ("Way out", "Relu"))
    assert found[defective] == (None, True, False)
    assert found[code] == (None, True, False)
    assert found["every requirement has a file for the target"] == (Grade.RESOLVES, False, False)
    assert found["it failed"] == (Grade.REPORTED, True, False)
    assert found["it trains"] == (Grade.REPORTED, False, False)
    assert found[TWIN.text] == (Grade.TWIN, False, False)
    oldest = (
        "tensorflow-metal 1.2.0 loads on macOS 12.1 and runs on macOS 12.3 and newer: a selector"
    )
    assert found[oldest] == (None, False, False)
    assert standing()[oldest] == (None, False, False)
    too_old = standing(resolved=False, macos=MacOSVersion(12, 2))
    assert too_old[oldest] == (None, True, True)
    assert too_old["no set of wheels meets all requirements on the target"] == (
        Grade.RESOLVES,
        True,
        True,
    )


def test_the_report_that_decides_is_the_one_that_breaks_the_pair() -> None:
    older = evidence(Grade.REPORTED, "broken", date="2020-01-01", text="it failed")
    newer = evidence(Grade.REPORTED, "broken", date="2021-01-01", text="it crashed")
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=(*PROVEN, older, newer)))
    assert {one.text for one in verdict.reasons if one.fatal} == {"it crashed"}


def test_each_reason_names_where_it_is_from() -> None:
    facts = matrix(
        pair_loads=(loads(True),),
        evidence=PROVEN,
        defects=(defect(),),
        floors=(floor("12.3"),),
        kernels=(LEFT_OUT,),
    )
    sources = {reason.kind: reason.source for reason in judged(facts).reasons}
    assert sources["defect"] == "https://example.org/defect"
    assert sources["code"] == "matrix/kernels/tensorflow-metal/1.2.0.toml"
    assert sources["floor"] == "the SDKs"
    assert sources["twin"] == sources["vendor"] == "https://example.org/seen"


def test_what_was_seen_is_told_newest_first_and_what_has_no_day_last() -> None:
    seen = [
        evidence(Grade.REPORTED, date=date, text=text)
        for date, text in ((None, "some day"), ("2026-02-01", "new"), ("2025-02-01", "old"))
    ]
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=(VENDOR, *seen)))
    shown = [text for text in texts(verdict) if text in ("some day", "new", "old")]
    assert shown == ["new", "old", "some day"]


def test_twins_that_say_the_same_are_told_once_and_a_failed_one_besides() -> None:
    twins = [
        evidence(Grade.TWIN, outcome, metal=None, text="MNIST", pins=(("numpy", numpy),))
        for outcome, numpy in (("works", "2.0.2"), ("works", "2.0.1"), ("broken", "1.26.4"))
    ]
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=(VENDOR, *twins)))
    told = [reason for reason in verdict.reasons if reason.text == "MNIST"]
    assert sorted(reason.against for reason in told) == [False, True]
    said = [evidence(Grade.REPORTED, text="it runs") for _ in range(2)]
    verdict = judged(matrix(pair_loads=(loads(True),), evidence=said))
    assert texts(verdict).count("it runs") == 2


def test_an_empty_release_is_told_with_what_is_known_of_its_package() -> None:
    stub = release("tensorflow", "2.18.1", payload=False)
    gone, offered, whole = (
        PackageRow(
            name="tensorflow",
            versions=versions,
            title="Gone",
            text=text,
            instead="tensorflow",
            sources=("https://example.org",),
            kind=kind,
        )
        for versions, text, kind in (
            ("==2.18.1", "it moved", "gone"),
            ("==2.18.1", "it is offered", "offered"),
            ("", "it ended", "gone"),
        )
    )
    facts = replace(matrix(releases=(stub,)), packages=(gone, offered, whole))
    (told,) = (reason for reason in judged(facts).reasons if reason.kind == "stub")
    assert told.text == "tensorflow 2.18.1 never brings a TensorFlow for arm64: it moved"
    assert told.source == "https://pypi.org/project/tensorflow/2.18.1/"
    assert (told.against, told.fatal) == (True, True)


def test_that_nobody_trained_is_said_of_plugins_that_nobody_vouches_for_alone() -> None:
    def says_so(*seen: Evidence, pair: Pair = PAIR) -> bool:
        verdict = judge(matrix(pair_loads=(loads(True),), evidence=seen), pair, resolved=True)
        return any("nobody is known to have trained" in one.text for one in verdict.reasons)

    assert says_so(TWIN)
    assert not says_so(VENDOR)  # unproven, since no twin ran
    assert not says_so(TWIN, pair=replace(PAIR, metal=None))
    assert says_so(evidence(Grade.REPORTED, "broken", date="2020-01-01")) is False


# -- what always holds


def test_the_statuses_are_ranked_best_first() -> None:
    assert sorted(Status, key=lambda status: status.rank) == [
        Status.WORKS,
        Status.CAUTION,
        Status.UNPROVEN,
        Status.BROKEN,
    ]


observations = st.builds(
    lambda grade, outcome, month, text, chip: evidence(
        grade,
        outcome,
        metal=None if grade is Grade.TWIN else "1.2.0",
        date=month and f"2026-{month:02}",
        text=text,
        chip=chip,
    ),
    st.sampled_from([Grade.TWIN, Grade.VENDOR, Grade.REPORTED, *list(Grade)[5:]]),
    st.sampled_from(["works", "broken"]),
    st.none() | st.integers(1, 12),
    st.sampled_from(["seen by one", "seen by another", "seen by a third"]),
    st.sampled_from(["", "Apple M1", "Apple M2"]),
)

SUMS = frozenset({"unproven", macs.AGREED, macs.FAILED})
"""The kinds of reason that say what the others add up to."""


@given(st.lists(observations, max_size=6), observations, st.sampled_from([None, True, False]))
def test_more_evidence_never_takes_a_reason_away(
    known: list[Evidence], more: Evidence, load: bool | None
) -> None:
    before = judged(matrix(pair_loads=(loads(load),), evidence=tuple(known)))
    after = judged(matrix(pair_loads=(loads(load),), evidence=(*known, more)))
    # What decides may well change; what was seen stays.
    remaining = [replace(reason, fatal=False) for reason in after.reasons]
    for reason in before.reasons:
        if reason.kind not in SUMS:
            remaining.remove(replace(reason, fatal=False))
    assert {reason.text for reason in remaining if reason.kind not in SUMS} <= {more.text}


@given(st.lists(observations, max_size=6), st.sampled_from([None, True, False]))
def test_contrary_evidence_is_always_among_the_reasons(
    known: list[Evidence], load: bool | None
) -> None:
    verdict = judged(matrix(pair_loads=(loads(load),), evidence=tuple(known), defects=(defect(),)))
    shown = texts(verdict)
    assert all(item.text in shown for item in known)
    assert any("the results are wrong" in text for text in shown)
    assert load is not False or any("does not load" in text for text in shown)


@given(st.lists(observations, max_size=6), st.sampled_from([None, True, False]))
def test_nothing_works_without_proof(known: list[Evidence], load: bool | None) -> None:
    verdict = judged(matrix(pair_loads=(loads(load),), evidence=tuple(known)))
    went_well = {item.grade for item in known if item.outcome == "works"}
    if verdict.status is Status.WORKS:
        ran = {item.chip for item in known if item.grade in macs.RUN} - {""}
        said = (macs.RUN | {Grade.VENDOR, Grade.REPORTED}) & went_well
        assert len(ran) > 1 or (load is True and Grade.TWIN in went_well and said)
    if verdict.grade is not None and verdict.grade > Grade.LOADS:
        assert verdict.grade in went_well


@given(st.lists(observations, max_size=6), st.data())
def test_the_order_in_which_evidence_is_told_changes_no_status(
    known: list[Evidence], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(known))
    one = judged(matrix(pair_loads=(loads(True),), evidence=tuple(known)))
    other = judged(matrix(pair_loads=(loads(True),), evidence=tuple(shuffled)))
    assert (one.status, one.grade) == (other.status, other.grade)


def test_of_one_day_the_contrary_observation_decides() -> None:
    grade = Grade.REPORTED
    seen = (evidence(grade, date="2026-01-01"), evidence(grade, "broken", date="2026-01-01"))
    for order in (seen, seen[::-1]):
        facts = matrix(pair_loads=(loads(True),), evidence=(TWIN, *order))
        assert judged(facts).status is Status.BROKEN


def test_a_twin_that_failed_says_nothing_against_other_pins_of_the_same_day() -> None:
    good = evidence(Grade.TWIN, metal=None, date="2026-01-01", pins=(("numpy", "1.26.4"),))
    bad = evidence(Grade.TWIN, "broken", metal=None, date="2026-01-01", pins=(("numpy", "2.0.2"),))
    for order in ((good, bad), (bad, good)):
        facts = matrix(pair_loads=(loads(True),), evidence=(*order, VENDOR))
        assert judged(facts).status is Status.WORKS
        assert judged(facts, pins={"numpy": "2.0.2"}).status is Status.BROKEN


# -- what the GPU computes

LEFT_OUT = kernels(fusion("MatMul", left_out=True))
ON_REQUEST = kernels(fusion("MatMul", left_out=True), runs=Runs.ON_REQUEST)
APPLIED = kernels(fusion("MatMul", left_out=False), fusion("Conv2D", left_out=False))
NO_FUSION = kernels()
SAID = evidence(Grade.REPORTED, date="2026-01-01", text="it loads and runs")
LOOKED_AT = evidence(Grade.REPORTED, date="2026-01-01", text="94 % as on the CPU", results=True)
ON_CPU = evidence(Grade.TRAINED_CPU, date="2026-01-01")
ON_GPU = evidence(Grade.TRAINED_GPU, date="2026-01-01")


@pytest.mark.parametrize(
    ("code", "seen", "faulty", "status"),
    [
        # The plugin's code was read and has no fault: a word that it loads and runs is enough.
        (NO_FUSION, (VENDOR,), False, Status.WORKS),
        (APPLIED, (VENDOR,), False, Status.WORKS),
        (APPLIED, (SAID,), False, Status.WORKS),
        (APPLIED, (), False, Status.UNPROVEN),
        (APPLIED, (VENDOR,), True, Status.CAUTION),
        # It leaves an activation out: nothing that was seen makes that right.
        (LEFT_OUT, (VENDOR,), False, Status.CAUTION),
        (LEFT_OUT, (SAID,), False, Status.CAUTION),
        (LEFT_OUT, (LOOKED_AT,), False, Status.CAUTION),
        (LEFT_OUT, (ON_GPU,), False, Status.CAUTION),
        (LEFT_OUT, (), False, Status.UNPROVEN),
        (ON_REQUEST, (VENDOR,), False, Status.CAUTION),
        # It was not read: somebody has to have looked at what the GPU computes.
        (None, (VENDOR,), False, Status.CAUTION),
        (None, (SAID,), False, Status.CAUTION),
        (None, (SAID, ON_CPU), False, Status.CAUTION),
        (None, (LOOKED_AT,), False, Status.WORKS),
        (None, (VENDOR, ON_GPU), False, Status.WORKS),
        (None, (LOOKED_AT,), True, Status.CAUTION),
    ],
)
def test_works_with_a_plugin_needs_results_or_code_without_a_silent_fault(
    code: Kernels | None, seen: tuple[Evidence, ...], faulty: bool, status: Status
) -> None:
    facts = matrix(
        pair_loads=(loads(True),),
        evidence=(TWIN, *seen),
        defects=(defect(),) if faulty else (),
        kernels=(code,) if code else (),
    )
    assert judged(facts).status is status


def test_that_nobody_looked_at_results_speaks_against_a_pair() -> None:
    facts = matrix(pair_loads=(loads(True),), evidence=(TWIN, VENDOR), kernels=())
    (told,) = [one for one in judged(facts).reasons if "nobody published results" in one.text]
    assert told.against
    assert not told.fatal


def test_what_the_plugin_gets_wrong_is_told_before_all_else() -> None:
    facts = matrix(
        pair_loads=(loads(True),), evidence=PROVEN, defects=(defect(),), kernels=(LEFT_OUT,)
    )
    kinds = [reason.kind for reason in judged(facts).reasons]
    assert kinds[:3] == ["defect", "code", "resolves"]
    told = next(text for text in texts(judged(facts)) if "compiled graphs" in text)
    assert "unless TURN_OFF_REMAPPER=1 is set" in told
    assert "MatMul with a bias and Relu becomes one operation" in told


def test_code_that_differs_by_python_is_judged_for_that_python() -> None:
    code = (
        kernels(fusion("MatMul", left_out=True), python="3.11"),
        kernels(fusion("MatMul", left_out=False), python="3.10"),
    )
    facts = matrix(pair_loads=(loads(True),), evidence=PROVEN, kernels=code)
    assert judged(facts).status is Status.CAUTION
    other = judge(facts, replace(PAIR, python="3.10"), resolved=True)
    assert other.status is Status.WORKS


def test_the_code_of_every_plugin_wheel_was_read() -> None:
    facts = shipped()
    for release_ in facts.releases_of(METAL):
        for arch in Arch:
            for python in release_.pythons(arch):
                assert facts.kernels_of(release_.version, arch, python) is not None


def test_where_the_code_leaves_an_activation_out_a_defect_says_so_and_only_there() -> None:
    facts = shipped()
    relu = [defect for defect in facts.defects if defect.symptom == "relu-wrong"]
    for code in facts.kernels:
        for python in code.pythons:
            named = any(fault.concerns("2.18.1", code.version, code.arch, python) for fault in relu)
            assert named == bool(code.left_out), (code.version, code.arch, python)
