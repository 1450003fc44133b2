from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tfmac_lock.errors import UsageError
from tfmac_lock.lock.request import Words, before, end_of, make_request
from tfmac_lock.target import MacOSVersion, Os

if TYPE_CHECKING:
    from tfmac_lock.lock.request import LockRequest
    from tfmac_lock.target import Platforms

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def platforms() -> Platforms:
    return shipped().platforms


def request(words: Words, platforms: Platforms, system: Os = Os.MACOS) -> LockRequest:
    made, _ = make_request(
        words,
        platforms,
        chip=platforms.chip("m1"),
        python=platforms.python("3.11"),
        macos=MacOSVersion(14),
        any_minor=True,
        system=system,
    )
    return made


def test_a_day_ends_where_the_next_begins() -> None:
    assert end_of(date(2026, 1, 31)) == datetime(2026, 2, 1, tzinfo=UTC)
    assert before("2026-01-31") == datetime(2026, 2, 1, tzinfo=UTC)
    assert before("2026-01-31T12:00+02:00") == datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "given", ["9999-12-31", "9999-12-31T23:59-10:00", "0001-01-01T00:00+10:00", "yesterday", ""]
)
def test_a_day_that_nobody_can_mean_is_a_wrong_use(given: str) -> None:
    with pytest.raises(UsageError, match="write it like 2026-01-31"):
        before(given)


@pytest.mark.parametrize("given", ["1.2.0; rm", "\u0661.2", "1.2.0.0.0.0", "newest", "9" * 5000])
def test_a_plugin_is_a_version_a_person_can_mean(platforms: Platforms, given: str) -> None:
    with pytest.raises(UsageError, match="--metal"):
        request(Words(metal=given), platforms)


def test_requirements_count_as_their_markers_say_on_the_target(platforms: Platforms) -> None:
    words = Words(packages=["a; sys_platform == 'darwin'", "b; sys_platform == 'linux'"])

    assert request(words, platforms).pair.extra == {"a"}
    assert request(words, platforms, Os.LINUX).pair.extra == {"b"}


def test_files_and_texts_come_to_one_request(platforms: Platforms, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("--pre\ntqdm\n")
    (tmp_path / "limits.txt").write_text("tqdm<5\n")
    words = Words(
        packages=["pandas>2"],
        limits=["numpy<3"],
        requirements=[tmp_path / "in.txt"],
        constraints=[tmp_path / "limits.txt"],
    )

    made = request(words, platforms)

    assert [need.name for need in made.requirements] == ["pandas", "tqdm"]
    assert [need.name for need in made.constraints] == ["numpy", "tqdm"]
    assert made.pre


def test_the_options_ask_for_the_same_again() -> None:
    words = Words(packages=["a b>1"], requirements=[Path("x y.txt")], exclude_newer="2026-01-31")

    assert words.options == "--with 'a b>1' -r 'x y.txt' --exclude-newer 2026-01-31"
