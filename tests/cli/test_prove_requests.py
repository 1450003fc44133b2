"""``prove requests``: what a lock calls unproven is tried, and then it says what came of it."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_prove_lock import StubResolver, outcome
from tests.support import facts
from tests.support.locks import lock
from tfmac_lock.cli.prove_requests import Request, Row, Tries, _summary
from tfmac_lock.matrix.companions import Companion
from tfmac_lock.prove.errors import NotProvable
from tfmac_lock.prove.processes import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfmac_lock.matrix.facts import Matrix
    from tfmac_lock.matrix.proofs import Proof

REQUEST = Request("layers", "m1", "3.11")


@dataclass
class StubTwins:
    """Trains whatever it is given; a program fails in it that names a release of ``failing``."""

    failing: tuple[str, ...] = ()
    ran: list[str] = field(default_factory=list)
    refuses: bool = False

    @contextmanager
    def environment(self, locked: Any, place: Path) -> Iterator[tuple[Path, Any, Path]]:
        if self.refuses:
            raise NotProvable(locked.id, "no wheel")
        wheel = SimpleNamespace(filename="tensorflow_cpu-2.18.1-cp311-cp311-manylinux1_x86_64.whl")
        twin = SimpleNamespace(tensorflow=wheel, dropped={}, without_cuda={})
        self.version = dict(locked.pins)["layers"]
        yield Path(sys.executable), twin, place

    def train(self, *_: object) -> Proof:
        self.ran.append("train")
        evidence = outcome(lock(), "works").evidence
        assert evidence is not None
        return evidence

    def run(self, *_: object, **__: object) -> Ended:
        self.ran.append(self.version)
        failed = self.version in self.failing
        return Ended(status=int(failed), output="ImportError: no" if failed else "")


@dataclass(frozen=True)
class AnyRequest(StubResolver):
    """Makes the lock of the layers, whatever is asked for."""


def matrix() -> Matrix:
    known = facts.matrix()
    layers = Companion(
        name="layers",
        couples="tensorflow",
        text="Layers of a test.",
        smoke="import layers",
        sources=("https://example.com/",),
    )
    return replace(known, companions=replace(known.companions, facts=(layers,)))


def tries(twins: StubTwins, folder: Path, *, again: bool = False) -> Tries:
    args = argparse.Namespace(output=folder, again=again)
    place = folder / "place"
    place.mkdir(parents=True, exist_ok=True)
    return Tries(args, twins, AnyRequest(matrix()), place)  # type: ignore[arg-type]


def test_what_was_not_tried_is_tried_and_filed(tmp_path: Path) -> None:
    twins = StubTwins()
    row = tries(twins, tmp_path).of(REQUEST)
    assert row.outcome in ("works", "caution")
    assert "2.0" in twins.ran
    (trial,) = (tmp_path / "companions" / "layers").iterdir()
    assert trial.name.startswith("2.0-tensorflow-")


def test_what_one_request_taught_is_not_tried_for_the_next(tmp_path: Path) -> None:
    twins = StubTwins()
    tried = tries(twins, tmp_path)
    tried.of(REQUEST)
    before = list(twins.ran)
    tried.of(REQUEST._replace(chip="m2"))
    assert twins.ran == before


def test_what_is_known_is_tried_once_more_where_that_is_asked_for(tmp_path: Path) -> None:
    twins = StubTwins()
    tried = tries(twins, tmp_path, again=True)
    for _ in range(2):
        twins.ran.clear()
        tried.of(REQUEST)
        assert twins.ran == ["train", "2.0"]


def test_a_trial_that_is_filed_is_not_made_again_unless_that_is_asked_for(tmp_path: Path) -> None:
    tries(StubTwins(), tmp_path).of(REQUEST)
    for again in (False, True):
        twins = StubTwins()
        tries(twins, tmp_path, again=again).of(REQUEST)
        assert ("2.0" in twins.ran) is again


def test_after_a_failure_an_older_release_is_locked_and_tried(tmp_path: Path) -> None:
    twins = StubTwins(failing=("2.0",))
    row = tries(twins, tmp_path).of(REQUEST)
    assert [one for one in twins.ran if one != "train"] == ["2.0", "1.0"]
    assert row.outcome in ("works", "caution")


def test_what_cannot_be_tried_here_is_told_with_the_reason(tmp_path: Path) -> None:
    row = tries(StubTwins(refuses=True), tmp_path).of(REQUEST)
    assert row.outcome == "not-tried"
    assert row.text.endswith("not proved: no wheel")


@pytest.mark.parametrize(
    ("outcomes", "text", "status"),
    [
        (("works", "no-lock"), "no", 0),
        (("works", "unproven"), "", 1),
        (("works", "unproven"), "it asked for the network", 3),
        (("not-tried",), "no wheel", 3),
    ],
)
def test_the_exit_status_tells_whether_something_is_left(
    outcomes: tuple[str, ...], text: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [Row(request=REQUEST, outcome=one, text=text) for one in outcomes]
    assert _summary(rows, as_json=False) == status
    assert capsys.readouterr().out.startswith(f"{len(rows)} requests: ")
    assert _summary(rows, as_json=True) == status
    told = json.loads(capsys.readouterr().out)["outcomes"]
    assert [one["outcome"] for one in told] == list(outcomes)
