"""The list of changes that make no difference is of the code as it is."""

from __future__ import annotations

import pytest

from tests.mutation import same
from tests.mutation.rooms import PACKAGE


@pytest.mark.parametrize("row", same.rows(), ids=lambda row: f"{row.module}: {row.before}")
def test_what_makes_no_difference_still_stands_in_the_code(row: same.Row) -> None:
    code = (PACKAGE / row.module).read_text("utf-8").splitlines()
    lines = [line.strip() for line in code]
    assert all(line in lines for line in row.before.split("\n"))
    assert row.before != row.after
    assert row.why
