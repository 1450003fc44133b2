from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tfmac_lock.matrix.companions import Companion, CompanionDefect, Companions, Needed, Tried
from tfmac_lock.matrix.reasons import Status
from tfmac_lock.site.companion_documents import facts_of_all, row

from ..support.fake_wheels import FRAMEWORK
from ..support.natives import ALLOC, CONCAT, LIBRARY, Rows

if TYPE_CHECKING:
    from tfmac_lock.matrix.facts import Matrix
    from tfmac_lock.site.companion_documents import CompanionFacts, OnTensorFlow
    from tfmac_lock.site.inputs import Inputs


def companion(*needs: Needed) -> Companion:
    return Companion(
        name="beside",
        couples="binary",
        text="It binds.",
        modules=("beside",),
        needs=needs,
        sources=("https://example.org/",),
    )


def need(requires: str, versions: str = "") -> Needed:
    return Needed(
        id="n", versions=versions, requires=requires, reason="it was seen", source="index: read"
    )


def tried(version: str, outcome: str, tensorflow: str) -> Tried:
    return Tried(
        companion="beside",
        version=version,
        outcome=outcome,  # type: ignore[arg-type]
        python="3.11",
        text=f"{version} {outcome}",
        source=f"matrix/proofs/companions/beside/{version}.toml",
        pins={"tensorflow": tensorflow},
    )


def told(matrix: Matrix, known: Companions) -> CompanionFacts:
    (found,) = facts_of_all(replace(matrix, companions=known))
    return found


def beside(found: CompanionFacts, minor: str) -> OnTensorFlow:
    return next(on for on in found.minors if on.tensorflow == minor)


def test_the_newest_version_that_passed_stands_for_a_tensorflow(inputs: Inputs) -> None:
    trials = (
        tried("1.10", "works", "2.18.1"),
        tried("1.9", "works", "2.18.0"),
        tried("1.11", "broken", "2.18.1"),
        tried("2.0", "broken", "2.19.0"),
    )
    found = told(inputs.matrix, Companions(facts=(companion(),), trials=trials))

    assert (beside(found, "2.18").version, beside(found, "2.18").status) == ("1.10", Status.WORKS)
    assert [one.version for one in beside(found, "2.18").trials] == ["1.10", "1.9", "1.11"]
    assert beside(found, "2.19").status is Status.BROKEN
    assert beside(found, "2.17").status is Status.UNPROVEN
    assert beside(found, "2.17").version is None
    assert row(found).works == ["2.18"]
    assert row(found).broken == ["2.19"]


def test_what_ran_with_a_defect_is_caution_and_the_defect_is_told(inputs: Inputs) -> None:
    defect = CompanionDefect(
        id="save", tensorflow=">=2.18", text="Saving fails.", source="https://example.org/"
    )
    trials = (tried("1.10", "works", "2.18.1"), tried("1.10", "works", "2.17.0"))
    facts = (replace(companion(), defects=(defect,)),)
    found = told(inputs.matrix, Companions(facts=facts, trials=trials))

    assert (beside(found, "2.18").status, beside(found, "2.18").text) == (
        Status.CAUTION,
        "Saving fails.",
    )
    assert (row(found).caution, row(found).works) == (["2.18"], ["2.17"])
    assert found.defects == [defect]


def test_only_a_fact_about_all_versions_rules_a_tensorflow_out(inputs: Inputs) -> None:
    for_all = told(inputs.matrix, Companions(facts=(companion(need("tensorflow <2.16")),)))
    for_some = told(inputs.matrix, Companions(facts=(companion(need("tensorflow <2.16", "<3")),)))

    assert (beside(for_all, "2.16").status, beside(for_all, "2.16").text) == (
        Status.BROKEN,
        "it was seen",
    )
    assert beside(for_all, "2.15").status is Status.UNPROVEN
    assert {on.status for on in for_some.minors} == {Status.UNPROVEN}


def test_what_ran_on_linux_and_cannot_load_on_the_mac_does_not_work(inputs: Inputs) -> None:
    rows = Rows()
    rows.companion("1.0", name="beside")
    rows.companion("2.0", {LIBRARY: [ALLOC, CONCAT]}, name="beside")
    rows.tensorflow("2.18.1", {FRAMEWORK: [ALLOC]})
    matrix = replace(inputs.matrix, natives=rows.matrix_rows())
    trials = (tried("2.0", "works", "2.18.1"), tried("1.0", "works", "2.18.1"))

    both = beside(told(matrix, Companions(facts=(companion(),), trials=trials)), "2.18")
    new = beside(told(matrix, Companions(facts=(companion(),), trials=trials[:1])), "2.18")
    neither = beside(told(matrix, Companions(facts=(companion(),))), "2.18")

    assert (both.version, both.status) == ("1.0", Status.WORKS)
    assert (new.version, new.status) == ("2.0", Status.BROKEN)
    assert new.text == "beside 2.0 does not load into TensorFlow 2.18.1: 1 symbol missing"
    assert neither.status is Status.UNPROVEN
    # One that brings a copy of TensorFlow's library binds to that, and may do nothing here.
    rows.companion("3.0", name="beside", copies=("beside/libtensorflow_framework.2.dylib",))
    matrix = replace(matrix, natives=rows.matrix_rows())
    copied = told(matrix, Companions(trials=(tried("3.0", "works", "2.18.1"),)))
    assert beside(copied, "2.18").status is Status.CAUTION
    assert row(copied).caution == ["2.18"]
    assert [(one.version, one.loads, one.arch) for one in neither.loads] == [("1.0", True, "arm64")]


def test_a_package_that_was_only_tried_has_a_page_too(inputs: Inputs) -> None:
    found = told(inputs.matrix, Companions(trials=(tried("1", "works", "2.18.1"),)))

    assert (found.name, found.couples, found.smoke) == ("beside", "unknown", "")


def test_every_trial_stands_on_its_companions_page_and_in_the_api(
    inputs: Inputs, site: dict[str, bytes]
) -> None:
    assert inputs.matrix.companions.trials
    for trial in inputs.matrix.companions.trials:
        page = site[f"companions/{trial.companion}/index.html"].decode()
        document = json.loads(site[f"api/v1/companions/{trial.companion}.json"])
        rows = [one for on in document["minors"] for one in on["trials"]]
        assert trial.source in page
        assert (trial.version, trial.outcome, trial.source) in [
            (one["version"], one["status"], one["source"]) for one in rows
        ]


def test_every_fact_of_a_companion_stands_on_its_page(
    inputs: Inputs, site: dict[str, bytes]
) -> None:
    listed = {one["name"] for one in json.loads(site["api/v1/companions.json"])["companions"]}
    for one in inputs.matrix.companions.facts:
        page = site[f"companions/{one.name}/index.html"].decode()
        assert one.name in listed
        assert all(source in page for source in one.sources)
        assert all(f"export {each.name}={each.value}" in page for each in one.settings)
        assert page.count('<li><span class="kind"><code>') == len(one.needs)


def test_a_pairs_page_leads_to_the_companions_that_were_tried_beside_it(
    inputs: Inputs, site: dict[str, bytes]
) -> None:
    page = site["pairs/tensorflow-2.18.1-metal-1.2.0-arm64/index.html"].decode()
    names = {
        trial.companion
        for trial in inputs.matrix.companions.trials
        if trial.pins["tensorflow"].startswith("2.18.")
    }

    assert names
    assert all(f'href="../../companions/{name}/"' in page for name in names)
