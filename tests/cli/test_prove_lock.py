"""``--prove``: what is written has run in a twin."""

from __future__ import annotations

import argparse
import datetime
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import facts
from tests.support.locks import PACKAGES, lock, package
from tfmac_lock.cli import prove_lock
from tfmac_lock.errors import UsageError
from tfmac_lock.lock.companions import with_companions
from tfmac_lock.matrix.companions import Trial
from tfmac_lock.matrix.proofs import Proof
from tfmac_lock.prove.errors import NotProvable
from tfmac_lock.prove.locked import locked_set
from tfmac_lock.prove.twin import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfmac_lock.lock.model import Lock
    from tfmac_lock.matrix.facts import Matrix

ARGS = argparse.Namespace(
    offline=False,
    native=None,
    conda_specs=[],
    channels=[],
    chips=["m1"],
    formats=None,
    also=[],
)
DAY = datetime.date(2026, 11, 26)


@dataclass(frozen=True)
class Made:
    lock: Lock


@dataclass(frozen=True)
class StubResolver:
    """Gives the newest release of a package that the matrix does not bar, as the solver would."""

    matrix: Matrix
    source: object = None
    name: str = "layers"

    def lock(self, request: object) -> Made:
        barred = {
            need.versions
            for fact in self.matrix.companions.facts
            for need in fact.needs
            if fact.name == self.name
        }
        version = next(one for one in ("2.0", "1.0") if f"=={one}" not in barred)
        requires = () if self.name == "plain" else ("tensorflow>=2",)
        packages = (*PACKAGES, package(self.name, version, *requires))
        return Made(with_companions(self.matrix, lock(packages)))


def outcome(of: Lock, result: str, *, trains: bool = True) -> Outcome:
    from tfmac_lock.lock.model import to_json

    pins = {one.name: one.version for one in of.packages}
    tried = of.packages[-1]
    common: dict[str, Any] = {"tensorflow": "2.18.1", "date": DAY, "system": "Linux x86_64"}
    evidence = Proof(
        grade="twin",
        outcome="works" if trains else "broken",
        text="it trained" if trains else "it failed at the stage train",
        source="tfmac-lock prove twin",
        package="tensorflow",
        python="3.11.7",
        device="cpu",
        data="synthetic",
        pins={"numpy": pins["numpy"]},
        **common,
    )
    trial = Trial(
        companion=tried.name,
        version=tried.version,
        python="3.11",
        outcome="works" if result == "works" else "broken",
        error="" if result == "works" else "ImportError: no",
        seconds=1.0,
        program="0" * 64,
        wheel="tensorflow_cpu-2.18.1-cp311-cp311-manylinux_2_17_x86_64.whl",
        pins=pins,
        **common,
    )
    there = NotProvable(tried.name, "no") if result == "untried" else trial
    return Outcome(
        lock=locked_set(to_json(of), "test"), evidence=evidence, others=(there,) if tried else ()
    )


@pytest.fixture
def twins(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the twins of the locks give, one after the other; the versions that were tried."""
    tried: list[str] = []

    @contextmanager
    def nothing(*_: object) -> Iterator[None]:
        yield None

    monkeypatch.setattr(prove_lock, "twins_in", nothing)
    return tried


def give(monkeypatch: pytest.MonkeyPatch, tried: list[str], *results: str, **more: bool) -> None:
    left = list(results)

    def prove(_: object, of: Lock) -> Outcome:
        tried.append(of.packages[-1].version)
        return outcome(of, left.pop(0), **more)

    monkeypatch.setattr(prove_lock, "_prove", prove)


def run(resolver: StubResolver, args: argparse.Namespace = ARGS) -> Lock:
    return prove_lock.proved(args, resolver, None)  # type: ignore[arg-type]


def test_a_lock_that_runs_is_given_with_that_as_evidence(
    monkeypatch: pytest.MonkeyPatch, twins: list[str]
) -> None:
    give(monkeypatch, twins, "works")
    found = run(StubResolver(facts.matrix()))
    assert twins == ["2.0"]
    (companion,) = found.companions
    assert companion.status.value == "works"
    assert companion.reasons[0].source.startswith("twin: on this computer")


def test_a_release_that_fails_is_left_for_an_older_one(
    monkeypatch: pytest.MonkeyPatch, twins: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, twins, "broken", "works")
    found = run(StubResolver(facts.matrix()))
    assert twins == ["2.0", "1.0"]
    assert found.packages[-1].version == "1.0"
    said = capsys.readouterr().err
    assert "layers 2.0: broken (1.0 s): ImportError: no" in said
    assert "layers 1.0: works" in said


def test_a_pair_that_does_not_train_is_not_given(
    monkeypatch: pytest.MonkeyPatch, twins: list[str]
) -> None:
    give(monkeypatch, twins, "works", trains=False)
    with pytest.raises(prove_lock.DoesNotRun, match="it failed at the stage train"):
        run(StubResolver(facts.matrix()))


def test_a_package_that_no_fact_could_save_is_told_and_nothing_given(
    monkeypatch: pytest.MonkeyPatch, twins: list[str]
) -> None:
    give(monkeypatch, twins, "broken")
    with pytest.raises(prove_lock.DoesNotRun, match=r"plain 2\.0: ImportError: no"):
        run(StubResolver(facts.matrix(), name="plain"))


def test_what_could_not_be_tried_here_stays_unproven(
    monkeypatch: pytest.MonkeyPatch, twins: list[str]
) -> None:
    give(monkeypatch, twins, "untried")
    found = run(StubResolver(facts.matrix()))
    assert found.companions[0].status.value == "unproven"


def test_it_needs_the_index_and_wheels(twins: list[str]) -> None:
    resolver = StubResolver(facts.matrix())
    for name, value in (("offline", True), ("native", "conda")):
        args = argparse.Namespace(**{**vars(ARGS), name: value})
        with pytest.raises(UsageError, match="--prove"):
            run(replace(resolver), args)
    assert twins == []
