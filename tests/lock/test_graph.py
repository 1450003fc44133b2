from __future__ import annotations

from tests.support.locks import lock, package
from tfmac_lock.lock.graph import chains, parents_of, roots, tree

LOCK = lock(
    (
        package("app", "1", "lib>=1", "tool"),
        package("lib", "1", "base[extra]<2; python_version > '3'"),
        package("tool", "1", "lib"),
        package("base", "1"),
    )
)


def shown(depth: int | None = None) -> list[str]:
    return [
        f"{'  ' * len(one.last)}{one.package.name}{' *' if one.seen else ''}"
        for one in tree(LOCK, depth)
    ]


def test_each_package_is_opened_once() -> None:
    assert shown() == ["app", "  lib", "    base", "  tool", "    lib *"]
    assert shown(0) == ["app", "  lib", "  tool"]


def test_what_only_a_ring_requires_is_still_shown() -> None:
    ring = lock((package("a", "1", "b"), package("b", "1", "a"), package("c", "1")))
    assert [one.name for one in roots(ring)] == ["c", "a"]
    assert [one.package.name for one in tree(ring)] == ["c", "a", "b", "a"]


def test_parents_come_with_their_words() -> None:
    assert [(one.package.name, one.requirement) for one in parents_of(LOCK, "lib")] == [
        ("app", "lib>=1"),
        ("tool", "lib"),
    ]


def test_the_shortest_way_from_each_root_is_found() -> None:
    assert [[one.name for one in way] for way in chains(LOCK, "base", 5)] == [
        ["app", "lib", "base"]
    ]
    assert [[one.name for one in way] for way in chains(LOCK, "app", 5)] == [["app"]]
