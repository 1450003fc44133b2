"""Which files of a project fit, in which order, and why the others do not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from packaging.tags import parse_tag
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from tests.support.facts import target
from tests.support.universe import Universe
from tfmac_lock.pypi.errors import ProjectNotFound
from tfmac_lock.pypi.model import IndexFile
from tfmac_lock.resolve.candidates import (
    FittingFile,
    LeftOut,
    Sources,
    _head,
    fitting_files,
    ranks_of,
)
from tfmac_lock.resolve.view import ALL, Release, View
from tfmac_lock.target import MacOSVersion

MAC = target("3.11", "m1", "14")
RANKS = ranks_of(MAC.tags())
DAY = datetime(2026, 1, 2, tzinfo=UTC)


def fits(universe: Universe, left_out: LeftOut | None = None, **options: object) -> list[str]:
    found = fitting_files(
        universe.project("lib"),
        ranks=RANKS,
        python="3.11.9",
        left_out=left_out,
        **options,  # type: ignore[arg-type]
    )
    return [one.file.filename for one in found]


def test_tags_are_ranked_from_the_most_specific_on() -> None:
    first, *_, last = MAC.tags()
    assert (RANKS[str(first)], RANKS[str(last)]) == (0, len(RANKS) - 1)


def test_files_come_newest_first_wheels_before_archives_and_the_best_tag_first() -> None:
    universe = Universe()
    best, other = "cp311-cp311-macosx_14_0_arm64", "cp311-cp311-macosx_11_0_arm64"
    universe.add("lib", "1.0", tag="py3-none-any")
    universe.add("lib", "1.0", sdist=True)
    universe.add("lib", "1.0", tag=other)
    universe.add("lib", "1.0", tag=best)
    universe.add("lib", "1.0", tag=best, build="2")
    universe.add("lib", "1.0", tag=best, build="10a")
    universe.add("lib", "1.10")
    universe.add("lib", "1.9")
    assert fits(universe, sources=Sources.ALL) == [
        "lib-1.10-py3-none-any.whl",
        "lib-1.9-py3-none-any.whl",
        f"lib-1.0-10a-{best}.whl",
        f"lib-1.0-2-{best}.whl",
        f"lib-1.0-{best}.whl",
        f"lib-1.0-{other}.whl",
        "lib-1.0-py3-none-any.whl",
        "lib-1.0.tar.gz",
    ]


def test_why_files_are_left_out_is_counted() -> None:
    universe = Universe()
    universe.add("lib", "1.0", tag="cp311-cp311-win_amd64")
    universe.add("lib", "1.0", tag="cp310-cp310-macosx_11_0_arm64")
    universe.add("lib", "1.0", requires_python=">=3.12")
    universe.add("lib", "1.1", uploaded=DAY)
    universe.add("lib", "1.2", sdist=True)
    universe.add("lib", "1.3")
    left_out = LeftOut()
    assert fits(universe, left_out, before=DAY) == []
    assert left_out == LeftOut(wrong_tag=2, wrong_python=1, too_new=1, without_date=1, sdists=1)
    assert str(left_out) == (
        "2 for other systems or Pythons, 1 for other Pythons by Requires-Python, 1 newer than "
        "--exclude-newer allows, 1 without an upload time on the index, 1 source archives, which "
        "would have to be built"
    )
    assert str(LeftOut(sdists=3)) == "3 source archives, which would have to be built"
    assert str(LeftOut()) == ""


@pytest.mark.parametrize(("day", "taken"), [(1, True), (2, False), (3, False)])
def test_a_file_of_the_moment_itself_is_too_new(day: int, taken: bool) -> None:
    universe = Universe()
    universe.add("lib", "1.0", uploaded=DAY.replace(day=day))
    assert bool(fits(universe, before=DAY)) is taken


@pytest.mark.parametrize(
    ("sources", "taken"),
    [
        (Sources.NONE, []),
        (Sources.WITHOUT_WHEEL, ["lib-2.0.tar.gz"]),
        (Sources.ALL, ["lib-2.0.tar.gz", "lib-1.0.tar.gz"]),
    ],
)
def test_source_archives_count_as_they_are_asked_for(sources: Sources, taken: list[str]) -> None:
    universe = Universe()
    universe.add("lib", "1.0", tag="cp311-cp311-win_amd64")
    universe.add("lib", "1.0", sdist=True)
    universe.add("lib", "2.0", sdist=True)
    assert fits(universe, sources=sources) == taken


def test_the_oldest_macos_of_a_file_is_that_of_its_fitting_tags() -> None:
    universe = Universe()
    for tag in (
        "cp311-cp311-macosx_10_9_x86_64.macosx_11_0_arm64.macosx_12_3_arm64",
        "cp39.cp310.cp311-abi3-macosx_13_0_universal2",
        "py2.py3-none-any",
    ):
        universe.add("lib", "1.0", tag=tag)
    found = fitting_files(universe.project("lib"), ranks=RANKS, python="3.11.9")
    floors = {one.file.filename.split("-")[-1]: one.macos for one in found}
    assert floors == {
        "macosx_10_9_x86_64.macosx_11_0_arm64.macosx_12_3_arm64.whl": MacOSVersion(11, 0),
        "macosx_13_0_universal2.whl": MacOSVersion(13, 0),
        "any.whl": None,
    }
    for one in found:
        tags = parse_tag(one.file.filename.removesuffix(".whl").split("-", 2)[2])
        assert one.rank == min(RANKS[str(tag)] for tag in tags if str(tag) in RANKS)
        assert one.is_wheel


@pytest.mark.parametrize(
    "name", ["a-1.0", "a.b_c-1!2.0+local.1", "a-1.0-1", "a-1.0-12abc", "a-1.0rc1-0x"]
)
def test_the_beginning_of_a_wheels_name_is_read_as_packaging_reads_it(name: str) -> None:
    _, version, build, _ = parse_wheel_filename(f"{name}-py3-none-any.whl")
    assert _head(name) == (version, build)


@pytest.mark.parametrize("name", ["a", "a__b-1.0", "a-1.0-x1", "a-x", "a-1.0-1-2", "-1.0"])
def test_a_name_that_packaging_refuses_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_wheel_filename(f"{name}-py3-none-any.whl")
    assert _head(name) is None


# -- the view of one target


def release(*floors: str | None) -> Release:
    return Release(
        version=Version("1.0"),
        files=tuple(
            FittingFile(
                version=Version("1.0"),
                file=IndexFile(filename=f"{floor}.whl", url="https://x"),
                rank=place,
                macos=MacOSVersion.parse(floor) if floor else None,
            )
            for place, floor in enumerate(floors)
        ),
    )


@pytest.mark.parametrize(
    ("floors", "oldest"), [(("13", "11"), "11.0"), (("11", None), None), ((None,), None)]
)
def test_a_release_is_for_the_oldest_macos_of_its_files(
    floors: tuple[str | None, ...], oldest: str | None
) -> None:
    found = release(*floors).macos
    assert (str(found) if found else None) == oldest


@pytest.mark.parametrize(
    ("macos", "taken"), [("14", "14"), ("13.9", "12"), ("12", "12"), ("11", "14")]
)
def test_the_file_for_a_macos_is_the_best_that_admits_it_or_else_the_best_of_all(
    macos: str, taken: str
) -> None:
    assert release("14", "12", "13").file_for(MacOSVersion.parse(macos)).file.filename == (
        f"{taken}.whl"
    )
    assert release("14", None).file_for(MacOSVersion.parse("11")).file.filename == "None.whl"


def test_a_project_knows_which_versions_are_final_wheels_and_yanked() -> None:
    universe = Universe()
    universe.add("lib", "3.0rc1")
    universe.add("lib", "2.0", yanked="")
    universe.add("lib", "1.0", yanked="broken")
    universe.add("lib", "1.0", tag="cp311-cp311-macosx_11_0_arm64")
    universe.add("lib", "0.9", sdist=True)
    project = View(universe, MAC).project("lib")  # type: ignore[arg-type]
    assert [str(one.version) for one in project.releases] == ["3.0rc1", "2.0", "1.0", "0.9"]
    assert (project.every, project.finals) == (0b1111, 0b1110)
    assert (project.wheels, project.yanked) == (0b0111, 0b0010)
    assert project.place(Version("1.0.0")) == 2
    assert project.place(Version("7")) is None
    assert not project.unknown


def test_a_view_asks_for_each_project_once_and_ahead_for_those_that_it_has_not() -> None:
    class Watched(Universe):
        ahead: list[list[str]] = []  # noqa: RUF012 - of this test alone

        def prefetch_projects(self, names: object) -> None:
            self.ahead.append(list(names))  # type: ignore[call-overload]

    universe = Watched()
    universe.add("lib", "1.0")
    view = View(universe, MAC)
    assert view.project("lib") is view.project("lib")  # type: ignore[arg-type]
    assert universe.asked == ["lib"]
    view.fetch_ahead(["lib", "other", "other"])  # type: ignore[list-item]
    assert universe.ahead == [["other"]]
    with pytest.raises(ProjectNotFound):
        universe.project("other")
    unknown = view.project("other")  # type: ignore[arg-type]
    assert (unknown.unknown, unknown.releases) == (True, ())


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({}, ["2.0"]),
        ({"wheels_only": ["lib"]}, []),
        ({"wheels_only": [ALL]}, []),
        ({"wheels_only": ["other"]}, ["2.0"]),
        ({"allow_source": ["lib"]}, ["2.0", "1.0"]),
        ({"allow_source": ["lib"], "wheels_only": ["lib"]}, []),
    ],
)
def test_of_which_packages_source_archives_count_is_the_views(
    options: dict[str, list[str]], taken: list[str]
) -> None:
    universe = Universe()
    universe.add("lib", "1.0", tag="cp311-cp311-win_amd64")
    universe.add("lib", "1.0", sdist=True)
    universe.add("lib", "2.0", sdist=True)
    project = View(universe, MAC, **options).project("lib")  # type: ignore[arg-type]
    assert [str(one.version) for one in project.releases] == taken


def test_a_view_looks_as_far_as_the_newest_macos_and_never_less_far_than_its_target() -> None:
    universe = Universe()
    universe.add("lib", "1.0", tag="cp311-cp311-macosx_15_0_arm64")
    assert View(universe, MAC).project("lib").releases == ()  # type: ignore[arg-type]
    further = View(universe, MAC, newest=MacOSVersion(15))
    assert len(further.project("lib").releases) == 1  # type: ignore[arg-type]
    assert further.newest == MacOSVersion(15)
    assert View(universe, MAC, newest=MacOSVersion(12)).newest == MAC.macos


def test_a_view_counts_pre_releases_as_much_only_where_that_is_asked_for() -> None:
    assert not View(Universe(), MAC).pre
    assert View(Universe(), MAC, pre=True).pre


def test_a_view_shares_with_one_like_it_what_no_macos_decides() -> None:
    universe = Universe()
    universe.add("lib", "1.0")
    first = View(universe, MAC)
    first.project("lib")  # type: ignore[arg-type]
    first.applied = {("a; os_name == 'x'", ""): True, ("a; platform_release == '1'", ""): True}
    same = View(universe, MAC, like=first)
    same.project("lib")  # type: ignore[arg-type]
    assert universe.asked == ["lib"]
    assert same.applied == {("a; os_name == 'x'", ""): True}
    other = View(universe, MAC, newest=MacOSVersion(15), like=first)
    other.project("lib")  # type: ignore[arg-type]
    assert universe.asked == ["lib", "lib"]
    assert other.applied == {}
