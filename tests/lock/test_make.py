from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.facts import (
    bound,
    evidence,
    floor,
    loads,
    matrix,
    platforms,
    release,
    shipped,
    target,
    wheel,
)
from tests.support.universe import Universe, as_indexed, asked_for
from tfmac_lock.lock.floors import macos_of_wheel
from tfmac_lock.lock.formats import FORMATS
from tfmac_lock.lock.make import ResolvedLock, Resolver
from tfmac_lock.lock.published import Index, slot_name
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.matrix.facts import Matrix, Release
from tfmac_lock.matrix.loading import locks_folder
from tfmac_lock.matrix.ranking import NoCombo, PairRequest, TensorFlowRequest
from tfmac_lock.matrix.reasons import Grade, Status
from tfmac_lock.publish.index import render
from tfmac_lock.target import Arch, MacOSVersion, Os, PythonVersion

if TYPE_CHECKING:
    from pathlib import Path

TAG = "cp311-cp311-macosx_{}_arm64"


def facts(**options: object) -> Matrix:
    given: dict[str, object] = {
        "releases": (
            release("tensorflow", "2.17.1"),
            release("tensorflow", "2.18.1"),
            release("tensorflow-metal", "1.2.0"),
        ),
        "pair_loads": (loads(True, tensorflow="2.17.1"), loads(True, tensorflow="2.18.1")),
        "evidence": (
            evidence(Grade.TWIN, tensorflow="", metal=None),
            evidence(Grade.VENDOR, tensorflow=""),
        ),
        "floors": (floor("12.3"),),
        **options,
    }
    return matrix(**given)  # type: ignore[arg-type]


@pytest.fixture
def index() -> Universe:
    found = Universe()
    for version in ("2.17.1", "2.18.1"):
        found.add("tensorflow", version, "numpy<2.2,>=1.26", tag=TAG.format("12_0"))
    found.add("tensorflow-metal", "1.2.0", "six", tag=TAG.format("12_0"))
    found.add("six", "1.17.0", tag="py2.py3-none-any")
    for version in ("1.26.4", "2.0.2", "2.1.3"):
        found.add("numpy", version, tag=TAG.format("11_0"))
    return found


def wish(
    macos: str | None = None, chip: str = "m1", tensorflow: str = "", metal: str = "auto"
) -> PairRequest:
    known = platforms()
    return PairRequest(
        python=PythonVersion(3, 11),
        chip=known.chip(chip),
        macos=known.macos_version(macos) if macos else None,
        any_minor=macos is not None and "." not in macos,
        tensorflow=TensorFlowRequest.parse(tensorflow) if tensorflow else TensorFlowRequest(),
        metal=metal,
    )


def lock(
    index: Universe,
    asked: PairRequest | None = None,
    *wanted: str,
    known: Matrix | None = None,
    constraints: tuple[str, ...] = (),
    before: datetime | None = None,
    options: str = "",
) -> ResolvedLock:
    resolver = Resolver(
        matrix=as_indexed(known or facts(), index), source=index, as_of="2026-01-31"
    )
    request = LockRequest(
        pair=asked or wish(),
        requirements=tuple(asked_for(*wanted, target=target())),
        constraints=tuple(asked_for(*constraints, target=target())),
        before=before,
        options=options,
    )
    return resolver.lock(request)


def pins(made: ResolvedLock) -> dict[str, str]:
    return {package.name: package.version for package in made.lock.packages}


# -- the lock


def test_the_best_pair_is_locked_with_all_that_it_needs(index: Universe) -> None:
    made = lock(index)
    assert pins(made) == {
        "numpy": "2.1.3",
        "six": "1.17.0",
        "tensorflow": "2.18.1",
        "tensorflow-metal": "1.2.0",
    }
    combo = made.lock.combo
    assert combo.id == "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64"
    assert (combo.numpy, combo.h5py, str(combo.macos_min)) == ("2.1.3", None, "12.3")
    assert made.lock.verdict.status == "works"
    assert made.lock.command == ("--python 3.11 --chip m1 --tensorflow 2.18.1 --metal 1.2.0")


def test_packages_are_sorted_and_keep_what_they_require_on_the_target(index: Universe) -> None:
    packages = lock(index).lock.packages
    assert [package.name for package in packages] == sorted(package.name for package in packages)
    assert {item.name: item.requires for item in packages}["tensorflow"] == ("numpy<2.2,>=1.26",)


def test_bounds_hold(index: Universe) -> None:
    known = facts(bounds=(bound("numpy", "<2.1", tensorflow=">=2.18"), bound("absent", "<1")))
    assert pins(lock(index, known=known))["numpy"] == "2.0.2"


def test_what_else_is_asked_for_is_resolved_together(index: Universe) -> None:
    index.add("pandas", "3.0", "numpy>=2.2")
    index.add("pandas", "2.2", "numpy>=1.26")
    made = lock(index, None, "pandas", "numpy!=2.1.3", options="--with pandas")
    assert pins(made)["pandas"] == "2.2"
    assert pins(made)["numpy"] == "2.0.2"
    assert made.lock.command.endswith(" --with pandas")


def test_constraints_hold(index: Universe) -> None:
    assert pins(lock(index, constraints=("numpy<2", "absent<1")))["numpy"] == "1.26.4"


def test_files_from_that_moment_on_are_left_out() -> None:
    index = Universe()
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    index.add("tensorflow", "2.18.1", "numpy", tag=TAG.format("12_0"), uploaded=early)
    index.add("tensorflow-metal", "1.2.0", tag=TAG.format("12_0"), uploaded=early)
    index.add("numpy", "2.0.2", uploaded=early)
    index.add("numpy", "2.1.3", uploaded=late)
    assert pins(lock(index, before=late))["numpy"] == "2.0.2"
    with pytest.raises(NoCombo, match=r"newer than\s+--exclude-newer allows"):
        lock(index, before=early)


# -- the next pair


def test_where_the_best_pair_does_not_resolve_the_next_one_is_taken(index: Universe) -> None:
    index.add("tool", "1", "numpy<2.2,>=2.1")
    known = facts(bounds=(bound("numpy", "<2.1", tensorflow="==2.18.1"),))
    made = lock(index, None, "tool", known=known)
    assert made.lock.combo.tensorflow == "2.17.1"


def test_where_no_pair_resolves_the_conflict_of_the_best_one_is_told(index: Universe) -> None:
    index.add("tool", "1", "numpy<1.26")
    index.add("numpy", "1.25.0", tag=TAG.format("11_0"))
    with pytest.raises(NoCombo) as caught:
        lock(index, None, "tool")
    assert str(caught.value).splitlines() == [
        "no set of files meets every requirement for Python 3.11 on Apple M1, macOS 12.3:",
        "  you ask for tool [--with]",
        "  your request leaves TensorFlow 2.17.1 and 2.18.1 with tensorflow-metal 1.2.0",
        "  tensorflow 2.17.1 and 2.18.1 require numpy<2.2,>=1.26",
        "  tool 1 requires numpy<1.26",
        "Without tool it resolves, with TensorFlow 2.18.1.",
    ]


def test_a_conflict_with_a_bound_is_told_in_the_facts_words(index: Universe) -> None:
    known = facts(bounds=(bound("numpy", "<2"),))
    with pytest.raises(NoCombo) as caught:
        lock(index, None, "numpy>=2", known=known)
    told = " ".join(str(caught.value).split())
    bound_text = "numpy<2 with TensorFlow 2.17.1 and 2.18.1: numpy outside <2 fails"
    assert f"{bound_text} [https://example.org/bound]" in told


def test_a_conflict_of_one_pair_names_pairs_near_it_that_do_resolve(index: Universe) -> None:
    index.add("tool", "1", "numpy>=2.1")
    known = facts(bounds=(bound("numpy", "<2.1", tensorflow="==2.18.1"),))
    with pytest.raises(NoCombo) as caught:
        lock(index, wish(tensorflow="2.18.1"), "tool", known=known)
    assert [pair.tensorflow for pair in caught.value.nearest] == ["2.17.1"]


@pytest.mark.parametrize(
    ("chip", "python", "tensorflow", "macos"),
    [
        ("m1", "3.8", "2.3", None),  # 2.5 and 2.6 are nearest, and have no numpy as a wheel
        ("m1", "3.12", "2.6", None),
        ("m1", "3.9", "2.3", "12.0"),
        ("intel", "3.13", "2.12", None),
    ],
)
def test_after_a_refusal_by_the_matrix_only_pairs_with_a_published_lock_are_offered(
    chip: str, python: str, tensorflow: str, macos: str | None
) -> None:
    asked = replace(wish(macos, chip, tensorflow), python=PythonVersion.parse(python))
    resolver = Resolver(
        matrix=shipped(), source=Universe(), as_of="2026-01-31", published=locks_folder()
    )
    with pytest.raises(NoCombo) as caught:
        resolver.lock(LockRequest(pair=asked))
    assert len(caught.value.nearest) == 3
    for pair in caught.value.nearest:
        (lock,) = [
            one
            for one in Index.within(locks_folder(), pair.python, pair.arch).locks()
            if (one.combo.package, one.combo.tensorflow, one.combo.metal)
            == (pair.package, pair.tensorflow, pair.metal)
        ]
        assert macos is None or str(lock.combo.macos_min) <= macos


def test_where_nothing_is_published_the_nearest_pairs_stay(tmp_path: Path) -> None:
    asked = replace(wish(tensorflow="2.3"), os=Os.LINUX)
    resolver = Resolver(matrix=shipped(), source=Universe(), as_of="x", published=tmp_path)
    with pytest.raises(NoCombo) as caught:
        resolver.lock(LockRequest(pair=asked))
    assert len(caught.value.nearest) == 3


def test_a_user_who_contradicts_himself_is_offered_no_other_pair(index: Universe) -> None:
    with pytest.raises(NoCombo) as caught:
        lock(index, None, "six", constraints=("six<1", "six>1"))
    assert caught.value.nearest == ()
    assert "your constraint" in str(caught.value)


def test_pins_that_failed_in_a_twin_are_no_lock_and_the_next_pair_is_taken(
    index: Universe,
) -> None:
    failed = evidence(
        Grade.TWIN, "broken", tensorflow="==2.18.1", metal=None, pins=(("numpy", "2.1.3"),)
    )
    good = (
        evidence(Grade.TWIN, tensorflow="==2.18.1", metal=None, pins=(("numpy", "2.0.2"),)),
        evidence(Grade.TWIN, tensorflow="==2.17.1", metal=None),
    )
    made = lock(index, known=facts(evidence=(*good, failed)))
    assert made.lock.combo.tensorflow == "2.17.1"


def test_where_only_failed_pins_are_left_that_is_the_answer(index: Universe) -> None:
    failed = evidence(
        Grade.TWIN,
        "broken",
        tensorflow="==2.18.1",
        metal=None,
        pins=(("numpy", "2.1.3"),),
        text="the import fails",
    )
    good = evidence(Grade.TWIN, tensorflow="", metal=None, pins=(("numpy", "2.0.2"),))
    with pytest.raises(NoCombo, match="the import fails"):
        lock(index, wish(tensorflow="2.18.1"), known=facts(evidence=(good, failed)))


def test_where_a_release_is_too_new_the_next_one_of_its_series_is_taken() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    index = Universe()
    index.add("tensorflow", "2.17.1", tag=TAG.format("12_0"), uploaded=early)
    index.add("tensorflow", "2.18.0", tag=TAG.format("12_0"), uploaded=early)
    index.add("tensorflow", "2.18.1", tag=TAG.format("12_0"), uploaded=late)
    index.add("tensorflow-metal", "1.2.0", tag=TAG.format("12_0"), uploaded=early)
    versions = ("2.17.1", "2.18.0", "2.18.1")
    known = facts(
        releases=(
            *(release("tensorflow", version) for version in versions),
            release("tensorflow-metal", "1.2.0"),
        ),
        pair_loads=tuple(loads(True, tensorflow=version) for version in versions),
    )
    assert lock(index, known=known, before=late).lock.combo.tensorflow == "2.18.0"


def test_where_a_stubs_payload_has_no_wheel_the_next_release_of_the_series_is_taken(
    index: Universe,
) -> None:
    index.add("tensorflow", "2.18.2", "tensorflow-macos==2.18.2", tag=TAG.format("12_0"))
    known = facts(
        releases=(
            release("tensorflow", "2.18.1"),
            release("tensorflow", "2.18.2"),
            release("tensorflow-metal", "1.2.0"),
        ),
        pair_loads=(loads(True, tensorflow="2.18.1"), loads(True, tensorflow="2.18.2")),
    )
    made = lock(index, wish(tensorflow="2.18"), known=known)
    assert made.lock.combo.tensorflow == "2.18.1"


# -- macOS


def test_without_a_macos_the_lock_is_for_the_oldest_that_the_pair_runs_on(
    index: Universe,
) -> None:
    index.add("numpy", "2.1.4", tag=TAG.format("14_0"))
    made = lock(index)
    assert pins(made)["numpy"] == "2.1.3"
    assert str(made.target.macos) == "12.3"


def test_the_macos_is_raised_where_a_needed_wheel_demands_it(index: Universe) -> None:
    index.add("tool", "1", tag=TAG.format("14_0"))
    index.add("tool", "2", tag=TAG.format("15_0"))
    made = lock(index, None, "tool")
    assert pins(made)["tool"] == "1"
    assert str(made.lock.combo.macos_min) == "14.0"


def test_the_macos_is_raised_as_often_as_needed(index: Universe) -> None:
    index.add("tool", "1", "other", tag=TAG.format("13_0"))
    index.add("other", "1", tag=TAG.format("15_0"))
    assert str(lock(index, None, "tool").lock.combo.macos_min) == "15.0"


def test_a_given_macos_is_obeyed_and_its_newest_wheels_are_taken(index: Universe) -> None:
    index.add("numpy", "2.1.4", tag=TAG.format("14_0"))
    assert pins(lock(index, wish("14")))["numpy"] == "2.1.4"
    assert pins(lock(index, wish("13")))["numpy"] == "2.1.3"
    index.add("tool", "1", tag=TAG.format("15_0"))
    with pytest.raises(NoCombo, match=r"for other systems or\s+Pythons"):
        lock(index, wish("14"), "tool")


def test_a_major_version_alone_means_the_minor_that_the_plugin_needs(index: Universe) -> None:
    assert str(lock(index, wish("12")).target.macos) == "12.3"
    assert lock(index, wish("12.2")).lock.combo.metal is None


def test_the_floor_told_is_not_older_than_the_chip(index: Universe) -> None:
    made = lock(index, wish(chip="m4"))
    assert str(made.lock.combo.macos_min) == "15.1"


def test_the_macos_is_not_raised_beyond_the_chips_last_one() -> None:
    index = Universe()
    intel = "cp311-cp311-macosx_{}_x86_64"
    index.add("tensorflow", "2.16.2", "tool", tag=intel.format("10_15"))
    index.add("tool", "1", tag=intel.format("27_0"))
    row = Release(
        package="tensorflow",
        version="2.16.2",
        wheels=(wheel("tensorflow", "2.16.2", platform="macosx_10_15_x86_64"),),
    )
    with pytest.raises(NoCombo):
        lock(index, wish(chip="intel"), known=facts(releases=(row,)))


@pytest.mark.parametrize(
    ("filename", "macos"),
    [
        ("x-1-cp311-cp311-macosx_12_0_arm64.whl", MacOSVersion(12)),
        ("x-1-cp311-cp311-macosx_10_9_universal2.macosx_11_0_arm64.whl", MacOSVersion(10, 9)),
        ("x-1-py3-none-any.whl", None),
        ("x-1-cp311-cp311-manylinux_2_17_aarch64.whl", None),
    ],
)
def test_a_wheels_macos_stands_in_its_name(filename: str, macos: MacOSVersion | None) -> None:
    assert macos_of_wheel(filename) == macos


def test_a_lock_for_linux_has_no_macos_and_no_plugin(index: Universe) -> None:
    index.add("tensorflow", "2.18.1", tag="cp311-cp311-manylinux_2_17_aarch64")
    row = Release(
        package="tensorflow",
        version="2.18.1",
        wheels=(wheel("tensorflow", "2.18.1", platform="manylinux_2_17_aarch64"),),
    )
    asked = PairRequest(python=PythonVersion(3, 11), chip=platforms().chip("m2"), os=Os.LINUX)
    made = lock(index, asked, known=facts(releases=(row,)))
    assert made.lock.combo.macos_min is None
    assert made.lock.combo.id == "tensorflow-2.18.1-cpu-py3.11-linux-aarch64"
    assert made.lock.command == "--python 3.11 --chip m2 --os linux --tensorflow 2.18.1"


# -- what always holds


@settings(max_examples=40)
@given(st.randoms())
def test_the_same_inputs_give_the_same_bytes(random: object) -> None:
    def build() -> Universe:
        universe = Universe()
        rows = [
            ("tensorflow", "2.18.1", ("numpy", "wrapt>=1"), TAG.format("12_0")),
            ("tensorflow-metal", "1.2.0", ("wheel", "six"), TAG.format("12_0")),
            ("numpy", "2.0.2", (), TAG.format("11_0")),
            ("numpy", "2.0.2", (), TAG.format("14_0")),
            ("numpy", "2.0.1", (), TAG.format("11_0")),
            ("wrapt", "1.17", ("six; extra == 'x'",), "py3-none-any"),
            ("six", "1.17", (), "py3-none-any"),
            ("wheel", "0.45", ("packaging>=24",), "py3-none-any"),
            ("packaging", "26.0", (), "py3-none-any"),
        ]
        random.shuffle(rows)  # type: ignore[attr-defined]
        for name, version, requires, tag in rows:
            universe.add(name, version, *requires, tag=tag)
        return universe

    one, other = (
        [text(lock(build(), None, "wrapt[x]").lock) for _, text in FORMATS.values()]
        for _ in range(2)
    )
    assert one == other


# -- one search through all pairs


def test_a_conflict_in_one_release_does_not_hide_another_of_its_series(index: Universe) -> None:
    index.add("tensorflow", "2.18.0", "numpy<2.2,>=1.26", tag=TAG.format("12_0"))
    index.add("tool", "1", "tensorflow==2.18.0")
    versions = ("2.17.1", "2.18.0", "2.18.1")
    known = facts(
        releases=(
            *(release("tensorflow", version) for version in versions),
            release("tensorflow-metal", "1.2.0"),
        ),
        pair_loads=tuple(loads(True, tensorflow=version) for version in versions),
    )
    assert lock(index, None, "tool", known=known).lock.combo.tensorflow == "2.18.0"


def test_where_no_pair_with_a_plugin_resolves_the_best_without_one_is_taken(
    index: Universe,
) -> None:
    index.add("tool", "1", "tensorflow>=2.21")
    index.add("tensorflow", "2.21.0", tag=TAG.format("12_0"))
    known = facts(
        releases=(
            release("tensorflow", "2.18.1"),
            release("tensorflow", "2.21.0"),
            release("tensorflow-metal", "1.2.0"),
        ),
        pair_loads=(loads(True, tensorflow="2.18.1"), loads(False, tensorflow="2.21.0")),
    )
    combo = lock(index, None, "tool", known=known).lock.combo
    assert (combo.tensorflow, combo.metal) == ("2.21.0", None)


def test_a_requirement_of_tensorflow_by_its_other_name_is_met_and_told(index: Universe) -> None:
    index.add("tool", "1", "tensorflow-macos>=2.16")
    index.add("tensorflow-macos", "2.15.1", "tensorflow-macos==2.15.1", tag=TAG.format("12_0"))
    made = lock(index, None, "tool").lock
    assert {one.name for one in made.packages} == {
        "numpy",
        "six",
        "tensorflow",
        "tensorflow-metal",
        "tool",
    }
    assert {one.name: one.requires for one in made.packages}["tool"] == ("tensorflow>=2.16",)
    (note,) = [one.text for one in made.verdict.reasons if one.kind == "stand-in"]
    assert note.startswith("tool 1 requires tensorflow-macos>=2.16, and tensorflow 2.18.1 is")
    assert note.endswith("`pip check` will name it")


def test_the_extras_of_a_package_bring_their_requirements_into_the_lock(index: Universe) -> None:
    index.add("tool", "1", "six; extra == 'fast'", "numpy")
    made = lock(index, None, "tool[fast]").lock
    assert {one.name: one.requires for one in made.packages}["tool"] == ("numpy", "six")


def test_a_kept_lock_decides_where_it_can_and_gives_way_where_it_must(index: Universe) -> None:
    index.add("six", "1.18.0", tag="py2.py3-none-any")
    kept = {
        canonicalize_name(name): Version(version)
        for name, version in (
            ("tensorflow", "2.17.1"),
            ("tensorflow-metal", "1.2.0"),
            ("numpy", "2.0.2"),
            ("six", "1.17.0"),
        )
    }
    resolver = Resolver(
        matrix=as_indexed(facts(), index), source=index, as_of="2026-01-31", ahead=False
    )

    def again(*wanted: str) -> dict[str, str]:
        asked = tuple(asked_for(*wanted, target=target()))
        return pins(resolver.lock(LockRequest(pair=wish(), requirements=asked, preferred=kept)))

    assert again() == {name: str(version) for name, version in kept.items()}
    assert again("six>1.17")["six"] == "1.18.0"
    assert again("six>1.17")["numpy"] == "2.0.2"
    assert again("tensorflow>=2.18")["tensorflow"] == "2.18.1"


@pytest.fixture
def proven(index: Universe, tmp_path: Path) -> Path:
    """A folder of published locks, made when numpy 2.0.2 was the newest."""
    made = lock(index, None, constraints=("numpy<2.1",)).lock
    for path, text in render(slot_name("3.11", Arch.ARM64), [made], []).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def with_proven(index: Universe, folder: Path, *wanted: str, keep: bool = True) -> dict[str, str]:
    resolver = Resolver(
        matrix=as_indexed(facts(), index),
        source=index,
        as_of="2026-01-31",
        published=folder,
        keep_proven=keep,
    )
    requirements = tuple(asked_for(*wanted, target=target()))
    return pins(resolver.lock(LockRequest(pair=wish(), requirements=requirements)))


def test_what_nobody_named_stays_as_it_was_proven(index: Universe, proven: Path) -> None:
    index.add("pandas", "3.0", "numpy>=1.26")
    assert with_proven(index, proven, "pandas")["numpy"] == "2.0.2"
    assert with_proven(index, proven, "pandas", keep=False)["numpy"] == "2.1.3"


def test_what_was_named_comes_new_and_takes_along_what_it_needs(
    index: Universe, proven: Path
) -> None:
    index.add("pandas", "3.0", "numpy>=1.26")
    index.add("pandas", "3.1", "numpy>=2.1")
    assert with_proven(index, proven, "pandas")["numpy"] == "2.1.3"
    assert with_proven(index, proven, "numpy")["numpy"] == "2.1.3"


def test_a_package_that_names_tensorflow_leaves_the_lock_unproven(index: Universe) -> None:
    for name in ("masks", "backbones", "tables"):
        index.add(name, "1.0", *(["backbones"] if name == "masks" else []))
    index.mentions = {"masks": "body", "backbones": "head"}
    made = lock(index, None, "masks").lock
    # Whoever tries masks tries the backbones that it brings.
    assert [one.name for one in made.companions] == ["masks"]
    assert made.verdict.status is Status.UNPROVEN
    assert lock(index, None, "tables").lock.companions == ()


def test_a_source_archive_that_uses_tensorflow_leaves_the_lock_unproven_too(
    index: Universe,
) -> None:
    index.add("drawer", "1.0", sdist=True)
    index.add("shop", "1.0", "drawer")
    assert lock(index, None, "shop").lock.companions == ()
    index.mentions = {"drawer": "head"}
    assert [one.name for one in lock(index, None, "shop").lock.companions] == ["drawer"]


def test_what_names_tensorflow_counts_where_nothing_else_vouches_for_it(index: Universe) -> None:
    index.add("backbones", "1.0")
    index.add("shop", "1.0", "backbones")
    index.mentions = {"backbones": "head"}
    assert [one.name for one in lock(index, None, "shop").lock.companions] == ["backbones"]


def test_a_description_counts_only_for_what_was_named(index: Universe) -> None:
    index.add("bars", "1.0")
    index.add("tables", "1.0", "bars")
    index.mentions = {"bars": "body"}
    assert lock(index, None, "tables").lock.companions == ()
    assert [one.name for one in lock(index, None, "bars").lock.companions] == ["bars"]
