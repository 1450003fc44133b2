"""What is decided first: the answer does not change by it, but how soon it comes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.facts import bound, companion_needing, target
from tests.support.universe import Universe, asked_for, resolve, rules
from tfmac_lock.errors import Refusal
from tfmac_lock.matrix.verdict import Pair
from tfmac_lock.matrix.waivers import Waiver
from tfmac_lock.resolve.pairs import Option, Options
from tfmac_lock.resolve.provider import (
    ARCHIVES,
    FEW,
    MANY,
    PAIR,
    TROUBLE,
    BadMetadata,
    Facts,
    OpenYanked,
    Provider,
    UnusableFile,
)
from tfmac_lock.resolve.solve import solve
from tfmac_lock.resolve.versions import VersionSet
from tfmac_lock.resolve.view import View
from tfmac_lock.target import Arch, MacOSVersion, Os

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tfmac_lock.matrix.companions import Companion
    from tfmac_lock.pypi.model import IndexFile, Metadata
    from tfmac_lock.pypi.sdist import SourceArchive
    from tfmac_lock.resolve.provider import Rules
    from tfmac_lock.resolve.requirement import Requirement

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


@pytest.mark.parametrize(
    ("count", "decided"), [(TROUBLE - 1, "a"), (TROUBLE, "z"), (TROUBLE + 1, "z")]
)
def test_a_package_is_in_trouble_from_so_many_conflicts_on(
    count: int, decided: str, provider: Provider
) -> None:
    counts = Counter(z=count)
    assert min("az", key=lambda name: provider.prioritize(name, ONE, counts)) == decided


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


# -- which versions meet a requirement


def facts_of(universe: Universe, *asked: str, all_pre: bool = False, **options: object) -> Facts:
    made = rules(universe, **options)  # type: ignore[arg-type]
    return Facts(made, asked_for(*asked, target=made.view.target), all_pre=all_pre)


def required(text: str) -> Requirement:
    (found,) = asked_for(text, target=target())
    return found


def admitted(facts: Facts, text: str) -> list[str]:
    """The versions that meet a requirement of a package, newest first."""
    item = required(text)
    releases = facts.project(item.name).releases
    return [str(releases[place].version) for place in facts.admitted(item).places()]


@pytest.fixture
def several() -> Universe:
    """A project with a version of each kind."""
    made = Universe()
    made.add("lib", "3.0rc1")
    made.add("lib", "2.0", yanked="broken")
    made.add("lib", "1.9", yanked="broken")
    made.add("lib", "1.5", sdist=True)
    made.add("lib", "1.0")
    made.add("other", "2.0rc1")
    made.add("other", "1.0")
    return made


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("lib", ["1.0"]),
        ("lib==2.0", ["2.0"]),
        ("lib<=2.0", ["1.0"]),
        ("lib>=2", ["3.0rc1"]),
        ("lib>=1rc1", ["3.0rc1", "1.0"]),
        ("lib>1,<2", ["1.5"]),
        ("lib>4", []),
    ],
)
def test_a_requirement_is_met_by_wheels_of_final_versions_that_stand(
    text: str, versions: list[str], several: Universe
) -> None:
    assert admitted(facts_of(several), text) == versions


def test_what_the_user_pins_or_names_as_a_pre_release_counts_for_everybody(
    several: Universe,
) -> None:
    assert admitted(facts_of(several, "lib==2.0"), "lib>=1") == ["2.0", "1.9", "1.0"]
    assert admitted(facts_of(several, "lib==2.0"), "lib<2") == ["1.0"]
    assert admitted(facts_of(several, "lib==1.0"), "lib>=1") == ["1.0"]
    assert admitted(facts_of(several, "other==2.0"), "lib>=1") == ["1.0"]
    assert admitted(facts_of(several, constraints=["lib==2.0"]), "lib>=2") == ["2.0"]
    assert admitted(facts_of(several, "lib>=1rc1"), "lib") == ["3.0rc1", "1.0"]
    assert admitted(facts_of(several, "lib>=1rc1"), "other") == ["1.0"]
    assert admitted(facts_of(several, pre=True), "lib") == ["3.0rc1", "1.0"]
    assert admitted(facts_of(several, all_pre=True), "lib") == ["3.0rc1", "1.0"]


def test_what_is_released_has_source_archives_beside_wheels(several: Universe) -> None:
    found = facts_of(several).released(required("lib"))
    assert found == VersionSet(0b11000)


@pytest.mark.parametrize(
    ("text", "left_out"),
    [("other", True), ("other<2", False), ("other>=2.0rc1", False), ("other>1", False)],
)
def test_that_pre_releases_were_left_out_is_noted_where_final_ones_took_their_place(
    text: str, left_out: bool, several: Universe
) -> None:
    facts = facts_of(several)
    admitted(facts, text)
    assert facts.left_pre_out is left_out
    admitted(facts, "lib<1")
    assert facts.left_pre_out is left_out
    for counted in (facts_of(several, pre=True), facts_of(several, all_pre=True)):
        admitted(counted, text)
        assert not counted.left_pre_out


def test_yanked_versions_are_opened_and_closed_one_after_the_other(several: Universe) -> None:
    facts = facts_of(several)
    lib = canonicalize_name("lib")
    assert admitted(facts, "lib") == ["1.0"]
    facts.open_yanked(lib, 0b100)
    assert (facts.opened, facts.closed) == ({lib: 0b100}, {})
    assert admitted(facts, "lib") == ["1.9", "1.0"]
    facts.open_yanked(lib, 0b010)
    assert admitted(facts, "lib") == ["2.0", "1.9", "1.0"]
    facts.close_yanked(lib, 0b100)
    assert (facts.opened, facts.closed) == ({lib: 0b010}, {lib: 0b100})
    assert admitted(facts, "lib") == ["2.0", "1.0"]
    facts.close_yanked(lib, 0b010)
    assert (facts.opened, facts.closed) == ({lib: 0}, {lib: 0b110})
    assert admitted(facts, "lib") == ["1.0"]


# -- what a version requires


def texts(found: tuple[Requirement, ...]) -> list[str]:
    return [item.text for item in found]


def test_an_extra_requires_what_its_marker_brings_and_nothing_that_counts_without_it() -> None:
    universe = Universe()
    universe.add("lib", "1.0", "core", 'helper>=1; extra == "x"', 'odd; extra == "y"')
    facts = facts_of(universe)
    lib = canonicalize_name("lib")
    assert texts(facts.requires(lib, 0)) == ["core"]
    assert texts(facts.requires(lib, 0, "x")) == ["helper>=1"]
    assert texts(facts.of_extra(lib, Version("1.0"), "y")) == ["odd"]
    assert facts.of_extra(lib, Version("1.0"), "z") == ()
    assert facts.of_extra(lib, Version("2.0"), "x") == ()


def test_of_a_version_from_conda_that_no_index_has_no_extra_requires_anything() -> None:
    universe = Universe()
    universe.add("lib", "1.0", 'core[y]; extra == "x"', 'six[z]; extra == "x"')
    lib, core = canonicalize_name("lib"), canonicalize_name("core")
    made = replace(rules(universe), given={lib: Version("1.0"), core: Version("3")})
    facts = Facts(made, ())
    assert texts(facts.requires(lib, 0, "x")) == ["core", "six[z]"]
    assert facts.requires(lib, 0) == ()
    assert facts.requires(core, 0, "x") == ()
    project = facts.project(lib)
    assert [str(one.version) for one in project.releases] == ["1.0"]
    assert (project.every, project.finals, project.wheels, project.yanked) == (1, 1, 1, 0)
    assert admitted(facts, "lib>=1") == ["1.0"]
    assert admitted(facts, "lib>1") == []


def test_what_cannot_be_read_is_asked_for_once() -> None:
    universe = Universe()
    file = universe.add("lib", "1.0", sdist=True)
    universe.native[file.filename] = "a C extension"
    facts = facts_of(universe)
    for _ in range(2):
        with pytest.raises(UnusableFile) as caught:
            facts.requires(canonicalize_name("lib"), 0)
        assert str(caught.value) == (
            "lib-1.0.tar.gz needs a compiler on the Mac (a C extension); --allow-source lib takes "
            "it all the same"
        )
    assert universe.asked.count("lib-1.0.tar.gz") == 1


@pytest.mark.parametrize("text", ["core >= ", "core; platform_machine ~= 'arm64'"])
def test_a_requirement_that_cannot_be_read_is_shown(text: str) -> None:
    universe = Universe()
    universe.add("lib", "1.0", text)
    with pytest.raises(BadMetadata) as caught:
        facts_of(universe).requires(canonicalize_name("lib"), 0)
    assert str(caught.value) == (
        f"lib-1.0-py3-none-any.whl states a requirement that cannot be read: {text!r}"
    )


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
    for name, version in (("app", "1.0"), ("app", "2.0"), ("other", "1.0")):
        universe.add(name, version, requires, "helper<2")
    for version in ("1.0", "2.5", "3.0"):
        universe.add("lib", version)
        universe.add("helper", version)
    made = replace(rules(universe), waivers=[waiver])

    def versions_with(wanted: str) -> tuple[str, str]:
        found = solve(made, asked_for(wanted, target=made.view.target)).packages
        lib, helper = (found[canonicalize_name(name)] for name in ("lib", "helper"))
        return str(lib.version), str(helper.version)

    assert versions_with("app<2") == (taken, "1.0")
    assert versions_with("app") == ("1.0", "1.0")
    assert versions_with("other") == ("1.0", "1.0")


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


@pytest.mark.parametrize(("os", "brings"), [(Os.MACOS, False), (Os.LINUX, True)])
def test_the_extra_of_tensorflow_brings_cuda_where_it_can_be(
    os: Os, brings: bool, universe: Universe
) -> None:
    made = paired(universe, BEST, OLDER)
    facts = Facts(replace(made, view=View(universe, target("3.11", "intel", os=os))), ())
    item = required("tensorflow[and-cuda]>=2.18")
    extra = {"tensorflow[and-cuda]": VersionSet(0b01)}
    assert facts.sets(item, canonicalize_name("app")) == {
        PAIR: VersionSet(0b01),
        **(extra if brings else {}),
    }
    assert facts.sets(item) == facts.sets(item, canonicalize_name("app"))
    # What one of the pair's packages requires of the other is about that project.
    assert facts.sets(item, canonicalize_name("tensorflow-macos")) == {
        "tensorflow": VersionSet(0b01),
        **extra,
    }
    plugin = required("tensorflow-metal")
    assert facts.sets(plugin, canonicalize_name("app")) == {PAIR: VersionSet(0b01)}
    alone = Facts(rules(universe), ())
    assert alone.sets(item) == {"tensorflow": VersionSet(0b01), **extra}
    several = required("numpy[b,a]<2")
    assert list(facts.sets(several)) == ["numpy", "numpy[a]", "numpy[b]"]
    assert set(facts.sets(several).values()) == {VersionSet(0b100)}


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


# -- what the solver is answered


def asking(made: Rules, *asked: str) -> Provider:
    return Provider(Facts(made, asked_for(*asked, target=made.view.target)))


def said(provider: Provider, package: str) -> list[dict[str, tuple[bool, VersionSet]]]:
    """The clauses that come in as a package is asked for the first time."""
    provider.choose_version(package, VersionSet(1))
    return [
        {term.package: (term.is_positive(), term.constraint) for term in clause.terms}  # type: ignore[misc]
        for clause in provider.consume_pending_clauses()
    ]


def test_the_pair_and_its_packages_are_decided_first_and_then_what_a_companion_needs(
    universe: Universe,
) -> None:
    provider = asking(paired(universe, BEST), "wanted")
    for early in ("tensorflow-metal", "tensorflow", "need of lib: more"):
        assert first(provider, ("wanted", ONE), (early, TWO)) == early
        assert first(provider, (early, ONE), (PAIR, TWO)) == PAIR
        assert first(provider, ("a", ONE), (early, TWO), conflicts="a") == early
    alone = asking(rules(universe), "wanted")
    assert first(alone, ("wanted", ONE), ("tensorflow-metal", TWO)) == "wanted"


def test_a_constraint_is_about_its_package_alone_and_a_bound_beside_its_pairs(
    universe: Universe,
) -> None:
    bounds = [bound("numpy", "<2", tensorflow="==2.17.*"), bound("six", "<1", tensorflow="==1.*")]
    universe.add("six", "1.0")
    made = paired(universe, BEST, OLDER, constraints=["numpy>=2", "six[x]>=1"], bounds=bounds)
    provider = asking(made)
    assert said(provider, "numpy") == [
        {"numpy": (True, ~VersionSet(0b011))},
        {PAIR: (True, VersionSet(0b10)), "numpy": (True, ~VersionSet(0b100))},
    ]
    assert said(provider, "numpy") == []
    assert said(provider, "six") == [{"six": (True, ~VersionSet(0b1))}]
    assert said(provider, "six[x]") == []
    alone = asking(rules(universe, bounds=[bound("numpy", "<2")]))
    assert said(alone, "numpy") == [{"numpy": (True, ~VersionSet(0b100))}]


def test_a_constraint_on_tensorflow_is_said_of_the_pair_or_of_the_project_where_there_is_none(
    universe: Universe,
) -> None:
    limits = ["tensorflow<2.18"]
    provider = asking(paired(universe, BEST, OLDER, constraints=limits))
    assert said(provider, "tensorflow") == []
    assert said(provider, PAIR)[-1] == {PAIR: (True, ~VersionSet(0b10))}
    alone = asking(rules(universe, constraints=limits))
    assert said(alone, "tensorflow") == [{"tensorflow": (True, ~VersionSet(0b10))}]


def test_the_pair_comes_with_what_each_of_its_packages_and_the_user_say(
    universe: Universe,
) -> None:
    made = paired(universe, BEST, OLDER, RAISED, constraints=["tensorflow<2.18", "numpy<2"])
    gone = replace(
        made,
        options=Options((*made.options.all, *paired(universe, ("2.16.0", None, "12")).options.all)),
    )
    assert said(asking(gone), PAIR) == [
        {PAIR: (True, VersionSet(0b0101)), "tensorflow": (False, VersionSet(0b01))},
        {PAIR: (True, VersionSet(0b0101)), "tensorflow-metal": (False, VersionSet(0b1))},
        {PAIR: (True, VersionSet(0b0010)), "tensorflow": (False, VersionSet(0b10))},
        {PAIR: (True, VersionSet(0b1000))},
        {PAIR: (True, ~VersionSet(0b1010))},
    ]


def test_an_option_requires_its_packages_in_their_versions(universe: Universe) -> None:
    provider = asking(paired(universe, BEST, OLDER))
    assert provider.get_dependencies(PAIR, 0) == {
        "tensorflow": VersionSet(0b01),
        "tensorflow-metal": VersionSet(0b1),
    }
    assert provider.get_dependencies(PAIR, 1) == {"tensorflow": VersionSet(0b10)}


def test_there_is_a_version_where_one_of_the_projects_is_admitted(universe: Universe) -> None:
    provider = asking(paired(universe, BEST, OLDER))
    for package, count in ((PAIR, 2), ("numpy", 3), ("numpy[x]", 3), ("unknown", 0)):
        for place in range(4):
            one = VersionSet(1 << place)
            assert provider.has_satisfying_version(package, one) is (place < count)
            assert provider.choose_version(package, one) is None or place < count
    assert provider.choose_version("numpy", ~VersionSet(0b1)) == 1
    assert provider.choose_version("numpy", VersionSet(0b1110)) == 1
    assert provider.choose_version(PAIR, VersionSet(0b10)) == 1


def test_a_preferred_version_is_that_of_a_project_with_or_without_extra() -> None:
    universe = Universe()
    for version in ("1.0", "2.0", "3.0"):
        universe.add("lib", version)
        universe.add("other", version)
    preferred = {canonicalize_name("lib"): Version("1.0"), canonicalize_name("other"): Version("7")}
    provider = asking(replace(rules(universe), preferred=preferred))
    every, newer = VersionSet(0b111), VersionSet(0b011)
    for package in ("lib", "lib[x]"):
        assert provider.choose_version(package, every) == 2
        assert provider.choose_version(package, newer) == 0
    assert provider.choose_version("other", every) == 0


def test_where_all_pre_releases_count_final_releases_are_taken_before_them(
    several: Universe,
) -> None:
    def chosen_of(facts: Facts, package: str) -> list[int | None]:
        provider = Provider(facts)
        return [provider.choose_version(package, VersionSet(bits)) for bits in (0b11, 0b01)]

    assert chosen_of(facts_of(several, all_pre=True), "other") == [1, 0]
    assert chosen_of(facts_of(several, all_pre=True), "other[x]") == [1, 0]
    assert chosen_of(facts_of(several, "other>=1rc1", all_pre=True), "other") == [0, 0]
    assert chosen_of(facts_of(several), "other") == [0, 0]


def test_two_requirements_of_one_package_hold_together_and_none_holds_where_they_do_not() -> None:
    universe = Universe()
    universe.add("app", "3.0", "lib>=2", "lib<3", "other")
    universe.add("app", "2.0", "lib>=2", "lib<2")
    universe.add("app", "1.0", "unknown")
    for version in ("1.0", "2.0", "3.0"):
        universe.add("lib", version)
    universe.add("other", "1.0")
    provider = asking(rules(universe))
    assert provider.get_dependencies("app", 0) == {
        "lib": VersionSet(0b010),
        "other": VersionSet(0b1),
    }
    assert provider.get_dependencies("app", 1) == {"app": VersionSet(0)}
    assert provider.get_dependencies("app", 2) == {"app": VersionSet(0)}


def test_an_extra_requires_its_package_in_the_same_version_and_more() -> None:
    universe = Universe()
    universe.add("lib", "2.0", 'helper[y]; extra == "x"')
    universe.add("lib", "1.0", 'helper; extra == "x"', "core")
    universe.add("helper", "1.0")
    universe.add("core", "1.0")
    provider = asking(rules(universe))
    assert provider.get_dependencies("lib[x]", 0) == {
        "lib": VersionSet(0b01),
        "helper": VersionSet(0b1),
        "helper[y]": VersionSet(0b1),
    }
    assert provider.get_dependencies("lib[x]", 1) == {
        "lib": VersionSet(0b10),
        "helper": VersionSet(0b1),
    }


def test_a_version_is_beside_the_options_whose_macos_has_a_file_of_it(universe: Universe) -> None:
    universe.add("new", "1.0", "tensorflow>=2.18", tag="cp311-cp311-macosx_15_0_arm64")
    universe.add("old", "1.0", tag="cp311-cp311-macosx_11_0_arm64")
    universe.add("pure", "1.0")
    universe.add("never", "1.0", "tensorflow<2.18", tag="cp311-cp311-macosx_15_0_arm64")
    made = paired(universe, BEST, OLDER, RAISED)
    provider = asking(made)
    assert provider.get_dependencies("new", 0) == {PAIR: VersionSet(0b100)}
    assert provider.get_dependencies("old", 0) == {}
    assert provider.get_dependencies("pure", 0) == {}
    assert provider.get_dependencies("never", 0) == {"never": VersionSet(0)}
    given = replace(made, given={canonicalize_name("new"): Version("1.0")})
    assert asking(given).get_dependencies("new", 0) == {}
    assert (
        asking(rules(universe, target=target("3.11", "m1", "15"))).get_dependencies("old", 0) == {}
    )


def test_a_pin_of_a_yanked_version_opens_it_once_and_a_pin_of_the_pair_none(
    universe: Universe,
) -> None:
    universe.add("tensorflow", "2.19.0", yanked="broken")
    universe.add("lib", "2.0", yanked="broken")
    universe.add("lib", "1.0")
    universe.add("app", "1.0", "lib==2.0")
    universe.add("range", "1.0", "lib>=1")
    universe.add("both", "1.0", "tensorflow==2.18.1")
    made = paired(universe, BEST, OLDER)
    provider = asking(made)
    assert provider.get_dependencies("both", 0) == {PAIR: VersionSet(0b01)}
    assert provider.get_dependencies("range", 0) == {"lib": VersionSet(0b10)}
    with pytest.raises(OpenYanked) as caught:
        provider.get_dependencies("app", 0)
    lib = canonicalize_name("lib")
    assert (caught.value.name, caught.value.versions) == (lib, 0b01)
    provider.facts.open_yanked(lib, 0b01)
    again = Provider(provider.facts)
    assert again.get_dependencies("app", 0) == {"lib": VersionSet(0b01)}
    assert again.get_dependencies("range", 0) == {"lib": VersionSet(0b11)}
    again.facts.close_yanked(lib, 0b01)
    assert Provider(again.facts).get_dependencies("app", 0) == {"lib": VersionSet(0b01)}
    alone = asking(rules(universe))
    universe.add("pins", "1.0", "tensorflow==2.19.0")
    with pytest.raises(OpenYanked):
        alone.get_dependencies("pins", 0)


# -- what is needed beside the metadata


def beside(universe: Universe, companion: Companion) -> Provider:
    """A provider that was asked for the companion, and whose clauses were taken."""
    for version in ("1.0", "2.0"):
        universe.add("extra", version)
        universe.add("helper", version)
    provider = asking(replace(paired(universe, BEST, OLDER), companions={"extra": companion}))
    provider.choose_version("extra[x]", VersionSet(0b11))
    assert provider.consume_pending_clauses() == []
    return provider


NEED = "need of extra: a"


def test_versions_with_a_need_require_it_beside_its_pairs_and_no_more_beside_others(
    universe: Universe,
) -> None:
    companion = companion_needing("helper<2", versions="<2", tensorflow=">=2.18")
    provider = beside(universe, companion)
    assert said(provider, "extra") == []
    assert provider.get_dependencies("extra", 0) == {}
    assert provider.get_dependencies("extra", 1) == {NEED: VersionSet(0b11)}
    assert provider.get_dependencies("extra[x]", 1) == {"extra": VersionSet(0b10)}
    assert provider.has_satisfying_version(NEED, VersionSet(0b10))
    assert not provider.has_satisfying_version(NEED, VersionSet(0b100))
    assert provider.choose_version(NEED, VersionSet(0b11)) == 0
    assert provider.get_dependencies(NEED, 0) == {
        PAIR: VersionSet(0b01),
        "helper": VersionSet(0b10),
    }
    assert provider.get_dependencies(NEED, 1) == {PAIR: VersionSet(0b10)}
    assert provider.facts.needs("unknown") == ()


def test_a_need_beside_every_pair_cannot_be_passed_over(universe: Universe) -> None:
    provider = beside(universe, companion_needing("helper"))
    said(provider, "extra")
    assert provider.get_dependencies(NEED, 1) == {NEED: VersionSet(0)}
    assert provider.get_dependencies(NEED, 0) == {
        PAIR: VersionSet(0b11),
        "helper": VersionSet(0b11),
    }


def test_a_need_that_nothing_meets_holds_nowhere(universe: Universe) -> None:
    provider = beside(universe, companion_needing("helper>2"))
    said(provider, "extra")
    assert provider.get_dependencies(NEED, 0) == {NEED: VersionSet(0)}


def test_a_need_of_tensorflow_is_a_clause_and_nothing_that_is_required(universe: Universe) -> None:
    provider = beside(universe, companion_needing("tensorflow<2.18", versions="<2"))
    assert said(provider, "extra") == [
        {"extra": (True, VersionSet(0b10)), PAIR: (True, VersionSet(0b01))}
    ]
    assert provider.get_dependencies("extra", 1) == {}


# -- what is read, and how often


class Reading(Watched):
    """An index that notes of which wheels the metadata were read, and finds fault with archives."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.fault = ""

    def metadata(self, file: IndexFile) -> Metadata:
        self.read.append(file.filename)
        return super().metadata(file)

    def source_archive(self, file: IndexFile) -> SourceArchive:
        return replace(super().source_archive(file), fault=self.fault)


def test_a_wheel_is_read_once_for_all_searches_of_a_target_unless_the_matrix_knows_it() -> None:
    universe = Reading()
    universe.add("lib", "2.0", "core")
    known = universe.add("lib", "1.0", "core")
    made = replace(rules(universe), known={known.sha256 or "": ()})
    lib = canonicalize_name("lib")
    for _ in range(2):
        facts = Facts(made, ())
        assert texts(facts.requires(lib, 0)) == ["core"]
        assert facts.requires(lib, 1) == ()
    assert universe.read == ["lib-2.0-py3-none-any.whl"]


def test_an_archive_with_a_fault_is_refused_with_it_and_one_without_is_read() -> None:
    universe = Reading()
    for version in ("1.0", "2.0"):
        file = universe.add("lib", version, "core", sdist=True)
    lib = canonicalize_name("lib")
    assert texts(facts_of(universe).requires(lib, 0)) == ["core"]
    universe.native[file.filename] = "a C extension"
    assert texts(facts_of(universe, allow_source=["lib"]).requires(lib, 0)) == ["core"]
    universe.fault = "has no metadata"
    facts = facts_of(universe, allow_source=["lib"])
    for place, file_name in enumerate(("lib-2.0.tar.gz", "lib-1.0.tar.gz")):
        with pytest.raises(UnusableFile) as caught:
            facts.requires(lib, place)
        assert str(caught.value) == f"{file_name} has no metadata"


def test_archives_are_passed_over_package_by_package() -> None:
    universe = Reading()
    universe.fault = "has no metadata"
    for name in ("lib", "other"):
        for version in range(ARCHIVES + 1):
            universe.add(name, f"{version}.0", sdist=True)
    facts = facts_of(universe)
    for name in map(canonicalize_name, ("lib", "other")):
        for place in range(ARCHIVES + 1):
            why = "has no metadata" if place < ARCHIVES else "was not looked at, since newer ones"
            with pytest.raises(UnusableFile, match=why):
                facts.requires(name, place)


def test_only_wheels_of_the_index_are_fetched_ahead() -> None:
    universe = Watched()
    for number in range(MANY):
        universe.add("lib", f"{number}.0", sdist=number % 2 == 0)
    made = rules(universe)
    provider = asking(made)
    for _ in range(FEW):
        provider.choose_version("lib[x]", ~VersionSet(0))
    assert universe.ahead == []
    for _ in range(FEW + MANY):
        provider.choose_version("lib", ~VersionSet(0))
    odd = [f"{number}.0" for number in range(MANY - 1, 0, -2)]
    assert universe.ahead == [odd, odd]
    given = asking(replace(made, given={canonicalize_name("lib"): Version("1.0")}))
    for _ in range(FEW + MANY):
        assert given.choose_version("lib", VersionSet(1)) == 0
    assert universe.ahead == [odd, odd]


# -- nightly builds that require the same


def built(count: int, requires: Callable[[int], str]) -> Watched:
    """An index with so many builds of a project, by the place at which the newest is 0."""
    universe = Watched()
    for place in range(count):
        universe.add("nightly", f"1.0.dev{count - place}", requires(place))
    universe.add("lib", "1.0")
    universe.add("lib", "2.0")
    return universe


def trying(universe: Universe, times: int) -> Provider:
    """A provider that was asked so often for another version of the project."""
    provider = asking(rules(universe))
    for _ in range(times):
        provider.choose_version("nightly", ~VersionSet(0))
    return provider


def row(start: int, stop: int) -> VersionSet:
    return VersionSet(sum(1 << place for place in range(start, stop + 1)))


def test_after_a_few_builds_those_that_require_the_same_are_taken_together() -> None:
    universe = built(100, lambda _: "lib<2")
    assert trying(universe, FEW - 1).widen_decision("nightly", 0) is None
    provider = trying(universe, FEW)
    assert not provider.facts.guessed
    assert provider.widen_decision("nightly", 3) == row(3, 3 + MANY)
    assert provider.facts.guessed
    assert provider.widen_decision("nightly", 20) == row(20, 20 + 2 * MANY)
    assert provider.widen_decision("nightly", 60) == row(60, 99)
    assert provider.widen_decision("nightly", 98) == row(98, 99)
    assert provider.widen_decision("nightly", 99) is None


def test_of_builds_that_differ_fewer_are_taken_together_each_time() -> None:
    universe = built(100, lambda place: f"lib<{3 if place < 10 else 2}")
    provider = trying(universe, FEW)
    assert provider.widen_decision("nightly", 5) == row(5, 5 + MANY // 4)
    assert provider.widen_decision("nightly", 8) is None
    assert provider.widen_decision("nightly", 9) is None
    assert provider.widen_decision("nightly", 20) == row(20, 22)
    assert provider.widen_decision("nightly", 30) == row(30, 34)


def test_an_extra_and_a_final_release_stand_for_themselves() -> None:
    universe = built(40, lambda _: "lib<2")
    universe.add("nightly", "0.9", "lib<2")
    provider = trying(universe, FEW)
    assert provider.widen_decision("nightly[x]", 3) is None
    assert provider.widen_decision("nightly", 3) == row(3, 3 + MANY)
    assert provider.widen_decision(PAIR, 0) is None
    assert provider.widen_decision("lib", 0) is None
    # The last one is no nightly build, so the others are taken up to one before it.
    assert provider.widen_decision("nightly", 38) is None
    assert provider.widen_decision("nightly", 36) == row(36, 38)
    provider.facts.guess_nightlies = False
    assert provider.widen_decision("nightly", 3) is None


def test_what_is_looked_at_next_is_fetched_together() -> None:
    universe = built(100, lambda _: "lib<2")
    provider = trying(universe, FEW)
    universe.ahead.clear()
    provider.widen_decision("nightly", 10)
    wanted = [11, 13, 16, 22, 23, 47]
    assert universe.ahead == [[f"1.0.dev{100 - place}" for place in wanted]]
    universe.ahead.clear()
    provider.widen_decision("nightly", 90)
    wanted = [91, 93, 96]
    assert universe.ahead == [[f"1.0.dev{100 - place}" for place in wanted]]
    universe.ahead.clear()
    trying(universe, FEW).widen_decision("nightly", 87)
    assert universe.ahead[-1] == [f"1.0.dev{100 - place}" for place in (88, 90, 93, 99)]
    # From there on the builds in between are not fetched.
    universe.ahead.clear()
    for _ in range(MANY):
        provider.choose_version("nightly", ~VersionSet(0))
    assert universe.ahead == []
