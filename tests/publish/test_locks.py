from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.channels import python, record, write_channel
from tests.support.facts import bound, evidence, loads, matrix, release, shipped
from tests.support.locks import PACKAGES, lock
from tests.support.universe import Universe, as_indexed
from tfmac_lock.conda.channels import Channel
from tfmac_lock.conda.client import CondaClient
from tfmac_lock.lock.published import Index, Unpublished
from tfmac_lock.matrix.reasons import Grade
from tfmac_lock.publish import locks
from tfmac_lock.publish.locks import Slot, SlotResult
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfmac_lock.matrix.facts import Matrix

DAY = date(2026, 1, 31)
SLOT = Slot("3.11", Arch.ARM64)
NO_PLUGIN = tuple(item for item in PACKAGES if item.name != "tensorflow-metal")
RESULT = SlotResult(
    slot=SLOT,
    locks=(lock(), lock(NO_PLUGIN, metal=None)),
    unpublished=(Unpublished(combo="2.5.0", reason="no numpy"),),
)
BEST = "py3.11-arm64/tensorflow-2.18.1-metal-1.2.0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    locks.write(tmp_path, locks.render([RESULT]), [SLOT])
    return tmp_path


# -- the files


def test_each_lock_is_two_files_and_each_slot_an_index() -> None:
    assert sorted(locks.render([RESULT])) == [
        "index/cp311-arm64.json",
        "py3.11-arm64/tensorflow-2.18.1-cpu/pylock.toml",
        "py3.11-arm64/tensorflow-2.18.1-cpu/requirements.txt",
        f"{BEST}/pylock.toml",
        f"{BEST}/requirements.txt",
        "verdicts/cp311-arm64.json",
    ]


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert locks.render([RESULT]) == locks.render([RESULT])


def test_what_was_written_is_up_to_date(folder: Path) -> None:
    assert locks.stale(folder, locks.render([RESULT]), [SLOT]) == []
    assert locks.write(folder, locks.render([RESULT]), [SLOT]) == []


@pytest.mark.parametrize("name", [f"{BEST}/pylock.toml", "index/cp311-arm64.json"])
def test_a_changed_and_a_missing_file_are_stale_and_mended(folder: Path, name: str) -> None:
    files = locks.render([RESULT])
    (folder / name).write_text("changed")
    assert locks.stale(folder, files, [SLOT]) == [name]
    (folder / name).unlink()
    assert locks.stale(folder, files, [SLOT]) == [name]
    assert locks.write(folder, files, [SLOT]) == [name]
    assert locks.stale(folder, files, [SLOT]) == []


def test_a_left_over_lock_is_stale_and_removed_with_its_folder(folder: Path) -> None:
    left = folder / "py3.11-arm64/tensorflow-2.17.0-cpu"
    left.mkdir()
    (left / "requirements.txt").write_text("old")
    files = locks.render([RESULT])
    assert locks.stale(folder, files, [SLOT]) == [f"py3.11-arm64/{left.name}/requirements.txt"]
    locks.write(folder, files, [SLOT])
    assert not left.exists()


def test_another_slots_files_are_left_alone(folder: Path) -> None:
    other = folder / "py3.12-arm64/tensorflow-2.18.1-cpu"
    other.mkdir(parents=True)
    (other / "requirements.txt").write_text("of another shard")
    assert locks.stale(folder, locks.render([RESULT]), [SLOT]) == []


# -- what is published


def test_shards_share_all_slots_out() -> None:
    every = locks.slots(shipped())
    parts = [locks.shard(every, number, 5) for number in range(1, 6)]
    assert sorted(slot for part in parts for slot in part) == sorted(every)
    assert len(every) == 12


def test_each_final_release_with_wheels_is_asked_for_with_and_without_a_plugin() -> None:
    found = [
        (asked.tensorflow.package, asked.tensorflow.specifier, asked.metal)
        for asked in locks.pair_requests(shipped(), Slot("3.9", Arch.X86_64))
    ]
    assert ("tensorflow", "==2.16.2", "auto") in found
    assert ("tensorflow", "==2.16.2", "none") in found
    assert ("tensorflow-macos", "==2.12.0", "none") in found
    assert not [specifier for _, specifier, _ in found if "rc" in specifier]
    assert len(set(found)) == len(found)


def test_locks_are_ranked_like_combos() -> None:
    ranked = [
        lock(),
        lock(grade="resolves"),
        lock(tensorflow="2.17.1", status="caution"),
        lock(tensorflow="2.17.1", status="caution", metal="1.1.0"),
        lock(tensorflow="2.9.0", status="caution"),
        lock(tensorflow="2.21.0", status="unproven", grade=None),
    ]
    worst_first = ranked[::-1]
    assert sorted(worst_first, key=locks.rank) == ranked


def universe() -> Universe:
    found = Universe()
    early = datetime(2026, 1, 1, tzinfo=UTC)
    tag = "cp311-cp311-macosx_12_0_arm64"
    for version in ("2.17.1", "2.18.1", "2.19.1"):
        found.add("tensorflow", version, "numpy", tag=tag, uploaded=early)
    found.add("tensorflow", "2.16.2", "absent", tag=tag, uploaded=early)
    found.add("tensorflow-metal", "1.2.0", tag=tag, uploaded=early)
    found.add("numpy", "2.0.2", uploaded=early)
    found.add("numpy", "2.1.0", uploaded=datetime(2026, 2, 1, tzinfo=UTC))
    return found


FACTS = matrix(
    releases=(
        *(release("tensorflow", version) for version in ("2.16.2", "2.17.1", "2.18.1", "2.19.1")),
        release("tensorflow-metal", "1.2.0"),
    ),
    pair_loads=(
        loads(True, tensorflow="2.17.1"),
        loads(True, tensorflow="2.18.1"),
        loads(False, tensorflow="2.19.1"),
    ),
    evidence=(
        evidence(Grade.TWIN, tensorflow="", metal=None),
        evidence(Grade.VENDOR, tensorflow=""),
    ),
)


def made(index: Universe) -> SlotResult:
    return locks.make_slot(as_indexed(FACTS, index), index, SLOT, DAY)  # type: ignore[arg-type]


def test_a_slot_holds_the_best_lock_of_each_release_and_a_cpu_lock_best_first() -> None:
    result = made(universe())
    found = [(item.combo.tensorflow, item.combo.metal) for item in result.locks]
    assert [version for version, plugin in found if plugin] == ["2.18.1", "2.17.1"]
    assert sorted(version for version, plugin in found if not plugin) == [
        "2.17.1",
        "2.18.1",
        "2.19.1",
    ]
    statuses = [item.verdict.status for item in result.locks]
    assert statuses == ["works"] * 2 + ["unproven"] * 3


LATER = DAY + timedelta(days=40)


def made_later(*, keep: bool, facts: Matrix = FACTS) -> set[str | None]:
    """The numpy of the locks when they are made again after a newer one came."""
    source: Any = universe()
    recorded = made(source).locks
    again = locks.make_slot(
        as_indexed(facts, source), source, SLOT, LATER, recorded=recorded, keep=keep
    )
    return {item.combo.numpy for item in again.locks}


def test_what_is_proved_is_made_again_only_when_asked_for() -> None:
    assert made_later(keep=False) == {"2.1.0"}
    assert made_later(keep=True) == {"2.0.2"}


def test_a_lock_that_a_new_bound_forbids_is_made_again_all_the_same() -> None:
    forbids = bound(package="numpy", specifier=">=2.1", tensorflow=">=2")
    facts = replace(FACTS, bounds=(*FACTS.bounds, forbids))
    assert made_later(keep=True, facts=facts) == {"2.1.0"}


def test_files_from_after_the_day_are_left_out() -> None:
    assert {item.combo.numpy for item in made(universe()).locks} == {"2.0.2"}


def test_what_cannot_be_locked_stands_there_with_its_reason() -> None:
    (with_plugin, without) = made(universe()).unpublished
    assert "the index has no project absent" in with_plugin.reason
    assert "2.16.2" in without.combo


def test_the_same_facts_and_index_give_the_same_bytes() -> None:
    other = universe()
    other.files = {name: files[::-1] for name, files in reversed(other.files.items())}
    assert locks.render([made(universe())]) == locks.render([made(other)])


# -- conda halves


def channel(folder: Path, *more: dict[str, Any]) -> Path:
    records = [record("pip", "25.2", ["python >=3.9"]), *more]
    natives = [python("3.11.15"), record("openssl", "3.6.3")]
    return write_channel(folder / "channel", {"osx-arm64": natives, "noarch": records})


@pytest.fixture
def client(tmp_path: Path) -> Iterator[CondaClient]:
    served = Channel.parse(f"conda-forge={channel(tmp_path).as_uri()}")
    with CondaClient([served], cache=tmp_path / "rattler") as opened:
        yield opened


def made_with_conda(client: CondaClient) -> SlotResult:
    source: Any = universe()
    return locks.make_slot(as_indexed(FACTS, source), source, SLOT, DAY, conda=client)


MIXED_FILES = ["index/conda-cp311-arm64.json", "verdicts/conda-cp311-arm64.json"]


def write_halves(folder: Path, result: SlotResult, wheels: SlotResult) -> dict[str, str]:
    locks.write(folder, locks.render([wheels]), [SLOT])
    files = locks.render_mixed([result], lambda slot: locks.recorded_locks(folder, slot))
    locks.write(folder, files, [SLOT], locks.CONDA_FILES)
    return files


def same(client: CondaClient, folder: Path) -> bool:
    return locks.same_channels(FACTS, client, SLOT, folder)


def test_conda_halves_stand_around_the_wheels_and_ask_for_themselves_again(
    client: CondaClient, tmp_path: Path
) -> None:
    with_conda, wheels = made_with_conda(client), made(universe())
    assert [half.combo for half in with_conda.locks] == [lock.combo for lock in wheels.locks]
    assert all(half.command.endswith(" --format conda-lock") for half in with_conda.locks)
    assert list(write_halves(tmp_path, with_conda, wheels)) == MIXED_FILES
    assert tuple(Index.within(tmp_path, "3.11", Arch.ARM64, conda=True).locks()) == with_conda.locks


def test_what_wheels_cannot_serve_lies_there_as_a_file_of_its_own(
    client: CondaClient, tmp_path: Path
) -> None:
    with_conda, wheels = made_with_conda(client), made(universe())
    fewer = replace(wheels, locks=wheels.locks[1:])
    files = write_halves(tmp_path, with_conda, fewer)
    alone = f"{BEST}/conda-lock.yml"
    assert list(files) == [*MIXED_FILES, alone]
    write_halves(tmp_path, with_conda, wheels)
    assert not (tmp_path / alone).exists()


def test_only_what_the_channel_had_by_that_day_makes_its_state(
    client: CondaClient, tmp_path: Path
) -> None:
    assert same(client, tmp_path), "nothing is there that could differ"
    write_halves(tmp_path, made_with_conda(client), made(universe()))
    assert same(client, tmp_path)
    later = record("pip", "26.0", ["python >=3.9"], timestamp=1_790_000_000_000)
    for more, is_same in [(later, True), (record("pip", "25.3", ["python >=3.9"]), False)]:
        served = Channel.parse(f"conda-forge={channel(tmp_path, more).as_uri()}")
        with CondaClient([served], cache=tmp_path / f"rattler-{is_same}") as opened:
            assert same(opened, tmp_path) is is_same


def test_what_a_killed_run_left_undone_is_done_before_anything_is_read(folder: Path) -> None:
    """With new verdicts beside an old index neither could be read."""
    other = replace(RESULT, locks=(lock(),))
    wanted = locks.render([other])
    gone = [name for name in locks.render([RESULT]) if name not in wanted]
    assert gone
    journal = {**wanted, **dict.fromkeys(gone), "../outside": "text"}
    (folder / locks.JOURNAL).write_text(json.dumps(journal))
    (folder / "verdicts" / "cp311-arm64.json").write_text(wanted["verdicts/cp311-arm64.json"])

    locks.finish(folder)
    assert len(locks.recorded_locks(folder, SLOT)) == 1
    assert not (folder / locks.JOURNAL).exists()
    assert not (folder.parent / "outside").exists()
    assert locks.write(folder, wanted, [SLOT]) == []
