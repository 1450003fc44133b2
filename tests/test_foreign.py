from __future__ import annotations

from typing import Any

import pytest

from tfmac_lock.foreign import MOST_DOTS, check_shape, parse_toml

SHAPE = {"name": str, "count": (int, None), "on": bool, "rows": [{"id": str}], "more": {"*": [str]}}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "x", "count": None, "on": True, "rows": [], "more": {}},
        {"count": 3, "rows": [{"id": "a"}, {}], "more": {"a": ["b"], "c": []}},
        {"something": {"else": [1, None]}},
    ],
)
def test_what_is_of_the_shape_or_not_spoken_of_is_let_through(data: dict[str, Any]) -> None:
    check_shape(data, SHAPE)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "the whole is not a table"),
        (None, "the whole is not a table"),
        ({"name": 3}, "name is not a text"),
        ({"name": None}, "name is not a text"),
        ({"count": "3"}, "count is not a whole number"),
        ({"count": True}, "count is not a whole number"),
        ({"on": 1}, "on is not a truth value"),
        ({"rows": {}}, "rows is not a list"),
        ({"rows": [{"id": "a"}, {"id": 1}]}, "rows\\[1\\].id is not a text"),
        ({"rows": [[]]}, "rows\\[0\\] is not a table"),
        ({"more": {"a": [], "b": [None]}}, "more.b\\[0\\] is not a text"),
    ],
)
def test_the_first_part_that_is_not_of_the_shape_is_named(data: Any, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}$"):
        check_shape(data, SHAPE)


def test_one_of_several_shapes_is_enough() -> None:
    for data in ("x", ["x"], {"a": 1}):
        check_shape(data, (str, [str], {"a": int}))
    with pytest.raises(ValueError, match=r"^the whole is not a text or list$"):
        check_shape(3, (str, [str]))


@pytest.mark.parametrize(
    "content",
    [b"\xff", b"a = [", b"a=" + b"[" * 5000, b"a=" + b"9" * 5000, b"a" + b".a" * MOST_DOTS + b"=1"],
)
def test_what_is_no_toml_or_out_of_bounds_is_a_fault_with_words(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"[a-z]{4}"):
        parse_toml(content)


def test_toml_is_read_from_bytes_and_from_text() -> None:
    wanted = {"a": {"b": 1}, "c": "ä"}
    assert parse_toml('a.b = 1\nc = "ä"\n') == parse_toml('a.b = 1\nc = "ä"\n'.encode()) == wanted
    key = "a" + ".a" * (MOST_DOTS - 1)
    assert parse_toml(f"{key} = 1")
