from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.lock.test_make import facts, wish
from tests.support.facts import target
from tests.support.universe import Universe, as_indexed, asked_for
from tfmac_lock.errors import UsageError
from tfmac_lock.lock.make import Resolver
from tfmac_lock.lock.published import slot_name
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.lock.update import (
    NotInLock,
    named,
    unless_nothing_new,
    update_packages,
)
from tfmac_lock.publish.index import render
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tfmac_lock.lock.model import Lock

TAG = "cp311-cp311-macosx_12_0_arm64"
OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
BETWEEN = datetime(2026, 3, 1, tzinfo=UTC)
PAIR = {"tensorflow", "tensorflow-metal"}


def index(**requires_by_version: Mapping[str, tuple[str, ...]]) -> Universe:
    """The pair, and packages whose versions from 3 on came later."""
    found = Universe()
    for version in ("2.17.1", "2.18.1"):
        found.add("tensorflow", version, "a", tag=TAG, uploaded=OLD)
    found.add("tensorflow-metal", "1.2.0", tag=TAG, uploaded=OLD)
    for name, releases in requires_by_version.items():
        for version, requires in releases.items():
            uploaded = NEW if Version(version) >= Version("3") else OLD
            found.add(name, version, *requires, uploaded=uploaded)
    return found


def resolver(universe: Universe) -> Resolver:
    return Resolver(matrix=as_indexed(facts(), universe), source=universe, as_of="2026-07-01")


def request(*wanted: str, before: datetime | None = None) -> LockRequest:
    return LockRequest(
        pair=wish(), requirements=tuple(asked_for(*wanted, target=target())), before=before
    )


def updated(universe: Universe, old: Lock, *names: str, asked: tuple[str, ...] = ()) -> Lock:
    return update_packages(resolver(universe), request(*asked), old, named(old, names))


def texts(lock: Lock) -> dict[str, str]:
    return {name: str(version) for name, version in lock.versions.items() if name not in PAIR}


def test_a_named_package_is_new_and_the_rest_stays() -> None:
    universe = index(a={"1": ("b", "c"), "3": ("b", "c")}, b={"1": (), "3": ()}, c={"1": ()})
    old = resolver(universe).lock(request(before=BETWEEN)).lock
    assert texts(old) == {"a": "1", "b": "1", "c": "1"}
    assert texts(updated(universe, old, "b")) == {"a": "1", "b": "3", "c": "1"}
    assert texts(updated(universe, old, "a", "b")) == {"a": "3", "b": "3", "c": "1"}


def test_what_a_named_package_forces_moves_with_it() -> None:
    universe = index(
        a={"1": ("b<2", "c"), "3": ("b", "c")}, b={"1": (), "3": ()}, c={"1": (), "3": ()}
    )
    old = resolver(universe).lock(request(before=BETWEEN)).lock
    assert texts(updated(universe, old, "b")) == {"a": "3", "b": "3", "c": "1"}


def test_what_users_limit_stays_limited() -> None:
    universe = index(a={"1": ("b",), "3": ("b",)}, b={"1": (), "2": (), "3": ()})
    old = resolver(universe).lock(request("b<3", before=BETWEEN)).lock
    assert texts(updated(universe, old, "b", asked=("b<3",)))["b"] == "2"


def test_the_pair_stays_unless_it_is_named() -> None:
    universe = index(a={"1": (), "3": ()})
    older = replace(request(before=BETWEEN), pair=wish(tensorflow="2.17"))
    old = resolver(universe).lock(older).lock
    assert updated(universe, old, "a").combo.tensorflow == "2.17.1"
    made = updated(universe, old, "tensorflow")
    assert made.combo.tensorflow == "2.18.1"
    assert texts(made) == texts(old)


def test_only_what_is_in_the_lock_can_be_named() -> None:
    universe = index(a={"1": ()})
    old = resolver(universe).lock(request()).lock
    with pytest.raises(NotInLock, match="keras is not in the lock; add it with --with keras"):
        named(old, ["keras"])
    from_conda = replace(old, packages=tuple(replace(p, manager="conda") for p in old.packages))
    with pytest.raises(UsageError, match="a comes from conda"):
        named(from_conda, ["a"])


def test_a_lock_of_another_day_alone_is_the_old_one() -> None:
    universe = index(a={"1": ()})
    old = resolver(universe).lock(request()).lock
    assert unless_nothing_new(replace(old, as_of="2026-09-09"), old) is old
    other = replace(old, as_of="2026-09-09", command="--python 3.11")
    assert unless_nothing_new(other, old) is other


# -- on random indexes, against a search that tries everything


def random_index(seed: int) -> dict[str, dict[str, tuple[str, ...]]]:
    luck = random.Random(seed)
    names = "abcdef"
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for place, name in enumerate(names):
        releases = {}
        for version in ("1", "2", "3", "4")[: luck.randint(2, 4)]:
            others = luck.sample(names[place + 1 :], k=min(luck.randint(0, 3), 5 - place))
            limits = [luck.choice(["", ">=2", "<3", "<4", ">=3", "!=2"]) for _ in others]
            # What is old asks for what was there; so the first lock can be had.
            if version < "3":
                limits = [luck.choice(["", "<3", "<2", "!=4"]) for _ in others]
            releases[version] = tuple(map("".join, zip(others, limits, strict=True)))
        found[name] = releases
    return found


def fits(
    releases: Mapping[str, Mapping[str, tuple[str, ...]]], pins: Mapping[str, str]
) -> dict[str, str] | None:
    """Any solution for ``a`` with these pins, found by trying all."""

    def search(chosen: dict[str, str], waiting: list[Requirement]) -> dict[str, str] | None:
        if not waiting:
            return chosen
        item, *rest = waiting
        if item.name in chosen:
            return search(chosen, rest) if chosen[item.name] in item.specifier else None
        for version, requires in releases[item.name].items():
            if version not in item.specifier or pins.get(item.name, version) != version:
                continue
            found = search({**chosen, item.name: version}, [*rest, *map(Requirement, requires)])
            if found is not None:
                return found
        return None

    return search({}, [Requirement("a")])


@pytest.mark.parametrize("seed", range(50))
def test_nothing_changes_that_the_named_package_does_not_force(seed: int) -> None:
    releases = random_index(seed)
    universe = index(**releases)
    old = resolver(universe).lock(request(before=BETWEEN)).lock
    before, newest = texts(old), texts(resolver(universe).lock(request()).lock)
    for name in before:
        after = texts(updated(universe, old, name))
        if after.get(name) != newest.get(name):
            pins = {one: pin for one, pin in after.items() if one != name}
            newer = [text for text in releases[name] if text > after[name]]
            assert all(fits(releases, {**pins, name: text}) is None for text in newer)
        both = (set(after) & set(before)) - {name}
        changed = {one for one in both if before[one] != after[one]}
        kept = {one: pin for one, pin in after.items() if before.get(one) == pin}
        named_pin = {name: after[name]} if name in after else {}
        for one in changed:
            back = fits(releases, {**kept, **named_pin, one: before[one]})
            assert back is None or (name in after and name not in back), (name, one)
        assert canonicalize_name(name) in named(old, [name])


@pytest.mark.parametrize("seed", range(50))
def test_an_update_with_nothing_new_is_the_same_lock(seed: int) -> None:
    universe = index(**random_index(seed))
    old = resolver(universe).lock(request()).lock
    again = replace(resolver(universe), as_of="2026-12-24").lock(request()).lock
    assert unless_nothing_new(again, old) is old
    for name in texts(old):
        assert unless_nothing_new(updated(universe, old, name), old) is old


def test_a_named_package_is_newer_than_what_was_tried(tmp_path: Path) -> None:
    universe = index(a={"1": ("b",), "3": ("b",)}, b={"1": (), "3": ()})
    old = resolver(universe).lock(request(before=BETWEEN)).lock
    for path, text in render(slot_name("3.11", Arch.ARM64), [old], []).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    keeping = replace(resolver(universe), published=tmp_path, keep_proven=True)
    assert texts(keeping.lock(request()).lock) == {"a": "1", "b": "1"}
    made = update_packages(keeping, request(), old, named(old, ["b"]))
    assert texts(made) == {"a": "1", "b": "3"}
