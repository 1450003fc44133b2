"""Reports from other people's Macs: what is believed, and what is not."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pydantic", reason="reports are checked with the extra `curate`")

from tests.prove.macs import (
    LOCK,
    NOW,
    facts,
    failed,
    mac,
    mac_report,
    relu_left_out,
    sealed,
)
from tfmac_lock.prove import train_mnist
from tfmac_lock.prove.errors import BadReport
from tfmac_lock.prove.handing import document_of, packed, text_of
from tfmac_lock.prove.intake import Believed, NotBelieved, handed_in, judge
from tfmac_lock.prove.plausible import Doubt
from tfmac_lock.prove.report import DEFECTS, FAULT_STAGES
from tfmac_lock.prove.submission import Submission, from_issue, from_json

if TYPE_CHECKING:
    from tfmac_lock.prove.known import Known

SOURCE = "https://forge.example/issues/7"


def taken(document: dict[str, Any], known: Known | None = None) -> Believed:
    return judge(from_json(text_of(document), "it"), known or facts(), SOURCE, "it")


def doubts(document: dict[str, Any], known: Known | None = None) -> set[Doubt]:
    with pytest.raises(NotBelieved) as caught:
        taken(document, known)
    assert all(str(one).startswith(one.doubt.name) for one in caught.value.against)
    return {one.doubt for one in caught.value.against}


def test_what_a_mac_hands_in_is_evidence_of_both_devices() -> None:
    believed = taken(mac())
    assert believed.lock.id == LOCK
    assert [run.grade for run in believed.runs] == ["trained-cpu", "trained-gpu"]
    assert {run.outcome for run in believed.runs} == {"works"}
    assert believed.runs[0].checked == ()
    assert set(believed.runs[1].checked) == set(DEFECTS.values())
    assert believed.runs[1].chip == "Apple M1 Max"


def test_the_trainer_that_is_here_is_among_the_known_ones() -> None:
    here = hashlib.sha256(Path(train_mnist.__file__).read_bytes()).hexdigest()
    assert here in facts().trainers, f"write it to matrix/trainers.toml: {here}"


def test_a_gpu_that_computes_wrong_is_a_fault_and_no_broken_pair() -> None:
    believed = taken(document_of([mac_report(), relu_left_out(mac_report("gpu"))]))
    run = believed.runs[1]
    assert (run.outcome, run.faults) == ("works", ("relu-wrong",))
    assert "relu-wrong" not in run.checked
    assert "wrong results at stage relu" in run.text


def test_a_run_that_does_not_train_is_broken() -> None:
    report = failed(mac_report("gpu"), "train", "InternalError: it fell over")
    run = taken(document_of([mac_report(), report])).runs[1]
    assert (run.outcome, run.stage) == ("broken", "train")


def test_what_the_device_refuses_with_an_error_is_a_limit_and_no_fault() -> None:
    report = mac_report("gpu")
    entry = next(stage for stage in report["stages"] if stage["name"] == "jit")
    entry |= {"status": "refused", "figures": {}, "error": "NotFoundError: no compiler"}
    run = taken(document_of([mac_report(), sealed(report)])).runs[1]
    assert (run.outcome, run.faults, run.limits) == ("works", (), ("jit-compile",))
    assert "jit-compile" not in run.checked


def test_only_the_stage_that_may_be_refused_can_be() -> None:
    report = stage(mac_report("gpu"), "relu", status="refused", figures={}, error="no relu here")
    with pytest.raises(BadReport, match="'passed' is not what the stages say"):
        taken(document_of([sealed(report)]))


def test_a_crash_in_a_late_stage_takes_no_other_answer_with_it() -> None:
    report = failed(mac_report("gpu"), "momentum", "was ended by SIGSEGV")
    run = taken(document_of([mac_report(), report])).runs[1]
    assert run.faults == ("momentum-crash-2.11",)
    assert "relu-wrong" in run.checked


def test_every_stage_about_a_fault_names_its_defect() -> None:
    assert set(FAULT_STAGES) <= set(DEFECTS)


def test_of_a_virtual_mac_only_the_cpu_counts() -> None:
    document = mac(chip="Apple M1 (Virtual)")
    assert [run.grade for run in taken(document).runs] == ["trained-cpu"]
    assert doubts(document_of([document["reports"][1]])) == {Doubt.R05}


# -- forged, edited, copied


def edited(**changes: Any) -> dict[str, Any]:
    return document_of([mac_report() | changes, mac_report("gpu")])


def stage(report: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    report = copy.deepcopy(report)
    next(entry for entry in report["stages"] if entry["name"] == name).update(changes)
    return report


@pytest.mark.parametrize(
    "document",
    [
        edited(started="2026-11-26T09:00:01Z"),
        edited(optimizer="legacy-adam"),
        document_of([stage(mac_report(), "train", seconds=26.0)]),
        document_of([mac_report() | {"digest": "0" * 64}]),
        document_of([{k: v for k, v in mac_report().items() if k != "digest"}]),
    ],
)
def test_an_edited_report_is_found_out_by_its_digest(document: dict[str, Any]) -> None:
    assert Doubt.R01 in doubts(document)


def forged(**changes: Any) -> dict[str, Any]:
    """A CPU report with these changes and a digest that fits them."""
    return document_of([sealed(mac_report() | changes)])


def on(**host: str) -> dict[str, Any]:
    return forged(host=mac_report()["host"] | host)


def at(name: str, **changes: Any) -> dict[str, Any]:
    return document_of([sealed(stage(mac_report(), name, **changes))])


PACKAGES = mac_report()["packages"]

FORGERIES: list[tuple[str, dict[str, Any], Doubt]] = [
    ("another program", forged(trainer="0" * 64), Doubt.R02),
    ("a program without a name", forged(trainer=None), Doubt.R02),
    ("no run", forged(run=None), Doubt.R02),
    ("the core alone", forged(stages=mac_report()["stages"][:10]), Doubt.R03),
    ("drawn digits", forged(data="synthetic"), Doubt.R03),
    (
        "a tenth of MNIST",
        at("data", figures={"train_images": 6000, "test_images": 1000}),
        Doubt.R03,
    ),
    ("a folder in a figure", at("import", figures={"version": "/Users/me/x"}), Doubt.R04),
    ("an e-mail address", at("import", figures={"version": "me@example.org"}), Doubt.R04),
    ("Linux", on(system="Linux"), Doubt.R05),
    ("an M9", on(chip="Apple M9"), Doubt.R05),
    ("an M1 Giga", on(chip="Apple M1 Giga"), Doubt.R05),
    ("an M5 before its macOS", on(chip="Apple M5", release="15.5"), Doubt.R05),
    ("an M3 on macOS 12", on(chip="Apple M3", release="12.6"), Doubt.R05),
    ("macOS 19", on(release="19.1"), Doubt.R05),
    ("macOS 10.16", on(release="10.16"), Doubt.R05),
    ("Rosetta", on(machine="x86_64"), Doubt.R05),
    ("markup for a chip", on(chip="<script>alert(1)</script>"), Doubt.R05),
    ("no cores", on(cores="0"), Doubt.R05),
    ("the end before the start", forged(finished="2026-11-26T08:00:00Z"), Doubt.R06),
    (
        "the future",
        forged(started="2026-12-24T09:00:00Z", finished="2026-12-24T09:01:00Z"),
        Doubt.R06,
    ),
    (
        "years ago",
        forged(started="2025-01-02T09:00:00Z", finished="2025-01-02T09:01:00Z"),
        Doubt.R06,
    ),
    ("stages longer than the whole", at("accuracy", seconds=500.0), Doubt.R07),
    (
        "training in no time",
        at("train", figures={"fit_seconds": 0.01, "losses": [0.3, 0.2, 0.1, 0.09, 0.08]}),
        Doubt.R07,
    ),
    (
        "training longer than its stage",
        at("train", figures={"fit_seconds": 99.0, "losses": [0.3, 0.2, 0.1, 0.09, 0.08]}),
        Doubt.R07,
    ),
    ("an accuracy of one", at("accuracy", figures={"accuracy": 1.0}), Doubt.R08),
    ("two accuracies", at("predict", figures={"accuracy": 1.0, "sum_error": 0.0}), Doubt.R08),
    ("three losses", at("train", figures={"fit_seconds": 20.0, "losses": [3, 2, 1]}), Doubt.R08),
    (
        "losses that rise",
        at("train", figures={"fit_seconds": 20.0, "losses": [0.1, 0.2, 0.3, 0.4, 0.5]}),
        Doubt.R08,
    ),
    ("no losses", at("train", figures={"fit_seconds": 20.0, "losses": "all good"}), Doubt.R08),
    ("an auto device", forged(device="auto"), Doubt.R09),
    ("two devices", at("devices", figures={"gpus": [], "used": "gpu"}), Doubt.R09),
    ("a GPU called Bob", at("devices", figures={"gpus": ["Bob"], "used": "cpu"}), Doubt.R09),
    (
        "a product elsewhere",
        at("matmul", figures={"relative_error": 0.0, "device": "/device:GPU:0"}),
        Doubt.R09,
    ),
    ("another numpy", forged(packages=PACKAGES | {"numpy": "1.21.0"}), Doubt.R11),
    ("no TensorFlow", forged(packages={"pip": "25.0"}), Doubt.R11),
    ("another Python", forged(python="3.12.1"), Doubt.R12),
    ("a package besides", forged(packages=PACKAGES | {"jupyter": "1.1.1"}), Doubt.R03),
    (
        "another TensorFlow's files",
        forged(contents=mac_report()["contents"] | {"tensorflow": "1" * 64}),
        Doubt.R12,
    ),
    (
        "another plugin's files",
        forged(contents=mac_report()["contents"] | {"tensorflow-metal": "1" * 64}),
        Doubt.R12,
    ),
    ("no files", forged(contents={}), Doubt.R12),
]


@pytest.mark.parametrize(
    ("document", "doubt"), [row[1:] for row in FORGERIES], ids=[row[0] for row in FORGERIES]
)
def test_a_forgery_that_fits_its_digest_is_found_out_by_what_it_says(
    document: dict[str, Any], doubt: Doubt
) -> None:
    found = doubts(document)
    assert doubt in found
    assert Doubt.R01 not in found


def test_every_time_alike_is_no_measurement() -> None:
    report = mac_report()
    for entry in report["stages"]:
        entry["seconds"] = 22.0
    assert Doubt.R07 in doubts(document_of([sealed(report)]))


@pytest.mark.parametrize(
    "second",
    [
        mac_report("gpu", chip="Apple M2"),
        mac_report("gpu", macos="14.0"),
        mac_report("cpu", seconds=1.5),
        mac_report("gpu", started=NOW - timedelta(days=5)),
        sealed(mac_report("gpu") | {"started": mac_report()["started"]}),
        sealed(mac_report("gpu") | {"run": mac_report()["run"]}),
    ],
)
def test_two_reports_that_are_not_of_one_mac_are_refused(second: dict[str, Any]) -> None:
    assert Doubt.R10 in doubts(document_of([mac_report(), second]))


def test_a_report_that_is_filed_is_refused_and_a_copy_of_it_too() -> None:
    document = mac()
    first = handed_in(from_json(text_of(document), "it").parsed[0])
    known = replace(facts(), filed={first: "there.json"})
    assert doubts(document, known) == {Doubt.R13}
    later = sealed(mac_report() | {"optimizer": "legacy-adam"})
    assert doubts(document_of([later]), known) == {Doubt.R14}
    renamed = sealed(mac_report() | {"run": "f" * 32})
    assert doubts(document_of([renamed]), known) == {Doubt.R14}


def test_a_report_of_no_published_lock_says_which_is_nearest() -> None:
    with pytest.raises(NotBelieved, match=r"nearest is tensorflow-2\.18\.1-.*numpy 1\.21\.0"):
        taken(forged(packages=PACKAGES | {"numpy": "1.21.0"}))


# -- the text of an issue


def issue(report: str) -> str:
    return (
        "### What did you see besides?\n\n_No response_\n\n### The report\n\n"
        f"{report}\n\n### May it be published?\n\n- [X] yes\n"
    )


@pytest.mark.parametrize("fence", ["", "```json\n", "```text\n"])
def test_an_issue_holds_a_report_packed_or_as_it_is(fence: str) -> None:
    document = mac()
    close = "\n```" if fence else ""
    want = from_json(text_of(document), "it")
    for told in (packed(document), text_of(document)):
        assert from_issue(issue(f"{fence}{told}{close}"), "issue").id == want.id
    pretty = issue(__import__("json").dumps(document, indent=2))
    assert from_issue(pretty, "issue").id == want.id


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no report"),
        ("hello $(rm -rf ~) `id` <script>", "no report"),
        ("{" * 5000, "no report"),
        ('{"kind": "tfmac-lock-submission"}', "Field required"),
        ("tfmac-lock-report-1:" + "A" * 40, "cannot be opened"),
        (packed(mac())[:-40], "cannot be opened|cut off"),
    ],
)
def test_an_issue_without_a_whole_report_says_so(text: str, says: str) -> None:
    with pytest.raises(BadReport, match=says):
        from_issue(text, "issue")


def test_two_reports_in_one_issue_are_not_chosen_from() -> None:
    text = issue(packed(mac())) + issue(packed(mac(chip="Apple M2")))
    with pytest.raises(BadReport, match="2 different reports"):
        from_issue(text, "issue")
    assert isinstance(from_issue(issue(packed(mac())) * 2, "issue"), Submission)


def test_what_unpacks_to_a_flood_is_cut_off() -> None:
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 50_000_000)).decode()
    with pytest.raises(BadReport, match="cut off or too large"):
        from_issue(f"tfmac-lock-report-1:{bomb}", "issue")
