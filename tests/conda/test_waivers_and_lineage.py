from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.matrix_index import MatrixIndex
from tfmac_lock.lock.make import ResolvedLock, Resolver
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.matrix.base import TENSORFLOW_PACKAGES
from tfmac_lock.matrix.ranking import NoCombo, PairRequest, TensorFlowRequest
from tfmac_lock.target import Arch, Os, PythonVersion

if TYPE_CHECKING:
    from tfmac_lock.matrix.facts import Matrix

WHEELS = {
    "termcolor": ["termcolor-2.4.0-py3-none-any.whl"],
    "wrapt": ["wrapt-1.14.2-py3-none-any.whl"],
    "grpcio": ["grpcio-1.70.0-py3-none-any.whl"],
}
"""What the index has as wheels for Apple silicon; TensorFlow 2.5 asks for older ones."""


def lock(matrix: Matrix, *, os: Os = Os.MACOS, tensorflow: str = "2.5.0") -> ResolvedLock:
    wish = PairRequest(
        python=PythonVersion.parse("3.9"),
        chip=matrix.platforms.chip("m1"),
        tensorflow=TensorFlowRequest.parse(f"tensorflow-macos=={tensorflow}"),
        os=os,
    )
    index = MatrixIndex(matrix, WHEELS)
    resolver = Resolver(matrix=matrix, source=index, as_of="2026-11-20", ahead=False)
    return resolver.lock(LockRequest(pair=wish))


def test_a_waived_requirement_is_met_by_what_was_found_to_be_enough(matrix: Matrix) -> None:
    made = lock(matrix)

    pins = {package.name: package.version for package in made.lock.packages}
    assert (pins["termcolor"], pins["wrapt"], pins["grpcio"]) == ("2.4.0", "1.14.2", "1.70.0")


def test_every_waiver_is_told_with_its_reason_and_source(matrix: Matrix) -> None:
    reasons = lock(matrix).lock.verdict.reasons

    told = {one.text.split(";")[0]: one.source for one in reasons if one.kind == "waiver"}
    assert "tensorflow-macos 2.5.0 asks for grpcio~=1.34.0" in told
    assert all(told.values())


def test_without_its_waiver_the_requirement_stands(matrix: Matrix) -> None:
    strict = replace(matrix, waivers=())

    with pytest.raises(NoCombo, match=r"tensorflow-macos 2\.5\.0 requires termcolor~=1\.1\.0"):
        lock(strict)


def test_a_release_without_a_waiver_is_left_alone(matrix: Matrix) -> None:
    made = lock(matrix, tensorflow="2.9.0")

    assert not any(one.kind == "waiver" for one in made.lock.verdict.reasons)


def test_every_waiver_is_of_a_requirement_that_really_stands_there(matrix: Matrix) -> None:
    own = [waiver for waiver in matrix.waivers if set(waiver.by) <= set(TENSORFLOW_PACKAGES)]
    assert own
    for waiver in own:
        stated = [
            text.replace(" ", "").replace("(", "").replace(")", "")
            for release in matrix.releases
            if release.package in waiver.by
            and waiver.applies(release.package, release.version, waiver.arch or Arch.ARM64)
            for wheel in release.wheels
            for text in wheel.requires
        ]
        assert f"{waiver.package}{waiver.stated}" in stated, waiver.id


def test_the_lineage_has_every_release_from_2_5_to_2_10(matrix: Matrix) -> None:
    assert matrix.lineage is not None
    releases = matrix.lineage.releases

    assert [release.version for release in releases] == [f"2.{minor}.0" for minor in range(5, 11)]
    assert [release.version for release in releases if release.known == "record"] == ["2.10.0"]
    assert all(release.sources and release.instead for release in releases)


def test_the_faults_of_the_lineage_name_their_symptoms(matrix: Matrix) -> None:
    assert matrix.lineage is not None

    assert {fault.symptom for fault in matrix.lineage.faults} == {
        "tensorflow-deps-not-found",
        "tensorflow-deps-unsatisfiable",
    }
