from __future__ import annotations

import tomllib

import pytest

from tfmac_lock.lock.apply import region

ARRAYS = ["[]", '["a"]', '["a", "b"]', '[\n    "a",\n    "b",\n]', '[ "a" , # why\n  "b" ]', "[\n]"]


@pytest.mark.parametrize("array", ARRAYS)
def test_an_array_keeps_its_items_and_comments_after_ours(array: str) -> None:
    once = region.in_array(array, ['    "x",', "    # why", '    "y",'])
    theirs = tomllib.loads(f"v = {array}")["v"]
    assert tomllib.loads(f"v = {once}")["v"] == ["x", "y", *theirs]
    assert region.in_array(once, ['    "x",', "    # why", '    "y",']) == once
    assert once.count("# why") == 1 + array.count("# why")
    without = region.in_array(once, [])
    assert tomllib.loads(f"v = {without}")["v"] == theirs
    assert not region.has_region(without)


def test_lines_in_a_file_stay_where_they_stood() -> None:
    once = region.in_file("a = 1\n", ["[x]", "b = 2"])
    assert once.startswith("a = 1\n\n# begin: tfmac-lock apply\n[x]\nb = 2\n# end")
    more = f"{once}\n[theirs]\nc = 3\n"
    twice = region.in_file(more, ["[y]", "b = 3"])
    assert twice.endswith("# end: tfmac-lock apply\n\n[theirs]\nc = 3\n")
    assert tomllib.loads(twice) == {"a": 1, "y": {"b": 3}, "theirs": {"c": 3}}


@pytest.mark.parametrize("text", ["", "a = 1", "a = 1\n", "a = 1\n\n"])
def test_a_file_is_the_same_when_it_is_done_twice(text: str) -> None:
    once = region.in_file(text, ["[x]"])
    assert region.in_file(once, ["[x]"]) == once
    assert tomllib.loads(region.without_region(once)) == tomllib.loads(text)
