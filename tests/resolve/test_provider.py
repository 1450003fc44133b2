"""What is decided first: the answer does not change by it, but how soon it comes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.facts import bound, target
from tests.support.universe import Universe, asked_for, resolve, rules
from tfmac_lock.errors import Refusal
from tfmac_lock.matrix.verdict import Pair
from tfmac_lock.matrix.waivers import Waiver
from tfmac_lock.resolve.pairs import Option, Options
from tfmac_lock.resolve.provider import ARCHIVES, FEW, MANY, PAIR, TROUBLE, Facts, Provider
from tfmac_lock.resolve.solve import solve
from tfmac_lock.resolve.versions import VersionSet
from tfmac_lock.resolve.view import View
from tfmac_lock.target import Arch, MacOSVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfmac_lock.pypi.model import IndexFile
    from tfmac_lock.resolve.provider import Rules

ONE, TWO, HIGH = VersionSet(0b1), VersionSet(0b11), VersionSet(0b1000)


@pytest.fixture
def provider() -> Provider:
    made = rules(Universe(), target=target())
    return Provider(Facts(made, asked_for("wanted", target=target())), order=["early", "late"])  # type: ignore[list-item]


def first(provider: Provider, *rows: tuple[str, VersionSet], conflicts: str = "") -> str:
    """Which of the packages with these versions left is decided."""
    counts = Counter({conflicts: TROUBLE})
    return min(rows, key=lambda row: provider.prioritize(row[0], row[1], counts))[0]


def test_the_pair_is_decided_before_what_was_asked_for_and_that_before_the_rest(
    provider: Provider,
) -> None:
    assert first(provider, ("wanted", ONE), (PAIR, TWO)) == PAIR
    assert first(provider, ("another", ONE), ("wanted", TWO)) == "wanted"


def test_what_is_in_trouble_comes_before_what_was_asked_for(provider: Provider) -> None:
    assert first(provider, ("wanted", ONE), ("another", TWO), conflicts="another") == "another"
    assert first(provider, (PAIR, TWO), ("another", ONE), conflicts="another") == PAIR


def test_what_has_one_version_left_comes_before_what_has_several(provider: Provider) -> None:
    assert first(provider, ("a", TWO), ("b", ONE)) == "b"
    assert first(provider, ("a", TWO), ("b", HIGH)) == "b"
    assert first(provider, ("late", ONE), ("early", TWO)) == "late"


def test_of_equals_whoever_requires_comes_before_what_it_requires_and_then_the_name_decides(
    provider: Provider,
) -> None:
    assert first(provider, ("late", TWO), ("early", TWO)) == "early"
    assert first(provider, ("unknown", TWO), ("late", TWO)) == "late"
    assert first(provider, ("b", TWO), ("a", TWO)) == "a"


def test_an_extra_is_where_its_package_is(provider: Provider) -> None:
    assert first(provider, ("another", ONE), ("wanted[x]", TWO)) == "wanted[x]"


@pytest.mark.parametrize(
    ("requires", "taken"),
    [("lib", "1.0"), ("lib>=2", "3.0"), ("lib<3", "1.0"), ("lib!=1.0", "3.0")],
)
def test_a_preferred_version_is_taken_where_it_is_admitted(requires: str, taken: str) -> None:
    universe = Universe()
    universe.add("app", "1.0", requires)
    for version in ("1.0", "2.0", "3.0"):
        universe.add("lib", version)
    made = replace(rules(universe), preferred={canonicalize_name("lib"): Version("1.0")})
    found = solve(made, asked_for("app", target=made.view.target))
    assert str(found.packages[canonicalize_name("lib")].version) == taken


def test_a_yanked_version_that_a_left_out_package_pins_does_not_count() -> None:
    universe = Universe()
    universe.add("app", "2.0", "lib==1.1", "tool")
    universe.add("app", "1.0", "lib")
    universe.add("lib", "1.0")
    universe.add("lib", "1.1", yanked="broken")
    universe.add("tool", "1.0", "lib<1.1")
    assert resolve(universe, "app") == {"app": "1.0", "lib": "1.0"}


@pytest.mark.parametrize(("wanted", "brings"), [("lib", {}), ("lib[x]", {"helper": "1.0"})])
def test_of_a_package_from_conda_only_what_its_extras_require_comes_in(
    wanted: str, brings: dict[str, str]
) -> None:
    universe = Universe()
    universe.add("lib", "1.0", "core", 'helper; extra == "x"')
    universe.add("lib", "2.0", "core")
    for name in ("core", "helper"):
        universe.add(name, "1.0")
    made = replace(rules(universe), given={canonicalize_name("lib"): Version("1.0")})
    found = solve(made, asked_for(wanted, target=made.view.target))
    versions = {name: str(one.version) for name, one in found.packages.items() if name != "lib"}
    assert versions == brings


def test_of_yanked_versions_those_that_nothing_pins_are_closed_and_the_others_stay_open() -> None:
    universe = Universe()
    for version in ("3.0", "2.0", "1.0"):
        universe.add("lib", version, yanked="broken" if version > "1.0" else None)
    made = rules(universe)
    facts = Facts(made, ())
    lib = canonicalize_name("lib")
    (wanted,) = asked_for("lib", target=made.view.target)
    assert facts.admitted(wanted) == VersionSet(0b100)
    facts.open_yanked(lib, 0b11)
    assert facts.admitted(wanted) == VersionSet(0b111)
    facts.close_yanked(lib, 0b01)
    assert facts.admitted(wanted) == VersionSet(0b110)
    assert facts.closed == {lib: 0b01}


@pytest.mark.parametrize(
    ("requires", "taken"),
    [("lib<2", "2.5"), ("lib<1.9", "1.0"), ("lib!=2.5,<2", "1.0")],
)
def test_a_waiver_loosens_the_very_requirement_that_it_is_about(requires: str, taken: str) -> None:
    waiver = Waiver(
        id="lib-in-app",
        package="lib",
        stated="<2",
        specifier="<3",
        by=("app",),
        versions="==1.*",
        reason="It is enough.",
        source="https://example.org",
    )
    universe = Universe()
    universe.add("app", "1.0", requires)
    universe.add("other", "1.0", requires)
    for version in ("1.0", "2.5", "3.0"):
        universe.add("lib", version)
    made = replace(rules(universe), waivers=[waiver])

    def version_with(wanted: str) -> str:
        found = solve(made, asked_for(wanted, target=made.view.target))
        return str(found.packages[canonicalize_name("lib")].version)

    assert version_with("app") == taken
    assert version_with("other") == "1.0"


# -- the pair


def paired(universe: Universe, *options: tuple[str, str | None, str], **more: object) -> Rules:
    """Rules with these options: a TensorFlow, a plugin or none, and the macOS of the lock."""
    newest = max(MacOSVersion.parse(macos) for _, _, macos in options)
    made = rules(universe, target=target("3.11", "m1", "12"), **more)  # type: ignore[arg-type]
    view = View(universe, made.view.target, newest=newest)
    choice = Options(
        Option(
            Pair(
                package="tensorflow",
                tensorflow=tensorflow,
                metal=metal,
                arch=Arch.ARM64,
                python="3.11",
            ),
            MacOSVersion.parse(macos),
        )
        for tensorflow, metal, macos in options
    )
    return replace(made, view=view, options=choice)


def chosen(made: Rules, *wanted: str) -> dict[str, str]:
    """The versions of the solution, and under ``macos`` the one that it is for."""
    found = solve(made, asked_for(*wanted, target=made.view.target))
    assert found.option is not None
    versions = {str(name): str(one.version) for name, one in found.packages.items()}
    return versions | {"macos": str(found.option.macos)}


BEST, OLDER, RAISED = ("2.18.1", "1.2.0", "12"), ("2.17.1", None, "12"), ("2.18.1", "1.2.0", "15")


@pytest.fixture
def universe() -> Universe:
    made = Universe()
    made.add("tensorflow", "2.18.1", "numpy<2.1")
    made.add("tensorflow", "2.17.1", "numpy<2")
    made.add("tensorflow-metal", "1.2.0")
    for version in ("1.26.4", "2.0.2", "2.1.0"):
        made.add("numpy", version)
    return made


def test_the_best_option_comes_with_its_packages(universe: Universe) -> None:
    assert chosen(paired(universe, BEST, OLDER)) == {
        "tensorflow": "2.18.1",
        "tensorflow-metal": "1.2.0",
        "numpy": "2.0.2",
        "macos": "12.0",
    }


@pytest.mark.parametrize(
    ("requires", "tensorflow"),
    [
        ("tensorflow<2.18", "2.17.1"),
        ("tensorflow-macos<2.18", "2.17.1"),
        ("tensorflow-macos>=2.18", "2.18.1"),
        ("tensorflow-metal>=1", "2.18.1"),
        ("tensorflow[and-cuda]", "2.18.1"),
    ],
)
def test_what_requires_tensorflow_by_any_name_is_about_the_pair(
    requires: str, tensorflow: str, universe: Universe
) -> None:
    universe.add("app", "1.0", requires)
    assert chosen(paired(universe, BEST, OLDER), "app")["tensorflow"] == tensorflow


def test_a_constraint_on_tensorflow_is_about_the_pair(universe: Universe) -> None:
    made = paired(universe, BEST, OLDER, constraints=["tensorflow<2.18", "unknown<1"])
    assert chosen(made)["tensorflow"] == "2.17.1"


def test_a_bound_limits_under_the_options_that_it_is_about(universe: Universe) -> None:
    bounds = [bound("numpy", "<2", tensorflow="==2.18.*"), bound("unknown", "<1")]
    assert chosen(paired(universe, BEST, OLDER, bounds=bounds))["numpy"] == "1.26.4"
    assert chosen(paired(universe, OLDER, BEST, bounds=bounds), "numpy") == {
        "tensorflow": "2.17.1",
        "numpy": "1.26.4",
        "macos": "12.0",
    }
    narrow = [bound("numpy", "<1", tensorflow="==2.18.*")]
    assert chosen(paired(universe, BEST, OLDER, bounds=narrow))["tensorflow"] == "2.17.1"


def test_a_constraint_is_about_every_option_and_a_bound_about_its_own(universe: Universe) -> None:
    bounds = [bound("numpy", "<2", tensorflow="==2.17.*"), bound("other", "<1")]
    made = paired(universe, BEST, OLDER, constraints=["numpy<3", "six<1"], bounds=bounds)
    numpy = canonicalize_name("numpy")
    found = [(str(limit.specifier), those) for limit, those in Facts(made, ()).limits(numpy)]
    assert found == [("<3", 0b11), ("<2", 0b10)]
    alone = rules(universe, bounds=bounds)
    found = [(str(limit.specifier), those) for limit, those in Facts(alone, ()).limits(numpy)]
    assert found == [("<2", 0)]


def test_a_version_whose_files_need_a_newer_macos_leads_to_the_option_for_it(
    universe: Universe,
) -> None:
    universe.add("app", "1.0", tag="cp311-cp311-macosx_15_0_arm64")
    universe.add("lib", "1.0", tag="cp311-cp311-macosx_11_0_arm64")
    assert chosen(paired(universe, BEST, RAISED), "app", "lib")["macos"] == "15.0"
    assert chosen(paired(universe, BEST, RAISED), "lib")["macos"] == "12.0"


# -- how much is fetched


class Watched(Universe):
    """An index that notes which metadata are asked for ahead, a list each time."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead: list[list[str]] = []

    def prefetch_metadata(self, files: Iterable[IndexFile]) -> None:
        self.ahead.append([file.filename.split("-")[1] for file in files])


def test_where_version_after_version_fails_the_next_ones_are_fetched_together() -> None:
    universe = Watched()
    for number in range(40):
        universe.add("lib", f"{number}.0", f"core=={number}")
    universe.add("core", "1")
    made = rules(universe)
    found = solve(made, asked_for("lib", target=made.view.target), ahead=False)
    assert str(found.packages[canonicalize_name("lib")].version) == "1.0"
    # The first few are read one by one, and then a dozen at a time.
    dozens = [names for names in universe.ahead if len(names) == MANY]
    newest = 40 - FEW
    assert next(names for names in universe.ahead if names) == dozens[0]
    assert dozens == [
        [f"{number}.0" for number in range(start, start - MANY, -1)]
        for start in (newest, newest - MANY, newest - 2 * MANY)
    ]


def test_what_the_matrix_has_read_is_not_fetched_ahead() -> None:
    universe = Watched()
    files = [universe.add("lib", f"{number}.0", f"core=={number}") for number in range(20)]
    universe.add("core", "1")
    made = rules(universe)
    made.known = {file.sha256 or "": universe.requires[file.url] for file in files}
    solve(made, asked_for("lib", target=made.view.target), ahead=False)
    assert [names for names in universe.ahead if names] == []


def test_of_source_archives_that_cannot_be_built_no_more_than_a_few_are_fetched() -> None:
    universe = Universe()
    for number in range(10):
        file = universe.add("lib", f"{number}.0", sdist=True)
        universe.native[file.filename] = "a C extension"
    made = rules(universe)
    with pytest.raises(Refusal, match="needs a compiler on the Mac"):
        solve(made, asked_for("lib", target=made.view.target), ahead=False)
    assert [name for name in universe.asked if name.endswith(".tar.gz")] == [
        f"lib-{number}.0.tar.gz" for number in range(9, 9 - ARCHIVES, -1)
    ]
    allowed = rules(universe, allow_source=["lib"])
    found = solve(allowed, asked_for("lib", target=made.view.target), ahead=False)
    assert str(found.packages[canonicalize_name("lib")].version) == "9.0"
