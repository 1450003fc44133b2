"""What runs on Macs decide: two independent ones much, one of them little."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.support.facts import defect, evidence, fusion, kernels, loads, matrix, release, shipped
from tfmac_lock.matrix import macs, neighbours
from tfmac_lock.matrix.facts import Evidence, Report
from tfmac_lock.matrix.grid import (
    OnPython,
    make_grid,
    pair_verdict,
    plugin_releases,
    release_rows,
)
from tfmac_lock.matrix.macs import agreed, independent
from tfmac_lock.matrix.reasons import Grade, Status, Verdict
from tfmac_lock.matrix.verdict import OUTRANKED, Pair, judge
from tfmac_lock.target import Arch

PAIR = Pair(
    package="tensorflow", tensorflow="2.18.1", metal="1.2.0", arch=Arch.ARM64, python="3.11"
)


def gpu(
    outcome: str = "works",
    *,
    chip: str = "Apple M1",
    macos: str = "15",
    by: str = "",
    date: str = "2026-10-01",
    faults: tuple[str, ...] = (),
    checked: tuple[str, ...] = (),
) -> Evidence:
    return evidence(
        Grade.TRAINED_GPU,
        outcome,
        chip=chip,
        macos=macos,
        submitter=by,
        date=date,
        text=f"{outcome} on {chip}, {macos}, {by}, {date}",
        faults=faults,
        checked=checked,
    )


TWIN = evidence(Grade.TWIN, metal=None, date="2026-01-01")
BAD_TWIN = evidence(Grade.TWIN, "broken", metal=None, date="2026-01-01")
VENDOR = evidence(Grade.VENDOR, date="2025-01-31")
SAID_BROKEN = evidence(Grade.REPORTED, "broken", date="2026-05-01", text="somebody says it fails")
M1, M2 = gpu(), gpu(chip="Apple M2")
AGAIN = gpu(date="2026-10-02")
M1_BAD, M2_BAD = gpu("broken"), gpu("broken", chip="Apple M2")
LATER = (gpu(date="2026-11-01"), gpu(chip="Apple M2", date="2026-11-01"))
LATER_BAD = (
    gpu("broken", date="2026-11-01"),
    gpu("broken", chip="Apple M2", date="2026-11-02"),
)
CPU = evidence(Grade.TRAINED_CPU, date="2026-10-01", chip="Apple M3", macos="15", text="on the CPU")


@pytest.mark.parametrize(
    ("load", "seen", "status"),
    [
        # Nothing but Macs: two are proof, one is a word.
        (None, (M1,), Status.UNPROVEN),
        (None, (M1, AGAIN), Status.UNPROVEN),
        (None, (M1, M2), Status.WORKS),
        (None, (M1, gpu(macos="26")), Status.WORKS),
        (None, (gpu(by="github:a"), gpu(by="github:b")), Status.WORKS),
        (None, (gpu(by="github:a"), gpu()), Status.UNPROVEN),
        (None, (M1, CPU), Status.WORKS),
        # One vouches for the plugin like a report, beside twin and binaries.
        (True, (TWIN, M1), Status.WORKS),
        (True, (M1,), Status.UNPROVEN),
        # A binary fact: two outrank it, one does not.
        (False, (TWIN, VENDOR, M1), Status.BROKEN),
        (False, (TWIN, VENDOR, M1, AGAIN), Status.BROKEN),
        (False, (TWIN, VENDOR, M1, M2), Status.WORKS),
        (False, (M1, M2), Status.WORKS),
        # A failing one: caution at most, until a second says the same.
        (True, (TWIN, VENDOR, M1_BAD), Status.CAUTION),
        (True, (TWIN, VENDOR, M1_BAD, gpu("broken", date="2026-10-09")), Status.CAUTION),
        (True, (TWIN, VENDOR, M1_BAD, M2_BAD), Status.BROKEN),
        (True, (M1_BAD,), Status.UNPROVEN),
        (False, (TWIN, VENDOR, M1_BAD), Status.BROKEN),
        (True, (TWIN, VENDOR, M1, M1_BAD), Status.CAUTION),
        # The newer agreement beats the older, and of one day the contrary one.
        (True, (TWIN, VENDOR, M1, M2, *LATER_BAD), Status.BROKEN),
        (True, (TWIN, VENDOR, M1_BAD, M2_BAD, *LATER), Status.WORKS),
        (True, (TWIN, VENDOR, M1, M2, M1_BAD, M2_BAD), Status.BROKEN),
        # One failure against two that went well: a warning, unless they are newer.
        (True, (TWIN, VENDOR, M1_BAD, *LATER), Status.WORKS),
        (True, (TWIN, VENDOR, M1, M2, LATER_BAD[0]), Status.CAUTION),
        # Twins and reports: two Macs decide, one of them answers an older report alone.
        (True, (BAD_TWIN, VENDOR, M1), Status.BROKEN),
        (True, (BAD_TWIN, VENDOR, M1, M2), Status.WORKS),
        (True, (TWIN, SAID_BROKEN), Status.BROKEN),
        (True, (TWIN, SAID_BROKEN, M1), Status.WORKS),
        (True, (TWIN, SAID_BROKEN, gpu(date="2026-02-01")), Status.BROKEN),
        (True, (TWIN, SAID_BROKEN, M1_BAD), Status.BROKEN),
        # A fault that was seen is a fault, on however many.
        (True, (TWIN, gpu(faults=("relu-wrong",))), Status.CAUTION),
        (
            None,
            (gpu(faults=("relu-wrong",)), gpu(chip="Apple M2", faults=("relu-wrong",))),
            Status.CAUTION,
        ),
    ],
)
def test_what_runs_on_macs_decide(
    load: bool | None, seen: tuple[Evidence, ...], status: Status
) -> None:
    facts = matrix(pair_loads=() if load is None else (loads(load),), evidence=seen)
    verdict = judge(facts, PAIR, resolved=True)
    assert verdict.status is status
    shown = [reason.text for reason in verdict.reasons]
    assert all(item.text in shown for item in seen), "nothing that was seen is hidden"


@pytest.mark.parametrize("order", list(permutations((TWIN, M1, M2, M1_BAD, LATER_BAD[1]))))
def test_the_order_of_runs_changes_nothing(order: tuple[Evidence, ...]) -> None:
    first = judge(matrix(pair_loads=(loads(False),), evidence=order), PAIR, resolved=True)
    again = judge(matrix(pair_loads=(loads(False),), evidence=order[::-1]), PAIR, resolved=True)
    assert (first.status, first.grade) == (again.status, again.grade)


def kinds(verdict: Verdict) -> set[str]:
    return {reason.kind for reason in verdict.reasons}


def test_one_failure_says_that_a_second_would_decide() -> None:
    facts = matrix(pair_loads=(loads(True),), evidence=(TWIN, VENDOR, M1_BAD))
    told = next(r for r in judge(facts, PAIR, resolved=True).reasons if r.kind == macs.FAILED)
    assert "Apple M1, macOS 15" in told.text
    assert "until a second, independent Mac says the same" in told.text


def test_what_is_not_known_of_a_mac_makes_it_no_other_mac() -> None:
    unknown = gpu(chip="", macos="", by="")
    assert not independent(unknown, M1)
    assert independent(M1, M2)
    assert agreed([M1, unknown, AGAIN]) is None


def test_two_macs_agree_since_the_older_of_the_newest_two() -> None:
    runs = [gpu(date="2026-01-01"), gpu(chip="Apple M2", date="2026-03-01")]
    assert agreed(runs) == "2026-01-01"
    assert agreed([*runs, gpu(chip="Apple M4", date="2026-05-01")]) == "2026-03-01"


LEFT_OUT = kernels(fusion("MatMul", left_out=True))
LOOKED = (gpu(checked=("relu-wrong",)), gpu(chip="Apple M2", checked=("relu-wrong",)))


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ((M1, M2), Status.CAUTION),
        (LOOKED[:1], Status.CAUTION),
        (LOOKED, Status.WORKS),
        ((*LOOKED, gpu(chip="Apple M4", faults=("relu-wrong",))), Status.CAUTION),
    ],
)
def test_two_macs_that_looked_for_it_outrank_what_the_code_says(
    seen: tuple[Evidence, ...], status: Status
) -> None:
    facts = matrix(pair_loads=(loads(True),), evidence=(TWIN, *seen), kernels=(LEFT_OUT,))
    verdict = judge(facts, PAIR, resolved=True)
    assert verdict.status is status
    assert any("never the activation" in reason.text for reason in verdict.reasons)
    assert (OUTRANKED in kinds(verdict)) == (status is Status.WORKS)
    cleared = "independent Macs looked for it and did not find it"
    assert any(cleared in reason.text for reason in verdict.reasons) == (status is Status.WORKS)


# -- neighbours


def wrong(name: str, tensorflow: str, metal: str) -> Report:
    return Report(
        id=name,
        outcome="broken",
        about="defect",
        tensorflow=f"=={tensorflow}",
        metal=metal,
        plugin="some",
        arch=Arch.ARM64,
        stage="result",
        text="relu does not clip",
        source=f"https://example.org/{name}",
    )


RELEASES = tuple(
    release(package, version)
    for package, versions in {
        "tensorflow": ("2.14.0", "2.16.2", "2.17.0", "2.18.1"),
        "tensorflow-metal": ("1.1.0", "1.2.0"),
    }.items()
    for version in versions
)
BELOW, ABOVE = wrong("below", "2.14.0", "1.1.0"), wrong("above", "2.18.1", "1.2.0")
# The defect itself speaks of the two pairs on which it was seen and of no other.
SEEN_ON_TWO = defect(tensorflow="==2.14.0", metal="==1.1.0", reports=("below", "above"))


@pytest.mark.parametrize(
    ("reports", "run", "status"),
    [
        ((BELOW, ABOVE), None, Status.CAUTION),
        ((BELOW,), None, Status.WORKS),
        ((ABOVE,), None, Status.WORKS),
        ((BELOW, ABOVE), gpu(), Status.CAUTION),
        ((BELOW, ABOVE), gpu(checked=("wrong",)), Status.WORKS),
    ],
)
def test_a_pair_between_two_with_a_silent_fault_is_caution_until_a_mac_looked(
    reports: tuple[Report, ...], run: Evidence | None, status: Status
) -> None:
    pair = Pair(
        package="tensorflow", tensorflow="2.17.0", metal="1.1.0", arch=Arch.ARM64, python="3.11"
    )
    seen = [evidence(Grade.TWIN, metal=None, tensorflow="==2.17.0")]
    seen += [evidence(Grade.VENDOR, tensorflow="==2.17.0", metal="1.1.0")]
    if run is not None:
        seen.append(
            evidence(
                run.grade,
                tensorflow="==2.17.0",
                metal="1.1.0",
                date=run.date,
                chip=run.chip,
                macos=run.macos,
                checked=run.checked,
            )
        )
    facts = matrix(
        releases=RELEASES,
        pair_loads=(loads(True, tensorflow="2.17.0", metal="1.1.0"),),
        evidence=tuple(seen),
        defects=(SEEN_ON_TWO,),
        reports=reports,
        kernels=(kernels(metal="1.1.0"), kernels()),
    )
    verdict = judge(facts, pair, resolved=True)
    assert verdict.status is status
    told = [reason for reason in verdict.reasons if reason.kind == neighbours.KIND]
    assert bool(told) == (status is Status.CAUTION)
    for reason in told:
        assert "2.14.0 with 1.1.0 and for 2.18.1 with 1.2.0" in reason.text


def test_no_shipped_pair_between_two_with_the_same_silent_fault_works() -> None:
    facts = shipped()
    between = 0
    for arch in Arch:
        grid = make_grid(
            facts,
            arch,
            rows=release_rows(facts, arch),
            plugins=[one.version for one in plugin_releases(facts, arch)],
            judged=lambda pair: OnPython(pair=pair, verdict=pair_verdict(facts, pair)),
        )
        for cell in grid.cells:
            assert cell.metal is not None
            found = list(neighbours.between(facts, cell.tensorflow, cell.metal, arch))
            between += bool(found)
            assert not found or cell.status is not Status.WORKS, cell.id
    assert between > 20
