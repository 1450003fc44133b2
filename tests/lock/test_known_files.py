"""A TensorFlow that is not the real one: refused, or accepted by name and then unproven."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import evidence, loads, matrix, release, target, wheel
from tests.support.universe import Universe, as_indexed, asked_for
from tfmac_lock.lock.known_files import ContradictedFile, unknown_files
from tfmac_lock.lock.make import ResolvedLock, Resolver
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.matrix.ranking import PairRequest, TensorFlowRequest
from tfmac_lock.matrix.reasons import Grade
from tfmac_lock.target import PythonVersion

if TYPE_CHECKING:
    from tfmac_lock.matrix.facts import Matrix

TAG = "cp311-cp311-macosx_12_0_arm64"


def known(index: Universe | None = None) -> Matrix:
    facts = matrix(
        releases=(release("tensorflow", "2.18.1"), release("tensorflow-metal", "1.2.0")),
        pair_loads=(loads(True),),
        evidence=(
            evidence(Grade.TWIN, tensorflow="", metal=None),
            evidence(Grade.VENDOR, tensorflow=""),
        ),
    )
    return facts if index is None else as_indexed(facts, index)


@pytest.fixture
def index() -> Universe:
    found = Universe()
    found.add("tensorflow", "2.18.1", tag=TAG)
    found.add("tensorflow-metal", "1.2.0", tag=TAG)
    return found


def lock(index: Universe, facts: Matrix, *, accept_repacked: bool = False) -> ResolvedLock:
    wish = PairRequest(
        python=PythonVersion(3, 11),
        chip=facts.platforms.chip("m1"),
        tensorflow=TensorFlowRequest(),
        metal="1.2.0",
    )
    request = LockRequest(
        pair=wish, requirements=tuple(asked_for(target=target())), accept_repacked=accept_repacked
    )
    return Resolver(matrix=facts, source=index, as_of="2026-01-31").lock(request)


def test_the_real_files_are_believed(index: Universe) -> None:
    assert lock(index, known(index)).lock.verdict.status == "works"


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow-metal"])
def test_a_counterfeit_is_refused_with_both_hashes(index: Universe, name: str) -> None:
    facts = known(index)
    (real,) = index.files[name]
    index.files[name] = [replace(real, sha256="f" * 64)]
    with pytest.raises(ContradictedFile) as caught:
        lock(index, facts)
    assert caught.value.exit_status == 1
    assert real.sha256 is not None
    for part in (real.filename, real.sha256, "f" * 64, "--accept-repacked"):
        assert part in str(caught.value)


def test_a_repacked_file_can_be_accepted_and_nothing_known_speaks_for_it(index: Universe) -> None:
    verdict = lock(index, known(), accept_repacked=True).lock.verdict
    assert (verdict.status, verdict.grade) == ("unproven", "resolves")
    kinds = [reason.kind for reason in verdict.reasons]
    assert kinds[0] == "files"
    assert not {"twin", "vendor", "binaries"} & set(kinds)


def test_what_speaks_against_a_release_stays_with_its_repacked_file(index: Universe) -> None:
    broken = evidence(Grade.REPORTED, "broken", tensorflow="", date="2026-01-01", text="it crashed")
    facts = replace(known(), evidence=(*known().evidence, broken))
    with pytest.raises(Exception, match="it crashed"):
        lock(index, facts, accept_repacked=True)


def test_a_file_that_nobody_has_looked_at_is_unproven(index: Universe) -> None:
    facts = known(index)
    more = index.add("tensorflow", "2.18.1", tag=TAG, build="1")
    found = lock(index, facts).lock
    assert more.filename in {package.filename for package in found.packages}
    assert found.verdict.status == "unproven"
    assert more.filename in found.verdict.reasons[0].text


def test_only_releases_of_the_matrix_are_compared(index: Universe) -> None:
    made = lock(index, known(index)).lock
    other = replace(made.packages[0], name="numpy", version="2.0.2")
    assert unknown_files(known(index), (*made.packages, other)) == []


def test_every_hash_counts_whatever_the_system(index: Universe) -> None:
    linux = wheel("tensorflow", "2.18.1", platform="manylinux_2_17_aarch64", sha256="a" * 64)
    facts = known(index)
    releases = (
        replace(facts.releases[0], wheels=(*facts.releases[0].wheels, linux)),
        facts.releases[1],
    )
    package = replace(lock(index, facts).lock.packages[0], filename=linux.filename, sha256="b" * 64)
    (found,) = unknown_files(replace(facts, releases=releases), [package])
    assert (found.sha256, found.known) == ("b" * 64, "a" * 64)
