"""Every fault of the disk and of the process, through every command that writes.

For each: the exit status that is documented, one clear message, no half and no mixed files, and
the next run heals.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_lock import wheels
from tests.support import HtmlIndex, build_wheel
from tests.support.marks import LONG

from .commands import COMMANDS, Command
from .runs import Ended, Runs, content, half, leftovers, unlike

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .runs import Content

__all__ = ["wheels"]

pytestmark = pytest.mark.slow  # each takes a second or more, and there are hundreds

SEED = 20
USUAL = ("a lock over another", "all formats", "update", "fetch", "apply for uv", "matrix compile")
"""Tried in each run: one of each way to write. The others are tried with the long tests."""
SOME = 4
MANY = int(os.environ.get("TFMAC_LOCK_MOMENTS", "40"))
"""Moments of each command: in a usual run, and in a long one. By hand 200 are tried."""


@pytest.fixture(scope="module")
def index(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small index, also with what is asked for when the facts are refreshed."""
    folder = tmp_path_factory.mktemp("index") / "wheels"
    shutil.copytree(wheels, folder)
    new = "cp312-cp312-macosx_12_0_arm64"
    build_wheel(folder, "tensorflow", "2.19.0", tag=new)
    build_wheel(folder, "tensorflow-macos", "2.16.2", ["tensorflow==2.16.2"], tag=new)
    with HtmlIndex(folder) as server:
        yield server.url


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with Runs(tmp_path_factory.mktemp("runs")) as runs:
        yield runs


@dataclass(slots=True)
class Trials:
    """A command, its folder before and after, and fresh copies of it."""

    runs: Runs
    command: Command
    arguments: list[str]
    root: Path
    old: Content
    new: Content
    usual: Ended

    @property
    def folder(self) -> Path:
        """The folder in which trials run."""
        return self.root / "trial"

    def run(self, folder: Path | None = None, **trial: Any) -> list[Ended]:
        """Run with that going wrong, in the folder of the trials or in that one."""
        folder = folder or self.folder
        needs = self.command.trial(folder)
        if self.command.caches:
            needs["environ"]["TFMAC_LOCK_CACHE_DIR"] = str(self.root / "cache")
        return self.runs.many(folder, *self.arguments, **needs, **trial)

    def again(self) -> None:
        """Begin anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.root / "cache", ignore_errors=True)
        shutil.copytree(self.root / "start", self.folder, symlinks=True)

    def is_whole(self, what: object) -> None:
        """No file is half written."""
        assert half(content(self.folder), self.old, self.new) == set(), what

    def is_clean(self, what: object) -> None:
        """Nothing waits beside its place, but for what the next run goes on with."""
        waiting = leftovers(content(self.folder))
        assert {name for name in waiting if not name.startswith(self.command.kept)} == set(), what

    def heals(self, what: object) -> None:
        """The next run comes to what an undisturbed one does, and leaves nothing else."""
        (done,) = self.run()
        assert done.status in (self.command.status, self.command.done), (what, done.err)
        assert unlike(content(self.folder), self.new) == set(), what


def begun(command: Command, runs: Runs, index: str, root: Path) -> Trials:
    """The trials of a command, after an undisturbed run."""
    (root / "start").mkdir()
    command.made(runs, root / "start", index)
    made = Trials(
        runs=runs,
        command=command,
        arguments=command.typed(index),
        root=root,
        old=content(root / "start"),
        new={},
        usual=Ended(status=0, out="", err="", steps=0, seconds=0),
    )
    made.again()
    (made.usual,) = made.run()
    made.new = content(made.folder)
    assert made.usual.status == command.status, made.usual.err
    assert made.new != made.old
    return made


@pytest.fixture(
    scope="module",
    params=[
        name if name in USUAL else pytest.param(name, marks=LONG)
        for name, one in COMMANDS.items()
        if not one.few
    ],
)
def trials(
    request: pytest.FixtureRequest,
    runs: Runs,
    index: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Trials:
    return begun(COMMANDS[request.param], runs, index, tmp_path_factory.mktemp("trials"))


def moments(trials: Trials, wanted: int, *, last: bool = True) -> list[int]:
    """Steps at random, the last of which are those that write; all where there are no more."""
    steps = range(1, trials.usual.steps + 1)
    if len(steps) <= wanted:
        return list(steps)
    return sorted(random.Random(SEED).sample(steps, wanted - 1)) + [steps[-1]] * last


how_many = pytest.mark.parametrize(
    "wanted", [SOME, pytest.param(MANY, marks=LONG)], ids=["some", "many"]
)


def one_message(ended: Ended) -> None:
    """One paragraph that begins with the program's name, and no traceback."""
    told = [line for line in ended.err.splitlines() if line.startswith("tfmac-lock: ")]
    assert "Traceback" not in ended.err + ended.out
    assert len(told) == 1, ended.err


@how_many
def test_killed_at_any_step(trials: Trials, wanted: int) -> None:
    for at in moments(trials, wanted):
        trials.again()
        (ended,) = trials.run(at=at, signal=signal.SIGKILL)
        # Where threads are at work, a run may have a few steps less than another.
        assert ended.status in (-signal.SIGKILL, trials.command.status), at
        trials.is_whole(at)
        trials.heals(at)


@how_many
def test_killed_at_any_time(trials: Trials, wanted: int) -> None:
    chance = random.Random(SEED)
    for _ in range(wanted):
        after = max(0.001, chance.uniform(0, trials.usual.seconds))
        trials.again()
        trials.run(after=after, signal=signal.SIGKILL)
        trials.is_whole(after)
        trials.heals(after)


@how_many
def test_interrupted_at_any_step(trials: Trials, wanted: int) -> None:
    for at in moments(trials, wanted, last=False):
        trials.again()
        (ended,) = trials.run(at=at, signal=signal.SIGINT)
        # At the last steps the work may be done before the interruption is noticed.
        assert ended.status in (130, trials.command.status), (at, ended.err)
        assert "Traceback" not in ended.err, at
        if ended.status == 130:
            one_message(ended)
        trials.is_whole(at)
        trials.is_clean(at)
        trials.heals(at)


@how_many
@pytest.mark.parametrize(
    "refusal",
    [
        errno.ENOSPC,
        *(pytest.param(one, marks=LONG) for one in (errno.EROFS, errno.EIO, errno.EDQUOT)),
    ],
)
def test_a_disk_that_refuses_from_some_step_on(trials: Trials, refusal: int, wanted: int) -> None:
    for at in moments(trials, wanted):
        trials.again()
        (ended,) = trials.run(at=at, refuse=refusal)
        assert ended.status in (3, trials.command.status), (at, ended.err)
        if ended.status == 3:
            one_message(ended)
        else:  # only the cache could not be written
            found = content(trials.folder)
            # A full disk lets files be removed; one that refuses all keeps them for the next run.
            kept = leftovers(found) if refusal != errno.ENOSPC else set()
            assert unlike(found, trials.new) - kept == set(), at
        trials.is_whole(at)
        trials.heals(at)


@pytest.mark.parametrize("largest", [0, 1, 100, 4096])
def test_a_disk_that_is_full_in_the_middle_of_a_file(trials: Trials, largest: int) -> None:
    grown = [len(text) for name, text in trials.new.items() if text != trials.old.get(name)]
    if largest >= max(grown, default=0):
        pytest.skip("all files fit")
    trials.again()
    (ended,) = trials.run(largest=largest)
    assert ended.status == 3, ended.err
    one_message(ended)
    trials.is_whole(largest)
    trials.is_clean(largest)
    trials.heals(largest)


def test_ten_at_once(trials: Trials) -> None:
    trials.again()
    ended = trials.run(together=10)
    assert {one.status for one in ended} <= {trials.command.status, trials.command.done}
    assert any(one.status == trials.command.status for one in ended)
    assert "Traceback" not in "".join(one.err for one in ended)
    assert unlike(content(trials.folder), trials.new) == set()


def test_a_folder_that_is_gone(trials: Trials) -> None:
    shutil.rmtree(trials.folder, ignore_errors=True)
    trials.folder.mkdir()
    (ended,) = trials.run(gone=True)
    if trials.command.works_anywhere and ended.status == trials.command.status:
        return
    assert ended.status in (2, 3), ended.err
    one_message(ended)
    assert not trials.folder.exists()


@pytest.mark.parametrize(
    "name",
    ["\u00fcn\u00efc\u00f6d\u00e9 \U0001f9ea", "with\nline", "-rf", "'; touch owned; '", "x" * 250],
)
def test_a_folder_with_any_name(trials: Trials, name: str) -> None:
    place = trials.root / name
    shutil.copytree(trials.root / "start", place, symlinks=True)
    link = trials.root / "trial"
    shutil.rmtree(link, ignore_errors=True)
    link.symlink_to(place)  # and through a link as well
    try:
        (ended,) = trials.run()
        assert ended.status == trials.command.status, ended.err
        found = content(place)
    finally:
        link.unlink()
        shutil.rmtree(place)
    assert leftovers(found) == set()
    assert found.keys() == trials.new.keys()
    assert not (trials.root / "owned").exists()


def test_a_folder_deeper_than_a_path_may_be_long(trials: Trials) -> None:
    place = trials.root / "deep"
    for _ in range(14):
        place /= "d" * 250
    place.parent.mkdir(parents=True)
    shutil.copytree(trials.root / "start", place, symlinks=True)
    (ended,) = trials.run(place)
    found = content(place)
    shutil.rmtree(trials.root / "deep")
    assert ended.status in (trials.command.status, 3), ended.err
    assert "Traceback" not in ended.err
    assert half(found, trials.old, found) == set()
    assert leftovers(found) == set()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=LONG) for name, one in COMMANDS.items() if one.few]
)
def test_a_command_that_takes_long(runs: Runs, index: str, tmp_path: Path, name: str) -> None:
    trials = begun(COMMANDS[name], runs, index, tmp_path)
    faults: list[tuple[dict[str, int], int]] = [
        ({"signal": signal.SIGKILL}, -signal.SIGKILL),
        ({"signal": signal.SIGINT}, 130),
        ({"refuse": errno.ENOSPC}, 3),
        ({"refuse": errno.EROFS}, 3),
    ]
    for at in middle_moments(trials):
        for fault, status in faults:
            trials.again()
            (ended,) = trials.run(at=at, **fault)
            assert ended.status in (status, trials.command.status), (at, fault, ended.err)
            if ended.status == status > 0:
                one_message(ended)
            if status == 130:  # a disk that refuses all does not let anything be removed either
                trials.is_clean((at, fault))
            trials.is_whole((at, fault))
            trials.heals((at, fault))


def middle_moments(trials: Trials) -> list[int]:
    """The step in the middle, and the others at random; the last ones write most."""
    middle = max(1, trials.usual.steps // 2)
    steps = [step for step in range(1, trials.usual.steps) if step != middle]
    return [middle, *random.Random(SEED).sample(steps, min(len(steps), trials.command.few - 1))]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=LONG) for name, one in COMMANDS.items() if one.few]
)
def test_several_that_take_long_at_once(runs: Runs, index: str, tmp_path: Path, name: str) -> None:
    trials = begun(COMMANDS[name], runs, index, tmp_path)
    trials.again()
    ended = trials.run(together=3)
    assert {one.status for one in ended} == {trials.command.status}, [one.err for one in ended]
    assert "Traceback" not in "".join(one.err for one in ended)
    assert unlike(content(trials.folder), trials.new) == set()
