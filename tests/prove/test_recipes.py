"""Running the smoke test of a recipe: what is written, and when it is not run again."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.matrix.test_recipes import RECIPE
from tests.prove.support import SERIES
from tests.prove.support import lock as locked_of
from tests.support.locks import lock as made_lock
from tfmac_lock.matrix.companions import Companions
from tfmac_lock.matrix.recipes import RecipeRun
from tfmac_lock.matrix.toml import read_file
from tfmac_lock.prove.processes import Ended
from tfmac_lock.prove.recipes import RecipeTask, is_trained, try_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeTwins:
    """The Python of the tests, as if it were the twin of any lock."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @contextmanager
    def environment(self, _lock: object, *_: object) -> Iterator[tuple[Path, Any, Path]]:
        wheel = SimpleNamespace(filename="tensorflow_cpu-2.16.2-cp311-cp311-manylinux1_x86_64.whl")
        twin = SimpleNamespace(tensorflow=wheel, dropped={"gone": "1.0"}, without_cuda={})
        self.place.mkdir(exist_ok=True)
        yield Path(sys.executable), twin, self.place

    def run(
        self, command: list[str], environ: dict[str, str], timeout: float, folder: Path
    ) -> Ended:
        ended = subprocess.run(
            command,
            env=environ,
            cwd=folder,
            timeout=timeout,
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return Ended(status=ended.returncode, output=ended.stdout)


def task(smoke: str, **settings: str) -> RecipeTask:
    return RecipeTask(
        recipe=replace(RECIPE, smoke=smoke),
        lock=replace(made_lock(), environment=settings),
        locked=locked_of(pins={"packaging": "25.0", "finder": "1.0"}),
    )


def test_a_run_is_written_with_what_it_imported(tmp_path: Path) -> None:
    what = task("import os\nimport packaging\nassert os.environ['FINDlight'] == '1'", FINDlight="1")
    assert what.known(tmp_path) is None
    try_recipe(FakeTwins(tmp_path / "place"), what, Companions(), tmp_path)  # type: ignore[arg-type]
    path = tmp_path / "recipes" / "finder" / f"tensorflow-2.16.2-py{SERIES}-arm64.toml"
    run = read_file(path, RecipeRun)
    assert (run.outcome, run.error, run.imported) == ("works", "", ("packaging",))
    assert run.environment == {"FINDlight": "1"}
    assert run.dropped == {"gone": "1.0"}
    assert run.program == what.recipe.digest
    assert what.known(tmp_path) == run


@pytest.mark.parametrize(
    ("smoke", "error"),
    [
        ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("raise SystemExit(3)", "it ended with status 3"),
    ],
)
def test_a_failure_is_written_with_its_error(tmp_path: Path, smoke: str, error: str) -> None:
    what = task(smoke)
    run, _ = try_recipe(FakeTwins(tmp_path / "place"), what, Companions(), tmp_path)  # type: ignore[arg-type]
    assert (run.outcome, run.error, run.imported) == ("broken", error, ())


def test_another_smoke_test_or_other_packages_make_it_run_again(tmp_path: Path) -> None:
    what = task("import packaging")
    try_recipe(FakeTwins(tmp_path / "place"), what, Companions(), tmp_path)  # type: ignore[arg-type]
    assert what.known(tmp_path)
    assert task("import packaging.tags").known(tmp_path) is None
    other = replace(what, locked=locked_of(pins={"packaging": "25.1", "finder": "1.0"}))
    assert other.known(tmp_path) is None


def test_a_lock_is_trained_where_a_proof_of_a_twin_is_of_its_versions() -> None:
    trained = made_lock()
    assert [reason.kind for reason in trained.verdict.reasons] == ["twin"]
    assert is_trained(trained) is (trained.verdict.reasons[0].grade == "twin")
    bare = replace(trained, verdict=replace(trained.verdict, reasons=()))
    assert not is_trained(bare)
