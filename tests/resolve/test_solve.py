from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support.facts import bound, shipped, target
from tests.support.universe import Universe, asked_for, resolve, rules
from tfmac_lock.errors import Refusal
from tfmac_lock.pypi.errors import NotCached
from tfmac_lock.resolve import solve as solving
from tfmac_lock.resolve.conflict import Unsatisfiable
from tfmac_lock.resolve.solve import newer_macos, solve
from tfmac_lock.resolve.source import known_requirements

if TYPE_CHECKING:
    from tfmac_lock.pypi.model import IndexFile, Metadata


def unsatisfiable(universe: Universe, *wanted: str, **options: object) -> Unsatisfiable:
    with pytest.raises(Unsatisfiable) as caught:
        resolve(universe, *wanted, **options)
    assert caught.value.exit_status == 1
    return caught.value


def flat(error: Exception) -> str:
    """The text of an error without its line breaks."""
    return " ".join(str(error).split())


@pytest.fixture
def index() -> Universe:
    return Universe()


# -- versions


def test_the_newest_versions_that_fit_together_are_taken(index: Universe) -> None:
    index.add("app", "1.0", "lib<3")
    for version in ("1.0", "2.9", "2.10", "3.0"):
        index.add("lib", version)
    assert resolve(index, "app") == {"app": "1.0", "lib": "2.10"}


def test_an_older_version_is_taken_where_the_newest_does_not_fit(index: Universe) -> None:
    index.add("app", "2.0", "lib>=2")
    index.add("app", "1.0", "lib<2")
    index.add("lib", "1.5")
    assert resolve(index, "app") == {"app": "1.0", "lib": "1.5"}


def test_a_long_chain_of_wrong_choices_is_undone(index: Universe) -> None:
    for version in range(30):
        index.add("a", f"{version}", f"b=={version}")
        index.add("b", f"{version}", f"c=={version}")
        index.add("c", f"{version}", "d<1" if version == 3 else "d>=1")
    index.add("d", "0.5")
    assert resolve(index, "a") == {"a": "3", "b": "3", "c": "3", "d": "0.5"}


def test_a_cycle_that_nobody_needs_any_more_is_left_out(index: Universe) -> None:
    index.add("a", "2", "egg")
    index.add("a", "1")
    index.add("egg", "1", "hen")
    index.add("hen", "1", "egg")
    index.add("z", "1", "a<2")
    assert resolve(index, "a", "z") == {"a": "1", "z": "1"}


def test_requirement_cycles_are_no_hindrance(index: Universe) -> None:
    index.add("egg", "1", "hen")
    index.add("hen", "1", "egg")
    index.add("self", "1", "self==1")
    assert resolve(index, "egg", "self") == {"egg": "1", "hen": "1", "self": "1"}


def test_an_epoch_and_a_local_version_are_versions_too(index: Universe) -> None:
    index.add("epoch", "9.0")
    index.add("epoch", "1!1.0")
    assert resolve(index, "epoch") == {"epoch": "1!1.0"}


# -- pre-releases and yanked files


def test_a_prerelease_is_taken_only_where_one_is_named(index: Universe) -> None:
    index.add("lib", "1.0")
    index.add("lib", "2.0rc1")
    assert resolve(index, "lib") == {"lib": "1.0"}
    assert resolve(index, "lib>=2.0rc1") == {"lib": "2.0rc1"}
    assert resolve(index, "lib", "lib>=1.0a1") == {"lib": "2.0rc1"}


def test_a_prerelease_is_taken_where_there_is_nothing_else(index: Universe) -> None:
    index.add("lib", "2.0b2")
    assert resolve(index, "lib") == {"lib": "2.0b2"}


def test_a_prerelease_is_the_last_resort_where_no_final_release_fits(index: Universe) -> None:
    index.add("app", "1.0", "lib>=1", "other<2")
    index.add("lib", "1.1", "other>=2")
    index.add("lib", "1.2rc1", "other")
    index.add("other", "1.0")
    index.add("other", "2.0")
    assert resolve(index, "app") == {"app": "1.0", "lib": "1.2rc1", "other": "1.0"}
    index.add("lib", "1.0")
    assert resolve(index, "app") == {"app": "1.0", "lib": "1.0", "other": "1.0"}


def test_prereleases_count_as_much_as_final_versions_where_all_are_wanted(index: Universe) -> None:
    index.add("app", "1.0", "lib<2.0")
    for version in ("1.0", "1.1rc1", "2.0rc1"):
        index.add("lib", version)
    assert resolve(index, "app", pre=True) == {"app": "1.0", "lib": "1.1rc1"}


def test_a_yanked_version_is_taken_only_where_it_is_pinned(index: Universe) -> None:
    index.add("lib", "1.0")
    index.add("lib", "1.1", yanked="broken")
    assert resolve(index, "lib") == {"lib": "1.0"}
    assert resolve(index, "lib==1.1") == {"lib": "1.1"}


@pytest.mark.parametrize("wanted", ["lib==1.*", "lib>=1.1", "lib~=1.1"])
def test_a_range_is_no_pin_that_brings_a_yanked_version_in(index: Universe, wanted: str) -> None:
    index.add("lib", "1.1.1", yanked="")
    index.add("lib", "1.1")
    assert resolve(index, wanted) == {"lib": "1.1"}


# -- files


def test_of_one_version_the_file_with_the_best_tag_is_taken(index: Universe) -> None:
    tags = (
        "py3-none-any",
        "cp311-cp311-macosx_10_9_universal2",
        "cp311-cp311-macosx_13_0_arm64",
        "cp311-cp311-macosx_11_0_arm64",
        "cp38-abi3-macosx_13_0_arm64",
        "cp311-cp311-macosx_15_0_arm64",
    )
    for tag in tags:
        index.add("lib", "1.0", tag=tag)
    found = solve(rules(index), asked_for("lib", target=target()))
    assert found.packages["lib"].file.filename == "lib-1.0-cp311-cp311-macosx_13_0_arm64.whl"


def test_of_equal_tags_the_highest_build_is_taken(index: Universe) -> None:
    for build in ("", "1", "10", "2"):
        index.add("lib", "1.0", build=build)
    found = solve(rules(index), asked_for("lib", target=target()))
    assert found.packages["lib"].file.filename == "lib-1.0-10-py3-none-any.whl"


def test_wheels_come_before_source_archives(index: Universe) -> None:
    index.add("lib", "2.0", sdist=True)
    index.add("lib", "1.0")
    assert resolve(index, "lib") == {"lib": "1.0"}
    assert resolve(index, "lib>=2") == {"lib": "2.0"}


def test_of_a_release_with_a_wheel_for_another_system_the_source_archive_does_not_count(
    index: Universe,
) -> None:
    index.add("app", "1", "lib")
    index.add("lib", "2.0", sdist=True)
    index.add("lib", "2.0", tag="cp311-cp311-win_amd64")
    assert "1 source archives" in str(unsatisfiable(index, "app"))


MAC = "cp311-cp311-macosx_11_0_arm64"


@pytest.mark.parametrize(
    ("tag", "day", "requires", "numpy"),
    [
        (MAC, 10, "numpy", "1.26.4"),
        (MAC, 10, "numpy>=1.23", "1.26.4"),
        (MAC, 10, "numpy>=1.23,<3", "1.26.4"),
        (MAC, 11, "numpy", "2.0.2"),
        (MAC, None, "numpy", "2.0.2"),
        ("py3-none-macosx_11_0_arm64", 10, "numpy", "2.0.2"),
        ("py3-none-any", 10, "numpy", "2.0.2"),
        (MAC, 10, "numpy>=2", "2.0.2"),
    ],
)
def test_what_was_compiled_before_numpy_2_is_locked_with_numpy_1(
    index: Universe, tag: str, day: int | None, requires: str, numpy: str
) -> None:
    index.add("numpy", "1.26.4")
    index.add("numpy", "2.0.2")
    uploaded = datetime(2024, 3, day, tzinfo=UTC) if day else None
    index.add("netcdf4", "1.6.5", requires, tag=tag, uploaded=uploaded)
    assert resolve(index, "netcdf4")["numpy"] == numpy


def test_why_it_takes_numpy_1_is_told(index: Universe) -> None:
    index.add("numpy", "2.0.2")
    index.add("netcdf4", "1.6.5", "numpy", tag=MAC, uploaded=datetime(2024, 3, 10, tzinfo=UTC))
    text = " ".join(str(unsatisfiable(index, "netcdf4")).split())

    assert "netcdf4 1.6.5 requires numpy<2, since it was compiled before NumPy 2" in text


def test_of_many_archives_that_cannot_be_built_the_newest_say_why(index: Universe) -> None:
    for minor in range(10, 70):
        index.add("lib", f"1.{minor}", sdist=True)
        index.native[f"lib-1.{minor}.tar.gz"] = "lib.c"
    text = " ".join(str(unsatisfiable(index, "lib")).split())

    assert "lib-1.69.tar.gz needs a compiler on the Mac (lib.c)" in text
    assert text.index("lib-1.69") < text.index("lib-1.68") < text.index("lib-1.67")
    assert "of lib 57 older archives were not looked at, since newer ones cannot be built" in text
    assert "more facts" not in text


def test_no_source_archive_is_taken_of_a_package_that_must_be_a_wheel(index: Universe) -> None:
    index.add("lib", "2.0", sdist=True)
    assert resolve(index, "lib", wheels_only=["other"]) == {"lib": "2.0"}
    for name in ("lib", ":all:"):
        assert "1 source archives" in str(unsatisfiable(index, "lib", wheels_only=[name]))


def test_a_wheel_for_another_python_by_requires_python_is_left_out(index: Universe) -> None:
    index.add("lib", "2.0", requires_python=">=3.12")
    index.add("lib", "1.0", requires_python=">=3.8")
    assert resolve(index, "lib") == {"lib": "1.0"}
    assert resolve(index, "lib", target=target("3.12")) == {"lib": "2.0"}


def test_a_requires_python_that_cannot_be_read_admits_all(index: Universe) -> None:
    index.add("lib", "1.0", requires_python="three or so")
    assert resolve(index, "lib") == {"lib": "1.0"}


def test_requires_python_meets_the_micro_version_of_the_target(index: Universe) -> None:
    index.add("lib", "2.0", requires_python=">=3.9.14")
    index.add("lib", "1.0", requires_python="!=3.9.0,!=3.9.1,>=3.9")
    assert resolve(index, "lib", target=target("3.9")) == {"lib": "1.0"}


@pytest.mark.parametrize("name", ["lib-1.0.whl", "lib.zip", "lib-x-py3-none-any.whl", "-.tar.gz"])
def test_a_file_whose_name_cannot_be_read_is_passed_over(index: Universe, name: str) -> None:
    from tfmac_lock.pypi.model import IndexFile

    index.add("lib", "1.0")
    index.files["lib"].append(IndexFile(filename=name, url=f"https://files.example/{name}"))
    assert resolve(index, "lib") == {"lib": "1.0"}


# -- upload times

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def test_files_from_that_moment_on_are_left_out(index: Universe) -> None:
    index.add("lib", "1.0", uploaded=JANUARY)
    index.add("lib", "2.0", uploaded=JUNE)
    assert resolve(index, "lib", before=JUNE) == {"lib": "1.0"}
    assert resolve(index, "lib") == {"lib": "2.0"}


def test_a_file_whose_upload_time_nobody_tells_is_not_said_to_be_older(index: Universe) -> None:
    index.add("lib", "1.0")
    error = unsatisfiable(index, "lib", before=JUNE)
    assert "without an upload time on the index" in flat(error)


def test_an_upload_time_from_elsewhere_counts(index: Universe) -> None:
    file = index.add("lib", "1.0")
    index.dates[file.filename] = JANUARY
    assert resolve(index, "lib", before=JUNE) == {"lib": "1.0"}


# -- extras and markers


def test_an_extra_brings_what_it_requires_and_only_where_it_is_asked_for(index: Universe) -> None:
    index.add("app", "1.0", "base", "plot; extra == 'viz'", "color; extra == 'ink'")
    for name in ("base", "plot", "color"):
        index.add(name, "1.0")
    assert set(resolve(index, "app")) == {"app", "base"}
    assert set(resolve(index, "app[viz]")) == {"app", "base", "plot"}
    assert set(resolve(index, "app[viz,ink]")) == {"app", "base", "plot", "color"}


def test_extras_from_several_sides_are_of_one_version(index: Universe) -> None:
    index.add("one", "1", "lib[a]<3")
    index.add("two", "1", "lib[b]>=2")
    for version in ("1", "2", "3"):
        index.add("lib", version, "x; extra == 'a'", "y; extra == 'b'")
    index.add("x", "1")
    index.add("y", "1")
    assert resolve(index, "one", "two") == {"one": "1", "two": "1", "lib": "2", "x": "1", "y": "1"}


def test_an_extra_that_does_not_exist_is_passed_over_as_in_pip(index: Universe) -> None:
    index.add("app", "1.0")
    assert resolve(index, "app[nothing]") == {"app": "1.0"}


def test_extras_are_spelt_in_any_way(index: Universe) -> None:
    index.add("app", "1.0", "plot; extra == 'data-viz'")
    index.add("plot", "1")
    assert set(resolve(index, "app[Data_Viz]")) == {"app", "plot"}


def test_markers_are_evaluated_on_the_target(index: Universe) -> None:
    index.add(
        "app",
        "1.0",
        "mac; sys_platform == 'darwin'",
        "arm; platform_machine == 'arm64'",
        "linux; platform_system == 'Linux'",
        "old; python_version < '3.10'",
        "full; python_full_version >= '3.11.1'",
    )
    for name in ("mac", "arm", "linux", "old", "full"):
        index.add(name, "1.0")
    assert set(resolve(index, "app")) == {"app", "mac", "arm", "full"}
    assert set(resolve(index, "app", target=target("3.9", "intel"))) == {"app", "mac", "old"}


# -- bounds and constraints


def test_a_bound_holds_what_is_required_and_brings_nothing_in(index: Universe) -> None:
    index.add("app", "1.0", "numpy")
    for version in ("1.26", "2.0"):
        index.add("numpy", version)
    limited = [bound("numpy", "<2"), bound("protobuf", "<4")]
    assert resolve(index, "app", bounds=limited) == {"app": "1.0", "numpy": "1.26"}


def test_a_constraint_holds_what_is_required_and_brings_nothing_in(index: Universe) -> None:
    index.add("app", "1.0", "numpy[fast]")
    for version in ("1.26", "2.0"):
        index.add("numpy", version)
    found = resolve(index, "app", constraints=["numpy<2", "absent==1"])
    assert found == {"app": "1.0", "numpy": "1.26"}
    assert "absent" not in index.asked


def test_a_bound_also_holds_what_the_user_asks_for(index: Universe) -> None:
    index.add("numpy", "2.0")
    error = unsatisfiable(index, "numpy>=2", bounds=[bound("numpy", "<2")])
    assert str(error).splitlines()[1:] == [
        "  you ask for numpy>=2 [--with]",
        "  numpy<2: numpy outside <2 fails [https://example.org/bound]",
        "  no file of numpy that fits meets numpy<2",
    ]


# -- no solution


def test_a_conflict_names_who_wants_what(index: Universe) -> None:
    index.add("one", "1", "lib<2")
    index.add("two", "1", "lib>=2")
    index.add("lib", "1")
    index.add("lib", "2")
    error = unsatisfiable(index, "one", "two", target=target("3.11", "m1", "14"))
    assert str(error).splitlines() == [
        "no set of files meets every requirement for Python 3.11 on Apple M1, macOS 14.0:",
        "  you ask for one [--with]",
        "  you ask for two [--with]",
        "  one 1 requires lib<2",
        "  two 1 requires lib>=2",
    ]
    assert not error.users_alone


def test_a_fault_of_the_index_does_not_come_in_the_way_of_telling_a_conflict(
    index: Universe, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("one", "1", "lib<2")
    index.add("two", "1", "lib>=2")
    index.add("lib", "1")
    index.add("lib", "2", "more")
    error = unsatisfiable(index, "one", "two")

    def fail(self: Universe, file: object) -> None:
        raise NotCached(str(file))

    monkeypatch.setattr(Universe, "metadata", fail)
    assert "two 1 requires lib>=2" in str(error)


def test_a_user_who_contradicts_himself_is_told_so(index: Universe) -> None:
    index.add("lib", "0.5")
    index.add("lib", "3")
    error = unsatisfiable(index, "lib", constraints=["lib<1", "lib>2"])
    assert error.users_alone
    assert "lib<1 is your constraint [limits.txt:1]" in str(error)
    assert "lib>2 is your constraint [limits.txt:2]" in str(error)


def test_a_project_that_no_index_has_is_named(index: Universe) -> None:
    index.add("app", "1", "typo-squat")
    error = unsatisfiable(index, "app")
    assert "app 1 requires typo-squat\n  the index has no project typo-squat" in str(error)


def test_files_for_other_systems_are_counted(index: Universe) -> None:
    index.add("lib", "1.0", tag="cp311-cp311-win_amd64")
    index.add("lib", "1.0", tag="cp310-cp310-macosx_11_0_arm64")
    assert "(left out: 2 for other systems or Pythons)" in str(unsatisfiable(index, "lib"))


def test_a_requirement_that_cannot_be_read_rules_that_version_out(index: Universe) -> None:
    index.add("lib", "2.0", "what is this ???")
    index.add("lib", "1.0")
    assert resolve(index, "lib") == {"lib": "1.0"}


def test_a_requirement_that_cannot_be_read_is_told_where_nothing_else_is_left(
    index: Universe,
) -> None:
    index.add("lib", "2.0", "what is this ???")
    with pytest.raises(Refusal) as caught:
        resolve(index, "lib")
    assert "lib-2.0-py3-none-any.whl" in str(caught.value)
    assert "what is this ???" in flat(caught.value)


def test_an_unreadable_requirement_of_a_version_that_is_not_taken_does_no_harm(
    index: Universe,
) -> None:
    index.add("lib", "2.0")
    index.add("lib", "1.0", "what is this ???")
    assert resolve(index, "lib") == {"lib": "2.0"}


def test_a_search_without_end_is_given_up(index: Universe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "MAX_ROUNDS", 3)
    for one, other in itertools.pairwise("abcdef"):
        index.add(one, "1", other)
    index.add("f", "1")
    with pytest.raises(Refusal, match="pin some of the packages"):
        resolve(index, "a")


# -- what is known already


def test_the_requirements_of_a_wheel_that_the_matrix_has_read_are_not_asked_for(
    index: Universe,
) -> None:
    file = index.add("app", "1.0", "never-read")
    index.add("lib", "1.0")
    made = rules(index)
    made.known = {file.sha256 or "": ("lib",)}
    assert set(solve(made, asked_for("app", target=target())).packages) == {"app", "lib"}


def test_the_matrix_knows_the_requirements_of_each_wheel_by_its_hash() -> None:
    known = known_requirements(shipped())
    for row in shipped().releases_of("tensorflow-metal")[-1].wheels:
        assert known[row.sha256] == row.requires != ()


def test_fetching_ahead_survives_what_fails_on_the_way(index: Universe) -> None:
    index.add("app", "2.0", "absent", "what is this ???")
    index.add("app", "1.0", "lib", "absent; sys_platform == 'win32'")
    index.add("lib", "1.0")
    assert resolve(index, "app") == {"app": "1.0", "lib": "1.0"}


# -- the next macOS


def test_the_next_macos_that_has_a_wheel_is_found(index: Universe) -> None:
    index.add("lib", "1", tag="cp311-cp311-macosx_14_0_arm64")
    index.add("lib", "2", tag="cp311-cp311-macosx_15_0_universal2")
    index.add("lib", "2", tag="cp311-cp311-macosx_13_0_x86_64")
    old = rules(index, target=target("3.11", "m1", "12.3"))
    assert newer_macos(old, ["lib"]) == 14  # type: ignore[list-item]
    assert newer_macos(rules(index, target=target("3.11", "m1", "14")), ["lib"]) == 15  # type: ignore[list-item]
    assert newer_macos(rules(index, target=target("3.11", "m1", "26")), ["lib"]) is None  # type: ignore[list-item]


# -- what always holds

NAMES = ["a", "b", "c", "d"]
VERSIONS = ["1", "2", "3"]
MARKERS = ["", "; sys_platform == 'darwin'", "; sys_platform == 'linux'", "; extra == 'x'"]
requirements = st.builds(
    lambda name, extra, spec, marker: f"{name}{extra}{spec}{marker}",
    st.sampled_from(NAMES),
    st.sampled_from(["", "", "[x]"]),
    st.sampled_from(["", "", ">=2", "<2", "==1", "==2", "!=3", "<3,>1"]),
    st.sampled_from(MARKERS),
)
TAGS = ["py3-none-any", "cp311-cp311-macosx_12_0_arm64", "cp311-cp311-macosx_15_0_arm64"]
universes = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VERSIONS)),
    st.tuples(st.lists(requirements, max_size=3), st.sampled_from(TAGS)),
    max_size=12,
)
Drawn = dict[tuple[str, str], tuple[list[str], str]]


def made(drawn: Drawn) -> Universe:
    universe = Universe()
    for (name, version), (requires, tag) in drawn.items():
        universe.add(name, version, *requires, tag=tag)
    return universe


def met(text: str, pins: dict[str, str], extras: dict[str, set[str]], of: str) -> bool:
    """Whether a requirement of a package is met by the pins, extras included."""
    requirement = Requirement(text)
    environment = dict(target().markers())
    if requirement.marker and not any(
        requirement.marker.evaluate({**environment, "extra": extra})
        for extra in {"", *extras.get(of, ())}
    ):
        return True
    pinned = pins.get(requirement.name)
    return (
        pinned is not None
        and requirement.specifier.contains(pinned)
        and requirement.extras <= extras.get(requirement.name, set())
    )


def brute_force(drawn: Drawn, wanted: list[str]) -> bool:
    """Whether any choice of versions meets everything; goes through all of them."""
    fitting = {key for key, (_, tag) in drawn.items() if "macosx_15" not in tag}
    options = [
        [None, *(version for version in VERSIONS if (name, version) in fitting)] for name in NAMES
    ]
    for choice in itertools.product(*options):
        pins = {name: version for name, version in zip(NAMES, choice, strict=True) if version}
        # All extras that anybody could ask for in vain only add requirements, so the fewest count.
        extras: dict[str, set[str]] = {}
        while True:
            before = {name: set(found) for name, found in extras.items()}
            for of, text in [("", text) for text in wanted] + [
                (name, text) for name, version in pins.items() for text in drawn[name, version][0]
            ]:
                requirement = Requirement(text)
                if requirement.extras and (
                    requirement.marker is None
                    or any(
                        requirement.marker.evaluate({**target().markers(), "extra": extra})
                        for extra in {"", *extras.get(of, ())}
                    )
                ):
                    extras.setdefault(requirement.name, set()).update(requirement.extras)
            if extras == before:
                break
        if all(met(text, pins, extras, "") for text in wanted) and all(
            met(text, pins, extras, name)
            for name, version in pins.items()
            for text in drawn[name, version][0]
        ):
            return True
    return False


@settings(max_examples=150)
@given(universes, st.lists(requirements, min_size=1, max_size=2))
def test_a_solution_is_found_where_a_search_through_everything_finds_one_and_only_there(
    drawn: Drawn, wanted: list[str]
) -> None:
    try:
        resolve(made(drawn), *wanted)
    except Unsatisfiable as conflict:
        found = False
        assert conflict.facts  # noqa: PT017 - both outcomes are right, and each is checked
    else:
        found = True
    assert found is brute_force(drawn, wanted)


@settings(max_examples=150)
@given(universes, st.lists(requirements, min_size=1, max_size=2))
def test_every_solution_closes_and_fits_and_holds_nothing_needless(
    drawn: Drawn, wanted: list[str]
) -> None:
    made_rules = rules(made(drawn))
    try:
        found = solve(made_rules, asked_for(*wanted, target=target()))
    except Unsatisfiable:
        return
    accepted = {str(tag) for tag in target().tags()}
    for name, solved in found.packages.items():
        assert solved.file.filename.removesuffix(".whl").split("-", 2)[2] in accepted
        for item in solved.requires:
            assert item.specifier.contains(found.packages[item.name].version)
        stated = drawn[name, str(solved.version)][0]
        plain = [text for text in stated if "extra" not in text and "linux" not in text]
        assert {Requirement(text).name for text in plain} <= {item.name for item in solved.requires}
    reached = {Requirement(text).name for text in wanted}
    while True:
        more = reached | {
            item.name
            for name in reached & set(found.packages)
            for item in found.packages[name].requires
        }  # type: ignore[arg-type]
        if more == reached:
            break
        reached = more
    assert set(found.packages) <= reached


@settings(max_examples=60)
@given(universes, st.lists(requirements, min_size=1, max_size=2), st.randoms())
def test_neither_the_order_of_the_index_nor_fetching_ahead_changes_the_solution(
    drawn: Drawn, wanted: list[str], random: object
) -> None:
    def outcome(universe: Universe, *, ahead: bool) -> object:
        made_rules = rules(universe)
        try:
            found = solve(made_rules, asked_for(*wanted, target=target()), ahead=ahead)
        except Unsatisfiable as error:
            return str(error)
        return {name: (item.file, item.requires) for name, item in found.packages.items()}

    shuffled = list(drawn.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome(made(drawn), ahead=True) == outcome(made(dict(shuffled)), ahead=False)


@given(universes)
def test_no_version_newer_than_the_chosen_one_was_free(drawn: Drawn) -> None:
    # What a version brings in may ask for an older one of it, and is then given that one.
    for key, (requires, tag) in drawn.items():
        kept = [text for text in requires if Requirement(text).name != "a"]
        drawn[key] = (kept, tag)
    try:
        found = resolve(made(drawn), "a")
    except Unsatisfiable:
        return
    newer = [
        version
        for (name, version), (requires, tag) in drawn.items()
        if name == "a"
        and Version(version) > Version(found["a"])
        and not requires
        and "macosx_15" not in tag
    ]
    assert newer == []


# -- nightly builds


def nightlies(index: Universe, count: int, requires: str) -> None:
    for day in range(count):
        index.add("nightly", f"4.0.dev{20200000 + day}", requires)


class ReadsNoted(Universe):
    """An index that notes whose metadata were read."""

    read: list[str]

    def metadata(self, file: IndexFile) -> Metadata:
        self.read.append(file.filename)
        return super().metadata(file)


def test_of_a_thousand_nightly_builds_that_require_the_same_few_are_read() -> None:
    index = ReadsNoted()
    index.read = []
    index.add("app", "1", "nightly", "lib<2")
    nightlies(index, 10, "lib<2")
    for day in range(10, 1000):
        index.add("nightly", f"4.0.dev{20200000 + day}", f"lib>={2 + day // 400}")
    for version in ("1", "2", "3", "4"):
        index.add("lib", version)
    assert resolve(index, "app") == {"app": "1", "lib": "1", "nightly": "4.0.dev20200009"}
    assert len([name for name in index.read if name.startswith("nightly")]) < 100


def test_a_nightly_build_unlike_its_neighbours_is_found_where_nothing_else_is(
    index: Universe,
) -> None:
    index.add("app", "1", "nightly", "lib<2")
    for day in range(200):
        index.add("nightly", f"4.0.dev{20200000 + day}", "lib<2" if day == 77 else "lib>=2")
    index.add("lib", "1")
    index.add("lib", "2")
    assert resolve(index, "app") == {"app": "1", "lib": "1", "nightly": "4.0.dev20200077"}
